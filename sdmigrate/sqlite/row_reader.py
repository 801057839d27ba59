"""Rows of cleaned for whoever copies them, in the locator's order, with memory bounded by octets.

Invariant: nothing here knows PostgreSQL. A marked block is SQLite's own concatenation: its cells are set
apart by octets that occur in no UTF-8 text, so nothing has to be escaped or counted to find them again.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from sdmigrate.model.values import Value
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import (
    LONGEST_WHOLE,
    CopiedTable,
    chunks,
    copied_table,
    is_too_big,
    is_utf8,
)

END_OF_CELL = b"\xff"
END_OF_ROW = b"\xfe"
NULL_CELL = b"\xfd"

_CELLS_A_FORMAT = 60
"""Arguments of one format(); SQLite's limit may be as low as 100."""

_BLOCK_OCTETS = 64 * 1024
_FEWEST_ROWS, _MOST_ROWS = 8, 512


@dataclass(frozen=True)
class LargeCell:
    """A text or blob too large to be held in memory."""

    octets: int
    chunks: Callable[[], Iterator[bytes]]
    """Its octets, piece by piece, as stored: text is UTF-8."""


Cell: TypeAlias = Value | LargeCell
"""Text comes as its UTF-8 bytes."""


@dataclass(frozen=True)
class MarkedBlock:
    """Whole rows, one after the other."""

    rows: int
    high: int
    """Locator of the last row."""
    data: bytes


@dataclass(frozen=True)
class LocatedRow:
    """One row by cells."""

    high: int
    """Its locator."""
    octets: int
    """Roughly; of texts and blobs."""
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TableReader:
    """Reads some columns of one table of cleaned, each method from behind a locator on."""

    connection: sqlite3.Connection
    """Of ``reading_values``."""
    table: CopiedTable
    columns: tuple[str, ...]
    reals: frozenset[str]
    """Columns that may hold REAL values."""

    def marked(self, after: int | None) -> Iterator[MarkedBlock]:
        """Rows behind ``after`` (None: from the first), in marked blocks of some 64 KiB.

        They end at the table's end, or before a row with a value or a sum of values beyond LONGEST_WHOLE;
        such rows, and every row of a UTF-16 file, only ``rows`` gives. REAL values are written exactly.
        """
        if not is_utf8(self.connection):
            return
        row = _marked_row(self.columns, self.reals)
        size = _FEWEST_ROWS
        while True:
            block = self._block(row, after, size)
            if block is None:
                if size == 1:
                    return
                size //= 2
                continue
            if not block.rows:
                return
            yield block
            after = block.high
            per_row = len(block.data) // block.rows + 1
            size = max(1, min(2 * size, _MOST_ROWS, _BLOCK_OCTETS // per_row))

    def rows(self, after: int | None) -> Iterator[LocatedRow]:
        """Rows behind ``after`` (None: from the first) by cells, large values as streams.

        A stream must be read before the next row is asked for.
        """
        wanted = ", ".join(quote_identifier(column) for column in self.columns)
        while True:
            try:
                for high, *cells in self._select(wanted, after):
                    yield LocatedRow(high=high, octets=_octets(cells), cells=tuple(cells))
                    after = high
            except sqlite3.DataError as error:
                if not is_too_big(error):
                    raise
            else:
                return
            after = self._next_locator(after)
            yield self._large_row(after)

    def locator_of(self, after: int | None, ordinal: int) -> int | None:
        """The locator of the ``ordinal``-th row (from 1) behind ``after``; None: there is none."""
        found = self._select("1", after, f" LIMIT 1 OFFSET {ordinal - 1}").fetchone()
        return None if found is None else int(found[0])

    def _select(self, expressions: str, after: int | None, rest: str = "") -> sqlite3.Cursor:
        locator = self.table.quoted_locator
        condition, values = ("", ()) if after is None else (f" WHERE {locator} > ?", (after,))
        return self.connection.execute(
            f"SELECT {locator}, {expressions} FROM {self.table.quoted}{condition} ORDER BY {locator}{rest}",
            values,
        )

    def _block(self, row: str, after: int | None, most: int) -> MarkedBlock | None:
        """At most so many rows joined by SQLite, which takes one step and not one a row; None: too large."""
        locator = self.table.quoted_locator
        condition, values = ("", ()) if after is None else (f" WHERE {locator} > ?", (after,))
        try:
            high, rows, whole, data = self.connection.execute(
                "SELECT max(place), count(*), count(line), group_concat(line, '') FROM"
                f" (SELECT {locator} AS place, {row} AS line FROM {self.table.quoted}{condition}"
                f" ORDER BY {locator} LIMIT {most})",
                values,
            ).fetchone()
        except sqlite3.DataError as error:
            if not is_too_big(error):
                raise
            return None
        # format() gives NULL and no error where a row is too large as a whole.
        return MarkedBlock(rows=rows, high=high or 0, data=data or b"") if rows == whole else None

    def _next_locator(self, after: int | None) -> int:
        found = self.locator_of(after, 1)
        assert found is not None  # noqa: S101 - a row was too big, so there is one
        return found

    def _large_row(self, rowid: int) -> LocatedRow:
        cells = [self._cell(rowid, column) for column in self.columns]
        return LocatedRow(high=rowid, octets=_octets(cells), cells=tuple(cells))

    def _cell(self, rowid: int, column: str) -> Cell:
        name, quoted = self.table.name, quote_identifier(column)
        where = f"FROM {self.table.quoted} WHERE {self.table.quoted_locator} = ?"
        (kind,) = self.connection.execute(f"SELECT typeof({quoted}) {where}", (rowid,)).fetchone()
        if kind not in (b"text", b"blob"):
            value: Value
            (value,) = self.connection.execute(f"SELECT {quoted} {where}", (rowid,)).fetchone()
            return value
        with self.connection.blobopen(name, column, rowid, readonly=True) as blob:
            octets = len(blob)
            if octets <= LONGEST_WHOLE:
                return blob.read()
        return LargeCell(octets=octets, chunks=partial(chunks, self.connection, name, column, rowid))


def table_reader(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], reals: Collection[str]
) -> TableReader:
    """The reader of one table of cleaned, opened with ``reading_values``.

    Raises:
        InternalFault: cleaned has no such table.
    """
    connection.create_function("sdmigrate_shortest", 1, repr, deterministic=True)
    return TableReader(
        connection=connection,
        table=copied_table(connection, table),
        columns=tuple(columns),
        reals=frozenset(reals),
    )


def _octets(cells: Sequence[Cell]) -> int:
    return sum(
        cell.octets if isinstance(cell, LargeCell) else len(cell) if isinstance(cell, bytes) else 8
        for cell in cells
    )


def _marked_row(columns: Sequence[str], reals: Collection[str]) -> str:
    """SQL of one row: cells with their ends, as text.

    One format() over many cells costs half of a chain of ||, which copies what it has at each step.
    """
    null = f"x'{NULL_CELL.hex()}'"
    parts = []
    for start in range(0, len(columns), _CELLS_A_FORMAT):
        some = columns[start : start + _CELLS_A_FORMAT]
        shape = END_OF_CELL.join(b"%s" for _ in some)
        shape += END_OF_ROW if start + _CELLS_A_FORMAT >= len(columns) else END_OF_CELL
        cells = (
            _exact_real(quote_identifier(column), null)
            if column in reals
            else f"coalesce({quote_identifier(column)}, {null})"
            for column in some
        )
        parts.append(f"format(CAST(x'{shape.hex()}' AS TEXT), {', '.join(cells)})")
    return " || ".join(parts)


def _exact_real(quoted: str, null: str) -> str:
    """SQL of a value that may be REAL, as a decimal that reads back as the same 64 bits.

    Where the nearest hundredth i/100 divides back into the value, "i" with the exponent -2 is exact: division
    is correctly rounded, and so is reading a decimal of at most 15 digits. All others are Python's.
    """
    hundredths = f"round({quoted} * 100)"
    return (
        f"CASE WHEN typeof({quoted}) = 'real' THEN"
        f" CASE WHEN {quoted} <> 0 AND abs({quoted}) < 1e12 AND {hundredths} / 100.0 = {quoted}"
        f" THEN CAST({hundredths} AS INTEGER) || 'e-2' ELSE sdmigrate_shortest({quoted}) END"
        f" ELSE coalesce({quoted}, {null}) END"
    )
