"""The program killed inside a stage, its server stopped, its disk full: resumable, nothing half done."""

import json
import os
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sdmigrate.demo.database import write_demo
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres import embedded
from tests.cli.calling import call, command, read_events
from tests.faults.test_kill_and_resume import contents

FINAL_NAMES = ("snapshot.sqlite", "cleaned.sqlite", "audit.sqlite", "quarantine.sqlite")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large enough that each stage moves rows for a while."""
    path = tmp_path_factory.mktemp("stopped") / "desk.sqlite"
    write_demo(path, rows=6_000, seed=5)
    return path


@pytest.fixture(scope="module")
def undisturbed(source: Path, postgres: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run that nothing stops leaves."""
    work = tmp_path_factory.mktemp("undisturbed")
    assert call(*asked(source, postgres.conninfo, "still", work)).code == 0
    return contents(postgres, "still")


def asked(source: Path, target: str, schema: str, work: Path) -> tuple[str | Path, ...]:
    confirmed = ("--target", target, "--schema", schema, "--confirm", schema)
    return ("migrate", source, *confirmed, "--json", "--work-dir", work)


def begun(*arguments: str | Path, before: Callable[[], None] | None = None) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=before,
    )


def until_rows_move(process: "subprocess.Popen[str]", stage: str) -> str:
    """What stdout says up to that stage's first progress."""
    told = ""
    assert process.stdout is not None
    for line in process.stdout:
        told += line
        event = json.loads(line)
        if event["event"] == "progress" and event["stage"] == stage:
            return told
        assert (event["event"], event.get("stage")) != ("stage.finished", stage), "it was over too soon"
    raise AssertionError(f"{stage} did not begin")


def run_directory(work: Path) -> Path:
    (found,) = (work / "runs").iterdir()
    return found


@pytest.mark.parametrize("stage", ["backup", "clean", "load"])
def test_killed_inside_a_stage(
    stage: str, source: Path, postgres: Endpoint, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    schema = f"inside_{stage}"
    with begun(*asked(source, postgres.conninfo, schema, tmp_path)) as process:
        until_rows_move(process, stage)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    resumed = call("resume", "--confirm", schema, "--json", "--work-dir", tmp_path)
    assert (resumed.code, resumed.last["outcome"]) == (0, "released"), resumed.err
    assert contents(postgres, schema) == undisturbed
    assert not list(run_directory(tmp_path).glob("*.partial"))
    assert not list((run_directory(tmp_path) / "scratch").iterdir())


def test_the_server_stops_while_loading(source: Path, work_directory: Path) -> None:
    embedded.persistent(work_directory)
    with begun(*asked(source, "embedded", "desk", work_directory)) as process:
        told = until_rows_move(process, "load")
        embedded.stop(work_directory)
        assert process.stdout is not None
        events = read_events(told + process.stdout.read())
    assert (process.returncode, events[-1]["outcome"], events[-1]["exit_code"]) == (6, "stopped", 6)
    assert events[-1]["stages"][-1]["name"] == "load"
    resumed = call("resume", "--confirm", "desk", "--json", "--work-dir", work_directory)
    assert (resumed.code, resumed.last["outcome"]) == (0, "released"), resumed.err
    assert {table["verified"] for table in resumed.last["tables"]} == {"changed"}


@pytest.mark.parametrize(
    ("until", "stage", "share"),
    [("preflight", "backup", 0.5), ("preflight", "backup", 0.02), ("profile", "clean", 0.5)],
    ids=["half a snapshot", "nearly nothing", "half of cleaned"],
)
def test_no_room_for_a_file(until: str, stage: str, share: float, source: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk, which a test may not make."""
    work = tmp_path / "work"
    before = source.read_bytes()
    octets = int(source.stat().st_size * share)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))

    run = call(until, source, "--json", "--work-dir", work).last["run"]
    on_with_it = ("clean", "--run", run, "--json", "--work-dir", work)
    with begun(*on_with_it, before=limit) as process:
        assert process.stdout is not None
        events = read_events(process.stdout.read())
    assert (process.returncode, events[-1]["outcome"], events[-1]["exit_code"]) == (6, "stopped", 6)
    assert events[-1]["stages"][-1]["name"] == stage
    left = {path.name for path in run_directory(work).iterdir()}
    assert left & set(FINAL_NAMES) == ({"snapshot.sqlite"} if stage == "clean" else set())
    assert source.read_bytes() == before
    resumed = call(*on_with_it)
    assert resumed.code == 0, resumed.err
    assert set(FINAL_NAMES) <= {path.name for path in run_directory(work).iterdir()}
