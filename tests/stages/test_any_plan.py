"""For any database of related tables and any valid plan: the way back holds, cleaning twice changes nothing
more, and the ledger balances.

The databases have keys of every kind (rowid, declared, WITHOUT ROWID, none), chains of foreign keys and one
to its own table; the plans draw every key that a plan has. The profile is counted by the real rules, so that
what it proves settled is passed over as in a run.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sdmigrate.model.plan import WHOLE_ROW, Plan
from sdmigrate.model.profile import Profile, Quality
from sdmigrate.model.source import Snapshot
from sdmigrate.model.values import storage_class
from sdmigrate.sqlite.audit import open_audit, read_changes
from sdmigrate.sqlite.catalog import read_catalog
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.stages.clean import clean
from tests.conftest import MakeContext
from tests.rules.profiles import table_profile
from tests.sqlite.plain_snapshot import as_snapshot, make_plan, make_snapshot, with_table
from tests.sqlite.way_back import require_way_back

TABLES = ("root", "middle", "leaf")
KEYS = {
    "rowid": "k INTEGER PRIMARY KEY",
    "declared": "k {type} PRIMARY KEY",
    "without_rowid": "k {type} PRIMARY KEY",
    "unique": "k {type} UNIQUE",
    "none": "k {type}",
}
FORMS = (
    "auto",
    "dmy",
    "mdy_hm",
    "epoch_s",
    "thousands",
    "decimal_comma",
    "uuid_bytes_swapped",
    "utf8_bytes",
    "text_bytes",
)
TYPES = ("boolean", "bigint", "numeric", "numeric(6,2)", "double precision", "text", "varchar(3)", "date",
         "timestamp", "timestamptz", "time", "interval", "uuid", "json", "jsonb", "bytea",
         "inet")  # fmt: skip

key = st.sampled_from([1, 2, 3, "1", "2", " 3", "1.0", "1,0", 2.5])
reference = st.one_of(st.none(), key, st.sampled_from([98, "99", "x", ""]))
cell = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.sampled_from([2**63 - 1, 1.5, -0.0, 1e300, 1647950409, b"", b"\x00\xff", b"0123456789abcdef"]),
    st.sampled_from(
        ["", " ", "N/A", "N/A \n", "N/A\0", "\0", "a\0b", "a\n\n b ", "yes", "7", "1,213", "1.213",
         "1.213,50", "1,567", "03/04/2024", "13/04/2024 8:42", "2024-01-02", "2024-03-31 02:30:00",
         "2024-01-02T03:04:05Z", "8:42", "0000-00-00", '{"a":1}', "10.0.0.1/8",
         "{DE13F867-70EC-49E4-A398-041B83F1A535}"]
    ),
    st.sampled_from([("text", b"caf\xe9"), ("text", b"\xff\x00"), ("text", b"\x81")]),
)  # fmt: skip


@st.composite
def databases(draw: st.DrawFn) -> list[tuple[str, list[tuple[object, ...]]]]:
    """CREATE statements with their rows (k, r, a, b): r points at the table before, the root's at itself."""
    made: list[tuple[str, list[tuple[object, ...]]]] = []
    for name, parent in zip(TABLES, ("root", "root", "middle"), strict=True):
        kind = draw(st.sampled_from([each for each in sorted(KEYS) if each != "none" or name == "leaf"]))
        type_ = draw(st.sampled_from(["INTEGER", "TEXT", "NUMERIC", ""]))
        if kind != "rowid" and type_ == "INTEGER":
            type_ = "INT"
        affinities = [draw(st.sampled_from(["", "TEXT", "NUMERIC", "TIMESTAMP", "BLOB"])) for _ in "ab"]
        declared = KEYS[kind].format(type=type_)
        suffix = " WITHOUT ROWID" if kind == "without_rowid" else ""
        made.append(
            (
                f"CREATE TABLE {name}({declared}, r {type_} REFERENCES {parent}(k),"
                f" a {affinities[0]}, b {affinities[1]}){suffix}",
                draw(st.lists(st.tuples(key, reference, cell, cell), max_size=6)),
            )
        )
    return made


@st.composite
def column_plans(draw: st.DrawFn, type_: str | None) -> dict[str, Any]:
    chosen = type_ or draw(st.sampled_from(TYPES))
    return {
        "type": chosen,
        "form": draw(st.sampled_from(FORMS)),
        "zone": draw(st.sampled_from(["", "Europe/Berlin"])),
        "day_first": draw(st.sampled_from([None, True, False])),
        "empty": draw(st.sampled_from(["null", "keep", "quarantine"])),
        "placeholders": draw(st.sampled_from([(), ("N/A",), ("7", "x")])),
        "misfit": draw(st.sampled_from(["quarantine", "null", "text"])),
        "default": "" if type_ else draw(st.sampled_from(["", "", "1", "1.213", "2024-01-02"])),
        "not_null": draw(st.booleans()),
        "nul_bytes": draw(st.sampled_from(["strip", "quarantine"])),
        "invalid_utf8": draw(st.sampled_from(["quarantine", "cp1252", "latin1"])),
        "trailing_blanks": draw(st.sampled_from(["keep", "strip"])),
        "newline_runs": draw(st.sampled_from(["keep", "single"])),
    }


@st.composite
def table_plans(draw: st.DrawFn, keys_type: str) -> dict[str, Any]:
    orphans = draw(st.sampled_from(["keep", "null", "quarantine"]))
    columns = {name: draw(column_plans(keys_type if name in "kr" else None)) for name in "krab"}
    columns["r"]["not_null"] &= orphans != "null"
    return {
        "columns": columns,
        "include": draw(st.sampled_from([True, True, True, False])),
        "where": draw(st.sampled_from(["", "", "a IS NOT NULL", "k <> 2", "typeof(b) = 'text'"])),
        "duplicates": draw(st.sampled_from(["first", "last", "most_complete", "keep", "quarantine"])),
        "duplicate_key": draw(st.sampled_from([(), ("a",), ("a", "b"), WHOLE_ROW])),
        "order": draw(st.sampled_from([(), ("b",), ("a", "k")])),
        "orphans": orphans,
    }


@st.composite
def plans(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    keys_type = draw(st.sampled_from(["bigint", "text", "numeric"]))
    return {name: draw(table_plans(keys_type)) for name in TABLES}


def built(path: Path, tables: list[tuple[str, list[tuple[object, ...]]]]) -> Snapshot:
    def build(connection: sqlite3.Connection) -> None:
        for name, (create, rows) in zip(TABLES, tables, strict=True):
            connection.execute(create)
            for row in rows:
                marks = ", ".join("CAST(? AS TEXT)" if isinstance(value, tuple) else "?" for value in row)
                bound = [value[1] if isinstance(value, tuple) else value for value in row]
                with suppress(sqlite3.IntegrityError):  # a rowid is a whole number
                    connection.execute(f"INSERT OR IGNORE INTO {name} VALUES ({marks})", bound)

    snapshot = make_snapshot(path, build)
    with closing(open_read_only(path)) as connection:
        return replace(snapshot, catalog=read_catalog(connection))


def profiled(snapshot: Snapshot) -> Profile:
    tables = []
    with closing(open_read_only(snapshot.path)) as connection:
        for table in snapshot.catalog.tables:
            names = ", ".join(quote_identifier(column.name) for column in table.columns)
            found = connection.execute(f"SELECT {names} FROM {quote_identifier(table.name)}").fetchall()
            tables.append(table_profile(table, found))
    return Profile(
        source_fingerprint=snapshot.source_fingerprint,
        tables=tuple(tables),
        findings=(),
        quality=Quality(score=100.0, parts=()),
    )


def decided(snapshot: Snapshot, drawn: dict[str, dict[str, Any]]) -> Plan:
    plan = make_plan(snapshot, {})
    for table in snapshot.catalog.tables:
        fields = dict(drawn[table.name])
        chosen = fields.pop("columns")
        columns = tuple(
            replace(
                column,
                **(chosen[column.source] | {"not_null": column.not_null or must(chosen, column.source)}),
            )
            for column in plan.table(table.name).columns
        )
        uniques = tuple(
            tuple(term.column for term in index.terms if term.column)
            for index in table.indexes
            if index.unique
        )
        unique_keys = tuple(each for each in uniques if set(each) != set(table.primary_key))
        plan = with_table(plan, table.name, columns=columns, unique_keys=unique_keys, **fields)
    return plan


def must(chosen: dict[str, dict[str, Any]], column: str) -> bool:
    return bool(chosen[column]["not_null"])


def contents(snapshot: Snapshot, path: str) -> dict[str, list[tuple[object, ...]]]:
    """Each table's rows with the class of every value."""
    with closing(open_read_only(path)) as connection:
        return {
            table.name: [
                tuple((storage_class(value), repr(value)) if value is not None else None for value in row)
                for row in connection.execute(f"SELECT k, r, a, b FROM {table.name} ORDER BY rowid")
            ]
            for table in snapshot.catalog.tables
        }


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tables=databases(), drawn=plans())
def test_the_way_back_holds_and_a_second_cleaning_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    make_context: MakeContext,
    tables: list[tuple[str, list[tuple[object, ...]]]],
    drawn: dict[str, dict[str, Any]],
) -> None:
    tmp_path = tmp_path_factory.mktemp("any")
    snapshot = built(tmp_path / "s.sqlite", tables)
    plan = decided(snapshot, drawn)
    counts = profiled(snapshot)
    cleaned = clean(make_context(tmp_path), snapshot, counts, plan)
    assert all(ledger.balances for ledger in cleaned.ledgers)
    with closing(open_audit(cleaned.audit_path)) as audit:
        assert len(list(read_changes(audit))) == sum(ledger.changed for ledger in cleaned.ledgers)
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite")

    again = as_snapshot(snapshot, cleaned.path)
    # The condition is of the snapshot's values.
    for name in TABLES:
        plan = with_table(plan, name, where="")
    twice = clean(make_context(tmp_path / "again"), again, profiled(again), plan)
    assert contents(again, twice.path) == contents(again, cleaned.path)
    assert [(ledger.loaded, ledger.changed) for ledger in twice.ledgers] == [
        (cleaned.ledger(ledger.table).loaded, 0) for ledger in twice.ledgers
    ]
