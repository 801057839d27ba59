"""What PostgreSQL must hold: each table's digest, computed from cleaned alone.

Invariant: nothing here is shared with what copies the rows. A row's digest is the first 8 octets of the MD5
of its cells joined by colons, as a signed number; a cell is ``<octets>:<text>``, NULL is ``-1:``. The text of
a value is what PostgreSQL prints for it, but for: boolean t or f; numeric without trailing zeros; double
precision the 16 hex digits of its bits; bytea the hex SHA-256. A table's digest is the number of its rows and
the sum of theirs: order does not matter, and a row twice is not a row not at all.
"""

import hashlib
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from sdmigrate.model.result import TableDigest
from sdmigrate.model.values import Value
from sdmigrate.sqlite.canonical_json import LONGEST_EXPONENT, jsonb_text
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import (
    LONGEST_WHOLE,
    CopiedTable,
    chunks,
    copied_table,
    is_too_big,
    is_utf8,
)

NULL_CELL = "-1:"

_COLUMNS_A_FORMAT = 40
_MOST_ROWS = 256
_BATCH_OCTETS = 64 * 1024
_BETWEEN_ROWS = "\x1d"
"""Where a text holds it as well, rows are taken one by one."""
_KNOWN_DOUBLES = 1 << 16
_LEADING = struct.Struct(">q8x")
_md5 = partial(hashlib.md5, usedforsecurity=False)


@dataclass(frozen=True)
class Expected:
    """The digests of one table of cleaned."""

    connection: sqlite3.Connection
    """Of ``reading_values``."""
    table: CopiedTable
    columns: tuple[tuple[str, str], ...]
    """Source column and its type without length and scale, in the blueprint's order."""
    utf8: bool

    def digest(self, beat: Callable[[int], None]) -> TableDigest:
        """The digest of the whole table; ``beat`` hears of the rows done, every few hundred."""
        rows = total = 0
        for _, hashes in self._batches():
            rows += len(hashes)
            total += sum(hashes)
            beat(rows)
        return TableDigest(rows=rows, sum=str(total))

    def row_digests(self) -> Iterator[tuple[int, int]]:
        """(locator, digest) of every row."""
        for locators, hashes in self._batches():
            yield from zip(locators, hashes, strict=True)

    def cells(self, locator: int) -> tuple[str | None, ...]:
        """The texts of one row's cells; large ones as what they are, with their digest."""
        return tuple(self._shown(locator, column, kind) for column, kind in self.columns)

    def _batches(self) -> Iterator[tuple[list[int], list[int]]]:
        """Locators and digests, some rows at a time; a row with a large value is a batch of its own."""
        row = _row(self.columns, self.utf8)
        after: int | None = None
        size = _MOST_ROWS
        while True:
            batch = self._joined(row, after, size)
            if batch is None and size > 1:
                size //= 2
                continue
            if batch is None:
                place = self._next(after)
                locators, hashes, octets = [place], [self._streamed(place)], LONGEST_WHOLE
            else:
                locators, lines, octets = batch
                hashes = _hashed(lines)
            if not locators:
                return
            yield locators, hashes
            after = locators[-1]
            size = max(1, min(2 * size, _MOST_ROWS, _BATCH_OCTETS * len(locators) // (octets + 1)))

    def _joined(
        self, row: str, after: int | None, most: int
    ) -> tuple[list[int], Sequence[bytes], int] | None:
        """Locators, rows as they are hashed, and octets; None: too large together, or not to be told apart.

        SQLite joins the rows: a step for each of them would wait for the interpreter each time.
        """
        place = self.table.quoted_locator
        condition, values = ("", ()) if after is None else (f" WHERE {place} > ?", (after,))
        try:
            rows, whole, places, data = self.connection.execute(
                "SELECT count(*), count(line), group_concat(place, ' '), group_concat(line, ?) FROM"
                f" (SELECT {place} AS place, {row} AS line FROM main.{self.table.quoted} AS stands{condition}"
                f" ORDER BY {place} LIMIT {most})",
                (_BETWEEN_ROWS, *values),
            ).fetchone()
        except sqlite3.DataError as error:
            if not is_too_big(error):
                raise
            return None
        if not rows:
            return [], [], 0
        # format() gives NULL and no error where a row is too large as a whole.
        if whole < rows:
            return None
        lines = data.split(_BETWEEN_ROWS.encode()) if most > 1 else [data]
        return (list(map(int, places.split())), lines, len(data)) if len(lines) == rows else None

    def _next(self, after: int | None) -> int:
        """The locator of the first row behind ``after``; there is one."""
        place = self.table.quoted_locator
        condition, values = ("", ()) if after is None else (f" WHERE {place} > ?", (after,))
        (found,) = self.connection.execute(
            f"SELECT {place} FROM main.{self.table.quoted}{condition} ORDER BY {place} LIMIT 1", values
        ).fetchone()
        return int(found)

    def _streamed(self, locator: int) -> int:
        """The digest of a row with a large value, which is never whole in memory."""
        digest = _md5()
        for place, (column, kind) in enumerate(self.columns):
            digest.update(b":" if place else b"")
            octets = self._large(locator, column)
            if octets is None:
                digest.update(_cell(kind, self._value(locator, column)).encode())
            elif kind == "jsonb":
                pieces = chunks(self.connection, self.table.name, column, locator)
                digest.update(_cell(kind, b"".join(pieces)).encode())
            elif kind == "bytea":
                digest.update(b"64:" + self._sha256(locator, column).encode())
            else:
                digest.update(f"{octets}:".encode())
                for piece in chunks(self.connection, self.table.name, column, locator):
                    digest.update(piece)
        (leading,) = _LEADING.unpack(digest.digest())
        return int(leading)

    def _shown(self, locator: int, column: str, kind: str) -> str | None:
        octets = self._large(locator, column)
        if octets is not None:
            return f"{octets} octets, SHA-256 {self._sha256(locator, column)}"
        cell = _cell(kind, self._value(locator, column))
        return None if cell == NULL_CELL else cell.partition(":")[2]

    def _value(self, locator: int, column: str) -> Value:
        value: Value
        (value,) = self._of(quote_identifier(column), locator)
        return value

    def _large(self, locator: int, column: str) -> int | None:
        """The octets of a value too large to be taken whole, else None."""
        (kind,) = self._of(f"typeof({quote_identifier(column)})", locator)
        if kind not in (b"text", b"blob") or not self.utf8:
            return None
        with self.connection.blobopen(self.table.name, column, locator, readonly=True) as blob:
            return len(blob) if len(blob) > LONGEST_WHOLE else None

    def _sha256(self, locator: int, column: str) -> str:
        digest = hashlib.sha256()
        for piece in chunks(self.connection, self.table.name, column, locator):
            digest.update(piece)
        return digest.hexdigest()

    def _of(self, expression: str, locator: int) -> tuple[Value, ...]:
        found: tuple[Value, ...] = self.connection.execute(
            f"SELECT {expression} FROM main.{self.table.quoted} WHERE {self.table.quoted_locator} = ?",
            (locator,),
        ).fetchone()
        return found


def expected(connection: sqlite3.Connection, table: str, columns: Sequence[tuple[str, str]]) -> Expected:
    """The digests of that table of cleaned, opened with ``reading_values``.

    Args:
        connection: to cleaned.
        table: source name.
        columns: source column and blueprint type, in the blueprint's order.
    """
    for kind in {_base(kind) for _, kind in columns}:
        connection.create_function(_function(kind), 1, partial(_cell, kind), deterministic=True)
    bases = tuple((column, _base(kind)) for column, kind in columns)
    _know_doubles(connection, table, [column for column, kind in bases if kind == "double precision"])
    return Expected(
        connection=connection,
        table=copied_table(connection, table),
        columns=bases,
        utf8=is_utf8(connection),
    )


def _know_doubles(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> None:
    """The cells of the first distinct values of these columns, where SQL finds them by value.

    A call back into Python for each would wait for whatever else the interpreter does.
    """
    connection.execute("DROP TABLE IF EXISTS temp.sdmigrate_doubles")
    connection.execute("CREATE TEMP TABLE sdmigrate_doubles (value PRIMARY KEY, cell) WITHOUT ROWID")
    cell = f"{_function('double precision')}(value)"
    for column in columns:
        quoted = quote_identifier(column)
        # The cell is made by SQL's call of the function, so that it is text as every other.
        connection.execute(
            f"INSERT OR IGNORE INTO temp.sdmigrate_doubles SELECT value, {cell}"
            f" FROM (SELECT DISTINCT {quoted} AS value FROM main.{quote_identifier(table)}"
            f" WHERE typeof({quoted}) IN ('integer', 'real') LIMIT {_KNOWN_DOUBLES})"
        )


def _hashed(rows: Sequence[bytes]) -> list[int]:
    digests = b"".join([_md5(row).digest() for row in rows])
    return [leading for (leading,) in _LEADING.iter_unpack(digests)]


def _row(columns: Sequence[tuple[str, str]], utf8: bool) -> str:
    """SQL of one row's cells of ``stands``, as text; values SQL prints exactly are left to SQL."""
    parts = []
    for start in range(0, len(columns), _COLUMNS_A_FORMAT):
        shapes, values = [], []
        for name, kind in columns[start : start + _COLUMNS_A_FORMAT]:
            column = f"stands.{quote_identifier(name)}"
            if kind == "boolean":
                shapes.append("%s")
                values.append(f"CASE {column} WHEN 1 THEN '1:t' WHEN 0 THEN '1:f' ELSE '{NULL_CELL}' END")
            elif kind == "double precision":
                # 0.0 and -0.0 are equal to SQLite and not to PostgreSQL.
                shapes.append("%s")
                values.append(
                    f"CASE WHEN {column} IS NULL THEN '{NULL_CELL}'"
                    f" WHEN {column} = 0 THEN {_function(kind)}({column})"
                    f" ELSE coalesce((SELECT cell FROM temp.sdmigrate_doubles WHERE value = {column}),"
                    f" {_function(kind)}({column})) END"
                )
            elif kind in _TEXTS or not utf8:
                shapes.append("%s")
                values.append(f"{_function(kind)}({column})")
            else:
                # %s of NULL is empty: the length tells it from an empty text.
                shapes.append("%d:%s")
                values += [f"coalesce(length(CAST({column} AS BLOB)), -1)", column]
        parts.append(f"format('{':'.join(shapes)}', {', '.join(values)})")
    return " || ':' || ".join(parts)


def _base(kind: str) -> str:
    return kind.partition("(")[0]


def _function(kind: str) -> str:
    return f"sdmigrate_cell_{kind.replace(' ', '_')}"


def _cell(kind: str, value: Value) -> str:
    if value is None:
        return NULL_CELL
    try:
        text = _TEXTS.get(kind, _as_text)(value)
        octets = len(text.encode())
    except (ValueError, ArithmeticError, RecursionError, struct.error):
        # Somebody changed cleaned; whatever PostgreSQL holds, it is not this.
        text = f"not {kind}: {value!a}"
        octets = len(text)
    return f"{octets}:{text}"


def _as_text(value: Value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _boolean(value: Value) -> str:
    return "t" if value else "f"


def _double(value: Value) -> str:
    return struct.pack(">d", value).hex()


def _numeric(value: Value) -> str:
    number = Decimal(repr(value) if isinstance(value, float) else _as_text(value))
    if number.is_infinite():
        return "Infinity" if number > 0 else "-Infinity"
    if not number:
        return "0"
    if abs(number.adjusted()) > LONGEST_EXPONENT:
        raise ValueError(f"{value!r} is beyond what numeric holds")
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _jsonb(value: Value) -> str:
    return jsonb_text(_as_text(value))


def _bytea(value: Value) -> str:
    return hashlib.sha256(value if isinstance(value, bytes) else _as_text(value).encode()).hexdigest()


_TEXTS: dict[str, Callable[[Value], str]] = {
    "boolean": _boolean,
    "double precision": _double,
    "numeric": _numeric,
    "jsonb": _jsonb,
    "bytea": _bytea,
}
"""The types whose text is not what SQLite prints."""
