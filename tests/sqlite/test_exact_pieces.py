"""Values written as JSON in pieces: what stands there is what the whole value would be told as."""

import io
import json
import sqlite3
from contextlib import closing

import pytest

from sdmigrate.model.values import Value
from sdmigrate.sqlite.connection import decode_text
from sdmigrate.sqlite.copied_table import CHUNK, LONGEST_WHOLE, CopiedTable
from sdmigrate.sqlite.exact_pieces import write_fields
from sdmigrate.sqlite.exact_values import exact

TABLE = CopiedTable(name="t", columns=("a", 'b "', "c"), locator="_rowid_")


def written(connection: sqlite3.Connection, *values: Value) -> dict[str, object]:
    connection.text_factory = decode_text
    connection.execute('CREATE TABLE t(a, "b """, c)')
    connection.execute("INSERT INTO t VALUES (?, ?, ?)", [None] * 3)
    for column, value in zip(TABLE.columns, values, strict=True):
        octets = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        place = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
        quoted = column.replace('"', '""')
        connection.execute(f'UPDATE t SET "{quoted}" = {place}', (octets,))
    out = io.BytesIO()
    write_fields(out, connection, TABLE, 1)
    fields: dict[str, object] = json.loads(b"{" + out.getvalue() + b"}")
    return fields


@pytest.mark.parametrize(
    "long",
    [
        "x" * (LONGEST_WHOLE + 1),
        "x" + "\u00e9\u20ac\U0001f600" * (CHUNK // 8) + '"\\\n\t\x01end',
        "x" * LONGEST_WHOLE + "\0" + "y",
        b"\0\xff" * LONGEST_WHOLE,
    ],
)
def test_long_values_are_told_as_others_are(long: Value) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert written(connection, long, None, 0.1) == {"a": exact(long), 'b "': exact(None), "c": exact(0.1)}


@pytest.mark.parametrize("end", [b"\xff", b"\xc3"])
def test_long_text_that_is_not_utf8_is_told_in_hex(end: bytes) -> None:
    long = "x" * (2 * CHUNK) + end.decode("utf-8", "surrogateescape")
    with closing(sqlite3.connect(":memory:")) as connection:
        told = written(connection, 7, long, "short")
    assert told == {"a": exact(7), 'b "': exact(long), "c": exact("short")}


def test_in_a_utf16_file_long_text_is_told_alike() -> None:
    long = "x" * LONGEST_WHOLE + "\u20ac"
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA encoding='UTF-16le'")
        connection.text_factory = decode_text
        connection.execute('CREATE TABLE t(a, "b """, c)')
        connection.execute("INSERT INTO t(a) VALUES (?)", (long,))
        out = io.BytesIO()
        write_fields(out, connection, TABLE, 1)
    assert json.loads(b"{" + out.getvalue() + b"}")["a"] == exact(long)


def test_of_no_row_there_is_nothing() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE t(a, "b """, c)')
        out = io.BytesIO()
        write_fields(out, connection, TABLE, 1)
    assert out.getvalue() == b""
