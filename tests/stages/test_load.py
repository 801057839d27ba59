"""Cleaned to a release: every canonical value, keys, resume, refusals."""

import math
import os
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from psycopg.conninfo import make_conninfo

from sdmigrate.model.blueprint import (
    TargetCheck,
    TargetColumn,
    TargetForeignKey,
    TargetIndex,
    TargetKey,
    TargetView,
)
from sdmigrate.model.errors import Refused, UnsafeToContinue
from sdmigrate.model.result import MustHold, Verification
from sdmigrate.model.settings import Endpoint
from sdmigrate.runtime.context import Context
from sdmigrate.stages.load import load
from sdmigrate.stages.verify import verify
from tests.conftest import MakeContext
from tests.stages.by_hand import ask, blueprint_of, cleaned_of, table_of, write_table

HOSTILE = [
    "",
    "\\",
    "\\N",
    "\\.",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "\x01",
    "\x7f\x1b[31m",
    "'\"",
    "[red]",
    "é🙂",
    " ",
]

KINDS: dict[str, tuple[str, list[Any]]] = {
    "flag": ("boolean", [0, 1]),
    "small": ("smallint", [-32768, 32767]),
    "middle": ("integer", [-(2**31), 2**31 - 1]),
    "big": ("bigint", [-(2**63), 2**63 - 1]),
    "money": ("numeric(12,2)", [19.99, "1234567890.12", 7, -0.5]),
    "free": ("numeric", [0.1 + 0.2, "-0.00", "1e-7", 1e300, "100", 123456789.25, math.inf, 0]),
    "real": (
        "double precision",
        [0.1, 5e-324, 1.7976931348623157e308, -0.25, 3, -math.inf, 0.0, -0.0, 19.99],
    ),
    "words": ("text", HOSTILE),
    "short": ("varchar(4)", ["🙂🙂", "äöü", ""]),
    "day": ("date", ["0001-01-01", "9999-12-31", "2024-02-29"]),
    "clock": ("time", ["00:00:00", "23:59:59.999999", "12:00:00.5"]),
    "naive": ("timestamp", ["2024-03-31 02:30:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"]),
    "zoned": ("timestamptz", ["2024-03-31 00:30:00+00", "2024-06-25 04:34:38.574+00"]),
    "span": ("interval", ["36:00:00", "-00:05:00", "00:00:00.000001"]),
    "key": ("uuid", ["de13f867-70ec-49e4-a398-041b83f1a535"]),
    "verbatim": ("json", ['{"b":1.0,"a":2,"a":3}', "[ ]"]),
    "parsed": ("jsonb", ['{"b":1.0,"a":2,"aa":{},"a":3}', '["\\u00e9\\n", -0, 1e3, null]']),
    "octets": ("bytea", [b"", b"\x00\xff\\", bytes(range(256))]),
    "host": ("inet", ["192.168.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"]),
}


def rows_of(kinds: dict[str, tuple[str, list[Any]]]) -> list[list[Any]]:
    """Each value in some row, and a row of NULLs."""
    longest = max(len(values) for _, values in kinds.values())
    rows = [[values[n] if n < len(values) else None for _, values in kinds.values()] for n in range(longest)]
    return [*rows, [None] * len(kinds)]


def run_context(make_context: MakeContext, tmp_path: Path, schema: str, **fields: Any) -> Context:
    return make_context(tmp_path, schema=schema, **fields)


def proven(context: Context, postgres: Endpoint, blueprint: Any, cleaned: Any) -> Verification:
    release = load(context, postgres, blueprint, cleaned)
    return verify(context, postgres, release, cleaned, MustHold())


@pytest.mark.parametrize("left_out", ["", "octets"], ids=["binary", "text"])
def test_every_canonical_value_arrives(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str, left_out: str
) -> None:
    kinds = {name: kind for name, kind in KINDS.items() if name != left_out}
    rows = rows_of(kinds)
    write_table(tmp_path / "c.sqlite", "every", list(kinds), rows)
    cleaned = cleaned_of(tmp_path / "c.sqlite", {"every": len(rows)})
    blueprint = blueprint_of(table_of("every", {name: kind for name, (kind, _) in kinds.items()}))
    context = run_context(make_context, tmp_path, schema_name)

    release = load(context, postgres, blueprint, cleaned)
    verification = verify(context, postgres, release, cleaned, MustHold())

    assert release.rows == {"every": len(rows)}
    assert [(table.verdict, table.examples) for table in verification.tables] == [("identical", ())]
    told = ask(
        postgres,
        f"SELECT money::text, free::text, encode(float8send(\"real\"), 'hex'), words, short, parsed::text,"
        f' abbrev(host), span::text FROM "{release.name}".every ORDER BY ctid',
    )
    assert [row[3] for row in told[:-1]] == HOSTILE
    assert [row[0] for row in told[:4]] == ["19.99", "1234567890.12", "7.00", "-0.50"]
    assert told[0][1] == "0.30000000000000004"
    assert [row[2] for row in told[:9]] == [struct.pack(">d", value).hex() for value in KINDS["real"][1]]
    assert told[0][4:6] == ("🙂🙂", '{"a": 3, "b": 1.0, "aa": {}}')
    assert [row[6] for row in told[:4]] == ["192.168.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"]
    assert [row[7] for row in told[:3]] == ["36:00:00", "-00:05:00", "00:00:00.000001"]
    assert told[-1] == (None,) * 8


def test_keys_indexes_identity_checks_views_and_comments(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "Par ent", ["id", "code"], [(1, "a"), (50, "b")])
    write_table(path, "child", ["id", "up", "n"], [(1, 1, 5), (2, 99, -1)])
    identity = TargetColumn(source="id", name="id", type="bigint", not_null=True, identity_next=51)
    parent = msgspec.structs.replace(
        table_of("Par ent", {"id": "bigint", "code": "text"}),
        columns=(identity, TargetColumn(source="code", name="CODE", type="text", default="'it''s'")),
        name="parent",
        primary_key=TargetKey(name="parent_pkey", columns=("id",)),
        uniques=(TargetKey(name="parent_code_key", columns=("CODE",)),),
        indexes=(
            TargetIndex(name="lowered", unique=True, terms=('lower("CODE") DESC',), where="id > 1"),
            TargetIndex(name="wrong", unique=False, terms=("nonsense(id)",)),
        ),
    )
    child = msgspec.structs.replace(
        table_of("child", {"id": "bigint", "up": "bigint", "n": "bigint"}),
        foreign_keys=(
            TargetForeignKey(
                name="child_up",
                columns=("up",),
                parent="parent",
                parent_columns=("id",),
                on_delete="CASCADE",
                deferrable=True,
                initially_deferred=True,
                validate=False,
            ),
            TargetForeignKey(name="child_n", columns=("n",), parent="parent", parent_columns=("id",)),
        ),
        checks=(
            TargetCheck(name="n_check", expression="n > 0 -- positive"),
            TargetCheck(name="fine", expression="id > 0"),
        ),
    )
    views = (
        TargetView(name="second", sql="SELECT * FROM first"),
        TargetView(name="first", sql='SELECT "CODE" FROM parent'),
        TargetView(name="broken", sql="SELECT nope FROM parent"),
    )
    cleaned = cleaned_of(path, {"Par ent": 2, "child": 2})
    context = run_context(make_context, tmp_path, schema_name)
    blueprint = blueprint_of(parent, child, views=views)

    release = load(context, postgres, blueprint, cleaned)
    verification = verify(context, postgres, release, cleaned, MustHold())

    codes = sorted((finding.code, finding.table) for finding in release.findings if finding.table)
    assert codes == [
        ("constraint-left-not-valid", "child"),
        ("constraint-left-not-valid", "child"),
        ("index-refused", "Par ent"),
    ]
    assert [finding.code for finding in release.findings if finding.table is None] == ["view-refused"]
    assert verification.passed
    assert [(finding.code, finding.count) for finding in verification.findings] == [
        ("constraint-not-valid", 3)
    ]
    constraints = dict(
        ask(
            postgres,
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = %s::regnamespace AND contype <> 'n'",
            f'"{release.name}"',
        )
    )
    assert constraints["parent_pkey"] == "PRIMARY KEY (id)"
    assert constraints["child_up"].endswith("ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID")
    assert constraints["fine"] == "CHECK ((id > 0))"
    assert ask(postgres, f'SELECT * FROM "{release.name}".second ORDER BY 1') == [("a",), ("b",)]
    (index,) = ask(
        postgres,
        "SELECT indexdef FROM pg_indexes WHERE schemaname = %s AND indexname = 'lowered'",
        release.name,
    )
    assert index[0].endswith('USING btree (lower("CODE") DESC) WHERE (id > 1)')
    inserted = ask(postgres, f'INSERT INTO "{release.name}".parent DEFAULT VALUES RETURNING id, "CODE"')
    assert inserted == [(51, "it's")]
    (comment,) = ask(postgres, "SELECT obj_description(%s::regclass, 'pg_class')", f'"{release.name}".parent')
    assert comment == ("From SQLite table Par ent",)


def test_what_postgresql_refuses_of_a_table_is_told_and_left_out(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "parent", ["id"], [(1,)])
    write_table(path, "child", ["up", "n"], [(1, 5)])
    child = msgspec.structs.replace(
        table_of("child", {"up": "bigint"}),
        columns=(
            TargetColumn(source="up", name="up", type="bigint"),
            TargetColumn(source="n", name="n", type="bigint", default="'none'"),
        ),
        checks=(TargetCheck(name="odd", expression="n LIKE 'x'"),),
        foreign_keys=(TargetForeignKey(name="up", columns=("up",), parent="parent", parent_columns=("id",)),),
    )
    context = run_context(make_context, tmp_path, schema_name)
    blueprint = blueprint_of(table_of("parent", {"id": "bigint"}), child)
    release = load(context, postgres, blueprint, cleaned_of(path, {"parent": 1, "child": 1}))
    assert {(finding.code, finding.table, finding.column) for finding in release.findings} == {
        ("default-refused", "child", "n"),
        ("check-refused", "child", None),
        ("foreign-key-refused", "child", None),
    }
    assert ask(postgres, f'SELECT up, n FROM "{release.name}".child') == [(1, 5)]


def test_load_again_changes_nothing_and_returns_the_same(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "t", ["id", "long"], [(1, os.urandom(5000).hex()), (2, "short")])
    table = table_of(
        "t",
        {"id": "bigint", "long": "text"},
        uniques=(TargetKey(name="t_long_key", columns=("long",)),),
        primary_key=TargetKey(name="t_pkey", columns=("id",)),
    )
    context = run_context(make_context, tmp_path, schema_name)
    cleaned = cleaned_of(path, {"t": 2})
    first = load(context, postgres, blueprint_of(table), cleaned)
    again = load(context, postgres, blueprint_of(table), cleaned)
    assert [finding.code for finding in first.findings] == ["index-too-large"]
    assert again == first
    assert ask(postgres, f'SELECT count(*) FROM "{first.name}".t') == [(2,)]


def test_shadowed_rowids_generated_columns_and_empty_tables(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('CREATE TABLE s(sdmigrate_rowid INTEGER PRIMARY KEY, "rowid", "_rowid_", "oid")')
        connection.execute("INSERT INTO s VALUES (1, 'a', 'b', 'c'), (2, NULL, NULL, NULL)")
    write_table(path, "g", ["a", "double", "now"], [(10, 20, 2.5)])
    write_table(path, "none", ["a"], [])
    doubled = TargetColumn(source="double", name="double", type="bigint", generated="a * 2")
    good = msgspec.structs.replace(
        table_of("g", {"a": "bigint", "double": "bigint", "now": "double precision"}),
        columns=(
            TargetColumn(source="a", name="a", type="bigint"),
            doubled,
            TargetColumn(source="now", name="now", type="double precision"),
        ),
    )
    refused = msgspec.structs.replace(
        good,
        columns=(
            *good.columns[:2],
            TargetColumn(source="now", name="now", type="double precision", generated="random()"),
        ),
    )
    cleaned = cleaned_of(path, {"s": 2, "g": 1, "none": 0})
    shadowed = table_of("s", {"rowid": "text", "_rowid_": "text", "oid": "text"})
    empty = table_of("none", {"a": "bigint"})
    for second, (form, codes) in enumerate([(good, []), (refused, ["generated-as-values"])]):
        started = datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)
        context = run_context(make_context, tmp_path, schema_name, started=started)
        release = load(context, postgres, blueprint_of(shadowed, form, empty), cleaned)
        assert [finding.code for finding in release.findings] == codes
        assert verify(context, postgres, release, cleaned, MustHold()).passed
        assert release.rows == {"s": 2, "g": 1, "none": 0}


def test_a_row_that_does_not_fit_is_named(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    rows = [(n, "2024-01-01") for n in range(1, 1000)]
    rows[700] = (701, "2024-02-30")
    write_table(path, "t, 5", ["n", "d"], rows)
    context = run_context(make_context, tmp_path, schema_name)
    table = table_of("t, 5", {"n": "bigint", "d": "date"})
    with pytest.raises(Refused, match=r"row 701 of table 't, 5': .*2024-02-30.*SQLSTATE 22008"):
        load(context, postgres, blueprint_of(table), cleaned_of(path, {"t, 5": 999}))


def test_a_bad_value_among_blobs_is_named(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "t", ["b", "n"], [(b"1", 1), (b"2", "two"), (b"3", 3)])
    context = run_context(make_context, tmp_path, schema_name)
    table = table_of("t", {"b": "bytea", "n": "bigint"})
    with pytest.raises(Refused, match=r"row 2 of table 't': .*two"):
        load(context, postgres, blueprint_of(table), cleaned_of(path, {"t": 3}))


def test_two_rows_with_one_key_stop_it(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "t", ["id"], [(1,), (7,), (7,)])
    table = table_of("t", {"id": "bigint"}, primary_key=TargetKey(name="t_pkey", columns=("id",)))
    context = run_context(make_context, tmp_path, schema_name)
    with pytest.raises(Refused, match=r"'t_pkey' of table 't' does not hold: Key \(id\)=\(7\)"):
        load(context, postgres, blueprint_of(table), cleaned_of(path, {"t": 3}))


def test_another_plan_or_anothers_schema_is_refused(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "t", ["id"], [(1,)])
    context = run_context(make_context, tmp_path, schema_name)
    blueprint = blueprint_of(table_of("t", {"id": "bigint"}))
    with pytest.raises(UnsafeToContinue, match="plan"):
        load(context, postgres, blueprint, cleaned_of(path, {"t": 1}, plan_id="other"))
    ask(postgres, f'CREATE SCHEMA "{schema_name}__r{context.stamp}"')
    with pytest.raises(UnsafeToContinue, match="not this run's"):
        load(context, postgres, blueprint, cleaned_of(path, {"t": 1}))


def test_large_values_are_streamed(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    large = "\\\t\n" + "x" * 1_000_000
    write_table(
        path,
        "texts",
        ["id", "t", "d"],
        [(1, "a", 0.5), (2, large, 1e-9), (3, "é" * 200_000, None), (4, "z", 2.0)],
    )
    write_table(path, "blobs", ["id", "b"], [(1, b""), (2, os.urandom(3_000_000)), (3, None), (4, b"\0")])
    cleaned = cleaned_of(path, {"texts": 4, "blobs": 4})
    texts = table_of("texts", {"id": "bigint", "t": "text", "d": "double precision"})
    blobs = table_of("blobs", {"id": "bigint", "b": "bytea"})
    context = run_context(make_context, tmp_path, schema_name)
    release = load(context, postgres, blueprint_of(texts, blobs), cleaned)
    assert verify(context, postgres, release, cleaned, MustHold()).passed
    assert ask(postgres, f'SELECT t FROM "{release.name}".texts WHERE id = 2') == [(large,)]


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_a_utf16_file(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str, encoding: str
) -> None:
    path = tmp_path / "c.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA encoding='{encoding}'")
        connection.execute("CREATE TABLE t(v, r, b)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?, ?)",
            [("é🙂\n", 0.1, b"\0\1"), (None, None, None), ("y" * 400_000, 1.5, b"")],
        )
    cleaned = cleaned_of(path, {"t": 3})
    context = run_context(make_context, tmp_path, schema_name)
    for left_out, second in (("b", 1), ("", 2)):
        kinds = {"v": "text", "r": "double precision", "b": "bytea"}
        kinds.pop(left_out, None)
        context = run_context(
            make_context, tmp_path, schema_name, started=datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)
        )
        release = load(context, postgres, blueprint_of(table_of("t", kinds)), cleaned)
        assert verify(context, postgres, release, cleaned, MustHold()).passed
        assert ask(postgres, f'SELECT v FROM "{release.name}".t ORDER BY ctid LIMIT 1') == [("é🙂\n",)]


MEASURED = """
import sys
from pathlib import Path
from sdmigrate.model.settings import Endpoint
from sdmigrate.stages.load import load
from sdmigrate.model.result import MustHold
from sdmigrate.stages.verify import verify
from tests.memory import peak_bytes
from tests.stages.by_hand import blueprint_of, cleaned_of, table_of
from tests.stages.test_load_resumed import killed_context
context, _, _ = killed_context(sys.argv[2], Path(sys.argv[3]))
endpoint = Endpoint(conninfo=sys.argv[1], described="test")
blueprint = blueprint_of(table_of("t", {"n": "bigint", "b": "bytea"}), table_of("x", {"t": "text"}))
cleaned = cleaned_of(Path(sys.argv[3]) / "c.sqlite", {"t": 3, "x": 1})
before = peak_bytes()
assert verify(context, endpoint, load(context, endpoint, blueprint, cleaned), cleaned, MustHold()).passed
print(peak_bytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak on Linux alone")
def test_memory_does_not_grow_with_a_large_value(
    postgres: Endpoint, tmp_path: Path, schema_name: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "c.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE t(n, b)")
        connection.execute("CREATE TABLE x(t)")
        connection.execute("INSERT INTO t VALUES (1, x''), (2, zeroblob(60000000)), (3, NULL)")
        connection.execute("INSERT INTO x VALUES (hex(zeroblob(15000000)))")
    child = subprocess.run(
        [sys.executable, "-c", MEASURED, postgres.conninfo, schema_name, str(tmp_path)],
        capture_output=True,
        check=False,
    )
    assert child.stderr == b""
    assert int(child.stdout) < 30_000_000


def test_a_database_that_is_not_utf8(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    ask(
        postgres,
        f"CREATE DATABASE {schema_name} ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0",
    )
    latin = Endpoint(conninfo=make_conninfo(postgres.conninfo, dbname=schema_name), described="latin1")
    write_table(tmp_path / "c.sqlite", "t", ["v", "d"], [("é ÿ", 0.1), (None, None), ("", -0.0)])
    cleaned = cleaned_of(tmp_path / "c.sqlite", {"t": 3})
    context = run_context(make_context, tmp_path, schema_name)
    blueprint = blueprint_of(table_of("t", {"v": "text", "d": "double precision"}))
    release = load(context, latin, blueprint, cleaned)
    assert verify(context, latin, release, cleaned, MustHold()).passed
    assert ask(latin, f'SELECT v FROM "{release.name}".t LIMIT 1') == [("é ÿ",)]
