"""The plan stage on a real file: proposal, the operator's file, drift, and the plan that is written."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sdmigrate.model.errors import Aborted, UnsafeToContinue, UsageProblem
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Snapshot
from sdmigrate.rules import plan_file
from sdmigrate.rules.blueprint import draw
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.stages.backup import backup
from sdmigrate.stages.inventory import inventory
from sdmigrate.stages.plan import plan
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext

SCHEMA = """
CREATE TABLE "Order Items"(id INTEGER PRIMARY KEY, "placed [at]" DATETIME, qty INT NOT NULL, note TEXT);
INSERT INTO "Order Items" VALUES (1, '2024-01-02 03:04:05', 3, 'a'), (2, '', 4, NULL);
CREATE TABLE ""(""  TEXT);
INSERT INTO "" VALUES ('nameless');
CREATE VIEW recent AS SELECT id, qty FROM "Order Items" WHERE "placed [at]" >= '2024-01-01';
"""


@pytest.fixture
def prepared(tmp_path: Path, make_context: MakeContext) -> tuple[Context, Snapshot, Profile]:
    with closing(sqlite3.connect(tmp_path / "source.sqlite")) as connection:
        connection.executescript(SCHEMA)
    context = make_context(tmp_path)
    snapshot = backup(context, preflight(context), None)
    return context, snapshot, profile(context, snapshot)


def asking(context: Context, **fields: Any) -> Context:
    return Context(
        request=msgspec.structs.replace(context.request, **fields),
        directory=context.directory,
        cancel=context.cancel,
        events=context.events,
        started=context.started,
    )


def written(context: Context, snapshot: Snapshot, evidence: Profile) -> Plan:
    return plan_file.read(context.directory.plan.read_text(), snapshot.catalog, evidence)


def test_the_proposal_is_written_and_reads_back(prepared: tuple[Context, Snapshot, Profile]) -> None:
    context, snapshot, evidence = prepared
    decided = plan(*prepared)
    placed = decided.table("Order Items").column("placed [at]")
    assert (placed.type, placed.empty) == ("timestamp", "null")
    assert decided.table("").target == "unnamed"
    assert written(context, snapshot, evidence) == decided
    assert context.directory.plan.stat().st_mode & 0o777 == 0o600


def test_the_operators_file_is_laid_over_it(
    prepared: tuple[Context, Snapshot, Profile], tmp_path: Path
) -> None:
    context, snapshot, evidence = prepared
    mine = tmp_path / "mine.toml"
    mine.write_bytes(b'\xef\xbb\xbf[tables."Order Items".columns.qty]\r\ntype = "integer"\r\n')
    decided = plan(asking(context, plan_path=str(mine)), snapshot, evidence)
    assert decided.table("Order Items").column("qty").type == "integer"
    assert decided.plan_id != plan(*prepared).plan_id


def test_a_saved_plan_serves_the_next_export(
    prepared: tuple[Context, Snapshot, Profile], tmp_path: Path
) -> None:
    context, snapshot, evidence = prepared
    first = plan(*prepared)
    saved = tmp_path / "saved.toml"
    saved.write_bytes(context.directory.plan.read_bytes())
    assert plan(asking(context, plan_path=str(saved)), snapshot, evidence) == first
    saved.write_text(saved.read_text().replace("columns.note]", "columns.remark]"))
    with pytest.raises(UsageProblem, match="remark"):
        plan(asking(context, plan_path=str(saved)), snapshot, evidence)
    accepted = plan(asking(context, plan_path=str(saved), accept_drift=True), snapshot, evidence)
    assert [finding.code for finding in accepted.findings[:2]] == ["plan-drift-gone", "plan-drift-new"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"version = ", b"[tables.nothing]\n"])
def test_a_plan_that_cannot_be_read_changes_nothing(
    prepared: tuple[Context, Snapshot, Profile], tmp_path: Path, content: bytes | None
) -> None:
    context, snapshot, evidence = prepared
    mine = tmp_path / "mine.toml"
    if content is not None:
        mine.write_bytes(content)
    with pytest.raises(UsageProblem):
        plan(asking(context, plan_path=str(mine)), snapshot, evidence)
    assert not context.directory.plan.exists()


def test_a_profile_of_another_state_is_refused(prepared: tuple[Context, Snapshot, Profile]) -> None:
    context, snapshot, evidence = prepared
    other = msgspec.structs.replace(evidence.source_fingerprint, size=1)
    with pytest.raises(UnsafeToContinue):
        plan(context, snapshot, msgspec.structs.replace(evidence, source_fingerprint=other))


def test_a_stopped_run_writes_no_plan(prepared: tuple[Context, Snapshot, Profile]) -> None:
    context, snapshot, evidence = prepared
    assert isinstance(context.cancel, CancelToken)
    context.cancel.set()
    with pytest.raises(Aborted):
        plan(context, snapshot, evidence)
    assert not context.directory.plan.exists()


def test_the_blueprint_of_a_real_catalog(prepared: tuple[Context, Snapshot, Profile]) -> None:
    _, snapshot, evidence = prepared
    found = draw(snapshot.catalog, evidence, plan(*prepared))
    assert [one.name for one in found.tables] == ["Order Items", "unnamed"]
    assert found.table("Order Items").columns[0].identity_next == 3
    assert [view.sql for view in found.views] == [
        'SELECT "Order Items"."id" AS "id", "Order Items"."qty" AS "qty" FROM "Order Items" AS "Order Items" '
        'WHERE ("Order Items"."placed [at]" >= TIMESTAMP \'2024-01-01 00:00:00\')'
    ]


def test_a_table_wider_than_postgresqls_is_left_out_or_refused(
    tmp_path: Path, make_context: MakeContext
) -> None:
    with closing(sqlite3.connect(tmp_path / "source.sqlite")) as connection:
        connection.execute(f"CREATE TABLE wide({', '.join(f'c{number}' for number in range(1601))})")
        connection.execute("CREATE TABLE narrow(id INTEGER PRIMARY KEY)")
    context = make_context(tmp_path)
    snapshot = backup(context, preflight(context), None)
    assert [(found.code, found.table, found.count) for found in inventory(snapshot.catalog)] == [
        ("table-too-wide", "wide", 1601)
    ]
    evidence = profile(context, snapshot)
    with pytest.raises(UsageProblem, match="'wide' has 1,601 columns"):
        plan(context, snapshot, evidence)
    operators = tmp_path / "plan.toml"
    operators.write_text("version = 1\n[tables.wide]\ninclude = false\n")
    decided = plan(asking(context, plan_path=str(operators)), snapshot, evidence)
    assert [table.source for table in decided.tables if table.include] == ["narrow"]
