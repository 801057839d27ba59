"""Which rows differ between cleaned and a table of PostgreSQL, in words.

Invariant: memory is bounded by a share of the rows: both sides are cut into buckets by their rows' digests,
and only buckets that differ are looked into.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from sdmigrate.model.blueprint import TargetTable
from sdmigrate.postgres import digests
from sdmigrate.postgres.connect import Connection
from sdmigrate.sqlite.value_digests import Expected

MOST_EXAMPLES = 5
_MOST_BUCKETS = 16
_LONGEST_SHOWN = 60

Cells: TypeAlias = tuple[str | None, ...]
Place = TypeVar("Place", int, str)


@dataclass(frozen=True)
class Comparison:
    """One table on both sides."""

    expected: Expected
    connection: Connection
    schema: str
    table: TargetTable

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Name and type, in the digest's order."""
        return [(column.name, column.type) for column in self.table.columns]

    def examples(self) -> tuple[str, ...]:
        """Up to five differing rows, in words."""
        buckets = self._differing_buckets()
        cleaned = [row for row in self.expected.row_digests() if row[1] % digests.BUCKETS in buckets]
        stored = digests.rows_of_buckets(
            self.connection, self.schema, self.table.name, self.columns, sorted(buckets)
        )
        common = Counter(digest for _, digest in cleaned) & Counter(digest for _, digest in stored)
        missing, surplus = _without(cleaned, Counter(common)), _without(stored, Counter(common))
        locators = [locator for locator, _ in missing][:MOST_EXAMPLES]
        places = [place for place, _ in surplus][: 4 * MOST_EXAMPLES]
        return tuple(self._told(locators, places))[:MOST_EXAMPLES]

    def _differing_buckets(self) -> frozenset[int]:
        rows: Counter[int] = Counter()
        sums: Counter[int] = Counter()
        for _, digest in self.expected.row_digests():
            bucket = digest % digests.BUCKETS
            rows[bucket] += 1
            sums[bucket] += digest
        actual = digests.bucket_digests(self.connection, self.schema, self.table.name, self.columns)
        differing = [
            bucket
            for bucket in range(digests.BUCKETS)
            if (rows[bucket], str(sums[bucket]))
            != ((found.rows, found.sum) if (found := actual.get(bucket)) else (0, "0"))
        ]
        return frozenset(differing[:_MOST_BUCKETS])

    def _told(self, locators: list[int], places: list[str]) -> Iterator[str]:
        candidates = {place: self._cells(place) for place in places}
        for locator in locators:
            wanted = self.expected.cells(locator)
            place = self._counterpart(wanted, candidates)
            if place is None:
                yield f"row {locator} is not in PostgreSQL: {self._row(wanted)}"
            else:
                found = candidates.pop(place, None) or self._cells(place)
                yield f"row {locator}: {self._difference(wanted, found)}"
        for found in candidates.values():
            yield f"PostgreSQL holds a row that cleaned does not: {self._row(found)}"

    def _cells(self, place: str) -> Cells:
        return digests.cells(self.connection, self.schema, self.table.name, self.columns, place)

    def _counterpart(self, wanted: Cells, candidates: dict[str, Cells]) -> str | None:
        """Where PostgreSQL keeps what must be this row: by its key, else the row most like it."""
        if self.table.primary_key is not None:
            key = [
                (column, text)
                for column, text in zip(self.columns, wanted, strict=True)
                if column[0] in self.table.primary_key.columns
            ]
            return digests.place_of(self.connection, self.schema, self.table.name, key)
        alike = {
            place: sum(one == other for one, other in zip(wanted, cells, strict=True))
            for place, cells in candidates.items()
        }
        best = max(alike, key=lambda place: alike[place], default=None)
        return best if best is not None and alike[best] * 2 >= len(wanted) else None

    def _difference(self, wanted: Cells, found: Cells) -> str:
        told = [
            f"column {name!r} is {_shown(one, kind, other)} in cleaned"
            f" and {_shown(other, kind, one)} in PostgreSQL"
            for (name, kind), one, other in zip(self.columns, wanted, found, strict=True)
            if one != other
        ]
        return "; ".join(told[:3]) or "it is there another number of times"

    def _row(self, cells: Cells) -> str:
        shown = [
            f"{name} {_shown(cell, kind)}" for (name, kind), cell in zip(self.columns, cells, strict=True)
        ]
        return ", ".join(shown[:4]) + (", …" if len(shown) > 4 else "")


def _without(rows: list[tuple[Place, int]], common: Counter[int]) -> list[tuple[Place, int]]:
    """The rows but for as many of each digest as both sides have."""
    left = []
    for place, digest in rows:
        if common[digest] > 0:
            common[digest] -= 1
        else:
            left.append((place, digest))
    return left


def _shown(cell: str | None, kind: str, other: str | None = None) -> str:
    """The cell for people; of a long one the piece where it begins to differ from ``other``."""
    if cell is None:
        return "NULL"
    if kind == "double precision" and len(cell) == 16:
        (number,) = struct.unpack(">d", bytes.fromhex(cell))
        return repr(number)
    if len(cell) <= _LONGEST_SHOWN:
        return repr(cell)
    pairs = enumerate(zip(cell, other or "", strict=False))
    differs = next((place for place, (one, two) in pairs if one != two), min(len(cell), len(other or "")))
    start = max(0, differs - _LONGEST_SHOWN // 2)
    piece = cell[start : start + _LONGEST_SHOWN]
    return repr(f"{'…' if start else ''}{piece}{'…' if start + _LONGEST_SHOWN < len(cell) else ''}")
