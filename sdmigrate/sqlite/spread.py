"""Some rows of one table, in blocks spread over its rowids, within a bound of rows and octets.

Invariant: reads only, each block in a statement of its own, so that no lock is held for long; how many rows
there are is an estimate from the blocks unless every row was read.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from sdmigrate.model.catalog import Table
from sdmigrate.model.values import Value
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import is_too_big

_BLOCKS = 16
_LONGEST = 1_000_000
"""Octets of a value beyond which its row ends the block; Python gives up the row before it as well."""
_MOST_OCTETS = 4_000_000
"""Of texts and blobs in one table's sample."""

SpreadRow: TypeAlias = tuple[int | None, tuple[Value, ...]]
"""The rowid (None where none can be reached) and the columns' values."""


@dataclass(frozen=True)
class Spread:
    """Some rows, or all."""

    rows: tuple[SpreadRow, ...]
    total: int | None
    """Rows of the table: exact where ``whole``, else an estimate; None where nothing tells."""
    whole: bool
    """Whether every row is here."""


def spread_rows(connection: sqlite3.Connection, table: Table, most: int, beat: Callable[[], None]) -> Spread:
    """Read about ``most`` rows of the table; where it has no reachable rowids, its first.

    ``beat`` is called before each block; what it raises ends the reading.

    Raises:
        sqlite3.DatabaseError: the table cannot be read.
    """
    limit = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    try:
        if table.rowid_name is None:
            return _first_rows(connection, table, most, beat)
        return _blocks(connection, table, quote_identifier(table.rowid_name), most, beat)
    finally:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)


@dataclass
class _Taken:
    """The rows so far."""

    connection: sqlite3.Connection
    rows: list[SpreadRow] = field(default_factory=list)
    octets: int = 0

    def take(self, sql: str, *values: int) -> bool:
        """Keep what is selected, up to a row that is too large; whether all of it could be kept."""
        try:
            for place, *found in self.connection.execute(sql, values):
                if self.octets > _MOST_OCTETS:
                    return False
                self.octets += sum(len(value) for value in found if isinstance(value, str | bytes))
                self.rows.append((place, tuple(found)))
        except sqlite3.DataError as error:
            if not is_too_big(error):
                raise
            return False
        return True


def _select(table: Table, place: str) -> str:
    columns = (quote_identifier(column.name) for column in table.columns)
    return f"SELECT {', '.join((place, *columns))} FROM {quote_identifier(table.name)}"


def _first_rows(connection: sqlite3.Connection, table: Table, most: int, beat: Callable[[], None]) -> Spread:
    beat()
    taken = _Taken(connection)
    kept = taken.take(f"{_select(table, 'NULL')} LIMIT ?", most + 1)
    whole = kept and len(taken.rows) <= most
    return Spread(tuple(taken.rows[:most]), len(taken.rows) if whole else None, whole)


def _blocks(
    connection: sqlite3.Connection, table: Table, place: str, most: int, beat: Callable[[], None]
) -> Spread:
    source = quote_identifier(table.name)
    # Both in one SELECT would read the whole table; as two they are one search each.
    low, high = connection.execute(
        f"SELECT (SELECT min({place}) FROM {source}), (SELECT max({place}) FROM {source})"
    ).fetchone()
    if low is None:
        return Spread((), 0, True)
    span = high - low + 1
    starts = [low] if span <= most else [low + number * span // _BLOCKS for number in range(_BLOCKS)]
    taken = _Taken(connection)
    total, whole = 0.0, True
    for start, following in zip(starts, [*starts[1:], high + 1], strict=True):
        beat()
        before, wanted = len(taken.rows), max(1, most // len(starts))
        kept = taken.take(
            f"{_select(table, place)} WHERE {place} BETWEEN ? AND ? ORDER BY {place} LIMIT ?",
            start,
            following - 1,
            wanted,
        )
        found = len(taken.rows) - before
        last = taken.rows[-1][0] if found else None
        if kept and found < wanted:
            total += found
        elif last is not None:
            # The rest of the range is taken to be as full as its beginning.
            total += found * (following - start) / (last - start + 1)
            whole = whole and last == following - 1
        else:
            whole = False
    return Spread(tuple(taken.rows), round(total), whole)
