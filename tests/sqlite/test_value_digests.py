"""What a digest is made of, told by hand; PostgreSQL's side is in tests/postgres/test_digests.py."""

import hashlib
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmigrate.model.result import TableDigest
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE, reading_values
from sdmigrate.sqlite.value_digests import expected
from tests.stages.by_hand import write_table

COLUMNS = [("t", "text"), ("d", "double precision"), ("n", "numeric(9,3)"), ("b", "boolean"), ("x", "bytea")]


def row_digest(*cells: bytes) -> int:
    (number,) = struct.unpack(">q", hashlib.md5(b":".join(cells)).digest()[:8])
    return int(number)


def digest_of(path: Path, columns: list[tuple[str, str]], rows: list[tuple[Any, ...]]) -> TableDigest:
    path.unlink(missing_ok=True)
    write_table(path, "t", [name for name, _ in columns], rows)
    with reading_values(path) as connection:
        return expected(connection, "t", columns).digest(lambda _: None)


def test_a_digest_by_hand(tmp_path: Path) -> None:
    rows = [("é", 0.1, "1.500", 1, b"\0"), (None, None, None, None, None), ("", -0.0, 10, 0, b"")]
    sha = [hashlib.sha256(value).hexdigest().encode() for value in (b"\0", b"")]
    hashes = [
        row_digest(b"2:\xc3\xa9", b"16:3fb999999999999a", b"3:1.5", b"1:t", b"64:" + sha[0]),
        row_digest(*[b"-1:"] * 5),
        row_digest(b"0:", b"16:8000000000000000", b"2:10", b"1:f", b"64:" + sha[1]),
    ]
    wanted = TableDigest(rows=3, sum=str(sum(hashes)))
    assert digest_of(tmp_path / "c.sqlite", COLUMNS, rows) == wanted
    assert digest_of(tmp_path / "c.sqlite", COLUMNS, rows[::-1]) == wanted


def test_doubles_are_told_apart_bit_by_bit_whatever_the_table_is_called(tmp_path: Path) -> None:
    values = [0.0, -0.0, 0.1, 0.1, 0.30000000000000004, 0.3, 7, 7.0, 2**53, float(2**53), -1e308, None]
    path = tmp_path / "c.sqlite"
    write_table(path, "sdmigrate_doubles", ["d", "e"], [(value, value) for value in values])
    cells = [
        b"-1:" if value is None else b"16:" + struct.pack(">d", value).hex().encode() for value in values
    ]
    with reading_values(path) as connection:
        made = expected(
            connection, "sdmigrate_doubles", [("d", "double precision"), ("e", "double precision")]
        )
        assert [digest for _, digest in made.row_digests()] == [row_digest(cell, cell) for cell in cells]


def test_a_row_twice_is_not_a_row_not_at_all(tmp_path: Path) -> None:
    columns = [("t", "text")]
    digests = {
        digest_of(tmp_path / "c.sqlite", columns, rows).sum
        for rows in ([], [("a",)] * 2, [("b",)] * 2, [("a",)])
    }
    assert len(digests) == 4


def cell(value: int | str | None) -> bytes:
    text = b"" if value is None else str(value).encode("utf-8", "surrogateescape")
    return b"%d:%s" % (-1 if value is None else len(text), text)


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.text(st.sampled_from("ab:1\x1d\x1f\n|é🙂"), max_size=6) | st.just("long" * 30_000),
        ),
        max_size=12,
    ),
    st.integers(0, 600),
    st.sampled_from(["UTF-8", "UTF-16le"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_has_the_digest_told_by_hand(
    tmp_path: Path, rows: list[tuple[int | None, str | None]], plain: int, encoding: str
) -> None:
    path = tmp_path / "c.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA encoding='{encoding}'")
        connection.execute("CREATE TABLE u(a)")
        connection.commit()
    every = [(n, "plain") for n in range(plain)] + rows + [(None, "")] * 3
    write_table(path, "t", ["n", "t"], every)
    with reading_values(path) as connection:
        side = expected(connection, "t", [("n", "bigint"), ("t", "text")])
        found = list(side.row_digests())
        whole = side.digest(lambda _: None)
    assert found == [(place, row_digest(*map(cell, row))) for place, row in enumerate(every, start=1)]
    assert whole == TableDigest(rows=len(every), sum=str(sum(digest for _, digest in found)))


def test_octets_that_postgresql_cannot_hold_are_not_passed_over(tmp_path: Path) -> None:
    columns = [("t", "text")]
    texts = (b"a", b"a\0b", b"\xff", b"\xfd", b"", b"\0")
    path = tmp_path / "c.sqlite"
    digests = set()
    for text in texts:
        path.unlink(missing_ok=True)
        write_table(path, "t", ["t"], [])
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("INSERT INTO t VALUES (CAST(? AS TEXT))", (text,))
        with reading_values(path) as connection:
            digests.add(expected(connection, "t", columns).digest(lambda _: None).sum)
    assert len(digests) == len(texts)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("jsonb", '"\\ud800"'),
        ("jsonb", "[1e999999999]"),
        ("jsonb", "[" * 5_000),
        ("numeric", "1e999999999"),
        ("numeric", "1e-999999999"),
        ("double precision", "a lot"),
    ],
)
def test_what_is_no_value_of_its_type_has_a_digest_of_its_own(tmp_path: Path, kind: str, value: str) -> None:
    held, other = (
        digest_of(tmp_path / "c.sqlite", [("v", kind)], [(each,)]) for each in (value, value + " ")
    )
    assert (held.rows, other.rows) == (1, 1)
    assert held.sum != other.sum


@pytest.mark.parametrize("size", [LONGEST_WHOLE - 100, LONGEST_WHOLE + 1, 3 * LONGEST_WHOLE])
def test_large_values_have_the_same_digest_as_small_ones(tmp_path: Path, size: int) -> None:
    columns = [("n", "bigint"), ("t", "text"), ("x", "bytea"), ("j", "jsonb")]
    text, blob = "é" * (size // 2), b"\7" * size
    rows: list[tuple[Any, ...]] = [(n, "s", b"s", "1") for n in range(300)]
    rows += [(300, text, blob, f'["{text}" ,1]'), (301, None, None, None), (302, "", text.encode(), "{}")]
    json = f'["{text}", 1]'.encode()
    hashes = [
        row_digest(
            b"3:300",
            b"%d:" % len(text.encode()) + text.encode(),
            b"64:" + hashlib.sha256(blob).hexdigest().encode(),
            b"%d:" % len(json) + json,
        )
    ]
    path = tmp_path / "c.sqlite"
    write_table(path, "t", [name for name, _ in columns], rows)
    with reading_values(path) as connection:
        side = expected(connection, "t", columns)
        found = dict(side.row_digests())
        assert side.digest(lambda _: None) == TableDigest(rows=303, sum=str(sum(found.values())))
        shown = side.cells(301)[0], side.cells(301)[1]
    assert len(found) == 303
    assert found[301] == hashes[0]
    assert shown == ("300", text) if size < LONGEST_WHOLE else shown[1] is not None
