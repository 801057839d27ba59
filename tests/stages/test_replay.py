"""Repaired rows into an unpublished and a live release, refused, interrupted, and again."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sdmigrate.model.approval import approve
from sdmigrate.model.errors import Refused, UnsafeToContinue, UsageProblem
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.replay import Replay
from sdmigrate.model.result import Cleaned, Release, TableLedger, Verification
from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.model.source import Snapshot
from sdmigrate.model.values import Value
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.replaying import replay_is_pending
from sdmigrate.pipeline.run import Run, opened_run
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.live_writes import live_writes
from sdmigrate.postgres.replaying import Replayer
from sdmigrate.postgres.switching import Switcher
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.audit import open_audit, read_changes
from sdmigrate.sqlite.quarantine import QuarantinedRow, open_quarantine, read_reasons
from sdmigrate.sqlite.quarantine_children import children_of
from sdmigrate.sqlite.repaired_rows import editing_quarantine, repair_row
from sdmigrate.stages import readmission
from sdmigrate.stages.rescore import rescore
from tests.sqlite.way_back import require_way_back
from tests.stages.by_hand import ask

PLAN = """
version = 1
accept_quarantine = { parent = 5, child = 5 }

[tables.parent.columns]
count = { type = "bigint" }
due = { type = "timestamp" }

[tables.child.columns]
count = { type = "bigint" }
"""


class Desk:
    """A small source whose rows 3, 4 and 5 are in quarantine, and its run on a server."""

    def __init__(self, directory: Path, endpoint: Endpoint, schema: str, orphans: str = "keep") -> None:
        self.directory, self.endpoint, self.schema = directory, endpoint, schema
        self.source, plan = directory / "desk.sqlite", directory / "plan.toml"
        plan.write_text(f'{PLAN}\n[tables.child]\norphans = "{orphans}"\n', encoding="utf-8")
        with closing(sqlite3.connect(self.source)) as connection, connection:
            connection.execute(
                "CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT NOT NULL, due TIMESTAMP,"
                " count INTEGER, twice INTEGER GENERATED ALWAYS AS (id * 2) STORED, picture BLOB)"
            )
            connection.execute(
                "CREATE TABLE child(id INTEGER PRIMARY KEY, parent REFERENCES parent(id), count INTEGER)"
            )
            connection.executemany(
                "INSERT INTO parent(id, name, due, count, picture) VALUES (?, ?, ?, ?, x'00ff')",
                [
                    (1, "one", "2025-05-20 10:00:00", 1),
                    (2, "two", "20/05/2025 11:30", 2),
                    (3, "three", "2025-05-22 10:00:00", "many"),
                    (4, "four", "2024-02-30", 4),
                    (5, "five", "23/05/2025 09:00", "few"),
                ],
            )
            connection.executemany(
                "INSERT INTO child VALUES (?, ?, ?)", [(1, 1, 1), (2, 3, 2), (3, 3, 3), (4, 5, "none")]
            )
        self.request = Request(
            mode="migrate",
            source=str(self.source),
            target=endpoint.conninfo,
            schema=schema,
            plan_path=str(plan),
            gates={"breaker": "warn", "quality": "warn"},
        )
        self.run_directory: Path | None = None

    @contextmanager
    def run(self) -> Iterator[Run]:
        """The run, begun by the first call and taken up by the others."""
        begin = Begin(
            request=self.request,
            work_directory=str(self.directory / "work"),
            conninfo=self.endpoint.conninfo,
            resume=None if self.run_directory is None else str(self.run_directory),
        )
        with opened_run(begin, CancelToken()) as opened:
            self.run_directory = opened.directory.path
            yield opened

    def advance(self, following: str) -> None:
        """Run the stages before that one."""
        with self.run() as opened:
            while opened.journey.following not in (None, following):
                opened.journey.advance()

    def migrate(self, *, live: bool) -> None:
        self.advance("cutover")
        with self.run() as opened:
            if live:
                opened.journey.cut_over(approve(self.schema, self.schema))

    def edit(self, table: str, rowid: int, values: Mapping[str, Value], *, as_is: bool = False) -> bool:
        assert self.run_directory is not None
        with editing_quarantine(self.run_directory / "quarantine.sqlite") as quarantine:
            return repair_row(quarantine, table, rowid, values, as_is=as_is)

    def replay(self) -> Replay:
        with self.run() as opened:
            return opened.journey.replay()

    def reasons(self) -> list[QuarantinedRow]:
        assert self.run_directory is not None
        with closing(open_quarantine(self.run_directory / "quarantine.sqlite")) as quarantine:
            return list(read_reasons(quarantine))

    def places(self) -> list[tuple[str, int]]:
        return sorted((reason.table, reason.rowid) for reason in self.reasons())

    def require_proven(self) -> None:
        """Ledgers balance, the verification passed, and the snapshot comes back."""
        with self.run() as opened:
            cleaned = opened.journey.result("clean", Cleaned)
            snapshot = opened.journey.result("backup", Snapshot)
            assert opened.journey.result("verify", Verification).passed
            release = opened.journey.result("load", Release)
        assert all(ledger.balances for ledger in cleaned.ledgers)
        assert release.rows == {ledger.table: ledger.loaded for ledger in cleaned.ledgers}
        require_way_back(snapshot, cleaned, self.directory / "undone.sqlite")

    def ledger(self, table: str) -> TableLedger:
        with self.run() as opened:
            return opened.journey.result("clean", Cleaned).ledger(table)


@pytest.fixture
def desk(tmp_path: Path, postgres: Endpoint, schema_name: str) -> Desk:
    return Desk(tmp_path, postgres, schema_name)


def tables_of(desk: Desk) -> str:
    """The schema in which the release's tables are."""
    found = ask(
        desk.endpoint, "SELECT nspname FROM pg_namespace WHERE nspname ~ %s", f"^{desk.schema}(__r|$)"
    )
    assert len(found) == 1
    return str(found[0][0])


def rows(desk: Desk, table: str) -> list[tuple[Any, ...]]:
    columns = "id, name, due::text, count, twice" if table == "parent" else "id, parent, count"
    return ask(desk.endpoint, f'SELECT {columns} FROM "{tables_of(desk)}".{table} ORDER BY id')


def written(desk: Desk) -> list[str]:
    with connect(desk.endpoint, purpose="test") as connection:
        live = Bookkeeping().live(connection, desk.schema)
        assert live is not None
        return [str(write) for write in live_writes(connection, desk.schema, live)]


def repair_all_parents(desk: Desk) -> None:
    desk.edit("parent", 3, {"count": "30"})
    desk.edit("parent", 4, {"due": "2024-02-29 08:00:00"})
    desk.edit("parent", 5, {"count": 50})


def repair_all(desk: Desk) -> None:
    repair_all_parents(desk)
    desk.edit("child", 4, {"count": None})


@pytest.mark.parametrize("live", [False, True], ids=["unpublished", "live"])
def test_repaired_rows_are_converted_loaded_and_verified(desk: Desk, live: bool) -> None:
    desk.migrate(live=live)
    assert desk.places() == [("child", 4), ("parent", 3), ("parent", 4), ("parent", 5)]
    repair_all(desk)
    done = desk.replay()
    assert done.replayed == {"parent": 3, "child": 1}
    assert done.refused == ()
    assert rows(desk, "parent")[2:] == [
        (3, "three", "2025-05-22 10:00:00", 30, 6),
        (4, "four", "2024-02-29 08:00:00", 4, 8),
        (5, "five", "2025-05-23 09:00:00", 50, 10),
    ]
    assert rows(desk, "child")[3:] == [(4, 5, None)]
    assert desk.places() == []
    parent = desk.ledger("parent")
    assert (parent.read, parent.loaded, parent.quarantined) == (5, 5, 0)
    desk.require_proven()
    told = {(finding.code, finding.table): finding.count for finding in done.findings}
    assert told["rows-replayed", "parent"] == 3
    assert told["not-an-integer", "parent"] == 0
    assert ("parent-in-quarantine", "child") in told
    assert told["constraint-validated", "child"] == 1
    assert told["constraint-left-not-valid", "child"] == told["constraint-not-valid", "child"] == 0
    assert not_valid(desk) == []
    with desk.run() as opened:
        assert not [f for f in opened.journey.result("load", Release).findings if "valid" in f.code]
        assert not [f for f in opened.journey.result("verify", Verification).findings if "valid" in f.code]


def test_a_foreign_key_stays_not_valid_as_long_as_a_parent_is_missing(desk: Desk) -> None:
    desk.migrate(live=True)
    assert not_valid(desk) == ["child_parent_fkey"]
    desk.edit("parent", 4, {"due": None})
    done = desk.replay()
    assert done.replayed == {"parent": 1}
    assert not_valid(desk) == ["child_parent_fkey"]
    told = {(finding.code, finding.table): finding.count for finding in done.findings}
    assert told["constraint-left-not-valid", "child"] == told["constraint-not-valid", "child"] == 1
    assert ("constraint-validated", "child") not in told


def test_the_score_is_that_of_the_rows_that_are_there(desk: Desk) -> None:
    desk.migrate(live=False)
    with desk.run() as opened:
        before = opened.journey.result("clean", Cleaned)
    desk.edit("parent", 3, {"count": 30, "name": "x" * 100_001})
    assert desk.replay().replayed == {"parent": 1}
    with desk.run() as opened:
        after = opened.journey.result("clean", Cleaned)
        base = (opened.journey.result("backup", Snapshot), opened.journey.result("profile", Profile))
        plan = opened.journey.result("plan", Plan)
        counted = rescore(opened.journey.context, *base, plan, after.ledgers, Path(after.path))
    assert after.quality == counted
    assert after.quality != before.quality


def not_valid(desk: Desk) -> list[str]:
    found = ask(
        desk.endpoint,
        "SELECT conname FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace"
        " WHERE NOT convalidated AND nspname = %s",
        tables_of(desk),
    )
    return [str(name) for (name,) in found]


def test_the_audit_trail_tells_the_operators_values_from_the_plans(desk: Desk) -> None:
    desk.migrate(live=False)
    desk.edit("parent", 5, {"count": "50"})
    desk.replay()
    assert desk.run_directory is not None
    with closing(open_audit(desk.run_directory / "audit.sqlite")) as audit:
        changes = {
            change.column: (change.before, change.after, change.rule)
            for change in read_changes(audit, "parent")
            if change.rowid == 5
        }
    assert changes == {
        "count": ("few", 50, "repaired-in-quarantine"),
        "due": ("23/05/2025 09:00", "2025-05-23 09:00:00", "date-form"),
    }


def test_after_a_replay_the_next_cutover_and_the_rollback_see_no_foreign_writes(desk: Desk) -> None:
    desk.migrate(live=True)
    repair_all(desk)
    desk.replay()
    assert written(desk) == []
    with connect(desk.endpoint, purpose="test") as connection:
        live = Bookkeeping().live(connection, desk.schema)
        assert live is not None
        assert (live.rows, live.digests["parent"].digest.rows) == (9, 5)
    switcher = Switcher(
        endpoint=desk.endpoint,
        bookkeeping=Bookkeeping(),
        stable=desk.schema,
        run="rollback",
        cancel=CancelToken(),
        limits=desk.request.limits,
    )
    assert switcher.go_back(None).release is None


def test_what_the_application_wrote_into_live_is_still_told(desk: Desk) -> None:
    desk.migrate(live=True)
    ask(desk.endpoint, f"INSERT INTO {desk.schema}.parent(name) VALUES ('late')")
    repair_all(desk)
    assert desk.replay().replayed == {"parent": 3, "child": 1}
    assert written(desk) == ["parent: 1 row more"]


def test_what_is_still_unfit_stays_with_its_new_reason(desk: Desk) -> None:
    desk.migrate(live=False)
    desk.edit("parent", 3, {"id": 1, "count": 3, "twice": 2})
    desk.edit("parent", 4, {"due": "2024-02-31"})
    desk.edit("child", 4, {"count": 4, "parent": 99})
    done = desk.replay()
    assert done.replayed == {}
    assert {(row.table, row.rowid): (row.finding, row.sqlstate) for row in done.refused} == {
        ("parent", 3): ("replay-refused", "23505"),
        ("parent", 4): ("impossible-date", None),
        ("child", 4): ("replay-refused", "23503"),
    }
    assert {(row.table, row.rowid): row.sqlstate for row in desk.reasons()} == {
        ("parent", 3): "23505",
        ("parent", 4): None,
        ("parent", 5): None,
        ("child", 4): "23503",
    }
    assert [row[0] for row in rows(desk, "parent")] == [1, 2]
    desk.require_proven()
    desk.edit("parent", 3, {"id": 3, "twice": 6})
    assert desk.replay().replayed == {"parent": 1}
    assert desk.places() == [("child", 4), ("parent", 4), ("parent", 5)]


def test_a_generated_column_must_be_what_postgresql_computes(desk: Desk) -> None:
    desk.migrate(live=False)
    desk.edit("parent", 3, {"id": 33, "count": 3})
    (refused,) = desk.replay().refused
    assert "stores it otherwise" in refused.reason
    assert [row[0] for row in rows(desk, "parent")] == [1, 2]
    desk.edit("parent", 3, {"twice": 66})
    assert desk.replay().replayed == {"parent": 1}
    assert ask(
        desk.endpoint, f'INSERT INTO "{tables_of(desk)}".parent(name) VALUES (%s) RETURNING id', "x"
    ) == [(34,)]


def test_a_second_replay_changes_nothing(desk: Desk) -> None:
    desk.migrate(live=True)
    repair_all(desk)
    desk.replay()
    before = (rows(desk, "parent"), rows(desk, "child"), desk.ledger("parent"))
    again = desk.replay()
    assert (again.replayed, again.refused) == ({}, ())
    assert (rows(desk, "parent"), rows(desk, "child"), desk.ledger("parent")) == before


def test_an_orphan_follows_its_parent_as_it_is(tmp_path: Path, postgres: Endpoint, schema_name: str) -> None:
    desk = Desk(tmp_path, postgres, schema_name, orphans="quarantine")
    desk.migrate(live=True)
    assert [place for place in desk.places() if place[0] == "child"] == [
        ("child", 2),
        ("child", 3),
        ("child", 4),
    ]
    assert not desk.edit("child", 2, {})
    desk.edit("child", 2, {}, as_is=True)
    assert [row.sqlstate for row in desk.replay().refused] == ["23503"]
    desk.edit("parent", 3, {"count": 3})
    assert desk.replay().replayed == {"parent": 1, "child": 1}
    assert rows(desk, "child") == [(1, 1, 1), (2, 3, 2)]
    assert written(desk) == []
    desk.require_proven()


class Killed(BaseException):
    """The process was killed here."""


@pytest.mark.parametrize(("instant", "live"), [("open_workbench", True), ("lost_tables", False)])
def test_killed_behind_the_commit_it_is_finished_by_the_next_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, live: bool, instant: str
) -> None:
    """At the first the files of the run are not written yet, at the second only the journal is not."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    desk.migrate(live=live)
    repair_all(desk)
    monkeypatch.setattr(readmission, instant, die)
    with pytest.raises(Killed):
        desk.replay()
    monkeypatch.undo()
    assert len(rows(desk, "parent")) == 5
    with desk.run() as opened:
        assert replay_is_pending(opened.journal)
    done = desk.replay()
    assert done.refused == ()
    assert desk.places() == []
    assert [len(rows(desk, table)) for table in ("parent", "child")] == [5, 4]
    with desk.run() as opened:
        assert not replay_is_pending(opened.journal)
    assert desk.ledger("parent").loaded == 5
    desk.require_proven()


def test_killed_before_the_commit_nothing_is_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    desk.migrate(live=False)
    repair_all(desk)
    monkeypatch.setattr(Replayer, "finish", die)
    with pytest.raises(Killed):
        desk.replay()
    monkeypatch.undo()
    assert len(rows(desk, "parent")) == 2
    assert desk.replay().replayed == {"parent": 3, "child": 1}
    desk.require_proven()


def test_a_release_that_is_only_kept_takes_no_rows(desk: Desk) -> None:
    desk.migrate(live=True)
    repair_all(desk)
    with desk.run() as opened:
        opened.journey.roll_back(approve(desk.schema, desk.schema))
    with pytest.raises(UnsafeToContinue, match="is kept"):
        desk.replay()


def test_a_run_that_has_not_cleaned_takes_no_rows(desk: Desk) -> None:
    desk.advance("clean")
    with pytest.raises(UsageProblem, match="nothing cleaned"):
        desk.replay()


@pytest.mark.parametrize("following", ["canary", "load"])
def test_before_the_load_repaired_rows_are_loaded_with_the_others(desk: Desk, following: str) -> None:
    desk.advance(following)
    repair_all(desk)
    done = desk.replay()
    assert (done.release, done.replayed, done.refused) == (None, {"parent": 3, "child": 1}, ())
    assert desk.places() == []
    told = {(finding.code, finding.table): finding.count for finding in done.findings}
    assert told["rows-replayed", "parent"] == 3
    assert told["not-an-integer", "parent"] == 0
    with desk.run() as opened:
        assert opened.journey.following == "canary"
    desk.migrate(live=True)
    assert rows(desk, "parent")[2:] == [
        (3, "three", "2025-05-22 10:00:00", 30, 6),
        (4, "four", "2024-02-29 08:00:00", 4, 8),
        (5, "five", "2025-05-23 09:00:00", 50, 10),
    ]
    assert rows(desk, "child")[3:] == [(4, 5, None)]
    assert not_valid(desk) == []
    desk.require_proven()


def test_rows_that_came_before_and_after_the_load_are_told_together(desk: Desk) -> None:
    desk.advance("canary")
    desk.edit("parent", 3, {"id": 33, "count": 3, "twice": 66})
    assert desk.replay().replayed == {"parent": 1}
    desk.migrate(live=True)
    assert ask(desk.endpoint, f"INSERT INTO {desk.schema}.parent(name) VALUES ('x') RETURNING id") == [(34,)]
    desk.edit("parent", 4, {"due": None})
    done = desk.replay()
    assert done.replayed == {"parent": 1}
    told = {(finding.code, finding.table): finding.count for finding in done.findings}
    assert told["rows-replayed", "parent"] == 2


def test_a_refused_cleaning_is_accepted_once_its_rows_are_repaired(desk: Desk) -> None:
    desk.request = replace(desk.request, gates={"breaker": "warn"})
    with pytest.raises(Refused, match="quality gate"):
        desk.advance("canary")
    desk.edit("child", 4, {"count": 4})
    desk.replay()
    with desk.run() as opened:
        assert opened.journey.following == "clean"
        with pytest.raises(Refused, match="quality gate"):
            opened.journey.advance()
    assert desk.places() == [("parent", 3), ("parent", 4), ("parent", 5)]
    repair_all_parents(desk)
    desk.replay()
    with desk.run() as opened:
        assert opened.journey.following == "canary"
    desk.migrate(live=False)
    assert [row[0] for row in rows(desk, "parent")] == [1, 2, 3, 4, 5]
    desk.require_proven()


def test_before_the_load_cleanings_own_rules_hold_for_keys_and_references(
    tmp_path: Path, postgres: Endpoint, schema_name: str
) -> None:
    desk = Desk(tmp_path, postgres, schema_name, orphans="quarantine")
    desk.advance("canary")
    desk.edit("parent", 3, {"id": 1, "count": 3, "twice": 2})
    desk.edit("child", 2, {}, as_is=True)
    desk.edit("child", 4, {"count": 4, "parent": 2})
    done = desk.replay()
    assert done.replayed == {"child": 1}
    assert {(row.table, row.rowid): (row.finding, row.column) for row in done.refused} == {
        ("parent", 3): ("duplicate-key", None),
        ("child", 2): ("orphan", None),
    }
    waiting = {(reason.table, reason.rowid) for reason in desk.reasons() if reason.repaired is not None}
    assert waiting == {("parent", 3), ("child", 2)}
    desk.edit("parent", 3, {"id": 3, "twice": 6})
    assert desk.replay().replayed == {"parent": 1, "child": 1}
    desk.migrate(live=False)
    assert rows(desk, "child") == [(1, 1, 1), (2, 3, 2), (4, 2, 4)]
    desk.require_proven()


def test_a_load_that_was_begun_is_finished_and_verified_first(desk: Desk) -> None:
    desk.advance("verify")
    repair_all(desk)
    done = desk.replay()
    assert done.release is not None
    assert done.replayed == {"parent": 3, "child": 1}
    assert len(rows(desk, "parent")) == 5
    desk.require_proven()


def test_what_was_loaded_before_the_rows_came_is_loaded_anew(desk: Desk) -> None:
    desk.advance("verify")
    with desk.run() as opened:
        opened.journey.repeat("canary")
    repair_all(desk)
    assert desk.replay().release is None
    desk.migrate(live=True)
    assert [len(rows(desk, table)) for table in ("parent", "child")] == [5, 4]
    desk.require_proven()


@pytest.mark.parametrize("instant", ["open_workbench", "lost_tables"])
def test_killed_on_the_way_into_cleaned_it_is_finished_by_the_next_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, instant: str
) -> None:
    """At the first nothing is moved yet, at the second only the journal does not know."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    desk.advance("load")
    repair_all(desk)
    monkeypatch.setattr(readmission, instant, die)
    with pytest.raises(Killed):
        desk.replay()
    monkeypatch.undo()
    with pytest.raises(UnsafeToContinue, match="interrupted"):
        desk.migrate(live=False)
    assert desk.replay().replayed == {"parent": 3, "child": 1}
    assert desk.replay().replayed == {}
    desk.migrate(live=False)
    assert [len(rows(desk, table)) for table in ("parent", "child")] == [5, 4]
    desk.require_proven()


def test_the_children_of_a_quarantined_row_are_counted(desk: Desk) -> None:
    desk.migrate(live=False)
    with desk.run() as opened:
        cleaned = opened.journey.result("clean", Cleaned)
        catalog = opened.journey.result("backup", Snapshot).catalog
    assert children_of(cleaned.path, cleaned.quarantine_path, catalog) == {("parent", 3): {"child": 2}}


def test_only_what_is_in_quarantine_can_be_edited(desk: Desk) -> None:
    desk.migrate(live=False)
    wrong: list[tuple[str, int, dict[str, Value], str]] = [
        ("nothing", 1, {}, "no table 'nothing'"),
        ("parent", 1, {"count": 1}, "Row 1 of table 'parent' is not in quarantine"),
        ("parent", 3, {"amount": 1}, "no column 'amount'"),
    ]
    for table, rowid, values, told in wrong:
        with pytest.raises(UsageProblem, match=told):
            desk.edit(table, rowid, values)
    assert not desk.edit("parent", 3, {"count": "many"})
    assert all(reason.repaired is None for reason in desk.reasons())
