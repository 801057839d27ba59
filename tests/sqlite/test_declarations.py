"""CREATE texts give what no pragma tells, in every way SQLite lets them be written."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.model.catalog import Affinity, Check
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.declarations import (
    DeclarationUnreadable,
    ForeignKeyDeclaration,
    IndexTermDeclaration,
    affinity,
    folded,
    parse_index,
    parse_table,
)

EVERYTHING = """
CREATE /* a, b( */ TABLE IF NOT EXISTS main . "t""x" ( -- )
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  [brackets, too] VARCHAR(10) COLLATE nocase DEFAULT 'it''s, (' CHECK ([brackets, too] <> ')'),
  `back``tick` NUMERIC(10, 2) DEFAULT -1 CONSTRAINT positive CHECK (`back``tick` > (1 + 2) /* , */ ),
  'quoted' TEXT DEFAULT (upper('a,b')) COLLATE "My Order",
  v INT GENERATED ALWAYS AS (id * 2) VIRTUAL,
  s AS (quoted || ',' || "id") STORED NOT NULL,
  p INT CONSTRAINT fk REFERENCES "pa rent"(id) ON DELETE SET DEFAULT DEFERRABLE INITIALLY DEFERRED,
  q INT REFERENCES other ON UPDATE CASCADE NOT DEFERRABLE,
  naïve🙂$1 TEXT DEFAULT CURRENT_TIMESTAMP,
  CHECK (id > 0) CONSTRAINT "named one" CHECK (v < 9),
  FOREIGN KEY (id, [brackets, too]) REFERENCES other (a, b) DEFERRABLE,
  UNIQUE (p, q) ON CONFLICT REPLACE
) STRICT, WITHOUT ROWID;
"""


def test_everything_at_once() -> None:
    table = parse_table(EVERYTHING)
    assert [(column.name, column.collation, column.generated) for column in table.columns] == [
        ("id", "BINARY", None),
        ("brackets, too", "nocase", None),
        ("back`tick", "BINARY", None),
        ("quoted", "My Order", None),
        ("v", "BINARY", "id * 2"),
        ("s", "BINARY", "quoted || ',' || \"id\""),
        ("p", "BINARY", None),
        ("q", "BINARY", None),
        ("naïve🙂$1", "BINARY", None),
    ]
    assert table.checks == (
        Check(name=None, expression="[brackets, too] <> ')'"),
        Check(name="positive", expression="`back``tick` > (1 + 2)"),
        Check(name=None, expression="id > 0"),
        Check(name="named one", expression="v < 9"),
    )
    assert table.foreign_keys == (
        ForeignKeyDeclaration(columns=("p",), parent="pa rent", deferrable=True, initially_deferred=True),
        ForeignKeyDeclaration(columns=("q",), parent="other"),
        ForeignKeyDeclaration(columns=("id", "brackets, too"), parent="other", deferrable=True),
    )
    assert table.autoincrement is True


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("DEFAULT (1) CHECK (a)", ("BINARY", ["a"])),
        ("DEFAULT + 1 CHECK (a)", ("BINARY", ["a"])),
        ("DEFAULT x'00' COLLATE rtrim", ("rtrim", [])),
        ("DEFAULT generated COLLATE rtrim", ("rtrim", [])),
        ("DEFAULT 'COLLATE nocase'", ("BINARY", [])),
        ('DEFAULT "CHECK (b)"', ("BINARY", [])),
        ("/* CHECK (b) */ -- COLLATE nocase\n", ("BINARY", [])),
        ("COLLATE 'nocase' COLLATE [rtrim]", ("rtrim", [])),
        ("CHECK (a -- all\n > 0)", ("BINARY", ["a  \n > 0"])),
    ],
)
def test_column_constraints(constraint: str, expected: tuple[str, list[str]]) -> None:
    sql = f"CREATE TABLE t(a INT {constraint})"
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(sql)
    table = parse_table(sql)
    assert (table.columns[0].collation, [check.expression for check in table.checks]) == expected


def test_words_in_quotes_are_no_keywords() -> None:
    table = parse_table('CREATE TABLE t("CHECK" "AUTOINCREMENT", [FOREIGN], `REFERENCES` TEXT)')
    assert [column.name for column in table.columns] == ["CHECK", "FOREIGN", "REFERENCES"]
    assert (table.checks, table.foreign_keys, table.autoincrement) == ((), (), False)


def test_index_terms_and_condition() -> None:
    index = parse_index(
        'CREATE UNIQUE INDEX IF NOT EXISTS "i ( x" ON "t WHERE" (lower(a) COLLATE nocase DESC, "b,c" ASC,'
        " (a || ')') , d COLLATE [My Order]) WHERE a IS NOT NULL /* all */ AND b > '(';"
    )
    assert index.terms == (
        IndexTermDeclaration(expression="lower(a)", collation="nocase"),
        IndexTermDeclaration(expression='"b,c"', collation=None),
        IndexTermDeclaration(expression="(a || ')')", collation=None),
        IndexTermDeclaration(expression="d", collation="My Order"),
    )
    assert index.where == "a IS NOT NULL   AND b > '('"
    assert parse_index("CREATE INDEX i ON t(a)").where is None


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE t",
        "CREATE TABLE t(",
        "CREATE TABLE t(a, b",
        "CREATE TABLE t(a,, b)",
        "CREATE TABLE t()",
        "CREATE TABLE t(a 'unfinished)",
        "CREATE TABLE t(a CHECK)",
        "CREATE TABLE t(a CHECK (b)",
        "CREATE TABLE t(a CHECK ())",
        "CREATE TABLE t(a COLLATE)",
        "CREATE TABLE t(a DEFAULT)",
        "CREATE TABLE t(a DEFERRABLE)",
        "CREATE TABLE t(1)",
        "CREATE TABLE t(a) SOMETHING NEW",
    ],
)
def test_what_is_not_understood_is_refused(sql: str) -> None:
    with pytest.raises(DeclarationUnreadable):
        parse_table(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX i",
        "CREATE INDEX i ON t",
        "CREATE INDEX i ON t(a) WHERE",
        "CREATE INDEX i ON t(a) HAVING b",
        "CREATE INDEX i ON t(a,)",
    ],
)
def test_index_that_is_not_understood_is_refused(sql: str) -> None:
    with pytest.raises(DeclarationUnreadable):
        parse_index(sql)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("INT", "INTEGER"),
        ("FLOATING POINT", "INTEGER"),
        ("CHARINT", "INTEGER"),
        ("varchar(10)", "TEXT"),
        ("CLOB", "TEXT"),
        ("", "BLOB"),
        ("blob", "BLOB"),
        ("double precision", "REAL"),
        ("STRING", "NUMERIC"),
        ("UUID", "NUMERIC"),
        ("ANY", "NUMERIC"),
    ],
)
def test_affinity(declared: str, expected: Affinity) -> None:
    assert affinity(declared) == expected


def test_any_of_a_strict_table_keeps_what_it_gets() -> None:
    assert affinity("ANY", strict=True) == "BLOB"


def test_only_ascii_letters_are_folded() -> None:
    assert folded("ÄBÇ İ") == "ÄbÇ İ"


names = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=12)


@given(st.lists(names, min_size=1, max_size=6), names, names)
def test_names_of_any_kind_come_back(columns: list[str], table: str, collation: str) -> None:
    quoted, collated = [quote_identifier(name) for name in columns], quote_identifier(collation)
    listed = ", ".join(f"{name} TEXT COLLATE {collated} CHECK ({name} > '(')" for name in quoted)
    parsed = parse_table(f"CREATE TABLE {quote_identifier(table)}({listed})")
    assert [column.name for column in parsed.columns] == columns
    assert {column.collation for column in parsed.columns} == {collation}
    assert [check.expression for check in parsed.checks] == [f"{name} > '('" for name in quoted]


@given(st.text(alphabet="()[]'\"`,; \n-/*ab$1é", max_size=40))
def test_no_text_makes_the_parser_fail_otherwise(body: str) -> None:
    """What SQLite accepts is understood alike; what it refuses raises at most DeclarationUnreadable."""
    sql = f"CREATE TABLE t(a INT {body})"
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(sql)
            seen = [name for _, name, *_ in connection.execute("PRAGMA table_xinfo(t)")]
            (stored,) = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table'").fetchone()
        except (sqlite3.Error, sqlite3.Warning):
            seen, stored = None, sql
    try:
        parsed = parse_table(stored)
    except DeclarationUnreadable:
        assert seen is None
    else:
        assert seen is None or [column.name for column in parsed.columns] == seen
