"""``rehearse``: everything is done, and the target is as it was."""

from pathlib import Path

from sdmigrate.model.settings import Endpoint
from tests.cli.calling import call
from tests.postgres.test_scratch import target_as_text

STAGES = [
    "preflight",
    "backup",
    "profile",
    "plan",
    "clean",
    "canary",
    "load",
    "verify",
    "cutover",
    "rollback",
]


def test_beside_a_live_schema(shop: Path, own_database: Endpoint, work: Path) -> None:
    target = ("--target", own_database.conninfo, "--schema", "shop", "--json", "--work-dir", work)
    untouched = target_as_text(own_database)
    first = call("rehearse", shop, *target)
    assert (first.code, first.last["outcome"]) == (0, "rehearsed"), first.err
    assert [stage["name"] for stage in first.last["stages"]] == STAGES
    assert target_as_text(own_database) == untouched

    assert call("migrate", shop, "--confirm", "shop", *target).code == 0
    live = target_as_text(own_database)
    assert live != untouched
    again = call("rehearse", shop, *target)
    assert (again.code, again.last["outcome"]) == (0, "rehearsed"), again.err
    assert {table["verified"] for table in again.last["tables"]} == {"changed", "identical"}
    assert target_as_text(own_database) == live


def test_by_default_nothing_at_all_is_left(shop: Path, work: Path) -> None:
    called = call("rehearse", shop, "--json", "--work-dir", work)
    assert (called.code, called.last["outcome"], called.last["target"]) == (0, "rehearsed", "embedded")
    assert not (work / "postgres").exists()
    scratch = Path(called.last["run_dir"]) / "scratch"
    assert [path for path in scratch.rglob("*") if path.is_file()] == []
