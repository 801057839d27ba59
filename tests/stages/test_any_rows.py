"""Any rows of one table under any plan: the way back holds, and a second cleaning changes nothing."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmigrate.sqlite.audit import Change, open_audit, read_changes
from sdmigrate.stages.clean import clean
from tests.conftest import MakeContext
from tests.sqlite.plain_snapshot import (
    as_snapshot,
    make_plan,
    make_profile,
    make_snapshot,
    with_column,
    with_table,
)
from tests.sqlite.way_back import require_way_back

cell = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=8),
    st.binary(max_size=6),
    st.sampled_from(
        [
            "",
            " ",
            "0",
            "1",
            "1.50",
            "20/05/2025 8:42",
            "2024-01-02",
            "true",
            "N/A",
            "N/A \n",
            "a\0b",
            "a\n\r\n b \n",
            -0.0,
        ]
    ),
    st.binary(max_size=4).map(lambda data: ("text", data)),
)
declared = st.sampled_from(["", "INTEGER", "REAL", "TEXT", "NUMERIC", "BLOB", "TIMESTAMP"])
types = st.sampled_from(
    ["boolean", "smallint", "bigint", "numeric", "numeric(6,2)", "double precision", "text", "varchar(3)",
     "date", "time", "timestamp", "timestamptz", "interval", "uuid", "json", "jsonb", "bytea", "inet"]
)  # fmt: skip


@st.composite
def column_fields(draw: st.DrawFn) -> dict[str, object]:
    return {
        "type": draw(types),
        "misfit": draw(st.sampled_from(["quarantine", "null", "text"])),
        "empty": draw(st.sampled_from(["null", "keep", "quarantine"])),
        "day_first": draw(st.sampled_from([None, True, False])),
        "default": draw(st.sampled_from(["", "", "0", "x"])),
        "not_null": draw(st.booleans()),
        "placeholders": draw(st.sampled_from([(), ("N/A",)])),
        "invalid_utf8": draw(st.sampled_from(["quarantine", "cp1252", "latin1"])),
        "nul_bytes": draw(st.sampled_from(["strip", "quarantine"])),
        "trailing_blanks": draw(st.sampled_from(["keep", "strip"])),
        "newline_runs": draw(st.sampled_from(["keep", "single"])),
    }


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    declarations=st.tuples(declared, declared),
    values=st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), cell, cell), max_size=12),
    fields=st.tuples(column_fields(), column_fields()),
    duplicates=st.sampled_from(["first", "last", "most_complete", "keep", "quarantine"]),
    key=st.sampled_from([(), ("a",), ("a", "b")]),
    duplicate_key=st.sampled_from([(), ("b",), ("*",)]),
    where=st.sampled_from(["", "a IS NOT NULL", "b > 0"]),
)
def test_for_any_rows_and_plan_the_way_back_holds(
    tmp_path_factory: pytest.TempPathFactory,
    make_context: MakeContext,
    declarations: tuple[str, str],
    values: list[tuple[int, object, object]],
    fields: tuple[dict[str, object], dict[str, object]],
    duplicates: str,
    key: tuple[str, ...],
    duplicate_key: tuple[str, ...],
    where: str,
) -> None:
    tmp_path = tmp_path_factory.mktemp("way-back")

    def build(connection: sqlite3.Connection) -> None:
        connection.execute(f"CREATE TABLE t(a {declarations[0]}, b {declarations[1]})")
        for row in values:
            marks, bound = ["?"], [row[0]]
            for value in row[1:]:
                is_bytes = isinstance(value, tuple)
                marks.append("CAST(? AS TEXT)" if is_bytes else "?")
                bound.append(value[1] if isinstance(value, tuple) else value)  # type: ignore[arg-type]
            connection.execute(f"INSERT OR IGNORE INTO t(rowid, a, b) VALUES ({','.join(marks)})", bound)

    snapshot = make_snapshot(tmp_path / "s.sqlite", build)
    plan = make_plan(snapshot, {})
    for name, chosen in zip("ab", fields, strict=True):
        plan = with_column(plan, "t", name, **chosen)
    plan = with_table(plan, "t", unique_keys=(key,) if key else (), duplicates=duplicates, where=where)
    plan = with_table(plan, "t", duplicate_key=duplicate_key)
    counts = make_profile(snapshot)
    cleaned = clean(make_context(tmp_path), snapshot, counts, plan)
    assert cleaned.ledger("t").balances
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite")
    with closing(open_audit(cleaned.audit_path)) as audit:
        changes = list(read_changes(audit))
    assert len(changes) == cleaned.ledger("t").changed
    assert not [change for change in changes if unchanged(change)]

    again = as_snapshot(snapshot, cleaned.path)
    unfiltered = with_table(plan, "t", where="")
    twice = clean(make_context(tmp_path / "again"), again, make_profile(again), unfiltered)
    assert (twice.ledger("t").loaded, twice.ledger("t").changed) == (cleaned.ledger("t").loaded, 0)


def unchanged(change: Change) -> bool:
    same_class = type(change.before) is type(change.after)
    return same_class and repr(change.before) == repr(change.after)
