"""One digest over everything a table holds: locators, values and storage classes.

Invariant: two tables have the same digest only where they have the same rows in the same order with the same
values, class by class and byte by byte. Nothing declared (types, keys) takes part but the names of the table
and its columns.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sdmigrate.model.catalog import Table
from sdmigrate.sqlite.row_order import balanced, read_located, source_rows, unreadable_columns

_CHUNK_BYTES = 1 << 20


def blob_mask(columns: Sequence[str]) -> str:
    """SQL for what tells blobs from texts in a row whose texts are fetched as bytes, as a last column.

    It is NULL in a row without blobs, else one character a column, ``1`` for a blob. Fetching bytes is exact
    for text that is not UTF-8, and faster than decoding.

    Args:
        columns: SQL of each of the row's.
    """
    # In SQLite's order of storage classes nothing but a blob is at or above the empty one.
    any_blob = balanced([f"{column} COLLATE BINARY >= x''" for column in columns], "OR")
    places = balanced([f"(typeof({column}) = 'blob')" for column in columns], "||")
    return f"CASE WHEN {any_blob} THEN '' || {places} END"


def digest_of_rows(table: Table, rows: Iterable[Any]) -> str:
    """SHA-256, hex, over the table's name, its columns and these rows: locator, values, blob mask each.

    Texts are ``bytes``. Each row is one MessagePack array. Memory: one row and 1 MiB.
    """
    digest = hashlib.sha256()
    encoder = msgspec.msgpack.Encoder()
    buffer = bytearray(encoder.encode((table.name, *(column.name for column in table.columns))))
    for row in rows:
        encoder.encode_into(row, buffer, -1)
        if len(buffer) > _CHUNK_BYTES:
            digest.update(buffer)
            buffer.clear()
    digest.update(buffer)
    return digest.hexdigest()


def table_digest(connection: sqlite3.Connection, table: Table) -> str:
    """The digest of the declared table's rows in that file, read directly.

    A virtual generated column whose expression fails is read as NULL, as cleaning does.
    The connection's text factory is changed.
    """
    connection.text_factory = bytes
    unreadable = unreadable_columns(connection, "main", table)
    columns = [read_located(table, column, unreadable) for column in table.columns]
    select = source_rows("main", table, unreadable=unreadable, more=(blob_mask(columns),))
    return digest_of_rows(table, connection.execute(select))
