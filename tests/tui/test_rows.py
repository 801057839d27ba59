"""Rows by keys: the way to them, names that do not fit, what is wrong first."""

from msgspec.structs import replace
from textual.command import CommandPalette

from sdmigrate.model.events import GateJudged
from sdmigrate.model.result import CanaryResult, Cleaned, QueryResult
from sdmigrate.pipeline.messages import Ended
from sdmigrate.tui.closing import closing
from sdmigrate.tui.journey import Journey
from sdmigrate.tui.narration import event_line
from sdmigrate.tui.screens.end import EndScreen
from sdmigrate.tui.widgets.record_table import RecordTable
from tests.tui import records
from tests.tui.driving import Keys, text_of, until, wizard
from tests.tui.scenes import go_to
from tests.tui.scripted import Script, Stage

_LONG = "measurements_of_the_northern_stations_" + "x" * 20 + "_corrected"


def _last_line(keys: Keys) -> str:
    return text_of(keys.app).splitlines()[-1]  # type: ignore[arg-type]


async def test_an_arrow_leads_from_the_button_to_the_rows_and_their_keys(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        await go_to(keys, "Profile ▸", "Clean ▸")
        assert "Enter" not in _last_line(keys)
        await keys.press("down")
        await until(keys, "Enter Open  s Sort  / Filter")
        assert isinstance(app.focused, RecordTable)
        await keys.press("down", "enter")
        await until(keys, "Advice")
        await keys.press("escape", "tab")
        await until(keys, "b Back  r Again")
        await keys.resize_terminal(120, 40)
        await until(keys, "Tab Rows  s Sort  / Filter", "q Quit")


async def test_a_name_that_does_not_fit_stands_whole_below_its_row() -> None:
    cleaned = records.results()["clean"]
    assert isinstance(cleaned, Cleaned)
    ledgers = (replace(cleaned.ledgers[0], table=_LONG), *cleaned.ledgers[1:])
    results = records.results() | {"clean": replace(cleaned, ledgers=ledgers)}
    async with wizard(Stage(script=Script(results=results))) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "Canary ▸")
        seen = await until(keys, "12", "Duplicates", _LONG)
        assert "_corrected   10,939" in seen
        await keys.press("down", "down")
        # Its room stays: the table does not jump with the row that is pointed at.
        before = await until(keys, "timesheets", gone=_LONG)
        assert before.count("\n") == 23
        assert "▌" in before.splitlines()[-3]


async def test_the_end_tells_names_whole(stage: Stage) -> None:
    ended = records.finished("released", 0, ("preflight", "clean", "load", "verify"))
    tables = (replace(ended.tables[0], source=_LONG), *ended.tables[1:])
    journey = Journey(request=records.request(), ended=Ended(finished=replace(ended, tables=tables)))
    async with wizard(stage) as (app, keys):
        app.push_screen(EndScreen(closing(journey, killed=False)))
        await until(keys, "Released.", _LONG, "✓ changed")


async def test_a_query_that_failed_is_what_a_refused_canary_shows() -> None:
    canary = records.results()["canary"]
    assert isinstance(canary, CanaryResult)
    failed = QueryResult(name="trend by month", rows=0, error="function date_trunc does not exist")
    results = records.results() | {"canary": replace(canary, passed=False, queries=(*canary.queries, failed))}
    script = Script(results=results, refuses={"canary": ("The canary gate says no.", "Mend the queries.")})
    async with wizard(Stage(script=script)) as (app, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "Canary ▸")
        await keys.press("n")
        await until(keys, "Try again ▸", "trend by month", "▌ function date_trunc does not exist")
        pointed = app.screen.query_one("#table", RecordTable).pointed
        assert pointed is not None
        assert pointed.cells[0].text == "trend by month"


async def test_who_agrees_goes_on_downwards_and_stays_where_nothing_asks(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        await go_to(keys, "Profile ▸", "Clean ▸")
        await keys.press("p")
        await until(keys, "Plan review")
        table = app.screen.query_one(RecordTable)
        await until(keys, "! undecided", "2,741")
        assert table.cursor_row == 0
        await keys.press("y")
        await until(keys, "nothing is undecided", "press a to use it")
        assert table.cursor_row == 0


async def test_the_palette_begins_with_what_the_keys_offer(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        await go_to(keys, "Profile ▸")
        await keys.press("ctrl+p")
        seen = await until(keys, "Go on", "Goes on", "Looks at the step before this one")
        assert isinstance(app.screen, CommandPalette)
        assert "Maximize" not in seen
        await keys.press(*"theme")
        await until(keys, "Changes the colours")


async def test_the_log_breaks_lines_that_are_longer_than_it(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "Canary ▸")
        await keys.press("l")
        await until(keys, "Esc close", "rows in quarantine")


def test_the_log_tells_shares_as_they_are() -> None:
    judged = GateJudged(name="quarantine", verdict="pass", value=0.0011, limit=0.01, advice="few")
    assert event_line(judged) == "gate quarantine: pass (0.0011, limit 0.01) few"
