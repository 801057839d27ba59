"""A plan made on one export of the demo, used on the next one, which has drifted."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from sdmigrate.demo.database import write_demo
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.plan import Plan
from sdmigrate.runtime.context import Context
from sdmigrate.stages.backup import backup
from sdmigrate.stages.plan import plan
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext


def planned(context: Context, **fields: object) -> Plan:
    """The plan of the context's source."""
    asking = msgspec.structs.replace(context.request, **fields)
    context = type(context)(**(vars(context) | {"request": asking}))
    snapshot = backup(context, preflight(context), None)
    return plan(context, snapshot, profile(context, snapshot))


@pytest.fixture
def saved(tmp_path: Path, make_context: MakeContext) -> Path:
    """The complete plan of the first export, with one decision of the operator."""
    write_demo(tmp_path / "first.sqlite", rows=1_500, seed=1)
    context = make_context(tmp_path / "one", source=str(tmp_path / "first.sqlite"))
    planned(context)
    path = tmp_path / "plan.toml"
    text = context.directory.plan.read_text(encoding="utf-8")
    path.write_text(text.replace('duplicates = "first"', 'duplicates = "last"'), encoding="utf-8")
    return path


def test_the_next_export_in_the_same_shape_takes_the_plan(
    tmp_path: Path, make_context: MakeContext, saved: Path
) -> None:
    write_demo(tmp_path / "next.sqlite", rows=1_500, seed=2)
    context = make_context(tmp_path / "two", source=str(tmp_path / "next.sqlite"), plan_path=str(saved))
    found = planned(context)
    assert {table.duplicates for table in found.tables} == {"last"}
    assert not [finding for finding in found.findings if finding.code.startswith("plan-drift")]


def test_a_column_added_one_gone_and_one_of_another_form_are_told(
    tmp_path: Path, make_context: MakeContext, saved: Path
) -> None:
    source = tmp_path / "next.sqlite"
    write_demo(source, rows=1_500, seed=2)
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute('ALTER TABLE tickets ADD COLUMN "TKT-Region" TEXT')
        connection.execute('ALTER TABLE timesheets DROP COLUMN "TS-Description"')
        connection.execute("""UPDATE timesheets SET "TS-Hours" = "TS-Hours" || ' hours'""")
        connection.execute(
            """UPDATE tickets SET "TKT-Created Time" = strftime('%m/%d/%Y %H:%M', "TKT-Created Time")
            WHERE "TKT-Created Time" LIKE '20__-%'"""
        )
    context = make_context(tmp_path / "two", source=str(source), plan_path=str(saved))

    with pytest.raises(UsageProblem) as caught:
        planned(context)
    assert "the source has no column 'TS-Description' of table 'timesheets'" in caught.value.message
    assert "not in the plan: column 'TKT-Region' of table 'tickets'" in caught.value.message
    lines = saved.read_text(encoding="utf-8").splitlines()
    section = lines.index("[tables.timesheets.columns.TS-Hours]")
    line = next(number for number in range(section, len(lines)) if lines[number].startswith("type = "))
    assert (
        f"line {line + 1}: most values of column 'TS-Hours' of table 'timesheets' are no double precision"
        in caught.value.message
    )
    # A month before its day would be read as another date, and fit.
    assert (
        "the values of column 'TKT-Created Time' of table 'tickets' say another order of day and month"
        in caught.value.message
    )
    assert "--accept-drift" in caught.value.hint

    accepted = planned(context, accept_drift=True)
    told = {
        (finding.code, finding.table, finding.column)
        for finding in accepted.findings
        if finding.code.startswith("plan-drift")
    }
    assert told == {
        ("plan-drift-gone", "timesheets", "TS-Description"),
        ("plan-drift-new", "tickets", "TKT-Region"),
        ("plan-drift-changed", "timesheets", "TS-Hours"),
        ("plan-drift-changed", "tickets", "TKT-Created Time"),
    }
    assert accepted.table("timesheets").column("TS-Hours").type == "text"
    assert accepted.table("tickets").column("TKT-Region").type == "text"
    # Some are still written day first, so that nothing settles how the ambiguous ones are meant.
    assert accepted.table("tickets").column("TKT-Created Time").type == "text"
    assert accepted.table("tickets").duplicates == "last"
