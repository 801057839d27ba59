"""Hostile names and values on every screen: shown as text, at every size, and nothing dies of them."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from sdmigrate.model.events import GateJudged, StageName
from sdmigrate.model.record import Record
from sdmigrate.model.settings import Request
from sdmigrate.pipeline.messages import Seen
from sdmigrate.tui.screens.plan import PlanScreen
from sdmigrate.tui.session import UnfinishedRun
from sdmigrate.tui.widgets.record_table import RecordTable
from tests.tui import profiles, records
from tests.tui.driving import Keys, settled, text_of, until, wizard
from tests.tui.poison import HOSTILE, MIXTURE, poisoned
from tests.tui.scenes import go_to
from tests.tui.scripted import GATES, Script, Stage


def _stage(poison: str) -> Stage:
    results: dict[StageName, Record] = {}
    for stage, record in records.results().items():
        # The plan finds its tables and columns by name; a name poisoned in one place is so in all.
        spoiled = poisoned(record, poison)
        assert isinstance(spoiled, Record)
        results[stage] = spoiled
    gates = {
        stage: tuple(msgspec.structs.replace(gate, advice=poison) for gate in found)
        for stage, found in GATES.items()
    }
    directory = Path("/runs/20261123T021500Z-x")
    hostile = Request(mode="migrate", source=f"/srv/{poison[:80]}", target=None, schema="app")
    run = UnfinishedRun(directory, poison[:50], hostile, "stopped", "clean")
    return Stage(script=Script(results=results, gates=gates), runs=(run,))


async def _look_at_the_plan(keys: Keys, see: Callable[[], None]) -> None:
    """The review, and the decisions of a table and of a column."""
    await keys.press("p")
    await until(keys, "Plan review")
    see()
    await keys.press("enter")
    await until(keys, "What happens")
    see()
    await keys.press("right", "escape", "down", "enter")
    await until(keys, "What happens")
    see()
    await keys.press("down", "right", "down", "right", "escape", "q")
    await keys.pause()
    await keys.press("y")
    await until(keys, "Clean ▸")


async def _look_everywhere(keys: Keys, see: Callable[[], None]) -> None:
    """Every view, the first row's detail of each, help and log."""
    for _ in range(4):
        see()
        await keys.press("v")
        table = keys.app.screen.query_one(RecordTable)
        if table.display:
            table.focus()
            await keys.press("enter")
            see()
            await keys.press("escape")
    for key in ("question_mark", "l"):
        await keys.press(key)
        await keys.pause()
        see()
        await keys.press("escape")
    await keys.pause()


@pytest.mark.parametrize(
    ("name", "size"),
    [("closing", (80, 24)), ("mixture", (80, 24)), ("long", (80, 24)), ("mixture", (160, 48))],
    ids=["closing", "mixture", "long", "mixture-wide"],
)
async def test_every_screen_shows_hostile_text_as_text(name: str, size: tuple[int, int]) -> None:
    poison = HOSTILE[name]
    stage = _stage(poison)
    request = msgspec.structs.replace(
        records.request(), source=f"/srv/{poison[:60]}.sqlite", schema=poison[:40]
    )
    async with wizard(stage, request=request, size=size) as (app, keys):

        def see() -> None:
            seen = text_of(app)
            assert "\x1b" not in seen
            assert "\u202e" not in seen
            assert len(seen.splitlines()) == size[1]

        await until(keys, "SQLite database", "Unfinished runs")
        see()
        await keys.press("ctrl+g")
        for word in ("Backup ▸", "Profile ▸", "Clean ▸", "Canary ▸", "Cutover ▸"):
            await until(keys, word)
            await _look_everywhere(keys, see)
            if word == "Clean ▸":
                await _look_at_the_plan(keys, see)
            await keys.press("n")
        await until(keys, "Make this release live?")
        see()
        await keys.press("escape")
        await until(keys, "Nothing is switched")
        await _look_everywhere(keys, see)
        await keys.press("q", "y")
        await until(keys, "Stopped by you.")
        see()
        assert app.is_running


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_the_review_of_a_hostile_plan_as_a_picture(
    size: tuple[int, int], svg: SnapshotAssertion
) -> None:
    async with wizard(_stage(MIXTURE), size=size) as (app, keys):
        await go_to(keys, "Profile ▸", "Clean ▸")
        await keys.press("p")
        await until(keys, "Plan review")
        review = keys.app.screen
        assert isinstance(review, PlanScreen)
        # Nothing is being tried out any more when every table's number stands.
        await until(keys, "as proposed")
        tables = len(review._review.plan.tables)
        for _ in range(1_000):
            if len(app._trials.known(review._review)) == tables:
                break
            await keys.pause(0.02)
        assert await settled(keys) == svg(name="plan")
        await keys.press("enter")
        await until(keys, "What happens", "of this column is changed")
        assert await settled(keys) == svg(name="decision")


def _inspected(poison: str) -> Stage:
    """An inspection with one table counted and the others sampled, all of them poisoned."""
    stage = _stage(poison)
    sampled, counted = poisoned(profiles.sampled(), poison), poisoned(profiles.counted("tickets"), poison)
    assert isinstance(sampled, Seen)
    assert isinstance(counted, Seen)
    stage.script.seen = {"preflight": sampled, "profile": counted}
    stage.script.holds = {"profile"}
    return stage


@pytest.mark.parametrize(
    ("name", "size"),
    [("closing", (80, 24)), ("mixture", (160, 48)), ("long", (80, 24))],
    ids=["closing", "mixture-wide", "long"],
)
async def test_an_inspection_shows_hostile_text_as_text(name: str, size: tuple[int, int]) -> None:
    stage = _inspected(HOSTILE[name])
    async with wizard(stage, mode="inspect", size=size) as (app, keys):

        def see() -> None:
            seen = text_of(app)
            assert "\x1b" not in seen
            assert "\u202e" not in seen
            assert len(seen.splitlines()) == size[1]

        async def look() -> None:
            for key in ("down", "space", "escape", "enter", "down", "enter", "escape", "escape"):
                await keys.press(key)
                await keys.pause()
                see()

        await until(keys, "SQLite database")
        await keys.press("ctrl+g")
        await until(keys, "1 of 3 tables counted")
        await look()
        stage.pilot.go()
        await until(keys, "Finish ▸")
        await look()
        assert app.is_running


async def test_markup_in_a_finding_is_seen_letter_by_letter() -> None:
    stage = _stage("[red]x[/red]")
    async with wizard(stage) as (_, keys):
        await until(keys, "SQLite database")
        await keys.press("ctrl+g")
        for word in ("Backup ▸", "Profile ▸"):
            await until(keys, word)
            await keys.press("n")
        await until(keys, "Clean ▸", "[red]x[/red]31 values read as a")


def test_gates_keep_their_words_whatever_their_advice() -> None:
    from sdmigrate.tui.narration import gate_line

    judged = GateJudged(name="breaker", verdict="stop", value=0.2, limit=0.1, advice="[/red]\x1b[0m")
    assert gate_line(judged) == "✗ stop  breaker: [/red]␛[0m"


async def test_a_name_that_no_record_can_hold_is_refused_in_words(stage: Stage) -> None:
    request = msgspec.structs.replace(records.request(), source="/srv/lone \udcff.sqlite")
    async with wizard(stage, request=request) as (_, keys):
        await until(keys, "lone �.sqlite", "✗ It is not valid UTF-8")
        await keys.press("ctrl+g")
        await until(keys, "The source cannot be used")
        assert stage.pilots == []
