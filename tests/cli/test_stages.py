"""A run stage by stage, and what can be asked of it: plan, backup, undo, status, report, resume, abort."""

import fcntl
import hashlib
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from sdmigrate.model.settings import Endpoint
from tests.cli.calling import Called, call

Rows = dict[str, list[tuple[object, ...]]]


def rows_of(path: Path) -> Rows:
    """Every table's rows with their storage classes, texts as bytes."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        tables = [
            name.decode()
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        found: Rows = {}
        for table in sorted(tables):
            columns = [row[1].decode() for row in connection.execute(f'PRAGMA table_info("{table}")')]
            shown = ", ".join(f'"{name}", typeof("{name}")' for name in columns)
            found[table] = connection.execute(f'SELECT rowid, {shown} FROM "{table}"').fetchall()
        return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stages") / "work"


@pytest.fixture(scope="module")
def run(shop: Path, place: Path) -> str:
    """A run that has profiled; the tests of this module take it on, in their order."""
    called = call("profile", shop, "--json", "--work-dir", place)
    assert (called.code, called.last["outcome"]) == (0, "done"), called.err
    assert [stage["name"] for stage in called.last["stages"]] == ["preflight", "backup", "profile"]
    return str(called.last["run"])


def on(place: Path, *arguments: "str | Path") -> Called:
    return call(*arguments, "--json", "--work-dir", place)


def test_stage_by_stage(run: str, place: Path, postgres: Endpoint, schema_name: str) -> None:
    cleaned = on(place, "clean", "--run", run)
    assert (cleaned.code, cleaned.last["run"]) == (0, run)
    assert cleaned.last["stages"][-1]["name"] == "clean"
    assert all(table["verified"] == "not_checked" for table in cleaned.last["tables"])
    # A stage that the run is past is run again, and nothing after it.
    again = on(place, "profile", "--run", run)
    assert (again.code, again.last["outcome"], again.last["stages"][-1]["name"]) == (0, "done", "profile")
    assert call("status", run, "--work-dir", place).out.count("clean") == 0
    assert on(place, "clean", "--run", run).last["stages"][-1]["name"] == "clean"
    target = ("--target", postgres.conninfo)
    assert on(place, "canary", "--run", run).code == 2
    assert on(place, "canary", "--run", run, *target).code == 2
    assert on(place, "canary", "--run", run, *target, "--schema", schema_name).code == 0
    # From here on the run knows where it goes, and goes nowhere else.
    for other in (("--schema", "another"), ("--target", "host=/elsewhere")):
        refused = on(place, "load", "--run", run, *other)
        assert (refused.code, refused.last["outcome"]) == (4, "refused")
    loaded = on(place, "load", "--run", run)
    assert (loaded.code, loaded.last["outcome"]) == (0, "done"), loaded.err
    verified = on(place, "verify", "--run", run)
    assert (verified.code, verified.last["schema"]) == (0, schema_name), verified.err
    assert {table["verified"] for table in verified.last["tables"]} == {"changed", "identical"}
    removed = call("abort", run, "--work-dir", place)
    assert (removed.code, f"{schema_name}__r" in removed.out) == (0, True)
    with psycopg.connect(postgres.conninfo) as connection:
        left = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname LIKE %s", (f"{schema_name}%",)
        ).fetchone()
    assert left == (0,)


def test_a_run_without_a_target_is_resumed_onto_one(
    shop: Path, work: Path, postgres: Endpoint, schema_name: str
) -> None:
    run = on(work, "clean", shop).last["run"]
    missing = on(work, "resume")
    assert (missing.code, missing.last["run"]) == (2, run)
    assert "--target" in missing.err
    named = ("--target", postgres.conninfo, "--schema", schema_name)
    resumed = on(work, "resume", *named)
    assert (resumed.code, resumed.last["outcome"], resumed.last["schema"]) == (0, "loaded", schema_name)
    elsewhere = on(work, "abort", run, "--target", "host=/elsewhere")
    assert (elsewhere.code, elsewhere.last["schema"]) == (4, None)
    removed = on(work, "abort", run, "--target", postgres.conninfo)
    assert (removed.code, removed.last["schema"], removed.last["run"]) == (0, schema_name, run)
    assert (removed.events[0]["event"], removed.events[0]["state"]) == ("run.listed", "abandoned")


def test_undo_writes_the_snapshot_back(shop: Path, work: Path, tmp_path: Path) -> None:
    cleaned = on(work, "clean", shop)
    run = cleaned.last["run"]
    output = tmp_path / "undone.sqlite"
    undone = on(work, "clean", "--undo", "--run", run, "--output", output)
    assert (undone.code, undone.last["run"], undone.last["run_dir"]) == (0, run, cleaned.last["run_dir"])
    assert (undone.events[0]["event"], undone.events[0]["path"]) == ("file.written", str(output))
    audit = on(work, "clean", "--run", run, "--audit", tmp_path / "audit.jsonl")
    assert audit.events[0]["count"] == sum(table["changed"] for table in cleaned.last["tables"])
    assert rows_of(output) == rows_of(shop)
    again = on(work, "clean", "--undo", "--run", run, "--output", output)
    assert again.code == 2
    assert rows_of(work / "runs" / run / "cleaned.sqlite") != rows_of(shop)


def test_backups(shop: Path, work: Path, tmp_path: Path) -> None:
    runs = [on(work, "inspect", shop).last["run"] for _ in range(2)]
    listed = call("backup", "list", "--work-dir", work).out.splitlines()
    assert [line.split()[0] for line in listed] == runs[::-1]
    told = on(work, "backup", "list").events[:-1]
    snapshots = [work / "runs" / run / "snapshot.sqlite" for run in runs[::-1]]
    assert [(event["run"], event["path"]) for event in told] == [
        (path.parent.name, str(path)) for path in snapshots
    ]
    assert [event["bytes"] for event in told] == [path.stat().st_size for path in snapshots]
    output = tmp_path / "restored.sqlite"
    restore = ("backup", "restore", "--run", runs[0], "--output", output)
    assert on(work, *restore).code == 0
    assert rows_of(output) == rows_of(shop)
    assert on(work, *restore).code == 2
    verified = on(work, "backup", "verify", "--run", runs[0])
    digest = hashlib.sha256(snapshots[1].read_bytes()).hexdigest()
    assert (verified.code, verified.events[0]["state"]) == (0, "verified")
    assert (verified.events[0]["sha256"], verified.last["run"]) == (digest, runs[0])
    taken = on(work, "backup", "create", shop).last["run"]
    pruned = call("backup", "prune", "--work-dir", work)
    # Of each source the newest stays, and whatever a run can still go on from.
    assert pruned.out.split() == [
        *f"removed the snapshot of {runs[1]}".split(),
        *f"removed the snapshot of {runs[0]}".split(),
    ]
    assert on(work, "backup", "verify", "--run", taken).code == 0
    assert on(work, "backup", "verify", "--run", runs[0]).code == 2
    snapshot = work / "runs" / taken / "snapshot.sqlite"
    snapshot.write_bytes(snapshot.read_bytes()[:-1] + b"!")
    damaged = on(work, "backup", "verify", "--run", taken)
    assert (damaged.code, damaged.last["outcome"]) == (1, "refused")
    spoilt = tmp_path / "spoilt.sqlite"
    assert on(work, "backup", "restore", "--run", taken, "--output", spoilt).code == 1
    assert not spoilt.exists()


def test_plans(shop: Path, work: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    made = on(work, "plan", "new", shop, "--output", plan)
    assert (made.code, made.last["stages"][-1]["name"]) == (0, "plan")
    run = made.last["run"]
    shown = call("plan", "show", "--run", run, "--work-dir", work).out
    assert shown.startswith(plan.read_text("utf-8").rstrip("\n")[:200])
    assert on(work, "plan", "check", shop, "--plan", plan).code == 0
    assert call("plan", "diff", "--run", run, plan, "--work-dir", work).out == "no difference\n"
    other = tmp_path / "other.toml"
    other.write_text('version = 1\n[tables.buyers.columns.age]\ntype = "text"\n', "utf-8")
    told = call("plan", "diff", "--run", run, other, "--work-dir", work)
    assert (told.code, "age" in told.out) == (0, True)
    differs = on(work, "plan", "diff", "--run", run, other)
    kept = ("kind", "table", "column", "key", "before", "after")
    assert [event[name] for event in differs.events[:1] for name in kept] == [
        *("changed", "buyers", "age", "type", "bigint", "text"),
    ]
    assert on(work, "plan", "diff", "--run", run, plan).events[:-1] == []
    assert on(work, "plan", "new", shop, "--output", plan).code == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("version = 1\nbogus = 1\n", 2),
        ("version = 1\n\n[tables.buyers]\nbogus = 1\n", 4),
        ("version = 1\n[tables.nobody]\ninclude = false\n", 2),
        ("version = 1\n\n\n[tables.buyers.columns.nobody]\ntype = 'text'\n", 4),
        ("version = 1\n[tables.buyers]\nduplicates = 'maybe'\n", 3),
        ("version = 1\n[tables.buyers\n", 2),
    ],
    ids=["key", "key of a table", "table", "column", "value", "no TOML"],
)
def test_a_plan_that_cannot_be_meant_names_its_line(
    text: str, line: int, shop: Path, work: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(text, "utf-8")
    called = on(work, "plan", "check", shop, "--plan", plan)
    assert (called.code, called.last["outcome"]) == (2, "failed")
    assert f"line {line}" in called.err
    # Only what the source must be asked for waits until its values are known.
    asked = "nobody" in text
    assert called.last["stages"][-1]["name"] == ("plan" if asked else "preflight")


def test_what_is_told_of_runs(shop: Path, work: Path) -> None:
    run = on(work, "inspect", shop).last["run"]
    listed = call("runs", "--work-dir", work).out
    assert listed.split()[:3] == [run, "inspect", "inspected"]
    status = call("status", "--work-dir", work).out
    assert [line.split()[:2] for line in status.splitlines()[1:]] == [
        ["preflight", "done"],
        ["backup", "done"],
        ["profile", "done"],
    ]
    assert call("report", "--work-dir", work).out.startswith(f"sdmigrate inspect · {run}")
    assert call("report", run, "--format", "md", "--work-dir", work).out.startswith("# ")
    assert call("report", run, "--format", "html", "--work-dir", work).out.startswith("<!doctype html>")
    assert json.loads(call("report", run, "--format", "json", "--work-dir", work).out)["run"] == run
    both = on(work, "report", "--format", "json")
    assert (both.code, both.last["run_dir"]) == (2, None)
    assert on(work, "resume").code == 2


def test_what_is_told_of_runs_as_json(shop: Path, work: Path) -> None:
    ended = on(work, "inspect", shop)
    run, columns = ended.last["run"], events_of(ended, "column")
    refused = on(work, "clean", shop, "--plan", strict(work.parent))
    assert refused.code == 1
    listed = on(work, "runs").events[:-1]
    assert [(event["run"], event["state"], event["resumable"]) for event in listed] == [
        (refused.last["run"], "refused", True),
        (run, "inspected", False),
    ]
    assert listed[1] == listed[1] | {
        "run_dir": ended.last["run_dir"],
        "source": str(shop),
        "mode": "inspect",
        "stages": ended.last["stages"],
    }
    # The last line is of the call, and says of the run what the run's own last line said.
    same = ("schema", "release", "previous", "target", "run_dir", "quality", "stages", "tables", "findings")
    for command in ("status", "report"):
        told = on(work, command, refused.last["run"])
        assert (told.code, told.last["outcome"], told.last["exit_code"]) == (0, "done", 0)
        assert {name: told.last[name] for name in same} == {name: refused.last[name] for name in same}
        assert told.events[0]["state"] == "refused"
        assert {event["run"] for event in told.events} == {refused.last["run"]}
    again = on(work, "report", run)
    assert [event["column"] for event in events_of(again, "column")] == [event["column"] for event in columns]
    stops = [event["name"] for event in events_of(told, "gate") if event["verdict"] == "stop"]
    assert stops == ["quarantine"]
    assert len(events_of(told, "finding")) == len(refused.last["findings"]) > 0


def events_of(called: Called, kind: str) -> list[dict[str, object]]:
    return [event for event in called.events if event["event"] == kind]


def strict(directory: Path) -> Path:
    """A plan under which more rows go to quarantine than its gate takes."""
    file = directory / "strict.toml"
    file.write_text('version = 1\n[tables.buyers.columns.age]\nempty = "quarantine"\n', "utf-8")
    return file


def test_what_somebody_removed_is_told_by_its_name(
    shop: Path, work: Path, postgres: Endpoint, schema_name: str
) -> None:
    run = on(work, "clean", shop).last["run"]
    directory = work / "runs" / run
    target = ("--target", postgres.conninfo, "--schema", schema_name)
    for name in ("cleaned.sqlite", "audit.sqlite", "quarantine.sqlite"):
        (directory / name).unlink()
        for call_ in (("load", "--run", run, *target), ("clean", "--undo", "--run", run)):
            called = on(work, *call_)
            assert (called.code, called.last["outcome"]) == (4, "refused")
            assert f"{directory / name} is gone" in called.err
            assert f"sdmigrate clean --run {run}" in called.err
        assert on(work, "clean", "--run", run).code == 0
    (directory / "snapshot.sqlite").unlink()
    called = on(work, "clean", "--run", run)
    assert (called.code, f"{directory / 'snapshot.sqlite'} is gone" in called.err) == (4, True)


def test_a_locked_run_is_left_alone(shop: Path, work: Path) -> None:
    run = on(work, "preflight", shop).last["run"]
    held = os.open(work / "runs" / run / "lock", os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        for arguments in (("profile", "--run", run), ("abort", run), ("resume", run)):
            called = on(work, *arguments)
            assert (called.code, called.last["outcome"]) == (4, "refused")
        assert f"{run}  migrate  running" in call("runs", "--work-dir", work).out
    finally:
        os.close(held)
    assert on(work, "profile", "--run", run).code == 0


def test_a_source_that_changed_is_not_published(
    work: Path, tmp_path: Path, postgres: Endpoint, schema_name: str
) -> None:
    source = tmp_path / "app.db"
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, note TEXT)")
        connection.execute("INSERT INTO t VALUES (1, 'one')")
    target = ("--target", postgres.conninfo, "--schema", schema_name)
    run = on(work, "clean", source).last["run"]
    assert on(work, "verify", "--run", run, *target).code == 0
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("INSERT INTO t VALUES (2, 'two')")
    begun = on(work, "preflight", source).last["run"]
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("INSERT INTO t VALUES (3, 'three')")
    changed = on(work, "backup", "create", source)
    assert changed.code == 0
    refused = on(work, "profile", "--run", begun)
    assert (refused.code, refused.last["outcome"]) == (4, "refused")
    assert "changed" in refused.err
