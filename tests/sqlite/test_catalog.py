"""The catalog says what a file declares, names what it cannot use, and runs nothing of it."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.model.catalog import Catalog, ForeignKey, IndexTerm, OtherObject
from sdmigrate.model.record import from_json, to_json
from sdmigrate.sqlite.catalog import read_catalog
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.declarations import folded


def catalog_of(path: Path, script: str) -> Catalog:
    """The catalog of a new file made by the script; it goes through JSON unchanged."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return read(path)


def read(path: Path) -> Catalog:
    with closing(open_read_only(path)) as connection:
        catalog = read_catalog(connection)
    assert from_json(to_json(catalog), Catalog) == catalog
    return catalog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db"


def test_columns(path: Path) -> None:
    catalog = catalog_of(
        path,
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a VARCHAR(9) NOT NULL DEFAULT 'x', b COLLATE nocase,"
        " v INT AS (id * 2), s TEXT GENERATED ALWAYS AS (a || '-') STORED, CHECK (id > 0))",
    )
    table = catalog.table("t")
    assert [
        (column.name, column.declared_type, column.affinity, column.not_null, column.default)
        for column in table.columns
    ] == [
        ("id", "INTEGER", "INTEGER", False, None),
        ("a", "VARCHAR(9)", "TEXT", True, "'x'"),
        ("b", "", "BLOB", False, None),
        ("v", "INT", "INTEGER", False, None),
        ("s", "TEXT", "TEXT", False, None),
    ]
    assert table.column("b").collation == "NOCASE"
    assert [(column.generated, column.generated_expression) for column in table.columns[3:]] == [
        ("virtual", "id * 2"),
        ("stored", "a || '-'"),
    ]
    assert [check.expression for check in table.checks] == ["id > 0"]
    assert table.problem is None
    assert catalog.trusted_schema is False


@pytest.mark.parametrize(
    ("definition", "alias", "name"),
    [
        ("id INTEGER PRIMARY KEY", "id", "rowid"),
        ("id integer, PRIMARY KEY (id)", "id", "rowid"),
        ("id INTEGER, PRIMARY KEY (id DESC)", "id", "rowid"),
        ("id INTEGER PRIMARY KEY DESC", None, "rowid"),
        ("id INT PRIMARY KEY", None, "rowid"),
        ("id INTEGER, b, PRIMARY KEY (id, b)", None, "rowid"),
        ("a TEXT", None, "rowid"),
        ("a TEXT, ROWID TEXT", None, "_rowid_"),
        ("a, rowid, _RowId_", None, "oid"),
        ("rowid, _rowid_, oid", None, None),
        ("RowId INTEGER PRIMARY KEY, _rowid_, oid", "RowId", "rowid"),
    ],
)
def test_rowid(path: Path, definition: str, alias: str | None, name: str | None) -> None:
    table = catalog_of(path, f"CREATE TABLE t({definition})").table("t")
    assert (table.rowid_alias, table.rowid_name) == (alias, name)
    if alias:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"INSERT INTO t({alias}) VALUES (-7)")
            assert connection.execute(f"SELECT {name} FROM t").fetchall() == [(-7,)]


def test_kinds_of_tables(path: Path) -> None:
    catalog = catalog_of(
        path,
        "CREATE TABLE w(b INTEGER, a TEXT, v ANY, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE s(id INTEGER PRIMARY KEY AUTOINCREMENT);"
        "CREATE TABLE e(id INTEGER PRIMARY KEY AUTOINCREMENT);"
        "INSERT INTO s VALUES (50); DELETE FROM s",
    )
    without, sequenced, empty = (catalog.table(name) for name in "wse")
    assert without.primary_key == ("a", "b")
    assert (without.strict, without.without_rowid, without.rowid_name) == (True, True, None)
    assert without.column("v").affinity == "BLOB"
    assert (sequenced.autoincrement, sequenced.sequence) == (True, 50)
    assert (empty.autoincrement, empty.sequence) == (True, None)


def test_sequence_that_somebody_edited(path: Path) -> None:
    catalog = catalog_of(
        path,
        "CREATE TABLE T(id INTEGER PRIMARY KEY AUTOINCREMENT);"
        "INSERT INTO sqlite_sequence VALUES ('t', 5), ('t', 'x'), (NULL, 3), ('T', 9), ('gone', 1)",
    )
    assert catalog.table("T").sequence == 9


def test_foreign_keys(path: Path) -> None:
    catalog = catalog_of(
        path,
        'CREATE TABLE "Par ent"(Id INTEGER PRIMARY KEY, Code TEXT);'
        "CREATE TABLE pair(a INT, b INT, PRIMARY KEY (b, a));"
        'CREATE TABLE c(x INT, y INT, p INT REFERENCES "PAR ENT", q TEXT REFERENCES "par ent"(CODE)'
        " ON UPDATE CASCADE ON DELETE SET NULL, z INT REFERENCES nowhere(id), n INT REFERENCES pair,"
        ' m INT REFERENCES "Par ent"(missing), "references" INT REFERENCES c DEFERRABLE,'
        " FOREIGN KEY (X, y) REFERENCES pair(a, B) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,"
        " FOREIGN KEY (x, y) REFERENCES pair)",
    )
    table = catalog.table("c")
    assert table.problem is None
    assert table.foreign_keys == (
        ForeignKey(columns=("p",), parent_table="PAR ENT", parent_columns=("Id",)),
        ForeignKey(
            columns=("q",),
            parent_table="par ent",
            parent_columns=("Code",),
            on_update="CASCADE",
            on_delete="SET NULL",
        ),
        ForeignKey(columns=("z",), parent_table="nowhere", parent_columns=()),
        ForeignKey(columns=("n",), parent_table="pair", parent_columns=()),
        ForeignKey(columns=("m",), parent_table="Par ent", parent_columns=()),
        ForeignKey(columns=("references",), parent_table="c", parent_columns=(), deferrable=True),
        ForeignKey(
            columns=("x", "y"),
            parent_table="pair",
            parent_columns=("a", "b"),
            on_delete="CASCADE",
            deferrable=True,
            initially_deferred=True,
        ),
        ForeignKey(columns=("x", "y"), parent_table="pair", parent_columns=("b", "a")),
    )


def test_indexes(path: Path) -> None:
    table = catalog_of(
        path,
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE UNIQUE, b TEXT, c, UNIQUE (b, a));"
        "CREATE UNIQUE INDEX live ON t(a) WHERE c = 0;"
        "CREATE INDEX terms ON t(lower(a) COLLATE rtrim DESC, a COLLATE BINARY, a || b COLLATE nocase,"
        " id, 5);",
    ).table("t")
    assert table.problem is None
    assert [(index.name, index.unique, index.origin, index.where) for index in table.indexes] == [
        ("sqlite_autoindex_t_1", True, "unique", None),
        ("sqlite_autoindex_t_2", True, "unique", None),
        ("live", True, "create", "c = 0"),
        ("terms", False, "create", None),
    ]
    assert table.indexes[0].terms == (IndexTerm(column="a", collation="NOCASE"),)
    assert table.indexes[3].terms == (
        IndexTerm(column=None, expression="lower(a)", descending=True, collation="RTRIM"),
        IndexTerm(column="a"),
        IndexTerm(column=None, expression='a || b COLLATE "nocase"'),
        IndexTerm(column="id"),
        IndexTerm(column=None, expression="5"),
    )


def test_what_is_no_table(path: Path) -> None:
    catalog = catalog_of(
        path,
        "CREATE TABLE log(x); CREATE TABLE fts_notes(x); CREATE VIRTUAL TABLE fts USING fts5(body);"
        "CREATE VIRTUAL TABLE fts_more USING fts5(body);"
        "CREATE VIEW fine AS SELECT 1 AS x; CREATE VIEW broken AS SELECT nope FROM log;"
        "CREATE TRIGGER fires AFTER INSERT ON log BEGIN DELETE FROM log; END; ANALYZE",
    )
    assert [table.name for table in catalog.tables] == ["log", "fts_notes"]
    others = {other.name: other for other in catalog.others}
    assert others["fts"].kind == "virtual"
    assert (others["fts_data"].kind, others["fts_data"].table) == ("shadow", "fts")
    assert (others["fts_more_data"].kind, others["fts_more_data"].table) == ("shadow", "fts_more")
    assert others["sqlite_stat1"].kind == "internal"
    assert others["fine"] == OtherObject(
        name="fine", kind="view", table=None, sql="CREATE VIEW fine AS SELECT 1 AS x"
    )
    assert others["broken"].problem == "no such column: nope"
    assert (others["fires"].kind, others["fires"].table) == ("trigger", "log")


def test_virtual_table_of_an_unknown_module(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE vec_chunks(x)")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "INSERT INTO sqlite_master VALUES"
            " ('table', 'vec', 'vec', 0, 'CREATE VIRTUAL TABLE vec USING vec0(a float[3])')"
        )
        connection.commit()
    catalog = read(path)
    assert [table.name for table in catalog.tables] == ["vec_chunks"]
    assert [(other.name, other.kind, other.problem) for other in catalog.others] == [
        ("vec", "virtual", "no such module: vec0")
    ]


def test_generated_column_of_an_unknown_function(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("mine", 1, lambda value: value, deterministic=True)
        connection.execute("CREATE TABLE t(a, v AS (mine(a)), s AS (mine(a)) STORED)")
        connection.execute("CREATE INDEX i ON t(mine(a))")
        connection.execute("CREATE INDEX over_v ON t(v)")
    table = read(path).table("t")
    assert [column.name for column in table.columns] == ["a", "s"]
    assert [(column.name, column.generated_expression, column.problem) for column in table.unreadable] == [
        ("v", "mine(a)", "unknown function: mine()")
    ]
    assert [index.terms[0].expression for index in table.indexes] == ["mine(a)"]
    assert table.problem == "1 of its indexes and foreign keys are over columns that cannot be computed"


@pytest.mark.parametrize(
    ("definition", "index"),
    [
        ("a, v AS (json_extract(a, '$.x'))", ""),
        ("a", "CREATE INDEX i ON t(json_extract(a, '$.x'))"),
    ],
)
def test_schema_that_wants_trust_is_read_with_it(path: Path, definition: str, index: str) -> None:
    catalog = catalog_of(path, f"CREATE TABLE t({definition}); {index}")
    # Newer versions of SQLite hold its JSON functions harmless.
    assert catalog.trusted_schema is (sqlite3.sqlite_version_info < (3, 41))
    assert all(column.problem is None for column in catalog.table("t").columns)


def test_nothing_of_the_file_runs(path: Path) -> None:
    """A view that would never end, and a virtual table that would, are only prepared."""
    started = time.process_time()
    catalog = catalog_of(
        path,
        "CREATE TABLE t(a);"
        "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT * FROM n",
    )
    assert catalog.others[0].problem is None
    assert time.process_time() - started < 5


def test_names_that_are_not_utf8_are_told(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE good(a, b DEFAULT 'XX')")
        connection.execute("CREATE TABLE bad_name(a)")
        connection.execute("CREATE TABLE c(bad_column)")
        connection.execute("CREATE INDEX bad_index ON good(a)")
        connection.execute("PRAGMA writable_schema=ON")
        for old, new in (("bad_name", "bad_\xff"), ("bad_column", "bad_\xff"), ("XX", "\xff")):
            for column in ("name", "tbl_name", "sql"):
                connection.execute(
                    f"UPDATE sqlite_master"
                    f" SET {column} = CAST(replace(CAST({column} AS BLOB), ?, ?) AS TEXT)",
                    (old.encode(), new.encode("latin-1")),
                )
        connection.execute(
            "UPDATE sqlite_master SET name = CAST(x'6261645fff' AS TEXT),"
            " sql = CAST(x'43524541544520494e444558206261645fff204f4e20676f6f64286129' AS TEXT)"
            " WHERE name = 'bad_index'"
        )
        connection.commit()
    catalog = read(path)
    assert [table.name for table in catalog.tables] == ["good"]
    assert catalog.table("good").column("b").default == "'\\xff'"
    assert catalog.table("good").problem == (
        "its text holds bytes that are not UTF-8, shown as escapes;"
        " index bad_\\xff was not understood and is left out: its name is not valid UTF-8"
    )
    assert [(other.name, other.kind) for other in catalog.others] == [
        ("bad_\\xff", "table"),
        ("c", "table"),
    ]
    assert all(other.problem and "not valid UTF-8" in other.problem for other in catalog.others)


def test_names_that_look_alike(path: Path) -> None:
    catalog = catalog_of(
        path,
        'CREATE TABLE "Ä"(x); CREATE TABLE "ä"(x); CREATE TABLE " t"(x); CREATE TABLE "t "(x);'
        'CREATE TABLE "pragma_table_xinfo"("é", "É", "e", "\u0065\u0301");',
    )
    assert [table.name for table in catalog.tables] == ["Ä", "ä", " t", "t ", "pragma_table_xinfo"]
    assert [column.name for column in catalog.tables[4].columns] == ["é", "É", "e", "e\u0301"]


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_utf16(path: Path, encoding: str) -> None:
    catalog = catalog_of(
        path,
        f'PRAGMA encoding=\'{encoding}\'; CREATE TABLE "naïve🙂"("ß" TEXT CHECK ("ß" <> \'🙂\'));'
        'CREATE INDEX "ı" ON "naïve🙂"(lower("ß"))',
    )
    assert catalog.encoding == encoding
    table = catalog.table("naïve🙂")
    assert [column.name for column in table.columns] == ["ß"]
    assert table.checks[0].expression == "\"ß\" <> '🙂'"
    assert table.indexes[0].terms[0].expression == 'lower("ß")'


def test_many_tables_are_quick(path: Path) -> None:
    script = "".join(
        f"CREATE TABLE t{number}(id INTEGER PRIMARY KEY, a TEXT UNIQUE, p INT REFERENCES t{number // 2});"
        for number in range(2000)
    )
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"BEGIN; {script} COMMIT;")
    started = time.process_time()
    catalog = read(path)
    assert time.process_time() - started < 5
    assert len(catalog.tables) == 2000
    assert catalog.tables[1999].foreign_keys[0].parent_columns == ("id",)


def test_two_thousand_columns(path: Path) -> None:
    names = [f"column {number}" for number in range(2000)]
    listed = ", ".join(f'"{name}" INT DEFAULT {number}' for number, name in enumerate(names))
    table = catalog_of(path, f"CREATE TABLE wide({listed})").table("wide")
    assert [column.name for column in table.columns] == names
    assert table.column("column 1999").default == "1999"


def test_empty_database_with_a_header(path: Path) -> None:
    assert catalog_of(path, "PRAGMA page_size=512; VACUUM") == Catalog(tables=(), page_size=512)


identifiers = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=20)


@given(
    table=identifiers.filter(lambda name: not folded(name).startswith("sqlite_")),
    columns=st.lists(identifiers, min_size=2, max_size=5, unique_by=folded),
    index=identifiers.filter(lambda name: not folded(name).startswith("sqlite_")),
)
def test_identifiers_of_any_kind_come_back(table: str, columns: list[str], index: str) -> None:
    if folded(index) == folded(table):
        index += "_"
    quoted = [quote_identifier(name) for name in columns]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            f"CREATE TABLE {quote_identifier(table)}"
            f"({quoted[0]} INTEGER PRIMARY KEY, {', '.join(quoted[1:])},"
            f" FOREIGN KEY ({quoted[1]}) REFERENCES {quote_identifier(table)} DEFERRABLE)"
        )
        connection.execute(
            f"CREATE INDEX {quote_identifier(index)} ON {quote_identifier(table)}"
            f"({quoted[1]} DESC, +{quoted[0]})"
            f" WHERE {quoted[1]} > 0"
        )
        catalog = read_catalog(connection)
    (found,) = catalog.tables
    assert found.problem is None
    assert found.name == table
    assert [column.name for column in found.columns] == columns
    assert found.primary_key == (columns[0],)
    assert found.foreign_keys == (
        ForeignKey(columns=(columns[1],), parent_table=table, parent_columns=(columns[0],), deferrable=True),
    )
    assert found.indexes[0].name == index
    assert found.indexes[0].terms == (
        IndexTerm(column=columns[1], descending=True),
        IndexTerm(column=None, expression=f"+{quoted[0]}"),
    )
    assert found.indexes[0].where == f"{quoted[1]} > 0"
