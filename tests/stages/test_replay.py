"""Repaired rows into an unpublished and a live release, refused, interrupted, and again."""

from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.approval import approve
from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.result import CanaryResult, Cleaned, Release, Verification
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Snapshot
from sdmigrate.model.values import Value
from sdmigrate.pipeline.replaying import replay_is_pending
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.live_writes import live_writes
from sdmigrate.postgres.replaying import Replayer
from sdmigrate.postgres.switching import Switcher
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.audit import open_audit, read_changes
from sdmigrate.sqlite.quarantine_children import children_of
from sdmigrate.sqlite.workbench import CleaningFiles
from sdmigrate.stages import readmission
from sdmigrate.stages.rescore import rescore
from tests.stages.by_hand import ask
from tests.stages.repair_desk import Desk, Killed, not_valid, repair_all, rows, tables_of


@pytest.fixture
def desk(tmp_path: Path, postgres: Endpoint, schema_name: str) -> Desk:
    return Desk(tmp_path, postgres, schema_name)


def written(desk: Desk) -> list[str]:
    with connect(desk.endpoint, purpose="test") as connection:
        live = Bookkeeping().live(connection, desk.schema)
        assert live is not None
        return [str(write) for write in live_writes(connection, desk.schema, live)]


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


def test_what_postgresql_must_hold_is_told_anew_with_the_replayed_rows(desk: Desk) -> None:
    desk.migrate(live=False)
    with desk.run() as opened:
        told = opened.journey.result("canary", CanaryResult).must_hold.tables
        assert {table: digest.rows for table, digest in told.items()} == {"parent": 2, "child": 3}
        verification = opened.journey.result("verify", Verification)
        assert {table.table: table.expected for table in verification.tables} == told
    repair_all(desk)
    desk.replay()
    with desk.run() as opened:
        opened.journey.repeat("verify")
        assert opened.journey.advance() == "verify"
        verification = opened.journey.result("verify", Verification)
    assert [(table.verdict, table.expected.rows) for table in verification.tables] == [
        ("changed", 5),
        ("changed", 4),
    ]


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
        files = CleaningFiles(Path(after.path), Path(after.audit_path), Path(after.quarantine_path))
        counted = rescore(opened.journey.context, *base, plan, after.ledgers, files)
    assert after.quality == counted
    assert after.quality != before.quality


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
