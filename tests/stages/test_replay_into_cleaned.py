"""Repaired rows before the load: into cleaned, refused, interrupted, and on to live."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from sdmigrate.model.errors import Refused, UnsafeToContinue, UsageProblem
from sdmigrate.model.settings import Endpoint
from sdmigrate.stages import readmission
from tests.stages.by_hand import ask
from tests.stages.repair_desk import Desk, Killed, not_valid, repair_all, repair_all_parents, rows


@pytest.fixture
def desk(tmp_path: Path, postgres: Endpoint, schema_name: str) -> Desk:
    return Desk(tmp_path, postgres, schema_name)


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
