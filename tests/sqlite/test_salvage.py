"""Of a damaged table every row that SQLite gives is kept, and nothing of its neighbours changes."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.catalog import Catalog
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.catalog import read_catalog
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.salvage import keep_readable, readable_of
from tests.sqlite.damaging import PAGE, break_page, leaves, root_of

ROWS = 2_000


def build(path: Path, declaration: str = "id INTEGER PRIMARY KEY, body TEXT") -> Catalog:
    """Two tables around ``hurt``, which has some twenty leaves; rowids 10, 20, 30 …"""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            f"PRAGMA page_size={PAGE}; CREATE TABLE before(a); CREATE TABLE hurt({declaration});"
            " CREATE TABLE after(a); BEGIN"
        )
        for number in range(1, ROWS + 1):
            connection.execute("INSERT INTO before VALUES (?)", (number,))
            connection.execute("INSERT INTO hurt VALUES (?, ?)", (number * 10, f"row {number} " * 4))
            connection.execute("INSERT INTO after VALUES (?)", (number,))
        connection.execute("COMMIT")
    with closing(open_read_only(path)) as connection:
        return read_catalog(connection)


def kept(path: Path, catalog: Catalog) -> tuple[Catalog, dict[str, int]]:
    found = readable_of(path, catalog, catalog.table("hurt"), CancelToken())
    return keep_readable(path, catalog, {"hurt": found})


def ids(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [number for (number,) in connection.execute("SELECT id FROM hurt ORDER BY id")]


def test_rows_around_two_broken_leaves_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "db"
    catalog = build(path)
    pages = leaves(path, "hurt")
    lost = {rowid for page in (pages[3], pages[8]) for rowid in page.rowids}
    for page in (pages[3], pages[8]):
        break_page(path, page.number)
    wanted = [number * 10 for number in range(1, ROWS + 1) if number * 10 not in lost]
    after, rows = kept(path, catalog)
    assert rows == {"hurt": len(wanted)}
    assert ids(path) == wanted
    assert after == catalog
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), sum(a) FROM before").fetchone() == (ROWS, 2_001_000)
        assert connection.execute("SELECT count(*), sum(a) FROM after").fetchone() == (ROWS, 2_001_000)
        assert connection.execute("SELECT typeof(body), body FROM hurt WHERE id = 10").fetchone() == (
            "text",
            "row 1 " * 4,
        )


@pytest.mark.parametrize("place", ["first", "last", "all"])
def test_rows_up_to_a_broken_end(tmp_path: Path, place: str) -> None:
    path = tmp_path / "db"
    catalog = build(path)
    pages = leaves(path, "hurt")
    broken = {"first": pages[:1], "last": pages[-1:], "all": pages}[place]
    for page in broken:
        break_page(path, page.number)
    lost = {rowid for page in broken for rowid in page.rowids}
    kept(path, catalog)
    assert ids(path) == [number * 10 for number in range(1, ROWS + 1) if number * 10 not in lost]


def test_nothing_is_left_where_the_root_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "db"
    catalog = build(path)
    break_page(path, root_of(path, "hurt"))
    assert kept(path, catalog)[1] == {"hurt": 0}
    assert ids(path) == []


def test_without_rowid_the_rows_before_the_damage_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "db"
    catalog = build(path, "id INTEGER PRIMARY KEY, body TEXT) WITHOUT ROWID; CREATE TABLE extra(a")
    with closing(sqlite3.connect(path)) as connection:
        (middle,) = connection.execute("SELECT count(*) FROM hurt").fetchone()
    assert middle == ROWS
    break_page(path, leaves(path, "hurt")[10].number)
    after, rows = kept(path, catalog)
    assert 0 < rows["hurt"] < ROWS
    assert ids(path) == [number * 10 for number in range(1, rows["hurt"] + 1)]
    assert not after.table("hurt").without_rowid


def test_generated_values_and_storage_classes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            f"PRAGMA page_size={PAGE};"
            "CREATE TABLE hurt(id INTEGER PRIMARY KEY, a REAL, body TEXT, v AS (id * 2), s AS (a + 1) STORED)"
        )
        connection.execute("BEGIN")
        for number in range(1, ROWS + 1):
            connection.execute("INSERT INTO hurt(a, body) VALUES (?, ?)", (number, b"\xff" * 20))
        connection.execute("COMMIT")
    with closing(open_read_only(path)) as opened:
        catalog = read_catalog(opened)
    last = leaves(path, "hurt")[-1]
    break_page(path, last.number)
    kept(path, catalog)
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT typeof(a), a, typeof(body), s FROM hurt WHERE id = 7").fetchone()
        assert found == ("real", 7.0, "blob", 8.0)
        assert connection.execute("SELECT count(*) FROM hurt").fetchone() == (last.rowids[0] - 1,)


def test_healthy_table_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "db"
    catalog = build(path)
    found = readable_of(path, catalog, catalog.table("hurt"), CancelToken())
    assert (found.rows, found.whole) == (ROWS, True)
    assert [(one.first, one.last) for one in found.stretches] == [(10, ROWS * 10)]
