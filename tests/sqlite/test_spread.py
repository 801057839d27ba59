"""Some rows of a table: never more than asked, all where they are few, an estimate of how many there are."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.model.catalog import Table
from sdmigrate.model.errors import Aborted
from sdmigrate.sqlite.catalog import read_catalog
from sdmigrate.sqlite.spread import Spread, spread_rows


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as opened:
        yield opened


def spread(connection: sqlite3.Connection, most: int = 160) -> Spread:
    return spread_rows(connection, _table(connection), most, lambda: None)


def _table(connection: sqlite3.Connection) -> Table:
    return read_catalog(connection).table("t")


@given(rowids=st.sets(st.integers(-(2**63), 2**63 - 1), max_size=60), most=st.integers(16, 80))
def test_rows_are_the_tables_own_and_whole_means_all(rowids: set[int], most: int) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t(a)")
        connection.executemany(
            "INSERT INTO t(rowid, a) VALUES (?, ?)", ((each, f"v{each}") for each in rowids)
        )
        found = spread(connection, most)
    assert len(found.rows) <= most
    assert all(values == (f"v{rowid}",) and rowid in rowids for rowid, values in found.rows)
    assert len({rowid for rowid, _ in found.rows}) == len(found.rows)
    if found.whole:
        assert {rowid for rowid, _ in found.rows} == rowids
        assert found.total == len(rowids)


def test_a_table_without_gaps_is_estimated_exactly_and_read_all_over(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t(a)")
    connection.executemany("INSERT INTO t VALUES (?)", ((number,) for number in range(10_000)))
    found = spread(connection)
    assert (len(found.rows), found.total, found.whole) == (160, 10_000, False)
    assert {value // 625 for _, (value,) in found.rows if isinstance(value, int)} == set(range(16))


def test_gaps_are_part_of_the_estimate(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t(a)")
    connection.executemany("INSERT INTO t(rowid) VALUES (?)", ((number * 5,) for number in range(10_000)))
    found = spread(connection)
    assert found.total == pytest.approx(10_000, rel=0.1)


def test_without_rowids_the_first_rows_are_read_and_none_estimated(
    connection: sqlite3.Connection,
) -> None:
    connection.execute("CREATE TABLE t(a PRIMARY KEY, b) WITHOUT ROWID")
    connection.executemany("INSERT INTO t VALUES (?, 'x')", ((number,) for number in range(200)))
    found = spread(connection)
    assert (len(found.rows), found.total, found.whole) == (160, None, False)
    assert found.rows[0] == (None, (0, "x"))
    assert spread(connection, 200) == Spread(tuple((None, (number, "x")) for number in range(200)), 200, True)


def test_a_huge_value_ends_its_block_and_costs_no_memory(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t(a)")
    connection.execute("INSERT INTO t VALUES ('first'), ('second'), (zeroblob(5000000)), ('fourth')")
    found = spread(connection)
    assert {value for _, (value,) in found.rows} <= {"first", "second"}
    assert len(found.rows) >= 1
    assert not found.whole
    assert connection.execute("SELECT max(length(a)) FROM t").fetchone() == (5_000_000,)


def test_many_long_values_end_it_before_memory_does(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t(a)")
    connection.executemany("INSERT INTO t VALUES (?)", (("x" * 900_000,) for _ in range(20)))
    found = spread(connection)
    assert 1 <= len(found.rows) <= 6
    assert not found.whole


def test_an_empty_table_is_whole(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t(a)")
    assert spread(connection) == Spread((), 0, True)


def test_it_ends_between_blocks(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t(a)")
    connection.executemany("INSERT INTO t VALUES (?)", ((number,) for number in range(1000)))
    table, beats = _table(connection), iter(range(3))

    def beat() -> None:
        if next(beats, None) is None:
            raise Aborted("stopped", "")

    with pytest.raises(Aborted):
        spread_rows(connection, table, 160, beat)
