"""The canary's sample: spread, oddities, parents."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.errors import Aborted
from sdmigrate.runtime.cancel import aborted
from sdmigrate.sqlite.sample import Link, write_sample
from tests.stages.by_hand import write_table


def sampled(
    path: Path, tables: list[str], links: list[Link], share: float = 0.1, audit: Path | None = None
) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Rows by table as told, and the rowids that are there."""
    sample = path.with_name("sample.sqlite")
    sample.unlink(missing_ok=True)
    told = write_sample(path, audit, sample, tables, links, share, lambda _: None)
    with closing(sqlite3.connect(sample)) as connection:
        there = {
            table: [rowid for (rowid,) in connection.execute(f'SELECT rowid FROM "{table}"')]
            for table in tables
        }
    return told, there


def test_a_tenth_evenly_with_the_longest_values(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    rows = [(n, "x" * 500 if n == 777 else "x", "y" * 90 if n == 778 else None) for n in range(1, 1001)]
    write_table(path, "t", ["n", "a", "b"], rows)
    told, there = sampled(path, ["t"], [])
    assert there["t"] == sorted({*range(1, 1001, 10), 777, 778, 1000})
    assert told == {"t": len(there["t"])}
    assert sampled(path, ["t"], [])[1] == there


@pytest.mark.parametrize("places", [range(-500, 500), range(-(2**63), 2**63, 2**54)])
def test_the_longest_values_are_found_wherever_their_rows_are(tmp_path: Path, places: range) -> None:
    path = tmp_path / "c.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t(a, b, c)")
        connection.executemany(
            "INSERT INTO t(rowid, a, b, c) VALUES (?, ?, ?, NULL)",
            [
                (place, "é" * 300 if number in (7, 9) else "x", 1234567 if number == 998 else 1)
                for number, place in enumerate(places)
            ],
        )
    there = sampled(path, ["t"], [])[1]["t"]
    assert there == sorted({*places[:1000:10], places[7], places[998], *places[1000::10]})


def test_names_of_our_own_sql_are_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    rows = [(n, -n, "long" if n == 77 else "x") for n in range(1, 1001)]
    write_table(path, "each", ["locator", "stands", "{}"], rows)
    write_table(path, "{}", ["each"], [(n,) for n in range(1000)])
    _, there = sampled(path, ["each", "{}"], [])
    assert there == {"each": sorted({*range(1, 1001, 10), 77, 1000}), "{}": list(range(1, 1001, 10))}


def test_small_tables_are_whole_and_empty_ones_are_there(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "small", ["n"], [(n,) for n in range(199)])
    write_table(path, "none", ["n"], [])
    assert sampled(path, ["small", "none"], [])[0] == {"small": 199, "none": 0}


def test_parents_come_with_their_children_and_their_own_parents(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "child", ["n", "a", "b"], [(n, n % 300, n % 7) for n in range(1000)])
    write_table(path, "parent", ["a", "b", "up"], [(n, n % 7, (n + 1) % 1000) for n in range(1000)])
    write_table(path, "root", ["n"], [(n,) for n in range(1000)])
    links = [
        Link(child="child", columns=("n",), parent="parent", parent_columns=("a",)),
        Link(child="parent", columns=("up",), parent="root", parent_columns=("n",)),
        Link(child="child", columns=("a", "b"), parent="parent", parent_columns=("a", "b")),
    ]
    _, there = sampled(path, ["child", "parent", "root"], links)
    with closing(sqlite3.connect(tmp_path / "sample.sqlite")) as connection:
        orphans = connection.execute(
            "SELECT (SELECT count(*) FROM child WHERE n NOT IN (SELECT a FROM parent)),"
            " (SELECT count(*) FROM parent WHERE up NOT IN (SELECT n FROM root))"
        ).fetchone()
        pairs = connection.execute(
            "SELECT count(*) FROM child WHERE EXISTS (SELECT 1 FROM parent WHERE parent.a = child.a"
            " AND parent.b = child.b)"
        ).fetchone()
    assert orphans == (0, 0)
    assert pairs[0] > 0
    assert len(there["parent"]) < 400


def test_a_cycle_ends(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "t", ["n", "up"], [(n, (n + 1) % 500) for n in range(500)])
    links = [Link(child="t", columns=("up",), parent="t", parent_columns=("n",))]
    assert sampled(path, ["t"], links, 0.1)[0] == {"t": 500}


def test_rows_that_rules_changed_are_in_it(tmp_path: Path) -> None:
    path, audit = tmp_path / "c.sqlite", tmp_path / "audit.sqlite"
    write_table(path, "t", ["n"], [(n,) for n in range(1, 2001)])
    with closing(sqlite3.connect(audit)) as connection, connection:
        connection.executescript(
            "CREATE TABLE tables(id INTEGER PRIMARY KEY, name TEXT);"
            'CREATE TABLE rules(id INTEGER PRIMARY KEY, table_id INTEGER, "column" TEXT, rule TEXT);'
            "CREATE TABLE mappings(id INTEGER PRIMARY KEY, rule_id INTEGER, before, after);"
            "CREATE TABLE changes(mapping_id INTEGER, rowid INTEGER);"
            "INSERT INTO tables VALUES (1, 't'); INSERT INTO rules VALUES (1, 1, 'n', 'r'), (2, 1, 'n', 's');"
            "INSERT INTO mappings VALUES (1, 1, 0, 1), (2, 2, 0, 1);"
            "INSERT INTO changes VALUES (2, 1999), (2, 5000)"
        )
        connection.executemany("INSERT INTO changes VALUES (1, ?)", [(n,) for n in range(2, 2001)])
    _, there = sampled(path, ["t"], [], 0.01, audit)
    assert 1999 in there["t"]
    assert 5000 not in there["t"]
    assert 30 <= len(there["t"]) <= 45


def test_utf16_and_shadowed_locators(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA encoding='UTF-16le'")
        connection.execute('CREATE TABLE t(sdmigrate_rowid INTEGER PRIMARY KEY, "rowid", "_rowid_", "oid")')
        connection.execute("INSERT INTO t VALUES (5, 'é', 1, 2)")
    assert write_sample(path, None, tmp_path / "s.sqlite", ["t"], [], 0.1, lambda _: None) == {"t": 1}
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection:
        assert connection.execute("SELECT * FROM t").fetchall() == [(5, "é", 1, 2)]


def test_it_can_be_stopped(tmp_path: Path) -> None:
    def stop(table: str) -> None:
        raise aborted()

    write_table(tmp_path / "c.sqlite", "t", ["n"], [(1,)])
    with pytest.raises(Aborted):
        write_sample(tmp_path / "c.sqlite", None, tmp_path / "s.sqlite", ["t"], [], 0.1, stop)
