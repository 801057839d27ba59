"""Plants the defects in a stream of sound rows and writes down each.

Invariant: a row carries at most one defect, so that each ends by itself alone; what was planted where is
decided by the random generator and the number of rows, nothing else.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

from sdmigrate.demo.columns import COLUMNS, TableName, declared_type
from sdmigrate.demo.defects import (
    KINDS,
    LABEL_FINDING,
    LABEL_KIND,
    MOST_QUARANTINED,
    MOST_SPOILT,
    PLACES,
    Place,
)
from sdmigrate.demo.manifest import Expected, Planted, Scalar
from sdmigrate.model.values import Row, Value
from sdmigrate.sqlite.exact_values import exact


@dataclass(frozen=True)
class RawText:
    """Text whose bytes are not UTF-8, which no driver binds: written into its row afterwards."""

    column: str
    rowid: int
    data: bytes


@dataclass
class Planter:
    """Plants one table's defects."""

    table: TableName
    rows: int
    random: Random
    planted: list[Planted] = field(default_factory=list)
    raw: list[RawText] = field(default_factory=list)

    def plant(self, sound: Iterable[Row]) -> Iterator[Row]:
        """The rows with the defects in them; rowids count from 1 in this order."""
        waiting = deque(_spread(_wanted(self.table, self.rows), self.rows, self.random))
        labelled = [column for column in COLUMNS[self.table] if declared_type(column) == "TIMESTAMP"]
        above: Row | None = None
        for rowid, row in enumerate(sound, start=1):
            spoilt = row
            if waiting and rowid >= waiting[0][0]:
                changed = self._spoil(waiting[0][1], row, above, rowid)
                if changed is not None:
                    waiting.popleft()
                    spoilt = changed
            if labelled and spoilt is row:
                labelled = [column for column in labelled if not self._label(column, row, rowid)]
            above = spoilt
            yield spoilt

    def _spoil(self, place: Place, row: Row, above: Row | None, rowid: int) -> Row | None:
        """The row with that defect; None where the row does not suit it."""
        at = COLUMNS[self.table].index(place.column)
        kind = KINDS[place.kind]
        spoilt = kind.spoil(row[at], above[at] if above else None, self.random)
        if spoilt is None:
            return None
        before, value = spoilt
        expected = Expected(outcome=kind.outcome, value=value, finding=kind.finding)
        self._write_down(rowid, place.column, place.kind, before, expected)
        if place.kind == "invalid-utf8" and isinstance(before, str):
            data = before.encode("utf-8", "surrogateescape")
            self.raw.append(RawText(column=place.column, rowid=rowid, data=data))
            before = None
        return (*row[:at], before, *row[at + 1 :])

    def _label(self, column: str, row: Row, rowid: int) -> bool:
        """Write the labelled column down by this row's value, where it has one."""
        value = row[COLUMNS[self.table].index(column)]
        if not isinstance(value, str):
            return False
        expected = Expected(outcome="finding", value=value, finding=LABEL_FINDING)
        self._write_down(rowid, column, LABEL_KIND, value, expected)
        return True

    def _write_down(self, rowid: int, column: str, kind: str, before: Value, expected: Expected) -> None:
        entry = Planted(
            table=self.table, rowid=rowid, column=column, kind=kind, before=_told(before), expected=expected
        )
        self.planted.append(entry)


def _told(value: Value) -> Scalar | dict[str, str]:
    """The value as the manifest has it."""
    told = exact(value)
    return {name: str(part) for name, part in told.items()} if "hex" in told else told["value"]


def _wanted(table: TableName, rows: int) -> list[Place]:
    """One entry for each defect to plant, the kinds in turn, within the shares that the gates allow."""
    fatal_room, room = int(rows * MOST_QUARANTINED), int(rows * MOST_SPOILT)
    counts = [(place, place.count(rows)) for place in PLACES if place.table == table]
    wanted: list[Place] = []
    for turn in range(max(count for _, count in counts)):
        for place, count in counts:
            if turn >= count or len(wanted) >= room:
                continue
            if place.quarantines:
                if fatal_room == 0:
                    continue
                fatal_room -= 1
            wanted.append(place)
    return wanted


def _spread(wanted: list[Place], rows: int, random: Random) -> Iterator[tuple[int, Place]]:
    """Each defect with the first rowid where it may stand: evenly over the table, in random order."""
    random.shuffle(wanted)
    for number, place in enumerate(wanted):
        yield 2 + number * (rows - 2) // len(wanted), place
