"""The kinds of planted defects, where they are planted and how many.

Invariant: rows to be quarantined stay under 1 % of their table and the defects of a date column under 20 %,
so that a demo database of 2,000 rows or more passes every gate under the default plan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from sdmigrate.demo.columns import TableName
from sdmigrate.demo.manifest import Outcome
from sdmigrate.model.values import Value

Spoil: TypeAlias = Callable[[Value, Value, Random], "tuple[Value, str | None] | None"]
"""From the sound value and the one above it in the same column to the planted one and what must be loaded;
None where this row does not suit."""

MOST_QUARANTINED = 0.008
"""Share of a table's rows that may be spoilt beyond repair."""
MOST_SPOILT = 0.35
"""Share of a table's rows that may carry a defect at all; it binds in the smallest files only."""


@dataclass(frozen=True)
class Kind:
    """One kind of defect and how it must end."""

    outcome: Outcome
    finding: str
    """Code of the finding that tells of it; of a quarantined row, the code that stands beside it there."""
    spoil: Spoil


@dataclass(frozen=True)
class Place:
    """One kind of defect in one column."""

    table: TableName
    column: str
    kind: str
    every: int
    """About one row in so many carries it."""
    least: int
    """So many even in a small file."""
    most: float = 1.0
    """Share of the rows that must not be passed even so."""

    def count(self, rows: int) -> int:
        """How many a table of so many rows is to carry."""
        return min(max(self.least, round(rows / self.every)), int(rows * self.most))

    @property
    def quarantines(self) -> bool:
        """Whether its rows cannot be loaded."""
        return KINDS[self.kind].outcome == "quarantine"


def _day_first(wanted: Callable[[int], bool]) -> Spoil:
    """ISO to DD/MM/YYYY H:MM, as one of the desk's forms wrote it, for the days wanted."""

    def spoil(value: Value, _above: Value, _random: Random) -> tuple[Value, str | None] | None:
        if not isinstance(value, str) or not wanted(int(value[8:10])):
            return None
        year, month, day, hour, minute = value[:4], value[5:7], value[8:10], int(value[11:13]), value[14:16]
        return f"{day}/{month}/{year} {hour}:{minute}", f"{value[:16]}:00"

    return spoil


def _empty(_value: Value, _above: Value, _random: Random) -> tuple[Value, str | None]:
    """Empty text where NULL was meant."""
    return "", None


def _empty_for_null(value: Value, _above: Value, _random: Random) -> tuple[Value, str | None] | None:
    """Empty text in a row that has no value there."""
    return ("", None) if value is None else None


def _one_of(*values: Value) -> Spoil:
    """A value that the column's type cannot hold, in place of a sound one."""

    def spoil(value: Value, _above: Value, random: Random) -> tuple[Value, str | None] | None:
        return None if value is None else (random.choice(values), None)

    return spoil


def _nul_byte(value: Value, _above: Value, random: Random) -> tuple[Value, str | None] | None:
    """A NUL byte inside sound text."""
    if not isinstance(value, str) or len(value) < 2:
        return None
    at = random.randrange(1, len(value))
    return f"{value[:at]}\0{value[at:]}", value


def _latin1_byte(value: Value, _above: Value, _random: Random) -> tuple[Value, str | None] | None:
    """Text with the byte that Windows writes for an é, which is not UTF-8."""
    return (f"Caf\udce9 terminal: {value}"[:120], None) if isinstance(value, str) else None


def _above(_value: Value, above: Value, _random: Random) -> tuple[Value, str | None] | None:
    """The id of the row above, as if it had been exported twice."""
    return None if above is None else (above, str(above))


def _unknown_ticket(_value: Value, _above: Value, random: Random) -> tuple[Value, str | None]:
    """A ticket id below the first that was ever given."""
    number = random.randrange(50_000, 100_000)
    return number, str(number)


_IMPOSSIBLE = ("2025-02-30 10:15:00", "2025-04-31 08:05:00", "2025-13-01 09:00:00")

KINDS: dict[str, Kind] = {
    "day-first-date": Kind("value", "mixed-date-forms", _day_first(lambda day: day > 12)),
    "ambiguous-date": Kind("value", "mixed-date-forms", _day_first(lambda day: day <= 12)),
    "empty-date": Kind("value", "empty-strings-for-null", _empty),
    "empty-date-for-null": Kind("value", "empty-strings-for-null", _empty_for_null),
    "empty-number": Kind("value", "empty-strings-for-null", _empty),
    "empty-number-for-null": Kind("value", "empty-strings-for-null", _empty_for_null),
    "impossible-date": Kind("quarantine", "impossible-date", _one_of(*_IMPOSSIBLE)),
    "impossible-day-first-date": Kind(
        "quarantine", "impossible-date", _one_of("31/02/2025 9:40", "30/02/2024 16:05", "31/06/2025 11:20")
    ),
    "zero-date": Kind("quarantine", "zero-date", _one_of("0000-00-00 00:00:00")),
    "number-with-text": Kind("quarantine", "not-a-number", _one_of("12 hrs", "7.5h", "n/a", "as agreed")),
    "blob-in-text": Kind("quarantine", "blob-in-text", _one_of(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")),
    "invalid-utf8": Kind("quarantine", "invalid-utf8", _latin1_byte),
    "nul-byte": Kind("value", "nul-bytes", _nul_byte),
    "duplicate-id": Kind("finding", "duplicate-likely-key", _above),
    "orphan": Kind("finding", "orphans", _unknown_ticket),
}

_STILL_A_KEY = 0.015
"""Share of ids that may repeat before the column no longer looks like a key to anybody."""

PLACES: tuple[Place, ...] = (
    Place("tickets", "TKT-Created Time", "day-first-date", every=2188, least=5),
    Place("tickets", "TKT-Created Time", "ambiguous-date", every=2735, least=4),
    Place("tickets", "TKT-Created Time", "impossible-day-first-date", every=1500, least=1),
    Place("tickets", "TKT-Actual Response Date", "impossible-date", every=1500, least=1),
    Place("tickets", "TKT-Closure Date", "empty-date-for-null", every=300, least=3),
    Place("tickets", "TKT-SLA Closure Date", "empty-date-for-null", every=300, least=3),
    Place("tickets", "TKT-Parent ID", "empty-number-for-null", every=400, least=2),
    Place("tickets", "TKT-Account Id", "empty-number", every=400, least=2),
    Place("tickets", "TKT-Ticket ID", "duplicate-id", every=700, least=2, most=_STILL_A_KEY),
    Place("tickets", "TKT-Title", "invalid-utf8", every=2000, least=1),
    Place("tickets", "TKT-Description", "nul-byte", every=900, least=2),
    Place("comments", "CT-TKT-ID", "orphan", every=1500, least=3),
    Place("comments", "CT-COMMENT-ID", "duplicate-id", every=9000, least=2, most=_STILL_A_KEY),
    Place("comments", "CT-COMMENT", "nul-byte", every=5000, least=2),
    Place("comments", "CT-COMMENT", "invalid-utf8", every=9000, least=2),
    Place("comments", "CT-COMMENT", "blob-in-text", every=30_000, least=1),
    Place("comments", "CT-DATEAMDTIME", "impossible-date", every=15_000, least=1),
    Place("comments", "CT-DATEAMDTIME", "empty-date", every=4000, least=2),
    Place("timesheets", "TS-Hours", "number-with-text", every=12_000, least=2),
    Place("timesheets", "TS-Hours", "empty-number", every=2500, least=3),
    Place("timesheets", "TS-Rate", "number-with-text", every=40_000, least=1),
    Place("timesheets", "TS-Rate", "empty-number", every=4000, least=2),
    Place("timesheets", "TS-Date", "zero-date", every=40_000, least=1),
    Place("timesheets", "TS-Modified Time", "empty-date", every=4000, least=2),
    Place("timesheets", "TS-Description", "nul-byte", every=12_000, least=2),
    Place("timesheets", "TS-Description", "invalid-utf8", every=30_000, least=1),
)

LABEL_KIND = "text-in-timestamp"
LABEL_FINDING = "text-in-timestamp"
"""Columns labelled TIMESTAMP that hold ISO text: true of the whole column, told of its first value."""
