"""What editing and replaying the quarantine hand on: repaired rows, and what became of them."""

from collections.abc import Collection, Iterable

from sdmigrate.model.finding import Finding
from sdmigrate.model.record import Record


class RepairedRow(Record):
    """One row of the quarantine as the operator wants it."""

    table: str
    """Source name."""
    rowid: int
    """The row's locator."""
    repaired: str
    """The whole row as JSON, each value with its storage class (``sqlite/exact_values.py``)."""


class BegunReplay(Record):
    """The rows on their way into the target, noted before the transaction that takes them; empty: none."""

    rows: tuple[RepairedRow, ...] = ()

    def with_rows(
        self, repaired: Iterable[RepairedRow], chosen: Collection[tuple[str, int]]
    ) -> "BegunReplay":
        """With those of the repaired rows whose table and locator are chosen."""
        added = (row for row in repaired if (row.table, row.rowid) in chosen)
        return BegunReplay(rows=(*self.rows, *added))


class RefusedRow(Record):
    """A repaired row that still does not fit, and why."""

    table: str
    rowid: int
    finding: str
    """The finding's code; ``replay-refused`` where PostgreSQL said no."""
    column: str | None
    reason: str
    sqlstate: str | None = None
    """PostgreSQL's; None where the plan's own check refused the row."""


class Replay(Record):
    """What one replay did."""

    release: str | None
    """None where the rows went into cleaned, to be loaded with the others."""
    replayed: dict[str, int]
    """Source table -> rows that this call brought in; tables without any are left out."""
    refused: tuple[RefusedRow, ...]
    findings: tuple[Finding, ...] = ()
