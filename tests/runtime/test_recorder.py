"""The recorder's lines are CONTRACTS.md's, numbered without gaps."""

import json
from pathlib import Path

import pytest

from sdmigrate.model.errors import Interrupted
from sdmigrate.model.events import Advanced, Event, FindingSeen, Progress, StageFinished, StageStarted
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.progress import ProgressMeter
from sdmigrate.runtime.recorder import HEALTH_SECONDS, Recorder


class Kept:
    """A listener that keeps lines and events."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.events: list[Event] = []

    def __call__(self, line: str, event: Event) -> None:
        self.lines.append(line)
        self.events.append(event)


def test_every_line_has_the_envelope(tmp_path: Path) -> None:
    kept = Kept()
    with Journal.create(tmp_path / "journal.sqlite") as journal:
        recorder = Recorder(run_id="r1", journal=journal, listeners=(kept,))
        recorder.emit(StageStarted(stage="load"))
        recorder.emit(
            FindingSeen(
                code="c", severity="info", table='a"\n', column=None, count=1, message="[/red]\0", advice=""
            )
        )
        assert list(journal.lines()) == kept.lines
    first, second = (json.loads(line) for line in kept.lines)
    assert list(first) == ["v", "seq", "at", "run", "event", "stage"]
    assert (first["v"], first["seq"], first["run"], first["event"]) == (1, 1, "r1", "stage.started")
    assert first["at"].endswith("Z")
    assert len(first["at"]) == len("2026-11-23T02:15:00.123Z")
    assert (second["seq"], second["table"], second["message"]) == (2, 'a"\n', "[/red]\0")
    assert all("\n" not in line for line in kept.lines)


def test_numbers_go_on_after_a_resume(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal.create(path) as journal:
        Recorder(run_id="r", journal=journal).emit(StageStarted(stage="load"))
    kept = Kept()
    with Journal.open(path) as journal:
        Recorder(run_id="r", journal=journal, listeners=(kept,)).emit(StageStarted(stage="verify"))
    assert json.loads(kept.lines[0])["seq"] == 2


def test_progress_is_sampled_and_its_end_is_never_lost(tmp_path: Path) -> None:
    kept = Kept()
    recorder = Recorder(run_id="r", progress_path=tmp_path / "progress.json", listeners=(kept,))
    for done in range(0, 10_001, 100):
        recorder.emit(Advanced(stage="load", table="t", done=done, total=10_000))
    told = [event for event in kept.events if isinstance(event, Progress)]
    assert len(told) < 10
    assert told[-1].done == 10_000
    recorder.emit(StageFinished(stage="load", status="done", seconds=1.0))
    assert json.loads((tmp_path / "progress.json").read_text())["done"] == 10_000
    assert (tmp_path / "progress.json").stat().st_mode & 0o777 == 0o600


def test_progress_of_many_tables_is_written_to_its_file_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    usual = Path.rename

    def rename(path: Path, target: Path) -> Path:
        written.append(target)
        return usual(path, target)

    monkeypatch.setattr("sdmigrate.runtime.recorder.time.monotonic", lambda: 7.0)
    monkeypatch.setattr(Path, "rename", rename)
    kept = Kept()
    recorder = Recorder(run_id="r", progress_path=tmp_path / "progress.json", listeners=(kept,))
    for number in range(500):
        recorder.emit(Advanced(stage="profile", table=f"t{number}", done=1, total=1))
    recorder.emit(StageFinished(stage="profile", status="done", seconds=1.0))
    assert len([event for event in kept.events if isinstance(event, Progress)]) == 500
    assert len(written) == 2
    assert json.loads((tmp_path / "progress.json").read_text())["table"] == "t499"


def test_failing_health_stops_the_stage_that_advances(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, HEALTH_SECONDS / 2, HEALTH_SECONDS + 0.1])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))

    def unhealthy() -> None:
        raise Interrupted("disk", "free some")

    recorder = Recorder(check_health=unhealthy)
    recorder.emit(Advanced(stage="load", table="t", done=1, total=None))
    with pytest.raises(Interrupted):
        recorder.emit(Advanced(stage="load", table="t", done=2, total=None))


def test_no_remaining_time_before_there_is_signal() -> None:
    meter = ProgressMeter()
    meter.measure(Advanced(stage="load", table="t", done=0, total=1000), 0.0)
    early = meter.measure(Advanced(stage="load", table="t", done=500, total=1000), 0.5)
    small = meter.measure(Advanced(stage="load", table="t", done=5, total=1000), 2.0)
    later = meter.measure(Advanced(stage="load", table="t", done=500, total=1000), 5.0)
    assert early is not None
    assert early.eta_seconds is None
    assert small is not None
    assert small.eta_seconds is None
    assert later is not None
    assert (later.rate, later.eta_seconds) == (100.0, 5.0)
    unknown = meter.measure(Advanced(stage="load", table=None, done=500, total=None), 9.0)
    assert unknown is not None
    assert unknown.eta_seconds is None


def test_a_listener_that_fails_keeps_the_event_from_no_other(tmp_path: Path) -> None:
    def closed(_line: str, _event: Event) -> None:
        raise BrokenPipeError("nobody reads")

    kept = Kept()
    journal = Journal.create(tmp_path / "journal.sqlite")
    recorder = Recorder(run_id="r1", journal=journal, listeners=(closed, kept))
    with pytest.raises(BrokenPipeError):
        recorder.emit(StageStarted(stage="load"))
    journal.close()
    # The journal's own failure, as on a full disk, is no different.
    with pytest.raises(Exception, match="closed database"):
        recorder.emit(StageStarted(stage="verify"))
    assert [json.loads(line)["stage"] for line in kept.lines] == ["load", "verify"]
