"""Exact values written as JSON straight from a table of ours, those too long to be held piece by piece.

Invariant: what is written is what ``exact`` tells of the whole value. In a UTF-16 file, of which SQLite gives
no piece of a text as it is told, every value is held whole.
"""

import codecs
import sqlite3
from collections.abc import Iterable, Sequence
from typing import BinaryIO

import msgspec

from sdmigrate.model.values import Row
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE, CopiedTable, chunks, is_too_big, is_utf8
from sdmigrate.sqlite.exact_values import exact

_encode = msgspec.json.Encoder().encode


def write_fields(out: BinaryIO, connection: sqlite3.Connection, table: CopiedTable, rowid: int) -> None:
    """Write the row's columns as the fields of a JSON object, without its braces; none where there is no row.

    Raises:
        sqlite3.DatabaseError: the table cannot be read.
    """
    row = _held(connection, table, rowid, table.columns)
    if row is not None:
        fields = {column: exact(value) for column, value in zip(table.columns, row, strict=False)}
        out.write(_encode(fields)[1:-1])
        return
    for number, column in enumerate(table.columns):
        out.write((b"," if number else b"") + _encode(column) + b":")
        held = _held(connection, table, rowid, (column,))
        if held is not None:
            out.write(_encode(exact(held[0])))
        else:
            _write_pieces(out, connection, table, rowid, column)


def _held(
    connection: sqlite3.Connection, table: CopiedTable, rowid: int, columns: Sequence[str]
) -> Row | None:
    """The row's values, none where there is no row; None where one of them is too long to be held."""
    listed = ", ".join(map(quote_identifier, columns))
    limit = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_WHOLE)
    try:
        return _read(connection, table, rowid, listed)
    except sqlite3.DataError as error:
        if not is_too_big(error):
            raise
    finally:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
    return None if is_utf8(connection) else _read(connection, table, rowid, listed)


def _read(connection: sqlite3.Connection, table: CopiedTable, rowid: int, what: str) -> Row:
    found = connection.execute(
        f"SELECT {what} FROM {table.quoted} WHERE {table.quoted_locator} = ?", (rowid,)
    ).fetchone()
    return tuple(found or ())


def _write_pieces(
    out: BinaryIO, connection: sqlite3.Connection, table: CopiedTable, rowid: int, column: str
) -> None:
    (kind,) = _read(connection, table, rowid, f"typeof({quote_identifier(column)})")
    head = _encode({"class": kind})[:-1]
    pieces = chunks(connection, table.name, column, rowid)
    if kind == "text" and _is_sound(chunks(connection, table.name, column, rowid)):
        out.write(head + b',"value":"')
        decoder = codecs.getincrementaldecoder("utf-8")()
        for piece in pieces:
            out.write(_encode(decoder.decode(piece))[1:-1])
    else:
        out.write(head + b',"hex":"')
        for piece in pieces:
            out.write(piece.hex().encode())
    out.write(b'"}')


def _is_sound(pieces: Iterable[bytes]) -> bool:
    """Whether the text of these octets is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in pieces:
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
