"""One digest over everything a file's tables hold: locators, values and storage classes.

Invariant: two files have the same digest only where every table has the same rows in the same order with the
same values, class by class and byte by byte. Nothing declared (types, names of keys) takes part but the
names of tables and columns.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.sqlite.row_order import source_rows, unreadable_columns

_CHUNK_BYTES = 1 << 20
_ROWS_BETWEEN_BEATS = 10_000
_INVALID_TEXT = 1
"""MessagePack extension type of text that is not UTF-8."""


def exact_text(data: bytes) -> str | msgspec.msgpack.Ext:
    """A text factory under which invalid UTF-8 stays distinct from a blob of the same bytes."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return msgspec.msgpack.Ext(_INVALID_TEXT, data)


Beat: TypeAlias = Callable[[str, int], None]
"""Hears of a table and how many of its rows are done, at least every 10,000 rows."""


def silent(table: str, done: int) -> None:
    """A Beat that nobody hears."""


def digest_of_rows(table: Table, rows: Iterable[Any], beat: Beat = silent) -> str:
    """SHA-256, hex, over the table's name, its columns and these rows: (locator, values...) each.

    Text is ``str`` or what ``exact_text`` made of it. Each row is one MessagePack array, in which integers,
    reals, text, blobs and NULL are told apart. Memory: one row and 1 MiB.
    """
    digest = hashlib.sha256()
    encoder = msgspec.msgpack.Encoder()
    buffer = bytearray(encoder.encode((table.name, *(column.name for column in table.columns))))
    for number, row in enumerate(rows):
        encoder.encode_into(row, buffer, -1)
        if len(buffer) > _CHUNK_BYTES:
            digest.update(buffer)
            buffer.clear()
        if number % _ROWS_BETWEEN_BEATS == 0:
            beat(table.name, number)
    digest.update(buffer)
    return digest.hexdigest()


def table_digest(connection: sqlite3.Connection, table: Table, beat: Beat = silent) -> str:
    """The digest of the declared table's rows in that file, read directly.

    A virtual generated column whose expression fails is read as NULL, as cleaning does.
    The connection's text factory is changed.
    """
    select = source_rows("main", table, "1", unreadable_columns(connection, "main", table))
    return digest_of_select(connection, table, select, beat)


def table_digests(connection: sqlite3.Connection, catalog: Catalog, beat: Beat = silent) -> dict[str, str]:
    """Table -> digest of its rows in that file; the text factory is changed."""
    return {table.name: table_digest(connection, table, beat) for table in catalog.tables}


def digest_of_select(connection: sqlite3.Connection, table: Table, select: str, beat: Beat = silent) -> str:
    """The digest of what this SELECT of locator and columns gives. The text factory is changed."""
    return exactly(connection, lambda: digest_of_rows(table, connection.execute(select), beat))


def exactly(connection: sqlite3.Connection, read: Callable[[], str]) -> str:
    """What ``read`` gives with text as ``str``; read again with ``exact_text`` where some is not UTF-8."""
    connection.text_factory = str
    try:
        return read()
    except sqlite3.OperationalError as error:
        # Python's own decoding is several times faster than a text factory, and nearly always enough.
        if "decode" not in str(error):
            raise
    connection.text_factory = exact_text
    return read()


def combined(digests: Mapping[str, str]) -> str:
    """One digest, hex, of the tables' digests in the mapping's order."""
    return hashlib.sha256(msgspec.msgpack.encode(tuple(digests.items()))).hexdigest()


def content_digest(connection: sqlite3.Connection, catalog: Catalog, beat: Beat = silent) -> str:
    """The digest, hex, of all the catalog's tables in that file; the text factory is changed."""
    return combined(table_digests(connection, catalog, beat))
