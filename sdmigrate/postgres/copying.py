"""COPY: rows into one table, as text from marked blocks or as binary from cells.

Invariant: what arrives is what was sent, octet for octet. Text is the fast way; binary is for bytea, which
as text would be twice as long, and for values too large to be held in memory, which it streams.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

from psycopg import sql

from sdmigrate.postgres.binary_values import Encoder, encoder
from sdmigrate.postgres.connect import Connection
from sdmigrate.postgres.types import type_name

_TO_COPY = bytes.maketrans(b"\xff\xfe\xfd", b"\t\n\x01")
_NULL = "\x01"
_ESCAPED = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\t", b"\\t"), (b"\x01", b"\\\x01"))

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL_FIELD = b"\xff\xff\xff\xff"
_BUFFER = 64 * 1024


class LargeValue(Protocol):
    """A text or blob that comes in pieces."""

    @property
    def octets(self) -> int:
        """Its length."""
        ...

    @property
    def chunks(self) -> Callable[[], Iterator[bytes]]:
        """Its octets, piece by piece; text is UTF-8."""
        ...


Cell: TypeAlias = int | float | str | bytes | LargeValue | None
Column: TypeAlias = tuple[str, str]
"""Name and blueprint type."""


def copy_text(
    connection: Connection,
    table: sql.Identifier,
    columns: Sequence[Column],
    blocks: Iterable[bytes],
    *,
    freeze: bool,
) -> int:
    """COPY marked blocks (cells end with FF, rows with FE, NULL is FD); returns the number of rows.

    Raises:
        psycopg.Error: PostgreSQL refused a row; nothing was copied.
    """
    statement = _statement(table, columns, sql.SQL("FORMAT text, NULL {}").format(sql.Literal(_NULL)), freeze)
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for block in blocks:
                copy.write(copy_lines(block))
        return cursor.rowcount


def copy_lines(block: bytes) -> bytes:
    """A marked block as lines of COPY's text format."""
    for octet, escaped in _ESCAPED:
        block = block.replace(octet, escaped)
    return block.translate(_TO_COPY)


def copy_binary(
    connection: Connection,
    table: sql.Identifier,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    freeze: bool,
) -> int:
    """COPY rows of cells; returns their number.

    Raises:
        psycopg.Error: PostgreSQL refused a row; nothing was copied.
        ValueError: a value is not in the canonical form of its column's type.
    """
    statement = _statement(table, columns, sql.SQL("FORMAT binary"), freeze)
    encoders = [encoder(type_name(kind)) for _, kind in columns]
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for piece in binary_pieces(rows, encoders):
                copy.write(piece)
        return cursor.rowcount


def binary_pieces(rows: Iterable[Sequence[Cell]], encoders: Sequence[Encoder]) -> Iterator[bytes]:
    """COPY's binary format in pieces; a large value is never whole in memory."""
    buffer = bytearray(_SIGNATURE)
    width = len(encoders).to_bytes(2, "big")
    for row in rows:
        buffer += width
        for cell, encode in zip(row, encoders, strict=True):
            if cell is None:
                buffer += _NULL_FIELD
            elif isinstance(cell, int | float | str | bytes):
                value = encode(cell)
                buffer += len(value).to_bytes(4, "big")
                buffer += value
            else:
                # A version octet or the like before the value itself, as for an empty value.
                prefix = encode(b"")
                buffer += (len(prefix) + cell.octets).to_bytes(4, "big")
                yield bytes(buffer + prefix)
                buffer.clear()
                yield from cell.chunks()
        if len(buffer) >= _BUFFER:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer + _TRAILER)


def _statement(
    table: sql.Identifier, columns: Sequence[Column], options: sql.Composable, freeze: bool
) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN ({}{})").format(
        table,
        sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
        options,
        sql.SQL(", FREEZE" if freeze else ""),
    )
