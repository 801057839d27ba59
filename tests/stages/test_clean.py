"""Cleaning as a whole: what leaves a table, in which order, and that the way back always holds."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from sdmigrate.model.catalog import ForeignKey
from sdmigrate.model.errors import Aborted, Interrupted, Refused, UnsafeToContinue, UsageProblem
from sdmigrate.model.events import Advanced, Event
from sdmigrate.model.plan import Plan
from sdmigrate.model.result import Cleaned, TableLedger
from sdmigrate.model.source import Snapshot
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.audit import open_audit, read_changes
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.stages.clean import clean
from tests.conftest import MakeContext, RecordingSink
from tests.sqlite.plain_snapshot import (
    as_snapshot,
    make_plan,
    make_profile,
    make_snapshot,
    with_column,
    with_table,
)
from tests.sqlite.way_back import require_way_back

PEOPLE = """
CREATE TABLE people(id INTEGER PRIMARY KEY, email TEXT, age INTEGER);
INSERT INTO people VALUES (1,'a@x',30),(2,'b@x',''),(3,'a@x',NULL),(4,'c@x','old'),(5,'a@x',31),(6,NULL,1);
"""
PEOPLE_TYPES = {"people.id": "bigint", "people.email": "text", "people.age": "bigint"}


@pytest.fixture
def run(tmp_path: Path, make_context: MakeContext) -> Callable[[Snapshot, Plan], Cleaned]:
    def run_clean(snapshot: Snapshot, plan: Plan) -> Cleaned:
        return clean(make_context(tmp_path), snapshot, make_profile(snapshot), plan)

    return run_clean


Run = Callable[[Snapshot, Plan], Cleaned]


def rows(path: str, sql: str) -> list[tuple[object, ...]]:
    with closing(open_read_only(path)) as connection:
        return connection.execute(sql).fetchall()


def test_misfits_go_to_quarantine_and_the_rest_is_repaired(tmp_path: Path, run: Run) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    cleaned = run(snapshot, make_plan(snapshot, PEOPLE_TYPES))
    assert cleaned.ledgers == (TableLedger(table="people", read=6, loaded=5, quarantined=1, changed=1),)
    assert rows(cleaned.path, "SELECT rowid, id, email, age FROM people") == [
        (1, 1, "a@x", 30),
        (2, 2, "b@x", None),
        (3, 3, "a@x", None),
        (5, 5, "a@x", 31),
        (6, 6, None, 1),
    ]
    assert rows(cleaned.quarantine_path, "SELECT rowid, * FROM people") == [(4, 4, "c@x", "old")]
    assert rows(cleaned.quarantine_path, "SELECT * FROM _rows") == [
        ("people", 4, "not-an-integer", "age", "no whole number", "6f6c64", None, None)
    ]
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite")


@pytest.mark.parametrize(
    ("rule", "kept", "deduplicated", "quarantined"),
    [
        ("first", [1, 2, 4, 6], 2, 0),
        ("last", [2, 4, 5, 6], 2, 0),
        ("most_complete", [1, 2, 4, 6], 2, 0),
        ("quarantine", [1, 2, 4, 6], 0, 2),
        ("keep", [1, 2, 3, 4, 5, 6], 0, 0),
    ],
)
def test_one_row_of_each_key_stays(
    tmp_path: Path, run: Run, rule: str, kept: list[int], deduplicated: int, quarantined: int
) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    plan = make_plan(snapshot, PEOPLE_TYPES | {"people.age": "text"})
    plan = with_table(plan, "people", unique_keys=(("email",),), duplicates=rule)
    cleaned = run(snapshot, plan)
    assert [rowid for (rowid,) in rows(cleaned.path, "SELECT rowid FROM people")] == kept
    ledger = cleaned.ledger("people")
    assert (ledger.deduplicated, ledger.quarantined) == (deduplicated, quarantined)


def test_the_plans_order_says_what_first_means(tmp_path: Path, run: Run) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    plan = with_column(make_plan(snapshot, PEOPLE_TYPES), "people", "age", misfit="null")
    plan = with_table(plan, "people", unique_keys=(("email",),), duplicates="last", order=("age",))
    cleaned = run(snapshot, plan)
    assert rows(cleaned.path, "SELECT id, age FROM people WHERE email = 'a@x'") == [(5, 31)]
    assert rows(cleaned.audit_path, 'SELECT id FROM "deduplicated:people"') == [(1,), (3,)]


def test_duplicates_are_looked_for_among_cleaned_values(tmp_path: Path, run: Run) -> None:
    script = "CREATE TABLE t(k TEXT PRIMARY KEY); INSERT INTO t VALUES ('7'),(' 7 '),('1.50'),('1.5'),('x');"
    snapshot = make_snapshot(tmp_path / "s.sqlite", script)
    cleaned = run(snapshot, make_plan(snapshot, {"t.k": "numeric"}))
    ledger = cleaned.ledger("t")
    assert (ledger.loaded, ledger.deduplicated, ledger.quarantined) == (2, 2, 1)
    assert rows(cleaned.audit_path, 'SELECT rowid, k FROM "deduplicated:t"') == [(2, " 7 "), (4, "1.5")]


def test_two_spellings_of_a_decimal_are_one_key(tmp_path: Path, run: Run) -> None:
    script = "CREATE TABLE t(k TEXT PRIMARY KEY); INSERT INTO t VALUES ('1.5'), ('1.50'), ('1.05');"
    snapshot = make_snapshot(tmp_path / "s.sqlite", script)
    cleaned = run(snapshot, make_plan(snapshot, {"t.k": "numeric"}))
    assert rows(cleaned.path, "SELECT k FROM t") == [("1.5",), ("1.05",)]


def test_excluded_rows_are_judged_by_the_snapshots_values_and_not_converted(tmp_path: Path, run: Run) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    plan = with_column(make_plan(snapshot, PEOPLE_TYPES), "people", "age", misfit="fail")
    plan = with_table(plan, "people", where="typeof(age) <> 'text' OR age = ''")
    cleaned = run(snapshot, plan)
    assert cleaned.ledger("people").excluded == 1
    assert rows(cleaned.audit_path, 'SELECT rowid, * FROM "excluded:people"') == [(4, 4, "c@x", "old")]
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite")


def test_a_table_left_out_is_in_the_ledger_and_comes_back(tmp_path: Path, run: Run) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    cleaned = run(snapshot, with_table(make_plan(snapshot, PEOPLE_TYPES), "people", include=False))
    assert cleaned.ledgers == (TableLedger(table="people", read=6, loaded=0, excluded=6),)
    assert rows(cleaned.path, "SELECT name FROM sqlite_schema") == []
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite")


def test_a_condition_that_sqlite_refuses_names_the_table(tmp_path: Path, run: Run) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    with pytest.raises(UsageProblem, match="'people'"):
        run(snapshot, with_table(make_plan(snapshot, PEOPLE_TYPES), "people", where="no_such_column = 1"))
    assert list((tmp_path / "runs").glob("*/*.sqlite*")) == []


def test_a_misfit_that_fails_the_run_leaves_nothing(tmp_path: Path, run: Run) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    with pytest.raises(Refused, match=r"'people'.*'age'.*'old'"):
        run(snapshot, with_column(make_plan(snapshot, PEOPLE_TYPES), "people", "age", misfit="fail"))
    assert list((tmp_path / "runs").glob("*/*.sqlite*")) == []


@pytest.mark.parametrize(
    ("fields", "expected", "rules"),
    [
        ({"misfit": "null"}, [30, None, None, None, 31, 1], {"empty-to-null", "misfit-to-null"}),
        ({"misfit": "null", "default": "0"}, [30, 0, 0, 0, 31, 1], {"default-for-missing"}),
        ({"misfit": "null", "not_null": True}, [30, 31, 1], set()),
        ({"empty": "quarantine", "misfit": "null"}, [30, None, None, 31, 1], {"misfit-to-null"}),
        ({"placeholders": ("old",)}, [30, None, None, None, 31, 1], {"empty-to-null", "placeholder-to-null"}),
    ],
)
def test_policies(
    tmp_path: Path, run: Run, fields: dict[str, object], expected: list[int | None], rules: set[str]
) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    cleaned = run(snapshot, with_column(make_plan(snapshot, PEOPLE_TYPES), "people", "age", **fields))
    assert [age for (age,) in rows(cleaned.path, "SELECT age FROM people")] == expected
    assert {rule for (rule,) in rows(cleaned.audit_path, "SELECT rule FROM changed")} == rules
    assert cleaned.ledger("people").balances


def test_one_value_of_two_classes_is_told_apart(tmp_path: Path, run: Run) -> None:
    def build(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE t(v)")
        values = [(1,), (1.0,), ("1",), (b"1",), (0.0,), (-0.0,), (0,), (None,)]
        connection.executemany("INSERT INTO t VALUES (?)", values)

    snapshot = make_snapshot(tmp_path / "s.sqlite", build)
    cleaned = run(snapshot, make_plan(snapshot, {"t.v": "text"}))
    assert rows(cleaned.path, "SELECT rowid, v FROM t") == [
        (1, "1"),
        (2, "1.0"),
        (3, "1"),
        (5, "0.0"),
        (6, "-0.0"),
        (7, "0"),
        (8, None),
    ]
    with closing(open_audit(cleaned.audit_path)) as audit:
        before = {change.rowid: repr(change.before) for change in read_changes(audit, "t")}
    assert before == {1: "1", 2: "1.0", 5: "0.0", 6: "-0.0", 7: "0"}


def test_the_files_own_code_never_runs(tmp_path: Path, run: Run) -> None:
    script = """
    CREATE TABLE t(d TIMESTAMP CHECK (d <> '2025-05-20 08:42:00'), g TEXT AS (upper(d)) STORED, n INT);
    CREATE TRIGGER t_changed AFTER UPDATE ON t BEGIN SELECT raise(ABORT, 'ran'); END;
    INSERT INTO t(d, n) VALUES ('20/05/2025 8:42', 1), ('21/05/2025 8:42', -9223372036854775808);
    ALTER TABLE t ADD COLUMN v INT AS (abs(n)) VIRTUAL;
    """
    snapshot = make_snapshot(tmp_path / "s.sqlite", script)
    plan = make_plan(snapshot, {"t.d": "timestamp", "t.v": "bigint", "t.n": "bigint"})
    cleaned = run(snapshot, with_column(plan, "t", "d", day_first=True))
    assert rows(cleaned.path, "SELECT d, g, v FROM t") == [
        ("2025-05-20 08:42:00", "20/05/2025 8:42", None),
        ("2025-05-21 08:42:00", "21/05/2025 8:42", None),
    ]
    assert [finding.code for finding in cleaned.findings if finding.column == "v"] == ["generated-unreadable"]
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite", untyped=("t",))


@pytest.mark.parametrize("suffix", ["", " WITHOUT ROWID"])
def test_a_generated_column_by_a_function_that_is_not_here(tmp_path: Path, run: Run, suffix: str) -> None:
    def build(connection: sqlite3.Connection) -> None:
        connection.create_function("theirs", 1, str, deterministic=True)
        connection.execute(f"CREATE TABLE t(a TEXT PRIMARY KEY, v AS (theirs(a)), n INT){suffix}")
        connection.execute("INSERT INTO t(a, n) VALUES ('x', 1), ('y', 'q'), ('z', 3)")

    snapshot = make_snapshot(tmp_path / "s.sqlite", build)
    plan = with_table(make_plan(snapshot, {"t.n": "bigint"}), "t", where="n IS NOT 3")
    cleaned = run(snapshot, plan)
    assert rows(cleaned.path, "SELECT rowid, a, v, n FROM t") == [(1, "x", None, 1)]
    assert rows(cleaned.quarantine_path, "SELECT rowid, a, v, n FROM t") == [(2, "y", None, "q")]
    assert rows(cleaned.audit_path, 'SELECT rowid, a, v, n FROM "excluded:t"') == [(3, "z", None, 3)]
    assert [finding.code for finding in cleaned.findings if finding.column == "v"] == ["generated-unreadable"]


def test_a_table_of_one_column_of_blobs(tmp_path: Path, run: Run) -> None:
    snapshot = make_snapshot(
        tmp_path / "s.sqlite", f"CREATE TABLE t(id); INSERT INTO t VALUES (x'{'0f' * 16}');"
    )
    cleaned = run(snapshot, make_plan(snapshot, {"t.id": "uuid"}))
    assert rows(cleaned.path, "SELECT id FROM t") == [("0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f",)]
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite")


def test_hostile_names(tmp_path: Path, run: Run) -> None:
    names = [
        "_rows",
        'a"b',
        "it's",
        "line\nbreak",
        "gone",
        "changes",
        "select",
        "[x]",
        "🙂",
        "sdmigrate_rowid",
    ]

    def build(connection: sqlite3.Connection) -> None:
        for name in names:
            quoted = '"' + name.replace('"', '""') + '"'
            connection.execute(
                f'CREATE TABLE {quoted}({quoted} INT, "rowid" TEXT, "true", "locator", "class")'
            )
            connection.execute(f"INSERT INTO {quoted} VALUES ('x', 'y', 1, 2, 3), (7, 'z', 1, 2, 3)")

    snapshot = make_snapshot(tmp_path / "s.sqlite", build)
    cleaned = run(snapshot, make_plan(snapshot, {f"{name}.{name}": "bigint" for name in names}))
    assert {(ledger.loaded, ledger.quarantined) for ledger in cleaned.ledgers} == {(1, 1)}
    assert rows(cleaned.quarantine_path, 'SELECT _rowid_, * FROM "_rows_"') == [(1, "x", "y", 1, 2, 3)]
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite")


def test_columns_that_shadow_every_rowid_name(tmp_path: Path, run: Run) -> None:
    script = """
    CREATE TABLE t(rowid, _rowid_, oid, SDMIGRATE_ROWID, n INT);
    INSERT INTO t VALUES (1,2,3,4,'x'),(5,6,7,8,9),(1,2,3,4,10);
    """
    snapshot = make_snapshot(tmp_path / "s.sqlite", script)
    plan = make_plan(snapshot, {"t.n": "bigint"})
    cleaned = run(snapshot, with_table(plan, "t", where="n IS NOT 9"))
    assert rows(cleaned.path, "SELECT sdmigrate_rowid_, n FROM t") == [(3, 10)]
    assert rows(cleaned.quarantine_path, "SELECT rowid FROM _rows WHERE \"table\" = 't'") == [(1,)]
    assert cleaned.ledger("t").excluded == 1
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite")


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_every_encoding(tmp_path: Path, run: Run, encoding: str) -> None:
    script = "CREATE TABLE t(a TEXT, n INT); INSERT INTO t VALUES ('café 🙂', 'ä'), ('', '');"
    snapshot = make_snapshot(tmp_path / "s.sqlite", script, encoding)
    cleaned = run(snapshot, make_plan(snapshot, {"t.n": "bigint"}))
    assert rows(cleaned.path, "SELECT a, n FROM t") == [(None, None)]
    assert rows(cleaned.quarantine_path, "SELECT * FROM t") == [("café 🙂", "ä")]


def test_children_of_quarantined_rows_are_told(tmp_path: Path, run: Run) -> None:
    script = """
    CREATE TABLE parent(id INTEGER PRIMARY KEY, n INT);
    CREATE TABLE child(id INTEGER PRIMARY KEY, parent INT);
    INSERT INTO parent VALUES (1, 'x'), (2, 5);
    INSERT INTO child VALUES (1, 1), (2, 2), (3, 1), (4, NULL);
    """
    snapshot = make_snapshot(tmp_path / "s.sqlite", script)
    parent, child = snapshot.catalog.tables
    key = ForeignKey(columns=("parent",), parent_table="PARENT", parent_columns=("id",))
    catalog = replace(snapshot.catalog, tables=(parent, replace(child, foreign_keys=(key,))))
    snapshot = replace(snapshot, catalog=catalog)
    plan = make_plan(
        snapshot,
        {"parent.id": "bigint", "parent.n": "bigint", "child.id": "bigint", "child.parent": "bigint"},
    )
    cleaned = run(snapshot, plan)
    told = [(f.table, f.count) for f in cleaned.findings if f.code == "parent-in-quarantine"]
    assert told == [("child", 2)]


def test_another_source_is_refused(tmp_path: Path, make_context: MakeContext) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    plan = make_plan(snapshot, PEOPLE_TYPES)
    other = replace(plan, source_fingerprint=replace(plan.source_fingerprint, size=99))
    with pytest.raises(UnsafeToContinue, match="plan"):
        clean(make_context(tmp_path), snapshot, make_profile(snapshot), other)


def many_rows(tmp_path: Path) -> tuple[Snapshot, Plan]:
    script = """
    CREATE TABLE t(id INTEGER PRIMARY KEY, d TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
    INSERT INTO t SELECT i, (i % 28 + 1) || '/01/2024 1:' || (10 + i % 50) FROM n;
    """
    snapshot = make_snapshot(tmp_path / "s.sqlite", script)
    plan = make_plan(snapshot, {"t.id": "bigint", "t.d": "timestamp"})
    return snapshot, with_column(plan, "t", "d", day_first=True)


def test_progress_is_told_and_files_are_private(tmp_path: Path, make_context: MakeContext) -> None:
    snapshot, plan = many_rows(tmp_path)
    context = make_context(tmp_path)
    cleaned = clean(context, snapshot, make_profile(snapshot), plan)
    assert isinstance(context.events, RecordingSink)
    copied = [
        event.done
        for event in context.events.events
        if isinstance(event, Advanced) and event.reason == "copying"
    ]
    assert copied == [0, 10000, 20000, 25000]
    assert cleaned.ledger("t").changed == 25000
    for path in (cleaned.path, cleaned.audit_path, cleaned.quarantine_path):
        assert Path(path).stat().st_mode & 0o777 == 0o600


class StoppingSink(RecordingSink):
    """Asks to stop, or fails, at the n-th event."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        super().__init__()
        self.at = at
        self.act = act

    def emit(self, event: Event) -> None:
        super().emit(event)
        if len(self.events) == self.at:
            self.act()


@pytest.mark.parametrize("at", [1, 3, 5, 7])
def test_cancel_leaves_nothing(tmp_path: Path, make_context: MakeContext, at: int) -> None:
    snapshot, plan = many_rows(tmp_path)
    context = make_context(tmp_path)
    assert isinstance(context.cancel, CancelToken)
    stopping = replace_events(context, StoppingSink(at, context.cancel.set))
    with pytest.raises(Aborted):
        clean(stopping, snapshot, make_profile(snapshot), plan)
    assert list(context.directory.path.glob("*.sqlite*")) == []


def test_failing_health_leaves_nothing(tmp_path: Path, make_context: MakeContext) -> None:
    snapshot, plan = many_rows(tmp_path)

    def fail() -> None:
        raise Interrupted("The disk is nearly full.", "Make space.")

    context = replace_events(make_context(tmp_path), StoppingSink(4, fail))
    with pytest.raises(Interrupted, match="nearly full"):
        clean(context, snapshot, make_profile(snapshot), plan)
    assert list(context.directory.path.glob("*.sqlite*")) == []


def replace_events(context: Context, events: RecordingSink) -> Context:
    return Context(
        request=context.request,
        directory=context.directory,
        cancel=context.cancel,
        events=events,
        started=context.started,
    )


def test_a_second_run_gives_the_same_and_cleaning_cleaned_changes_nothing(
    tmp_path: Path, make_context: MakeContext
) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", PEOPLE)
    plan = with_table(make_plan(snapshot, PEOPLE_TYPES), "people", unique_keys=(("email",),))
    first = clean(make_context(tmp_path), snapshot, make_profile(snapshot), plan)
    paths = [Path(path) for path in (first.path, first.audit_path, first.quarantine_path)]
    content = [path.read_bytes() for path in paths]
    again = clean(make_context(tmp_path), snapshot, make_profile(snapshot), plan)
    assert again == first
    assert content == [
        Path(path).read_bytes() for path in (again.path, again.audit_path, again.quarantine_path)
    ]

    cleaned = as_snapshot(snapshot, first.path)
    other = clean(make_context(tmp_path / "other"), cleaned, make_profile(cleaned), plan)
    assert other.ledger("people").loaded == other.ledger("people").read == 3
    assert other.ledger("people").changed == 0
