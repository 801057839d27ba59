"""Which values are found to be long, and whether a file can hold any, told by its pages."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmigrate.model.errors import Aborted
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.catalog import read_catalog
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE
from sdmigrate.sqlite.long_cells import long_cells
from sdmigrate.sqlite.overflow import PageLinks
from sdmigrate.sqlite.snapshot import digests_of

LONG = LONGEST_WHOLE + 1


def quiet(rows: int) -> None:
    pass


def may_hold_longer(path: Path, octets: int) -> bool:
    links = PageLinks()
    digests_of(path, CancelToken(), links.note)
    return links.may_hold_longer(octets)


def found(path: Path) -> dict[str, list[int]]:
    with closing(open_read_only(path)) as connection:
        return long_cells(connection, read_catalog(connection).table("t"), quiet)


def write(path: Path, sql: str, *statements: tuple[str, tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(sql)
        for statement, values in statements:
            connection.execute(statement, values)


def test_long_values_are_found_by_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    write(
        path,
        'CREATE TABLE t(id INTEGER PRIMARY KEY, "a ""b" TEXT COLLATE NOCASE, c, d INTEGER);',
        *(
            ("INSERT INTO t VALUES (?, ?, ?, ?)", row)
            for row in (
                (-(2**63), b"x" * LONG, None, 1),
                (-5, "x" * LONGEST_WHOLE, b"y" * LONGEST_WHOLE, 1),
                (1, "x", 1.5, "text " * LONG),
                (2, None, None, None),
                (3, "é" * (LONG // 2 + 1), b"y" * LONG, 1),
                (4, "x" * LONG, b"y" * LONG, b"z" * LONG),
                (2**63 - 1, 1, "y" * LONG, 2**40),
            )
        ),
    )
    assert found(path) == {
        'a "b': [-(2**63), 3, 4],
        "c": [3, 4, 2**63 - 1],
        "d": [1, 4],
    }
    assert may_hold_longer(path, LONGEST_WHOLE)


def test_a_row_long_as_a_whole_has_no_long_value(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    columns = [f"c{number}" for number in range(100)]
    write(
        path,
        f"CREATE TABLE t({', '.join(columns)});",
        (f"INSERT INTO t VALUES ({', '.join('?' * 100)})", ("x" * 10_000,) * 100),
    )
    assert may_hold_longer(path, LONGEST_WHOLE)
    assert found(path) == {}


@pytest.mark.parametrize(
    "table",
    ["CREATE TABLE t(k, v, g AS (k + 1))", "PRAGMA encoding='UTF-16le'; CREATE TABLE t(k, v)"],
)
def test_beside_generated_columns_and_in_utf_16_they_are_found(tmp_path: Path, table: str) -> None:
    path = tmp_path / "s.sqlite"
    write(path, f"{table};", ("INSERT INTO t(k, v) VALUES (1, ?)", ("x" * LONG,)))
    assert found(path) == {"v": [1]}


def test_without_rowids_none_is_found(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    table = "CREATE TABLE t(k INTEGER PRIMARY KEY, v) WITHOUT ROWID"
    write(path, f"{table};", ("INSERT INTO t(k, v) VALUES (1, ?)", ("x" * LONG,)))
    assert found(path) == {}


def test_the_search_is_told_of_and_can_be_ended(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    numbers = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 25000)"
    write(path, f"CREATE TABLE t(v); INSERT INTO t {numbers} SELECT i FROM n;")
    told: list[int] = []

    def beat(rows: int) -> None:
        told.append(rows)
        if len(told) == 2:
            raise Aborted("Stopped.", "Run again.")

    with closing(open_read_only(path)) as connection:
        limit = connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH)
        table = read_catalog(connection).table("t")
        with pytest.raises(Aborted):
            long_cells(connection, table, beat)
        assert connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) == limit
    assert told == [10_000, 20_000]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    page_size=st.sampled_from([512, 1024, 4096, 65536]),
    lengths=st.lists(st.integers(0, 400_000), max_size=6),
    deleted=st.sets(st.integers(1, 6)),
    vacuum=st.sampled_from(["NONE", "FULL", "INCREMENTAL"]),
    asked=st.sampled_from([1, 4096, 100_000, LONGEST_WHOLE]),
)
def test_pages_never_deny_a_long_value(
    tmp_path: Path, page_size: int, lengths: list[int], deleted: set[int], vacuum: str, asked: int
) -> None:
    path = tmp_path / "s.sqlite"
    path.unlink(missing_ok=True)
    write(
        path,
        f"PRAGMA page_size={page_size}; PRAGMA auto_vacuum={vacuum}; CREATE TABLE t(v);",
        *(("INSERT INTO t VALUES (randomblob(?))", (length,)) for length in lengths),
        *(("DELETE FROM t WHERE rowid = ?", (row,)) for row in deleted),
        ("INSERT INTO t SELECT v FROM t LIMIT 1", ()),
    )
    kept = [length for row, length in enumerate(lengths, 1) if row not in deleted]
    if any(length > asked for length in kept):
        assert may_hold_longer(path, asked)


def test_pages_deny_what_they_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.touch()
    assert not may_hold_longer(path, LONGEST_WHOLE)
    texts = (("INSERT INTO t VALUES (?)", ("x" * 100_000,)) for _ in range(20))
    write(path, "CREATE TABLE t(v);", *texts)
    assert not may_hold_longer(path, LONGEST_WHOLE)
    assert may_hold_longer(path, 90_000)
