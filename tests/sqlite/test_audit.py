"""The audit trail: exact values before, whatever they were, and what readers make of it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sdmigrate.model.result import Cleaned
from sdmigrate.sqlite.audit import Change, RuleCount, count_rules, open_audit, read_changes
from sdmigrate.stages.clean import clean
from tests.conftest import MakeContext
from tests.sqlite.plain_snapshot import make_plan, make_profile, make_snapshot, with_column

Build = Callable[[sqlite3.Connection], None] | str


def cleaned_of(
    tmp_path: Path, make_context: MakeContext, build: Build, types: dict[str, str], **fields: object
) -> Cleaned:
    snapshot = make_snapshot(tmp_path / "s.sqlite", build)
    plan = make_plan(snapshot, types)
    for table in plan.tables:
        for column in table.columns:
            plan = with_column(plan, table.source, column.source, **fields)
    return clean(make_context(tmp_path), snapshot, make_profile(snapshot), plan)


def test_invalid_utf8_before_survives_byte_by_byte(tmp_path: Path, make_context: MakeContext) -> None:
    script = "CREATE TABLE t(a TEXT); INSERT INTO t VALUES (CAST(x'6361e9' AS TEXT)), ('ok');"
    cleaned = cleaned_of(tmp_path, make_context, script, {}, invalid_utf8="cp1252")
    with closing(open_audit(cleaned.audit_path)) as audit:
        assert list(read_changes(audit)) == [
            Change(table="t", rowid=1, column="a", before="ca\udce9", after="caé", rule="recoded-cp1252")
        ]
        stored = audit.execute("SELECT typeof(before), hex(before) FROM changed").fetchall()
    assert stored == [("text", "6361E9")]


def test_a_rule_over_many_rows_is_written_once(tmp_path: Path, make_context: MakeContext) -> None:
    script = """
    CREATE TABLE t(n INT, m INT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO t SELECT '', i || ' x' FROM n;
    """
    cleaned = cleaned_of(tmp_path, make_context, script, {"t.n": "bigint", "t.m": "text"})
    with closing(open_audit(cleaned.audit_path)) as audit:
        assert audit.execute("SELECT count(*) FROM mappings").fetchone() == (1,)
        assert count_rules(audit) == (
            RuleCount(table="t", column="n", rule="empty-to-null", values=1000, distinct=1),
        )
        assert next(read_changes(audit, "t")).before_class == "text"
        assert list(read_changes(audit, "other")) == []


def test_changes_of_rows_that_leave_are_not_kept(tmp_path: Path, make_context: MakeContext) -> None:
    script = "CREATE TABLE t(n INT, m INT); INSERT INTO t VALUES ('', 'x'), ('', 1);"
    cleaned = cleaned_of(tmp_path, make_context, script, {"t.n": "bigint", "t.m": "bigint"})
    with closing(open_audit(cleaned.audit_path)) as audit:
        assert [change.rowid for change in read_changes(audit)] == [2]
    assert cleaned.ledger("t").changed == 1
