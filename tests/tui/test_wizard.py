"""The wizard by keys alone, over a scripted child: going on, looking back, asking, ending."""

from pathlib import Path

from msgspec.structs import replace

from sdmigrate.model.events import Progress
from sdmigrate.model.result import Switch
from sdmigrate.model.source import Source
from sdmigrate.pipeline.messages import Begin, Confirm, Ended, Finish, Proceed, Repeat, Stop
from sdmigrate.tui.app import WizardApp
from sdmigrate.tui.closing import closing
from sdmigrate.tui.journey import Journey
from sdmigrate.tui.narration import doing, headline, progress_lines
from sdmigrate.tui.screens.end import EndScreen
from sdmigrate.tui.session import UnfinishedRun
from sdmigrate.tui.steps import STEPS
from tests.tui import profiles, records
from tests.tui.driving import Keys, begin, text_of, until, wizard
from tests.tui.scenes import go_to
from tests.tui.scripted import GATES, Script, Stage

TO_CUTOVER = ("Profile ▸", "Clean ▸", "Canary ▸", "Cutover ▸")


async def _type_name(keys: Keys, name: str = "servicedesk") -> None:
    """The name, from wherever the focus is, and on to the button."""
    await keys.press(*name, "enter")
    await keys.pause()


async def test_from_start_to_live_and_back_by_keys(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        await go_to(keys, *TO_CUTOVER, "Make this release live?")
        seen = text_of(app)
        assert "260,116 in 3 tables" in seen
        assert "1 identical, 2 changed by accepted rules" in seen
        await _type_name(keys)
        await keys.press("enter")
        assert "the switch took 41 ms." in " ".join((await until(keys, "Go back with u")).split())
        await keys.press("u")
        await until(keys, "Go back to what was live before?", records.PREVIOUS)
        await _type_name(keys)
        await keys.press("enter")
        await until(keys, "Finish ▸", f"{records.PREVIOUS} is live as servicedesk again;")
        await keys.press("n")
        await until(keys, "Rolled back.")
        await keys.press("enter")
        await keys.pause()
        assert [command for command in stage.pilot.commands[1:] if not isinstance(command, Proceed)] == [
            Confirm(typed="servicedesk"),
            Confirm(typed="servicedesk"),
            Finish(),
        ]
        assert app.ending is not None
        assert app.ending.outcome == "rolled_back"
        assert not app.is_running


async def test_enter_alone_never_switches(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await go_to(keys, *TO_CUTOVER, "Make this release live?")
        await keys.press("enter")
        await until(keys, "Nothing is switched", gone="Make this release live?")
        assert not any(isinstance(command, Confirm) for command in stage.pilot.commands)
        await keys.press("n")
        await until(keys, "Make this release live?")
        await _type_name(keys, "servicedes")
        await until(keys, "Type servicedesk to go on. 'servicedes' is another name.")
        await keys.press("enter")
        await until(keys, "Nothing is switched", gone="Make this release live?")
        await keys.press("escape")
        assert not any(isinstance(command, Confirm) for command in stage.pilot.commands)


async def test_live_writes_need_a_permission_of_their_own() -> None:
    stage = Stage(
        script=Script(refuses={"cutover": ("Live has 3 new rows.", "Export them, or --discard-live-writes.")})
    )
    async with wizard(stage) as (_, keys):
        await go_to(keys, *TO_CUTOVER, "Make this release live?")
        assert "give up" not in await until(keys, "Make this release live?")
        await _type_name(keys)
        await keys.press("enter")
        await until(keys, "Live has 3 new rows.", "refused", "n asks again, and lets you give up those rows.")
        stage.script.refuses.clear()
        await keys.press("n")
        await until(keys, "▐ ▌ give up the rows")
        await keys.press("shift+tab", "shift+tab", "space")
        await until(keys, "▐X▌ give up the rows")
        await keys.press(*"servicedesk", "enter", "enter")
        await until(keys, "Go back with u")
        assert stage.pilot.commands[-1] == Confirm(typed="servicedesk", discard_live_writes=True)


async def test_stopping_is_asked_and_said_only_when_it_has_stopped() -> None:
    stage = Stage(script=Script(holds={"clean"}, slow_to_stop=True))
    async with wizard(stage) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "62 %")
        await keys.press("x")
        await until(keys, "Stop what is running?")
        await keys.press("enter")
        await until(keys, "62 %", gone="Stop what is running?")
        assert not any(isinstance(command, Stop) for command in stage.pilot.commands)
        await keys.press("ctrl+c", "ctrl+c")
        seen = await until(keys, "stopping…", "being rolled back")
        assert "nothing was left half-done" not in seen
        stage.pilot.rolled_back()
        seen = await until(keys, "Stopped: nothing was left half-done.", records.RUN_DIRECTORY)
        assert "Try again ▸" in seen
        stage.script.holds.clear()
        await keys.press("n")
        await until(keys, "Canary ▸")


async def test_a_second_stop_offers_to_kill() -> None:
    stage = Stage(script=Script(holds={"clean"}, slow_to_stop=True))
    async with wizard(stage) as (app, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "62 %")
        await keys.press("x", "y")
        await until(keys, "stopping…")
        await keys.press("x")
        await until(keys, "Kill the pipeline now?")
        await keys.press("y")
        await until(keys, "Killed.", "sdmigrate resume", records.RUN_DIRECTORY)
        assert stage.pilot.killed
        assert app.ending is not None
        assert (app.ending.outcome, app.ending.exit_code) == ("stopped", 6)


async def test_a_question_about_what_has_ended_goes_away() -> None:
    stage = Stage(script=Script(holds={"clean"}))
    async with wizard(stage) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "62 %")
        await keys.press("x")
        await until(keys, "Stop what is running?")
        stage.pilot.go()
        await until(keys, "Canary ▸", gone="Stop what is running?")


async def test_a_child_that_dies_is_told_with_the_way_on() -> None:
    stage = Stage(script=Script(dies_in="load"))
    async with wizard(stage) as (app, keys):
        await go_to(keys, *TO_CUTOVER, "ended unexpectedly")
        assert "sdmigrate resume" in text_of(app)
        assert isinstance(app.screen, EndScreen)


async def test_looking_back_keeps_the_results_and_goes_nowhere(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "Canary ▸")
        sent = len(stage.pilot.commands)
        await keys.press("b")
        await until(keys, "3  Profile", "Return to Clean ▸")
        await keys.press("1")
        await until(keys, "1  Preflight", "! WARN")
        await keys.press("f")
        await until(keys, "2  Backup", "Source SHA-256")
        await keys.press("6")
        await until(keys, "6  Cutover", "to come")
        await keys.press("n")
        await until(keys, "4  Clean", "Canary ▸")
        assert len(stage.pilot.commands) == sent


async def test_a_dimmed_key_tells_why(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await begin(keys)
        await keys.press("u")
        await until(keys, "Nothing has been switched")
        await keys.press("b")
        await until(keys, "Preflight is the first step.")
        await keys.press("x")
        await until(keys, "Nothing is running.")


async def test_running_a_step_again_asks_when_later_ones_are_forgotten(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "Canary ▸")
        await keys.press("r")
        await until(keys, "Canary ▸")
        assert stage.pilot.commands[-1] == Repeat(stage="clean")
        await keys.press("3", "r")
        await until(keys, "Run Profile again?")
        await keys.press("escape")
        assert stage.pilot.commands[-1] == Repeat(stage="clean")
        await keys.press("r")
        await until(keys, "Run Profile again?")
        await keys.press("y")
        await until(keys, "Clean ▸", "3  Profile")
        assert Repeat(stage="profile") in stage.pilot.commands


async def test_a_refused_gate_stops_with_its_reason_and_advice() -> None:
    stage = Stage(
        script=Script(refuses={"canary": ("The canary gate says no: t differs.", "Mend the plan.")})
    )
    async with wizard(stage) as (_, keys):
        seen = await _until_canary(keys)
        assert "Mend the plan." in seen
        assert "refused" in seen


async def _until_canary(keys: Keys) -> str:
    await go_to(keys, "Profile ▸", "Clean ▸", "Canary ▸")
    await keys.press("n")
    return await until(keys, "The canary gate says no: t differs.", "Try again ▸")


async def test_inspect_goes_on_to_the_end_of_the_profile(stage: Stage) -> None:
    async with wizard(stage, mode="inspect") as (app, keys):
        await begin(keys, "3  Profile", "Finish ▸")
        assert "not in mode" in text_of(app)
        await keys.press("n")
        await until(keys, "Inspected.")
        await keys.press("q")
        await keys.pause()
        assert app.ending is not None
        assert app.ending.exit_code == 0


async def test_rehearse_asks_for_no_name_and_leaves_nothing(stage: Stage) -> None:
    async with wizard(stage, mode="rehearse") as (app, keys):
        await go_to(
            keys, *TO_CUTOVER, "Rehearsed on scratch schemas: live within 41 ms, and back within 38 ms."
        )
        assert "REHEARSE" in text_of(app)
        await keys.press("n")
        shown = await until(keys, "Rehearsed, from the snapshot")
        assert not {"Kept", "Release"} & set(shown.split())
        assert not any(isinstance(command, Confirm) for command in stage.pilot.commands)


async def test_quitting_while_it_runs_asks_stops_and_tells() -> None:
    stage = Stage(script=Script(holds={"backup"}))
    async with wizard(stage) as (app, keys):
        await go_to(keys, "62 %")
        await keys.press("q")
        await until(keys, "Leave this run?", "stopped and rolled back first")
        await keys.press("n")
        await until(keys, "62 %", gone="Leave this run?")
        await keys.press("q", "y")
        await until(keys, "Stopped by you.", "sdmigrate resume")
        assert [type(command) for command in stage.pilot.commands[-2:]] == [Stop, Finish]
        assert app.ending is not None
        assert app.ending.exit_code == 5


async def test_a_run_left_before_its_load_tells_what_is_to_be_loaded(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "Canary ▸")
        await keys.press("q")
        await until(keys, "Leave this run?")
        await keys.press("y")
        shown = await until(keys, "Stopped by you.", "To load")
        assert not {"Loaded", "Verified"} & set(shown.split())


async def test_a_run_is_taken_up_again_from_the_start_screen() -> None:
    directory = Path(records.RUN_DIRECTORY)
    run = UnfinishedRun(directory, directory.name, records.request(), "stopped", "backup")
    stage = Stage(runs=(run,), script=Script(already=("preflight", "backup")))
    async with wizard(stage) as (_, keys):
        await until(keys, "Unfinished runs", "stopped")
        await keys.press("tab", "enter")
        await until(keys, "3  Profile", "Go on to Profile ▸", "✓ Backup")
        first = stage.pilot.commands[0]
        assert isinstance(first, Begin)
        assert first.resume == str(directory)
        assert len(stage.pilot.commands) == 1
        await keys.press("1")
        await until(keys, "! warning  preflight: Close other programs", "done 400 ms")


async def test_a_gate_that_refused_before_a_resume_is_shown_again() -> None:
    directory = Path(records.RUN_DIRECTORY)
    run = UnfinishedRun(directory, directory.name, records.request(), "refused", "profile")
    quality, quarantine = GATES["clean"]
    gates = GATES | {"clean": (quality, replace(quarantine, verdict="stop", advice="Mend 400 rows."))}
    script = Script(already=("preflight", "backup", "profile", "plan"), refused_before="clean", gates=gates)
    async with wizard(Stage(runs=(run,), script=script)) as (_, keys):
        await until(keys, "Unfinished runs")
        await keys.press("tab", "enter")
        seen = await until(keys, "4  Clean", "✗ stop  quarantine: Mend 400 rows.", "✗ refused")
        assert "✓ pass  quality: quality went from 91.4 to 96.2" in seen
        await keys.press("p")
        await until(keys, "Plan review")


async def test_rows_open_sort_and_filter(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        await go_to(keys, "Profile ▸", "Clean ▸")
        await keys.press("v")
        await until(keys, "All tables")
        await keys.press("enter")
        await until(keys, "tickets.TKT-Title")
        await keys.press("s", "s", "s")
        await until(keys, "Sorted by Sure, largest first.")
        await keys.press("slash", *"title")
        await until(keys, "TKT-Title", gone="CT-TKT-ID")
        await keys.press("enter", "enter")
        await until(keys, "240 characters")
        await keys.press("escape")
        await keys.press("slash", *"zz")
        await until(keys, "0 rows hold 'zz'; Esc shows all", gone="TKT-Title")
        await keys.press("escape")
        await until(keys, "CT-TKT-ID", gone="Esc shows all")
        await keys.press("l")
        await until(keys, "gate breaker: pass")
        await keys.press("escape", "question_mark")
        await until(keys, "Opens the chosen row")
        assert isinstance(app, WizardApp)


async def test_the_layout_follows_the_terminal(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        await begin(keys)
        assert app.screen.query_one("Stepper").size.height == 2
        await keys.resize_terminal(160, 48)
        await keys.pause()
        assert app.screen.query_one("Stepper").size.width == 26
        await until(keys, "1 Preflight", "6 Cutover")
        await keys.resize_terminal(80, 24)
        await keys.pause()
        assert app.screen.query_one("Stepper").size.height == 2


async def test_what_a_row_means_stands_below_however_many_rows_there_are() -> None:
    found = profiles.profile().findings[0]
    many = tuple(
        replace(found, message=f"Finding {number}.", advice=f"Advice {number}.") for number in range(60)
    )
    source = records.results()["preflight"]
    assert isinstance(source, Source)
    script = Script(results=records.results() | {"preflight": replace(source, findings=many)})
    async with wizard(Stage(script=script)) as (_, keys):
        await begin(keys, "Advice 0.", "Backup ▸")
        await keys.press("tab", "ctrl+end")
        await until(keys, "Advice 59.")


async def test_the_outcome_stands_first_however_many_tables_there_were(stage: Stage) -> None:
    ended = records.finished("rolled_back", 0, ("preflight", "clean", "load", "verify"))
    tables = tuple(replace(ended.tables[0], source=f"t{number}") for number in range(60))
    back = Switch(schema="desk", release=None, previous=records.RELEASE, milliseconds=1.0)
    journey = Journey(
        request=records.request(),
        results={"rollback": back},
        ended=Ended(finished=replace(ended, tables=tables, previous=records.RELEASE)),
    )
    async with wizard(stage) as (app, keys):
        app.push_screen(EndScreen(closing(journey, killed=False)))
        seen = await until(keys, "Rolled back. Nothing is live as desk, as before this run.", "t3")
        assert "MIGRATE" in seen.splitlines()[0]
        assert "Kept" in seen
        assert "what was live before" not in seen
        assert "✓ changed" in seen


def test_nothing_heard_yet_is_told_as_a_start() -> None:
    journey = Journey(request=records.request())
    words, tone = headline(journey, STEPS[0])
    assert (words, tone) == ("Starting the run's own process, with a PostgreSQL of its own …", "strong")
    assert headline(journey, STEPS[1])[0] == "To come."


def test_a_step_that_nobody_counts_is_told_by_its_words_alone() -> None:
    step = Progress(
        stage="load",
        table=None,
        done=0,
        total=None,
        unit="steps",
        rate=0.0,
        eta_seconds=None,
        reason="statistics of comments",
    )
    assert progress_lines(step, 6.0) == ("0:06 gone", "statistics of comments")


def test_all_that_is_counted_is_not_all_that_is_done() -> None:
    def told(done: int) -> str:
        progress = Progress(
            stage="profile",
            table=None,
            done=done,
            total=200,
            unit="rows",
            rate=10.0,
            eta_seconds=None,
            reason="",
        )
        return doing(Journey(request=records.request(), running="profile", progress=progress), now=65.0)

    assert told(150) == "Profile: 75 %  ·  1:05 gone"
    assert told(200) == "Profile: 1:05 gone"
