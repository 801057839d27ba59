"""A table of cleaned as its readers see it: its columns and the name of its locator.

Invariant: read from cleaned itself, so that a reader needs no catalog; ``row_order`` wrote that shape.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sdmigrate.model.errors import InternalFault
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.row_order import ROWID_NAMES

LONGEST_WHOLE = 256 * 1024
"""Octets up to which a value is taken into memory whole; a larger one is streamed."""

CHUNK = 1024 * 1024
"""Octets of a large value in memory at once."""


@dataclass(frozen=True)
class CopiedTable:
    """One table of cleaned."""

    name: str
    columns: tuple[str, ...]
    """The source's columns; an extra locator column is not among them."""
    locator: str
    """Not quoted."""

    @property
    def quoted(self) -> str:
        """The table's quoted name."""
        return quote_identifier(self.name)

    @property
    def quoted_locator(self) -> str:
        """The locator's quoted name."""
        return quote_identifier(self.locator)


def copied_table(connection: sqlite3.Connection, name: str, schema: str = "main") -> CopiedTable:
    """The table of that exact name.

    Raises:
        InternalFault: cleaned has no such table.
    """
    found = [
        (column.decode("utf-8", "surrogateescape") if isinstance(column, bytes) else column, key)
        for column, key in connection.execute(
            "SELECT name, pk FROM pragma_table_info(?, ?) ORDER BY cid", (name, schema)
        )
    ]
    if not found:
        raise InternalFault(f"Cleaned has no table {name!r}.", "Run 'clean' again.")
    columns = tuple(column for column, _ in found)
    taken = {column.lower() for column in columns}
    for locator in ROWID_NAMES:
        if locator not in taken:
            return CopiedTable(name=name, columns=columns, locator=locator)
    extra = next(column for column, key in found if key)
    return CopiedTable(
        name=name, columns=tuple(column for column in columns if column != extra), locator=extra
    )


def text_encoding(connection: sqlite3.Connection) -> str:
    """How texts are stored: UTF-8, UTF-16le or UTF-16be."""
    (encoding,) = connection.execute("PRAGMA encoding").fetchone()
    return encoding.decode() if isinstance(encoding, bytes) else str(encoding)


def is_utf8(connection: sqlite3.Connection) -> bool:
    """Whether texts are stored as UTF-8; in a UTF-16 file stored octets are not those of the text."""
    return text_encoding(connection) == "UTF-8"


@contextmanager
def reading_values(path: Path | str) -> Iterator[sqlite3.Connection]:
    """Cleaned, read-only; texts come as bytes, and no value beyond LONGEST_WHOLE comes into memory.

    Reading such a value raises ``sqlite3.DataError`` with SQLITE_TOOBIG; ``blobopen`` streams it. In a
    UTF-16 file there is no such limit, since a stream would give the stored octets.
    """
    connection = open_read_only(path)
    try:
        connection.text_factory = bytes
        if is_utf8(connection):
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_WHOLE)
        yield connection
    finally:
        connection.close()


def is_too_big(error: sqlite3.Error) -> bool:
    """Whether a value beyond LONGEST_WHOLE was met."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_TOOBIG


def chunks(connection: sqlite3.Connection, table: str, column: str, rowid: int) -> Iterator[bytes]:
    """The stored octets of one text or blob, piece by piece."""
    with connection.blobopen(table, column, rowid, readonly=True) as blob:
        while piece := blob.read(CHUNK):
            yield piece
