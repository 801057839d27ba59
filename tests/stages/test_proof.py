"""The proof beside the work: stopped with it, and never in its way."""

import threading
from pathlib import Path
from typing import TypeAlias

import pytest

from sdmigrate.model.blueprint import TargetTable
from sdmigrate.model.errors import Aborted, Refused
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.blueprint import draw
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.workbench import CleaningFiles
from sdmigrate.stages.clean import clean
from sdmigrate.stages.proof import Proof, proving
from tests.conftest import MakeContext
from tests.sqlite.plain_snapshot import make_plan, make_profile, make_snapshot, with_column, with_table
from tests.stages.held_values import digests_of_cleaned

ROWS = """
CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
INSERT INTO t SELECT i, 'some text' FROM n;
"""

Work: TypeAlias = tuple[Snapshot, CleaningFiles, tuple[TargetTable, ...], Profile]


@pytest.fixture
def work(tmp_path: Path, make_context: MakeContext) -> Work:
    """A snapshot, what cleaning made of it, and what PostgreSQL is to hold."""
    snapshot = make_snapshot(tmp_path / "s.sqlite", ROWS)
    profile, plan = make_profile(snapshot), make_plan(snapshot, {"t.id": "bigint"})
    made = clean(make_context(tmp_path / "cleaned"), snapshot, profile, plan)
    files = CleaningFiles(
        cleaned=Path(made.path), audit=Path(made.audit_path), quarantine=Path(made.quarantine_path)
    )
    return snapshot, files, draw(snapshot.catalog, profile, plan).tables, profile


@pytest.mark.parametrize(
    ("rows", "changed", "suffix"),
    [(2_000, 30, ""), (20_000, 3_000, ""), (20_000, 19_000, ""), (300, 30, " WITHOUT ROWID")],
)
def test_what_postgresql_must_hold_is_what_cleaned_holds_however_much_was_changed(
    tmp_path: Path, make_context: MakeContext, rows: int, changed: int, suffix: str
) -> None:
    snapshot = make_snapshot(
        tmp_path / "s.sqlite",
        f"""
        CREATE TABLE t(id TEXT PRIMARY KEY, a TEXT, n REAL){suffix};
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
        INSERT INTO t SELECT 'k' || i, iif(i <= {changed}, '', 'x' || i), i / 8.0 FROM n;
        """,
    )
    profile = make_profile(snapshot)
    plan = make_plan(snapshot, {"t.n": "double precision"})
    plan = with_table(with_column(plan, "t", "a", empty="null"), "t", where="n <> 1.5")
    cleaned = clean(make_context(tmp_path), snapshot, profile, plan)
    assert (cleaned.ledger("t").changed, cleaned.ledger("t").excluded) == (changed - 1, 1)
    assert cleaned.digests == digests_of_cleaned(snapshot, profile, plan, cleaned)


def test_values_that_the_plan_quarantines_are_no_obstacle(tmp_path: Path, make_context: MakeContext) -> None:
    snapshot = make_snapshot(
        tmp_path / "s.sqlite",
        """
        CREATE TABLE t(id INTEGER PRIMARY KEY, j TEXT, n TEXT);
        INSERT INTO t VALUES (1, '{"a": 1}', '1.50'), (2, '"\\ud800"', '2'), (3, '[1e999999999]', '3'),
            (4, '{}', '1e999999999'), (5, '{}', '1e-999999999'), (6, '{}', CAST(x'ff' AS TEXT)),
            (7, replace(printf('%.5000c', '['), '', ''), '7');
        """,
    )
    profile, plan = make_profile(snapshot), make_plan(snapshot, {"t.j": "jsonb", "t.n": "numeric"})
    cleaned = clean(make_context(tmp_path), snapshot, profile, plan)
    assert (cleaned.ledger("t").loaded, cleaned.ledger("t").quarantined) == (1, 6)
    assert cleaned.digests == digests_of_cleaned(snapshot, profile, plan, cleaned)


def test_a_failing_stage_leaves_no_proof_running(
    tmp_path: Path,
    make_context: MakeContext,
    work: Work,
) -> None:
    snapshot, files, tables, profile = work
    before = threading.active_count()

    def fail(proof: Proof) -> None:
        proof.begin(files, tables, profile)
        raise Refused("A value fails the run.", "Decide it.")

    with pytest.raises(Refused), proving(make_context(tmp_path), snapshot) as proof:
        fail(proof)
    assert threading.active_count() == before


def test_a_cancel_stops_it_and_is_told_by_whoever_waits(
    tmp_path: Path,
    make_context: MakeContext,
    work: Work,
) -> None:
    snapshot, files, tables, profile = work
    context = make_context(tmp_path)
    assert isinstance(context.cancel, CancelToken)
    with proving(context, snapshot) as proof:
        proof.begin(files, tables, profile)
        context.cancel.set()
        with pytest.raises(Aborted):
            proof.require()
