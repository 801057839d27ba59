"""Where the rows of a table are among its rowids, so that ranges of them can be read one at a time.

Invariant: the ranges are of about so many rows as asked for, however far apart the rowids lie, and every row
is in one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb

from sdmigrate.duck.connection import snapshot_query
from sdmigrate.duck.encoding import quoted
from sdmigrate.model.catalog import Table

_FEW = 1 << 16
"""Rowids from the first to the last among which rows need not be looked for."""
_MOST_CLOSE = 1 << 31
"""And those from which they are, close as they may seem."""
_CLOSE = 8
"""One in so many rowids has a row where the rows are close together."""
_PROBES, _PROBED = 16, 128
"""Places looked at for that, and rowids of each."""
_ROWS_A_MARK = 4_096


@dataclass(frozen=True)
class Places:
    """The rowids of a table that has rows."""

    first: int
    last: int
    marks: tuple[int, ...] = ()
    """Every 4,096th, from the first on, where the rows are not close together."""

    @property
    def close(self) -> bool:
        """Whether equal ranges of rowids hold about equally many rows, no fewer than an eighth as many."""
        return not self.marks

    @property
    def rows(self) -> int:
        """At least so many as there are; where they are close, as many as rowids."""
        return len(self.marks) * _ROWS_A_MARK or self.last - self.first + 1

    def parts(self, most: int) -> list[range]:
        """The rowids in ascending ranges of at most about so many rows."""
        if self.close:
            starts: Sequence[int] = range(self.first, self.last + 1, max(most, 1))
        else:
            starts = self.marks[:: max(most // _ROWS_A_MARK, 1)]
        return [range(low, stop) for low, stop in pairwise((*starts, self.last + 1))]

    def spread(self, number: int) -> list[int]:
        """So many rowids, or as many as are marked, with about equally many rows between them."""
        if self.close:
            step = (self.last - self.first) // number
            return [self.first + place * step for place in range(number)]
        step = -(-len(self.marks) // number)
        return list(self.marks[::step])


def find_places(cursor: duckdb.DuckDBPyConnection, table: Table) -> Places | None:
    """The places of that table's rows; None where it has none, or no reachable rowids.

    Raises:
        duckdb.Error: the table cannot be read.
    """
    if table.rowid_name is None:
        return None
    place, source = quoted(table.rowid_name), f"{quoted(table.name)} NOT INDEXED"
    bounds = _numbers(
        cursor, f"SELECT min({place}) FROM {source} UNION ALL SELECT max({place}) FROM {source}"
    )
    if len(bounds) < 2:
        return None
    places = Places(min(bounds), max(bounds))
    if places.rows <= _FEW or (places.rows < _MOST_CLOSE and _are_close(cursor, place, source, places)):
        return places
    following = f"SELECT {place} FROM {source} WHERE {place} > each.at ORDER BY {place} LIMIT 1 OFFSET"
    marks = _numbers(
        cursor,
        f"WITH RECURSIVE each(at) AS (SELECT min({place}) FROM {source} UNION ALL"
        f" SELECT ({following} {_ROWS_A_MARK - 1}) FROM each WHERE at IS NOT NULL) SELECT at FROM each",
    )
    return Places(places.first, places.last, tuple(marks))


def _are_close(cursor: duckdb.DuckDBPyConnection, place: str, source: str, places: Places) -> bool:
    probes = " UNION ALL ".join(
        f"SELECT count(*) FROM {source} WHERE {place} BETWEEN {start} AND {start + _PROBED - 1}"
        for start in places.spread(_PROBES)
    )
    return sum(_numbers(cursor, probes)) * _CLOSE >= _PROBES * _PROBED


def _numbers(cursor: duckdb.DuckDBPyConnection, query: str) -> list[int]:
    """The one column of SQLite's answer, without NULL."""
    found = cursor.execute(f"SELECT * FROM {snapshot_query(query)}").fetchall()
    return [int(number) for (number,) in found if number is not None]
