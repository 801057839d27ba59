"""What SQLite cannot parse of a schema is taken out entry by entry, told, and hides nothing else."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.catalog import OtherObject
from sdmigrate.sqlite.unparsed import take_out_unparsed

_GOOD = "CREATE TABLE good(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO good VALUES (1, 'a'), (2, 'b');"


def damaged(path: Path, *statements: str) -> Path:
    """A file with the table ``good`` and a schema changed by these statements."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(_GOOD + "PRAGMA writable_schema=ON;")
        for statement in statements:
            connection.execute(statement)
    return path


def rows(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT id, name FROM good ORDER BY id").fetchall()


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            "'view', 'v', 'v', 0, 'CREATE VIEW v AS SELEC 1'",
            OtherObject(
                name="v",
                kind="view",
                table=None,
                sql="CREATE VIEW v AS SELEC 1",
                problem='near "SELEC": syntax error',
            ),
        ),
        (
            "'index', 'i', 'good', 2, 'CREATE INDEX i ON good(nope)'",
            OtherObject(
                name="i",
                kind="index",
                table="good",
                sql="CREATE INDEX i ON good(nope)",
                problem="no such column: nope",
            ),
        ),
        (
            "'trigger', 't', 'gone', 0, 'CREATE TRIGGER t AFTER INSERT ON gone BEGIN SELECT 1; END'",
            OtherObject(
                name="t",
                kind="trigger",
                table="gone",
                sql="CREATE TRIGGER t AFTER INSERT ON gone BEGIN SELECT 1; END",
                problem="no such table: main.gone",
            ),
        ),
        (
            "'table', 'm', 'm', 0, 'CREATE VIRTUAL TABLE m USING'",
            OtherObject(
                name="m",
                kind="virtual",
                table=None,
                sql="CREATE VIRTUAL TABLE m USING",
                problem="incomplete input",
            ),
        ),
        (
            "'table', 'far', 'far', 99999, 'CREATE TABLE far(a)'",
            OtherObject(
                name="far", kind="table", table=None, sql="CREATE TABLE far(a)", problem="invalid rootpage"
            ),
        ),
        (
            "'table', 'good', 'good', 2, 'CREATE TABLE good(a)'",
            OtherObject(
                name="good",
                kind="repeated",
                table=None,
                sql="CREATE TABLE good(a)",
            ),
        ),
        (
            "'strange', 's', 's', 0, 'CREATE STRANGE s'",
            OtherObject(
                name="s",
                kind="entry",
                table=None,
                sql="CREATE STRANGE s",
                problem='near "STRANGE": syntax error',
            ),
        ),
        (
            "'view', NULL, NULL, 0, 'CREATE VIEW v AS'",
            OtherObject(
                name="?", kind="view", table=None, sql="CREATE VIEW v AS", problem="incomplete input"
            ),
        ),
        (
            "'view', 'a) - b', 'a) - b', 0, 'CREATE VIEW \"a) - b\" AS'",
            OtherObject(
                name="a) - b",
                kind="view",
                table=None,
                sql='CREATE VIEW "a) - b" AS',
                problem="incomplete input",
            ),
        ),
        (
            "'table', CAST(x'6261ff' AS TEXT), 'x', 99999, 'CREATE TABLE x(a)'",
            OtherObject(
                name="ba\\xff", kind="table", table=None, sql="CREATE TABLE x(a)", problem="invalid rootpage"
            ),
        ),
    ],
)
def test_entry_is_taken_out_and_told(tmp_path: Path, entry: str, told: OtherObject) -> None:
    path = damaged(tmp_path / "db", f"INSERT INTO sqlite_master VALUES ({entry})")
    assert take_out_unparsed(path) == (told,)
    assert rows(path) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("name", ["good", "GOOD", 'ba"d'])
def test_a_second_table_of_one_name_is_read_under_another(tmp_path: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    first = [] if name.lower() == "good" else [f'CREATE TABLE "{quoted}"(id INTEGER PRIMARY KEY)']
    path = damaged(
        tmp_path / "db",
        *first,
        "CREATE TABLE other(v)",
        "INSERT INTO other VALUES ('x'), ('y')",
        f"UPDATE sqlite_master SET name = '{name}', tbl_name = '{name}',"
        f" sql = 'CREATE TABLE /* it */ \"{quoted}\"(v CHECK (v <> ''z''))' WHERE name = 'other'",
    )
    (told,) = take_out_unparsed(path)
    assert (told.kind, told.name, told.table, told.problem) == ("renamed", name, f"{name}_2", None)
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(f'SELECT v FROM "{quoted}_2"').fetchall()
    assert found == [("x",), ("y",)]
    assert rows(path) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("kind", ["table", "index"])
def test_a_further_entry_for_the_same_rows_is_left_out_and_nothing_is_lost(tmp_path: Path, kind: str) -> None:
    path = damaged(
        tmp_path / "db",
        "CREATE INDEX over_name ON good(name)",
        f"INSERT INTO sqlite_master SELECT * FROM sqlite_master WHERE type = '{kind}'",
    )
    (told,) = take_out_unparsed(path)
    assert (told.kind, told.problem) == ("repeated", None)
    assert rows(path) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("kind", ["table", "index"])
@pytest.mark.parametrize(
    "declaration", ["(v UNIQUE, w, PRIMARY KEY (v, w))", "(v UNIQUE, w PRIMARY KEY) WITHOUT ROWID"]
)
def test_a_second_table_is_read_with_its_keys(tmp_path: Path, declaration: str, kind: str) -> None:
    path = damaged(
        tmp_path / "db",
        "CREATE TABLE first(v UNIQUE)",
        f"CREATE TABLE other{declaration}",
        "INSERT INTO other VALUES ('x', 1), ('y', 2)",
        "CREATE TABLE behind(v UNIQUE)",
        "UPDATE sqlite_master SET name = replace(name, 'other', 'first'), tbl_name = 'first',"
        f" sql = replace(sql, 'other', 'first') WHERE tbl_name = 'other' AND type IN ('table', '{kind}')",
    )
    (told,) = take_out_unparsed(path)
    assert (told.kind, told.name, told.table, told.problem) == ("renamed", "first", "first_2", None)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT v, w FROM first_2 ORDER BY w").fetchall() == [("x", 1), ("y", 2)]
        with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: first_2\.v"):
            connection.execute("INSERT INTO first_2 VALUES ('x', 3)")


def test_a_second_table_without_the_indexes_of_its_keys_cannot_be_read(tmp_path: Path) -> None:
    path = damaged(
        tmp_path / "db",
        "CREATE TABLE other(v)",
        "CREATE TABLE behind(v UNIQUE)",
        "UPDATE sqlite_master SET name = 'good', tbl_name = 'good', sql = 'CREATE TABLE good(v UNIQUE)'"
        " WHERE name = 'other'",
    )
    told = take_out_unparsed(path)
    assert [(other.kind, other.problem) for other in told] == [("table", "table good already exists")]
    assert rows(path) == [(1, "a"), (2, "b")]


def test_index_of_a_table_that_does_not_parse_goes_with_it(tmp_path: Path) -> None:
    path = damaged(
        tmp_path / "db",
        "CREATE TABLE lost(a UNIQUE)",
        "CREATE INDEX over_a ON lost(a)",
        "UPDATE sqlite_master SET sql = 'CREATE TABLE lost(a UNIQUE' WHERE name = 'lost'",
    )
    assert [(other.kind, other.name) for other in take_out_unparsed(path)] == [
        ("table", "lost"),
        ("index", "sqlite_autoindex_lost_1"),
        ("index", "over_a"),
    ]
    assert rows(path) == [(1, "a"), (2, "b")]


def test_schema_that_parses_stays_as_it_is(tmp_path: Path) -> None:
    path = damaged(tmp_path / "db", "CREATE INDEX i ON good(json_valid(name))")
    before = path.read_bytes()
    assert take_out_unparsed(path) == ()
    assert path.read_bytes() == before
