"""Rows as COPY's bytes, both formats, against a real server."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.binary_values import encoder
from sdmigrate.postgres.connect import Connection, connect
from sdmigrate.postgres.copying import Cell, binary_pieces, copy_binary, copy_lines, copy_text
from sdmigrate.postgres.types import type_name

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
SPECIAL = st.text(st.sampled_from("\\N.\t\n\r\x01\b\"',a"), max_size=6)


@pytest.fixture(scope="module")
def connection(postgres: Endpoint) -> Iterator[Connection]:
    with connect(postgres, purpose="test") as connection:
        yield connection


@given(st.lists(st.tuples(st.none() | TEXTS | SPECIAL, st.none() | SPECIAL), max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_text_arrives_as_it_was(connection: Connection, rows: list[tuple[str | None, str | None]]) -> None:
    block = b"".join(
        b"\xff".join(b"\xfd" if cell is None else cell.encode() for cell in row) + b"\xfe" for row in rows
    )
    columns = [("a", "text"), ("b", "text")]
    # A new table for each: in one used before, rows take the places of rolled-back ones, out of order.
    create = "CREATE TEMP TABLE two (a text, b text)"
    with connection.transaction(force_rollback=True):
        connection.execute(create)
        copied = copy_text(connection, sql.Identifier("two"), columns, [block], freeze=False)
        assert copied == len(rows)
        assert connection.execute("SELECT a, b FROM two ORDER BY ctid").fetchall() == rows
    with connection.transaction(force_rollback=True):
        connection.execute(create)
        cells = [tuple(None if cell is None else cell.encode() for cell in row) for row in rows]
        assert copy_binary(connection, sql.Identifier("two"), columns, cells, freeze=False) == len(rows)
        assert connection.execute("SELECT a, b FROM two ORDER BY ctid").fetchall() == rows


def test_lines() -> None:
    assert copy_lines(b"a\\\t\n\r\x01\xff\xfd\xfe\xff\xfe") == b"a\\\\\\t\\n\\r\\\x01\t\x01\n\t\n"


@pytest.mark.parametrize(
    ("kind", "value", "printed"),
    [
        ("boolean", 1, "true"),
        ("smallint", -5, "-5"),
        ("numeric", b"-12345678901234567890.000100", "-12345678901234567890.000100"),
        ("numeric(10,2)", 19.99, "19.99"),
        ("numeric", 7, "7"),
        ("date", b"0001-01-01", "0001-01-01"),
        ("time", b"24:00:00", "24:00:00"),
        ("time", b"12:00:00.000001", "12:00:00.000001"),
        ("timestamp", b"1999-12-31 23:59:59.5", "1999-12-31 23:59:59.5"),
        ("timestamptz", b"2024-06-25 04:34:38.574+00", "2024-06-25 04:34:38.574+00"),
        ("interval", b"-100:00:00.25", "-100:00:00.25"),
        ("interval", b"2 years 1 mon 3 days 04:05:06.5", "2 years 1 mon 3 days 04:05:06.5"),
        ("interval", b"1 day", "1 day"),
        ("uuid", b"de13f867-70ec-49e4-a398-041b83f1a535", "de13f867-70ec-49e4-a398-041b83f1a535"),
        ("jsonb", b'{"a": 1}', '{"a": 1}'),
        ("json", b"[ ]", "[ ]"),
        ("inet", b"fe80::/10", "fe80::/10"),
        ("varchar(3)", "é🙂a", "é🙂a"),
        ("bytea", b"\x00\xff", "\\x00ff"),
    ],
)
def test_binary_values(connection: Connection, kind: str, value: Any, printed: str) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute(sql.SQL("CREATE TEMP TABLE one (v {})").format(type_name(kind).as_sql()))
        assert copy_binary(connection, sql.Identifier("one"), [("v", kind)], [(value,)], freeze=False) == 1
        assert connection.execute("SELECT v::text FROM one").fetchall() == [(printed,)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("boolean", 2),
        ("boolean", b"t"),
        ("smallint", 32768),
        ("bigint", b"1"),
        ("bigint", 1.0),
        ("double precision", b"1"),
        ("numeric", b"one"),
        ("date", b"2024-02-30"),
        ("time", b"12"),
        ("uuid", b"00"),
        ("inet", b"300.1.1.1"),
    ],
)
def test_what_is_not_canonical_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        encoder(type_name(kind))(value)


class Large:
    """A million octets of which one piece exists at a time."""

    octets = 1_000_000
    pieces = 0

    def chunks(self) -> Iterator[bytes]:
        for _ in range(10):
            self.pieces += 1
            yield b"x" * 100_000


def test_a_large_value_passes_in_pieces(connection: Connection) -> None:
    encoders = [encoder(type_name("bytea")), encoder(type_name("jsonb"))]
    pieces = list(binary_pieces([(Large(), None), (b"", Large())], encoders))
    assert max(map(len, pieces)) == 100_000
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE TEMP TABLE wide (n bigint, t text, b bytea)")
        columns = [("n", "bigint"), ("t", "text"), ("b", "bytea")]
        rows: list[tuple[Cell, ...]] = [(1, Large(), Large()), (2, b"", b"")]
        assert copy_binary(connection, sql.Identifier("wide"), columns, rows, freeze=False) == 2
        found = connection.execute("SELECT n, length(t), octet_length(b) FROM wide ORDER BY n").fetchall()
    assert found == [(1, 1_000_000, 1_000_000), (2, 0, 0)]
