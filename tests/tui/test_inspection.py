"""The inspection: a sample before anything is copied, exact numbers as they come, a stop, the evidence."""

import pytest
from msgspec.structs import replace

from sdmigrate.pipeline.messages import Proceed, Try
from sdmigrate.tui.widgets.record_table import RecordTable
from sdmigrate.tui.widgets.table_browser import TableBrowser
from tests.tui import profiles, records
from tests.tui.driving import Keys, begin, text_of, until, wizard
from tests.tui.scripted import Script, Stage


def _holding(*stages: str) -> Stage:
    return Stage(script=Script(seen={"preflight": profiles.sampled()}, holds=set(stages)))  # type: ignore[arg-type]


def _shown(keys: Keys, table: str) -> list[list[str]]:
    """The cells of that table of records."""
    drawn = keys.app.screen.query_one(f"#{table}", RecordTable)
    return [[cell.plain for cell in drawn.get_row_at(place)] for place in range(drawn.row_count)]


async def test_the_sample_is_seen_and_called_one_before_anything_is_copied() -> None:
    stage = _holding("backup")
    async with wizard(stage, mode="inspect") as (_, keys):
        seen = await begin_sampled(keys)
        assert "3  Profile" in seen
        assert "Backup: 62 %" in seen
        assert _shown(keys, "tables") == [
            ["All tables", "~260,130", "8", "…", "…", "1"],
            ["tickets", "~10,939", "6", "…", "…", "1"],
            ["comments", "~108,129", "1", "…", "…", "0"],
            ["timesheets", "~141,062", "1", "…", "…", "0"],
        ]
        await keys.press("down", "enter")
        seen = await until(keys, "tickets  from a sample of 2,048 of about 10,939 rows; counting all")
        assert ["TKT-Closure Date", "timestamp", "~100 %", "~73.0 %", "≥2,048", "1"] in _shown(
            keys, "columns"
        )
        await keys.press("down", "enter")
        seen = await until(keys, "From a sample of 2,048 of about 10,939 rows", "at least 2,048")
        assert "once every row is counted" in seen
        assert not any(isinstance(command, Try) for command in stage.pilot.commands)


async def begin_sampled(keys: Keys) -> str:
    await begin(keys, "From a sample of 6,144 of about 260,130 rows; counting all.", "timesheets")
    return text_of(keys.app)  # type: ignore[arg-type]


async def test_exact_numbers_flow_in_and_move_nothing() -> None:
    stage = _holding("profile")
    async with wizard(stage, mode="inspect") as (_, keys):
        await begin_sampled(keys)
        await until(keys, "Profile: 62 %")
        await keys.press("down", "enter")
        await until(keys, "TKT-Title")
        await keys.press("s", "s", "s", "s", "slash", *"tkt-c", "enter", "down")
        before = _shown(keys, "columns")
        assert [row[0] for row in before] == ["TKT-Created Time", "TKT-Closure Date"]
        stage.pilot.see(profiles.counted("tickets"))
        await until(keys, "1 of 3 tables counted; the others from a sample of 4,096 of about 249,191")
        await until(keys, "tickets  every row counted; keys and references to come", "7,705")
        assert [row[:5] for row in _shown(keys, "columns")] == [
            ["TKT-Created Time", "timestamp", "100 %", "100 %", "10,412"],
            ["TKT-Closure Date", "timestamp", "100 %", "73.0 %", "7,705"],
        ]
        drawn = keys.app.screen.query_one("#columns", RecordTable)
        assert drawn.pointed is not None
        assert drawn.pointed.place == ("tickets", "TKT-Closure Date")
        stage.pilot.see(profiles.counted("tickets", "comments", "timesheets", known="related"))
        await until(
            keys, "Every row of 3 tables counted; looking at keys", gone="keys and references to come"
        )
        stage.pilot.go()
        await until(
            keys, "quality 91.4", "1 finding to decide on, 3 to look at.", "Finish ▸", gone="counting all"
        )
        assert [row[0] for row in _shown(keys, "columns")] == ["TKT-Created Time", "TKT-Closure Date"]
        assert keys.app.focused is drawn
        await keys.press("escape")
        await until(keys, "TKT-Ticket ID")
        await keys.press("escape", "n")
        await until(keys, "Inspected.")


@pytest.mark.parametrize("stage_name", ["backup", "profile"])
async def test_what_is_there_when_it_is_stopped_stays_readable_and_is_called_partial(stage_name: str) -> None:
    stage = _holding(stage_name)
    async with wizard(stage, mode="inspect") as (_, keys):
        await begin_sampled(keys)
        await until(keys, "62 %")
        await keys.press("x")
        await until(keys, "Stop what is running?")
        await keys.press("y")
        partial = "Partial: from a sample of 6,144 of about 260,130 rows."
        seen = await until(keys, partial, "Try again ▸", "■ stopped")
        assert "to look at" not in seen
        await keys.press("down", "enter")
        await until(keys, "tickets  from a sample of 2,048 of about 10,939 rows; not counted")
        await keys.press("down", "enter")
        await until(keys, "Because", "From a sample of 2,048 of about 10,939 rows; not")
        await keys.press("escape")
        stage.script.holds.clear()
        await keys.press("n")
        await until(keys, "Finish ▸", gone="Partial")
        assert sum(isinstance(command, Proceed) for command in stage.pilot.commands) == 4


async def test_a_column_opens_into_its_evidence_and_what_would_happen() -> None:
    stage = _holding("profile")
    async with wizard(stage, mode="inspect", size=(120, 60)) as (_, keys):
        await begin_sampled(keys)
        stage.pilot.go()
        await until(keys, "Finish ▸")
        await keys.press("down", "enter", "down", "enter")
        seen = await until(keys, "What would happen", "12 rows to quarantine", "Types considered")
        for said in (
            "timestamp, by the evidence",
            "Every value is a date and time: 10,930 as ISO",
            "'20/05/2025 8:42' → '2025-05-20 08:42:00' 9 ×",
            "! warning: 9 of 10,939 values are written D/M/YYYY H:MM",
            "row 17: text 20/05/2025 8:42",
            f"iso_datetime {'█' * 19}▉ 10,930 > 99.9 %",
            "dmy_hm 9 < 0.1 %",
            "2025-05-20 08:42:00",
            "(all other values)",
        ):
            assert said in " ".join(seen.split()), said
        tried = next(command for command in stage.pilot.commands if isinstance(command, Try))
        assert tried.plans == records.plan().tables[:1]


async def test_tables_and_columns_stand_beside_each_other_where_there_is_room() -> None:
    async with wizard(_holding("backup"), mode="inspect") as (app, keys):
        await begin_sampled(keys)
        browser = app.screen.query_one(TableBrowser)
        assert not app.screen.query_one("#columns").parent.display  # type: ignore[union-attr]
        await keys.resize_terminal(120, 40)
        await until(keys, "…TKT-Title", "timesheets")
        assert browser.side == "tables"
        await keys.press("t", "down", "right_square_bracket")
        await until(keys, "tickets  from a sample", "Enter Open")
        await keys.press("right_square_bracket")
        await until(keys, "comments  from a sample", "CT-TKT-ID")
        await keys.press("left_square_bracket", "left_square_bracket")
        await until(keys, "…TKT-Title")
        await keys.press("escape")
        await until(keys, "Enter Columns")
        await keys.resize_terminal(160, 48)
        await until(keys, "Why", "Every value is a")
        await keys.resize_terminal(80, 24)
        await until(keys, "Duplicates", gone="…TKT-Title")


async def test_a_step_that_is_not_in_the_mode_names_the_way_back_whole() -> None:
    async with wizard(Stage(), mode="inspect", size=(120, 40)) as (_, keys):
        await begin(keys, "Finish ▸")
        await keys.press("4")
        await until(keys, "Not in this mode: inspect", "Return to Profile ▸")
        await keys.press("n")
        await until(keys, "Finish ▸", gone="Return to")


async def test_the_keys_of_a_table_open_and_a_sort_is_over_all_rows() -> None:
    async with wizard(Stage(), mode="inspect") as (_, keys):
        await begin(keys, "Finish ▸", "All tables")
        await keys.press("space")
        await until(keys, "Choose one table")
        await keys.press("down", "down", "space")
        await until(keys, "CT-TKT-ID -> tickets: suggested, 14 orphans", "every row counted")
        await keys.press("escape", "s", "s")
        await until(keys, "Sorted by Rows, largest first.")
        assert [row[0] for row in _shown(keys, "tables")] == [
            "All tables",
            "timesheets",
            "comments",
            "tickets",
        ]
        await keys.press("slash", *"time")
        await until(keys, "timesheets", gone="comments")
        await keys.press("escape")
        await until(keys, "comments")
        await keys.press("v")
        await until(keys, "✗ error")
        await keys.press("v", "v")
        await until(keys, "All tables")


async def test_an_inspection_starts_no_server_unless_one_is_named(stage: Stage) -> None:
    request = records.request("inspect")
    async with wizard(stage, request=replace(request, target=None)) as (_, keys):
        await until(keys, "SQLite database")
        assert "embedded" not in text_of(keys.app).replace("embedded, or", "")  # type: ignore[arg-type]
        await keys.press("ctrl+g")
        await until(keys, "Finish ▸")
        assert stage.pilot.begin.request.target is None


async def test_the_modes_that_need_a_target_suggest_one(stage: Stage) -> None:
    request = replace(records.request("inspect"), target=None)
    async with wizard(stage, request=request) as (_, keys):
        await until(keys, "SQLite database")
        keys.app.screen.query_one("#mode").focus()
        await keys.press("right")
        await until(keys, "REHEARSE", "started when the run")
        await keys.press("left")
        await until(keys, "INSPECT", gone="started when the run")
