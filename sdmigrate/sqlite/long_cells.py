"""Which values of a table are too long to be held whole.

Invariant: none of them comes into memory here. They are found where the row has a rowid. Of a table with
generated columns SQLite opens no value to be read in pieces: there it holds one while it is asked for these.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from sdmigrate.model.catalog import Table
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE, chunks, is_too_big
from sdmigrate.sqlite.row_order import FIRST_ROWID, LAST_ROWID, balanced

_BEAT_ROWS = 10_000
_ASKED_AT_ONCE = 16 * 1024 * 1024
"""Octets of a value that SQLite has to find anew for each piece."""


def long_cells(
    connection: sqlite3.Connection, table: Table, beat: Callable[[int], None]
) -> dict[str, list[int]]:
    """The rowids of the values beyond LONGEST_WHOLE, ascending, of each column that has any.

    ``beat`` hears of the rows done, every 10,000; what it raises ends the search.

    Raises:
        sqlite3.DatabaseError: the table cannot be read.
    """
    found: dict[str, list[int]] = {}
    if table.columns and table.rowid_name is not None:
        limit = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_WHOLE)
        try:
            for rowid in _refused_rows(connection, table, beat):
                for name in _long_columns(connection, table, rowid, limit):
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


def _long_columns(connection: sqlite3.Connection, table: Table, rowid: int, limit: int) -> Iterator[str]:
    """The row's long columns; ``limit`` is SQLite's own of length."""
    names = [column.name for column in table.columns]
    if not _opens(table):
        # What is computed of a long value need not be long, and only without the limit it can be computed.
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
        try:
            octets = _asked(connection, table, rowid, "length(CAST({} AS BLOB))")
        finally:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_WHOLE)
        yield from (name for name, length in zip(names, octets, strict=True) if (length or 0) > LONGEST_WHOLE)
        return
    for name, kind in zip(names, _asked(connection, table, rowid, "typeof({})"), strict=True):
        if kind in ("text", "blob"):
            with connection.blobopen(table.name, name, rowid, readonly=True) as blob:
                if len(blob) > LONGEST_WHOLE:
                    yield name


def _asked(connection: sqlite3.Connection, table: Table, rowid: int, question: str) -> tuple[Any, ...]:
    """The answer to the question about each column of the row."""
    questions = ", ".join(question.format(quote_identifier(column.name)) for column in table.columns)
    answers: tuple[Any, ...] = connection.execute(f"SELECT {questions} {_at(table)}", (rowid,)).fetchone()
    return answers


def _opens(table: Table) -> bool:
    """Whether SQLite opens values to be read in pieces (https://www.sqlite.org/c3ref/blob_open.html)."""
    return not any(column.generated for column in table.columns)


def pieces(connection: sqlite3.Connection, table: Table, name: str, rowid: int) -> Iterator[bytes]:
    """The stored octets of one text or blob, piece by piece."""
    if _opens(table):
        yield from chunks(connection, table.name, name, rowid)
        return
    asked = f"SELECT substr(CAST({quote_identifier(name)} AS BLOB), ?, {_ASKED_AT_ONCE}) {_at(table)}"
    start = 1
    while piece := connection.execute(asked, (start, rowid)).fetchone()[0]:
        yield piece
        start += len(piece)


def _at(table: Table) -> str:
    return f"FROM {quote_identifier(table.name)} WHERE {quote_identifier(table.rowid_name or '')} = ?"
