"""Which values of a table are too long to be held whole.

Invariant: none of them comes into memory, here or in SQLite. They are found where the row has a rowid and the
table no generated column; elsewhere SQLite does not open a value to be read in pieces.
"""

import sqlite3
from collections.abc import Callable, Iterator

from sdmigrate.model.catalog import Table
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE, is_too_big
from sdmigrate.sqlite.row_order import FIRST_ROWID, LAST_ROWID, balanced

_BEAT_ROWS = 10_000


def long_cells(
    connection: sqlite3.Connection, table: Table, beat: Callable[[int], None]
) -> dict[str, list[int]]:
    """The rowids of the values beyond LONGEST_WHOLE, ascending, of each column that has any.

    ``beat`` hears of the rows done, every 10,000; what it raises ends the search.

    Raises:
        sqlite3.DatabaseError: the table cannot be read.
    """
    found: dict[str, list[int]] = {}
    opens = table.rowid_name is not None and not any(column.generated for column in table.columns)
    if table.columns and opens:
        limit = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_WHOLE)
        try:
            for rowid in _refused_rows(connection, table, beat):
                for name in _long_columns(connection, table, rowid):
                    found.setdefault(name, []).append(rowid)
        finally:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
    return found


def _refused_rows(connection: sqlite3.Connection, table: Table, beat: Callable[[int], None]) -> Iterator[int]:
    """The rows at which SQLite refuses to go on under a limit of length, and some that stand before one."""
    place = quote_identifier(table.rowid_name or "")
    # To compare a value is to load it, and no collation of the application is asked.
    values = [f"(+{quote_identifier(column.name)} COLLATE BINARY > '')" for column in table.columns]
    behind = f"FROM {quote_identifier(table.name)} NOT INDEXED WHERE {place} >= ? ORDER BY {place}"
    rows, start = 0, FIRST_ROWID
    while start <= LAST_ROWID:
        try:
            for rowid, _ in connection.execute(f"SELECT {place}, {balanced(values, '+')} {behind}", (start,)):
                start = rowid + 1
                rows += 1
                if rows % _BEAT_ROWS == 0:
                    beat(rows)
        except sqlite3.DataError as error:
            if not is_too_big(error):
                raise
        else:
            return
        # The row after the last that Python gave: the refused one, or one before it that was not given up.
        (refused,) = connection.execute(f"SELECT {place} {behind} LIMIT 1", (start,)).fetchone()
        yield refused
        start = refused + 1


def _long_columns(connection: sqlite3.Connection, table: Table, rowid: int) -> Iterator[str]:
    names = [column.name for column in table.columns]
    kinds = ", ".join(f"typeof({quote_identifier(name)})" for name in names)
    place = quote_identifier(table.rowid_name or "")
    told = connection.execute(
        f"SELECT {kinds} FROM {quote_identifier(table.name)} WHERE {place} = ?", (rowid,)
    ).fetchone()
    for name, kind in zip(names, told, strict=True):
        if kind in ("text", "blob"):
            with connection.blobopen(table.name, name, rowid, readonly=True) as blob:
                if len(blob) > LONGEST_WHOLE:
                    yield name
