"""``--json``: what stands on stdout, to the letter, however the call ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.connect import endpoint_of
from sdmigrate.runtime.directory import make_private_directory
from tests.cli.calling import KEYS, TABLE_KEYS, Called, call, command, read_events, spawn

STAGES = ("preflight", "backup", "profile", "plan", "clean", "canary", "load", "verify", "cutover")


def migrate(source: Path, postgres: Endpoint, schema: str, work: Path, *more: str) -> Called:
    target = ("--target", postgres.conninfo, "--schema", schema, "--confirm", schema)
    return call("migrate", source, *target, "--json", "--work-dir", work, *more)


def test_a_whole_migration(desk: Path, postgres: Endpoint, schema_name: str, work: Path) -> None:
    called = migrate(desk, postgres, schema_name, work)
    events, last = called.events, called.last
    assert (called.code, last["outcome"], last["exit_code"]) == (0, "released", 0), called.err
    for kind in ("stage.started", "stage.finished"):
        assert tuple(event["stage"] for event in events if event["event"] == kind) == STAGES
    assert {event["run"] for event in events} == {Path(last["run_dir"]).name}
    assert (last["schema"], last["previous"], last["target"]) == (
        schema_name,
        None,
        endpoint_of(postgres.conninfo).described,
    )
    assert last["release"].startswith(f"{schema_name}__r")
    assert [stage["status"] for stage in last["stages"]] == ["done"] * len(STAGES)
    assert last["quality"]["before"] <= last["quality"]["after"] <= 100
    for table in last["tables"]:
        ended = table["loaded"] + table["quarantined"] + table["deduplicated"] + table["excluded"]
        assert table["read"] == ended
    assert sum(table["read"] for table in last["tables"]) == 1_500
    gates = {event["name"]: event["verdict"] for event in events if event["event"] == "gate"}
    assert gates.keys() == {
        *("preflight", "breaker", "confidence", "quality", "quarantine", "canary", "verification"),
    }
    assert gates["verification"] == "pass"


def test_columns_are_told_with_evidence(desk: Path, work: Path) -> None:
    events = call("inspect", desk, "--json", "--work-dir", work).events
    columns = [event for event in events if event["event"] == "column"]
    assert len(columns) == 60 + 10 + 21
    for column in columns:
        assert column["classes"].keys() == {"integer", "real", "text", "blob"}
        assert column["rows"] == column["nulls"] + sum(column["classes"].values())
        assert 0 <= column["confidence"] <= 1
    assert events[-1]["outcome"] == "inspected"


@pytest.mark.parametrize(
    ("arguments", "code", "outcome"),
    [
        (["inspect", "{missing}"], 3, "failed"),
        (["inspect", "{text}"], 3, "failed"),
        (["inspect", "{directory}"], 3, "failed"),
        (["migrate", "{desk}", "--target", "embedded", "--schema", "app"], 4, "refused"),
        (["migrate", "{desk}", "--target", "embedded", "--schema", "app", "--confirm", "ap"], 4, "refused"),
        (
            ["migrate", "{desk}", "--target", "embedded", "--schema", "public", "--confirm", "public"],
            2,
            "failed",
        ),
        (["migrate", "{desk}", "--schema", "app", "--confirm", "app"], 2, "failed"),
        (["migrate", "{desk}", "--target", "nonsense=1", "--schema", "a", "--confirm", "a"], 2, "failed"),
        (["cutover", "--target", "host=/nowhere", "--schema", "app"], 4, "refused"),
        (["cutover", "--target", "host=/nowhere", "--schema", "app", "--confirm", "app"], 3, "failed"),
        (["releases", "list", "--target", "host=/nowhere", "--schema", "app"], 3, "failed"),
        (["clean"], 2, "failed"),
        (["clean", "{desk}", "--run", "x"], 2, "failed"),
        (["clean", "--undo"], 2, "failed"),
        (["load", "{desk}", "--target", "embedded"], 2, "failed"),
        (["load", "--run", "nobody"], 2, "failed"),
        (["plan", "check", "{desk}"], 2, "failed"),
        (["plan", "check", "{desk}", "--plan", "{missing}"], 2, "failed"),
        (["backup", "verify", "--run", "nobody"], 2, "failed"),
        (["resume"], 2, "failed"),
        (["abort", "nobody"], 2, "failed"),
        (["status"], 2, "failed"),
        (["report"], 2, "failed"),
        (["server", "dsn"], 3, "failed"),
        (["releases", "list", "--target", "embedded", "--schema", "app"], 3, "failed"),
        (["releases", "prune", "--target", "embedded", "--schema", "app"], 3, "failed"),
        (["rollback", "--target", "embedded", "--schema", "app", "--confirm", "app"], 3, "failed"),
        (["quarantine", "list", "--run", "nobody"], 2, "failed"),
        (["inspect", "{desk}", "--gate", "nonsense=warn"], 2, "failed"),
        (["inspect", "{desk}", "--gate", "quality=loud"], 2, "failed"),
        (["runs", "--gate", "verification=warn"], 2, "failed"),
        (["inspect", "{desk}", "--config", "{missing}"], 2, "failed"),
        (["inspect", "{desk}", "--queries", "{missing}"], 2, "failed"),
        (["demo", "--output", "{desk}"], 2, "failed"),
        (["wizard"], 2, "failed"),
        ([], 2, "failed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_the_last_line_of_a_call_that_cannot_be_meant(
    arguments: list[str], code: int, outcome: str, desk: Path, work: Path, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no database\n" * 100, "utf-8")
    places = {"desk": desk, "missing": tmp_path / "missing", "text": text, "directory": tmp_path}
    named = [argument.format(**places) for argument in arguments]
    called = call(*named, "--json", "--work-dir", work)
    assert (called.code, called.last["outcome"], called.last["exit_code"]) == (code, outcome, code)
    assert len(called.events) == 1
    assert called.err.startswith("error: ")
    # What to do next stands on a line of its own.
    assert called.err.splitlines()[-1].startswith("  ")
    assert not work.exists()


def test_a_target_that_cannot_be_reached(desk: Path, work: Path) -> None:
    target = ("--target", "host=/nowhere dbname=x", "--schema", "app", "--confirm", "app")
    called = call("migrate", desk, *target, "--json", "--work-dir", work)
    assert (called.code, called.last["outcome"], called.last["exit_code"]) == (3, "failed", 3)
    assert sorted(called.last["target"].split()) == ["dbname=x", "host=/nowhere"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("migrate", "{missing}", "--confirm", "app"), 3),
        (("migrate", "{desk}"), 4),
        (("rehearse", "{missing}"), 3),
        (("load", "{missing}"), 3),
        (("preflight", "{missing}"), 3),
        (("cutover",), 4),
        (("cutover", "--confirm", "app"), 3),
        (("rollback", "--confirm", "app"), 3),
        (("releases", "list"), 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_was_named_is_told_where_nothing_could_begin(
    arguments: tuple[str, ...], code: int, desk: Path, work: Path, tmp_path: Path
) -> None:
    named = [argument.format(missing=tmp_path / "missing", desk=desk) for argument in arguments]
    target = ("--target", "host=/nowhere password=secret", "--schema", "app")
    called = call(*named, *target, "--json", "--work-dir", work)
    assert (called.code, called.last["schema"], called.last["target"]) == (code, "app", "host=/nowhere")


def test_a_gate_that_says_no(
    desk: Path, postgres: Endpoint, schema_name: str, work: Path, tmp_path: Path
) -> None:
    strict = tmp_path / "strict.toml"
    strict.write_text("[limits]\nquality = 99.99\n", "utf-8")
    refused = migrate(desk, postgres, schema_name, work, "--config", str(strict))
    assert (refused.code, refused.last["outcome"]) == (1, "refused")
    assert refused.last["stages"][-1] | {"seconds": 0} == {"name": "clean", "status": "refused", "seconds": 0}
    assert "gate quality: stop" in refused.err
    run = refused.last["run"]
    lowered = call(
        *("resume", run, "--confirm", schema_name, "--gate", "quality=warn"), "--json", "--work-dir", work
    )
    assert (lowered.code, lowered.last["outcome"], lowered.last["run"]) == (0, "released", run)
    # A resumed run's numbers go on where they stood.
    assert lowered.events[0]["seq"] == refused.last["seq"] + 1


def test_an_unknown_table_of_a_report(desk: Path, work: Path) -> None:
    called = call("inspect", desk, "--table", "nope", "--json", "--work-dir", work)
    assert (called.code, called.last["outcome"], called.last["exit_code"]) == (2, "failed", 2)
    assert "no table 'nope'" in called.err
    assert Path(called.last["run_dir"]).is_dir()


def begun(source: Path, postgres: Endpoint, schema: str, work: Path) -> "subprocess.Popen[str]":
    target = ("--target", postgres.conninfo, "--schema", schema, "--confirm", schema)
    return subprocess.Popen(
        command("migrate", source, *target, "--json", "--work-dir", work),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def until_stage(process: "subprocess.Popen[str]", stage: str) -> str:
    """What stdout says up to the start of that stage."""
    told = []
    assert process.stdout is not None
    for line in process.stdout:
        told.append(line)
        event: dict[str, Any] = json.loads(line)
        if (event["event"], event.get("stage")) == ("stage.started", stage):
            return "".join(told)
    raise AssertionError(f"{stage} did not begin")


@pytest.mark.parametrize(
    ("number", "stage"), [(signal.SIGINT, "profile"), (signal.SIGTERM, "clean")], ids=lambda value: str(value)
)
def test_a_signal_ends_in_aborted(
    number: signal.Signals, stage: str, desk: Path, postgres: Endpoint, schema_name: str, work: Path
) -> None:
    with begun(desk, postgres, schema_name, work) as process:
        told = until_stage(process, stage)
        process.send_signal(number)
        assert process.stdout is not None
        events = read_events(told + process.stdout.read())
    assert (process.returncode, events[-1]["outcome"], events[-1]["exit_code"]) == (5, "aborted", 5)
    assert events[-1]["stages"][-1]["status"] == "aborted"


def test_a_signal_behind_the_last_line_changes_no_exit_code(work: Path) -> None:
    # Python gives each signal back to the system while it leaves, but for those that are ignored.
    left = (
        "import atexit, os, signal, sys;"
        "heard = lambda: any(signal.getsignal(number) != signal.SIG_IGN for number in (2, 15, 1));"
        "atexit.register(lambda: heard() and os._exit(9));"
        f"sys.argv = ['sdmigrate', 'runs', '--json', '--work-dir', {str(work)!r}];"
        "from sdmigrate.__main__ import main; main()"
    )
    ended = subprocess.run([sys.executable, "-c", left], capture_output=True, text=True, check=False)
    assert (ended.returncode, read_events(ended.stdout)[-1]["exit_code"]) == (0, 0)


def test_a_signal_before_the_arguments_are_read_ends_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os; os.kill(os.getpid(), 2)\n", "utf-8")
    ended = subprocess.run(
        command("runs"), env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, b"", b"")


def test_a_signal_while_the_demo_is_written_leaves_nothing(tmp_path: Path) -> None:
    output = tmp_path / "demo.sqlite"
    with subprocess.Popen(
        command("demo", "--output", output, "--rows", "260130", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not any(tmp_path.iterdir()):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, read_events(out)[-1]["outcome"]) == (5, "aborted"), err
    assert not any(tmp_path.iterdir())


def test_a_closed_pipe_stops_a_run_that_can_be_resumed(
    desk: Path, postgres: Endpoint, schema_name: str, work: Path
) -> None:
    with begun(desk, postgres, schema_name, work) as process:
        until_stage(process, "backup")
        assert process.stdout is not None
        process.stdout.close()
    assert process.returncode == 6
    resumed = call("resume", "--confirm", schema_name, "--json", "--work-dir", work)
    assert (resumed.code, resumed.last["outcome"]) == (0, "released")


def test_a_closed_pipe_under_a_text_is_no_error(work: Path, tmp_path: Path) -> None:
    make_private_directory(work)
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        command("server", "status", "--work-dir", work), stdout=writing, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writing)
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_the_real_process_says_the_same(work: Path, tmp_path: Path) -> None:
    called = spawn("inspect", tmp_path / "missing", "--json", "--work-dir", work)
    assert (called.code, called.last["exit_code"]) == (3, 3)


def test_the_documentation_names_every_event_and_field() -> None:
    told = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    rows = {line.split("`")[1]: line for line in told.splitlines() if line.startswith("| `")}
    assert rows.keys() == KEYS.keys()
    for event, fields in KEYS.items():
        assert [name for name in sorted(fields) if f"`{name}`" not in rows[event]] == []
    assert [name for name in sorted(TABLE_KEYS) if name not in told] == []
