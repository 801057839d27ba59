"""The trial of a table: what it tells is what cleaning then does, and nothing of it is left."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from sdmigrate.model.errors import Aborted, Refused
from sdmigrate.model.plan import ColumnPlan, Orphans, Plan, TablePlan
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.planning import finished, propose
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.audit import count_rules, open_audit
from sdmigrate.stages.backup import backup
from sdmigrate.stages.clean import clean
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from sdmigrate.stages.trial import try_tables
from tests.conftest import MakeContext

_DAYS = [f"2025-05-{day:02d}" for day in range(1, 31)]


def _made(tmp_path: Path, make_context: MakeContext) -> tuple[Context, Snapshot, Profile, Plan]:
    source = tmp_path / "visits.sqlite"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute(
            "CREATE TABLE visits(id INTEGER PRIMARY KEY, day TEXT UNIQUE, paid INTEGER, note TEXT)"
        )
        connection.executemany(
            "INSERT INTO visits(day, paid, note) VALUES (?, ?, ?)",
            [(day, "" if place % 10 == 0 else place, "-") for place, day in enumerate(_DAYS)]
            + [("20/05/2025", 7, "again"), ("2025-06-31", 8, "no such day")],
        )
        connection.commit()
    context = make_context(tmp_path, source=str(source))
    snapshot = backup(context, preflight(context), None)
    found = profile(context, snapshot)
    return context, snapshot, found, propose(snapshot.catalog, found)


def _edited(
    made: tuple[Context, Snapshot, Profile, Plan], change: Callable[[TablePlan], TablePlan]
) -> tuple[Plan, TablePlan]:
    _, snapshot, found, plan = made
    edited = replace(plan, tables=(change(plan.table("visits")),))
    return finished(snapshot.catalog, found, edited), edited.table("visits")


def _column(name: str, **decisions: object) -> Callable[[TablePlan], TablePlan]:
    def change(table: TablePlan) -> TablePlan:
        def one(column: ColumnPlan) -> ColumnPlan:
            return replace(column, **decisions) if column.source == name else column

        return replace(table, columns=tuple(one(column) for column in table.columns))

    return change


CHANGES: dict[str, Callable[[TablePlan], TablePlan]] = {
    "proposal": lambda table: table,
    "last of duplicates": lambda table: replace(table, duplicates="last"),
    "duplicates in quarantine": lambda table: replace(table, duplicates="quarantine"),
    "duplicates kept": lambda table: replace(table, duplicates="keep"),
    "left out": lambda table: replace(table, include=False),
    "some rows": lambda table: replace(table, where="id < 12"),
    "empties in quarantine": _column("paid", empty="quarantine"),
    "misfits to NULL": _column("day", misfit="null"),
    "text": _column("day", type="text", empty="keep"),
    "placeholders": _column("note", placeholders=("-",)),
    "default": _column("paid", default="0"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_trial_tells_is_what_cleaning_does(
    name: str, tmp_path: Path, make_context: MakeContext
) -> None:
    made = _made(tmp_path, make_context)
    context, snapshot, found, _ = made
    plan, planned = _edited(made, CHANGES[name])
    (trial,) = try_tables(context, snapshot, found, (planned,), CancelToken())
    assert not (context.directory.scratch / "trial").exists()

    cleaned = clean(context, snapshot, found, plan)
    assert (trial.ledger,) == cleaned.ledgers
    with closing(open_audit(context.directory.audit)) as audit:
        counted = {(rule.column, rule.rule): rule.values for rule in count_rules(audit)}
        changed = audit.execute("SELECT before, after FROM changed").fetchall()
    assert {(rule.column, rule.rule): rule.values for rule in trial.rules} == counted
    shown = [example for rule in trial.rules for example in rule.examples]
    assert {(one.before.text, one.after.text if one.after else "") for one in shown} <= {
        (str(before), "" if after is None else str(after)) for before, after in changed
    }
    assert bool(shown) == bool(changed)


def test_a_trial_names_what_goes_to_quarantine(tmp_path: Path, make_context: MakeContext) -> None:
    made = _made(tmp_path, make_context)
    context, snapshot, found, plan = made
    (trial,) = try_tables(context, snapshot, found, (plan.table("visits"),), CancelToken())
    (lost,) = trial.quarantined
    assert (lost.column, lost.rows) == ("day", 1)
    assert [(one.before.text, one.after, one.rowid) for one in lost.examples] == [("2025-06-31", None, 32)]
    assert (trial.ledger.loaded, trial.ledger.quarantined, trial.ledger.deduplicated) == (30, 1, 1)


def test_a_plan_that_stops_the_run_stops_its_trial(tmp_path: Path, make_context: MakeContext) -> None:
    made = _made(tmp_path, make_context)
    context, snapshot, found, _ = made
    _, planned = _edited(made, _column("day", misfit="fail"))
    with pytest.raises(Refused, match="2025-06-31"):
        try_tables(context, snapshot, found, (planned,), CancelToken())
    assert not (context.directory.scratch / "trial").exists()


def test_a_cancelled_trial_leaves_the_run_alone(tmp_path: Path, make_context: MakeContext) -> None:
    context, snapshot, found, plan = _made(tmp_path, make_context)
    cancel = CancelToken()
    cancel.set()
    with pytest.raises(Aborted):
        try_tables(context, snapshot, found, (plan.table("visits"),), cancel)
    context.cancel.raise_if_set()
    assert not (context.directory.scratch / "trial").exists()


_FAMILY = """
CREATE TABLE office(id INTEGER PRIMARY KEY, since DATE);
CREATE TABLE desk(id INTEGER PRIMARY KEY, office INTEGER REFERENCES office(id));
CREATE TABLE lamp(id INTEGER PRIMARY KEY, desk INTEGER REFERENCES desk(id));
INSERT INTO office VALUES (1, '2025-05-20'), (2, '2025-06-31'), (3, '2025-05-21');
INSERT INTO desk VALUES (10, 1), (11, 2), (12, 2), (13, 9), (14, NULL);
INSERT INTO lamp VALUES (100, 10), (101, 11), (102, 12), (103, 13), (104, 14);
"""

ORPHANS: dict[tuple[Orphans, Orphans], list[tuple[str, int, Orphans]]] = {
    ("keep", "keep"): [("desk", 3, "keep")],
    ("quarantine", "keep"): [("desk", 3, "quarantine"), ("lamp", 3, "keep")],
    ("quarantine", "quarantine"): [("desk", 3, "quarantine"), ("lamp", 3, "quarantine")],
    ("null", "quarantine"): [("desk", 3, "null")],
}


@pytest.mark.parametrize("orphans", ORPHANS)
def test_tables_tried_together_tell_what_foreign_keys_bring(
    orphans: tuple[Orphans, Orphans], tmp_path: Path, make_context: MakeContext
) -> None:
    source = tmp_path / "offices.sqlite"
    with closing(sqlite3.connect(source)) as connection:
        connection.executescript(_FAMILY)
    context = make_context(tmp_path, source=str(source))
    snapshot = backup(context, preflight(context), None)
    found = profile(context, snapshot)
    proposal = propose(snapshot.catalog, found)
    office = _column("since", type="date", misfit="quarantine", empty="null")(proposal.table("office"))
    desk, lamp = (
        replace(proposal.table(name), orphans=rule)
        for name, rule in zip(("desk", "lamp"), orphans, strict=True)
    )
    plan = finished(snapshot.catalog, found, replace(proposal, tables=(office, desk, lamp)))
    trials = try_tables(context, snapshot, found, (lamp, office, desk), CancelToken())
    by_table = {trial.table: trial for trial in trials}

    cleaned = clean(context, snapshot, found, plan)
    assert {trial.table: trial.ledger for trial in trials} == {
        ledger.table: ledger for ledger in cleaned.ledgers
    }
    with closing(open_audit(context.directory.audit)) as audit:
        counted = {(rule.table, rule.column, rule.rule): rule.values for rule in count_rules(audit)}
    told = {(trial.table, rule.column, rule.rule): rule.values for trial in trials for rule in trial.rules}
    assert told == counted
    expected = ORPHANS[orphans]
    assert [
        (effect.child, effect.rows, effect.orphans) for effect in by_table["office"].references
    ] == expected
    assert [effect.child for effect in by_table["lamp"].references] == [
        child for child, _, _ in expected if child == "lamp"
    ]
