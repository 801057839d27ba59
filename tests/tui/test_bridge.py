"""The bridge: however fast the child tells, a tick stays small, and nothing that matters is lost."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.events import FindingSeen, Progress, StageFinished, StageName, StageStarted
from sdmigrate.model.record import Record
from sdmigrate.pipeline.messages import Begin, Confirm, Proceed, Waiting
from sdmigrate.tui.bridge import MOST_LINES, Bridge
from sdmigrate.tui.journey import Gone, Item, Results
from tests.tui import records
from tests.tui.scripted import Script, ScriptedPilot, Stage


def _begin() -> Begin:
    return Begin(request=records.request(), work_directory="/work", conninfo=None)


def _gather(bridge: Bridge, kind: type[Item], seconds: float = 5.0) -> list[Item]:
    """Everything heard until an item of that kind has come."""
    heard: list[Item] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        heard += bridge.drain().items
        if any(isinstance(item, kind) for item in heard):
            return heard
        time.sleep(0.01)
    raise AssertionError(f"no {kind} in {heard}")


@pytest.fixture
def pilot() -> ScriptedPilot:
    return ScriptedPilot(_begin(), Script(holds={"preflight"}))


def test_a_storm_of_progress_becomes_one_and_a_bounded_log(pilot: ScriptedPilot) -> None:
    bridge = Bridge(lambda: pilot, Stage().services())
    bridge.start()
    _gather(bridge, Waiting)
    pilot.send(Proceed())
    _gather(bridge, StageStarted)
    pilot.tell_many(20_000)
    pilot.go()
    began = time.monotonic()
    heard = _gather(bridge, Waiting, seconds=20)
    assert time.monotonic() - began < 20
    assert len([item for item in heard if isinstance(item, Progress)]) < 2_000
    assert isinstance(heard[-1], Waiting)
    bridge.close()


def test_a_tick_holds_one_progress_and_bounded_lines(pilot: ScriptedPilot) -> None:
    bridge = Bridge(lambda: pilot, Stage().services())
    bridge.start()
    _gather(bridge, Waiting)
    pilot.send(Proceed())
    pilot.tell_many(5_000)
    time.sleep(1.0)
    batch = bridge.drain()
    assert len([item for item in batch.items if isinstance(item, Progress)]) == 1
    assert isinstance(batch.items[-1], Progress)
    assert len(batch.lines) <= MOST_LINES
    bridge.close()


def test_results_stand_before_the_question_that_they_answer() -> None:
    pilot = ScriptedPilot(_begin(), Script(already=("preflight", "backup")))
    bridge = Bridge(lambda: pilot, Stage().services())
    bridge.start()
    heard = _gather(bridge, Waiting)
    results, asked = heard
    assert isinstance(results, Results)
    assert set(results.records) == {"preflight", "backup"}
    assert isinstance(asked, Waiting)
    pilot.send(Proceed())
    again = _gather(bridge, Waiting)
    found = next(item for item in again if isinstance(item, Results))
    assert set(found.records) == {"profile"}
    assert next(item.code for item in again if isinstance(item, FindingSeen)) == "ambiguous-day-month"
    bridge.close()


def test_an_unreadable_result_is_a_line_of_the_log(pilot: ScriptedPilot) -> None:
    def read(_: Path, stage: StageName) -> Record | None:
        raise UnsafeToContinue("The journal is damaged.", "Start a new run.")

    bridge = Bridge(lambda: pilot, replace(Stage().services(), read_result=read))
    bridge.start()
    _gather(bridge, Waiting)
    pilot.send(Proceed())
    pilot.go()
    lines: list[str] = []
    deadline = time.monotonic() + 5
    while not any("damaged" in line for line in lines) and time.monotonic() < deadline:
        lines += bridge.drain().lines
    assert any("the result of preflight cannot be read: The journal is damaged." in line for line in lines)
    bridge.close()


def test_a_child_that_cannot_start_is_gone() -> None:
    def start() -> ScriptedPilot:
        raise OSError("no more processes")

    bridge = Bridge(start, Stage().services())
    bridge.start()
    assert _gather(bridge, Gone) == [Gone()]
    bridge.close()


def test_closing_asks_the_child_to_stop_and_waits_for_it(pilot: ScriptedPilot) -> None:
    bridge = Bridge(lambda: pilot, Stage().services())
    bridge.start()
    _gather(bridge, Waiting)
    pilot.send(Proceed())
    bridge.close()
    assert pilot.closed
    assert [type(command).__name__ for command in pilot.commands[-2:]] == ["Stop", "Finish"]


def test_a_refused_name_is_told_with_the_question_again() -> None:
    done: tuple[StageName, ...] = (
        "preflight", "backup", "profile", "plan", "clean", "canary", "load", "verify",
    )  # fmt: skip
    pilot = ScriptedPilot(_begin(), Script(already=done))
    bridge = Bridge(lambda: pilot, Stage().services())
    bridge.start()
    _gather(bridge, Waiting)
    bridge.send(Confirm(typed="other"))
    asked = _gather(bridge, Waiting)[-1]
    assert isinstance(asked, Waiting)
    assert asked.asks == "confirm_cutover"
    assert asked.stopped_by == "The name typed is not the schema's name."
    bridge.send(Confirm(typed="servicedesk"))
    heard = _gather(bridge, Waiting)
    assert StageFinished(stage="cutover", status="done", seconds=0.1) in heard
    bridge.close()
