"""The start screen: answers checked as they are left, the password never shown, nothing begun too early."""

from pathlib import Path

from textual.widgets import Input

from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.pipeline.messages import Begin
from sdmigrate.tui.app import WizardOptions
from sdmigrate.tui.session import TargetReport
from tests.tui.driving import picture, text_of, until, wizard
from tests.tui.scripted import Stage

EMPTY = Request(mode="rehearse", source="/", target=None, schema=None)


async def test_it_begins_in_rehearse_with_the_embedded_server(stage: Stage) -> None:
    async with wizard(stage, request=EMPTY) as (app, keys):
        await until(keys, "REHEARSE", "started when the run needs it")
        assert app.focused is not None
        assert app.focused.id == "source"


async def test_a_file_that_is_no_database_is_explained_where_it_was_typed(stage: Stage) -> None:
    async with wizard(stage, request=EMPTY) as (_, keys):
        await keys.press(*"/srv/a.gz", "tab")
        await until(keys, "✗ /srv/a.gz is compressed with gzip. Unpack it first.")
        await keys.press("ctrl+g")
        await until(keys, "The source cannot be used")
        assert stage.pilots == []


async def test_a_usable_file_suggests_the_schema_and_the_mode_is_chosen_by_keys(stage: Stage) -> None:
    async with wizard(stage, request=EMPTY) as (app, keys):
        await keys.press(*"/srv/Help Desk-2.sqlite", "enter")
        await until(keys, "✓ SQLite database", "help_desk_2")
        await keys.press("enter", "enter", "enter", "right")
        await until(keys, "● MIGRATE", "before the switch")
        await keys.press("left", "left")
        await until(keys, "● INSPECT")
        assert app.screen.query_one("#schema", Input).disabled
        await keys.press("right", "ctrl+g")
        await until(keys, "Backup ▸")
        begin = stage.pilot.begin
        assert begin.request == Request(
            mode="rehearse", source="/srv/Help Desk-2.sqlite", target="embedded", schema="help_desk_2"
        )
        assert begin.conninfo is None


async def test_a_refused_schema_is_explained(stage: Stage) -> None:
    async with wizard(stage, request=EMPTY) as (app, keys):
        field = app.screen.query_one("#schema", Input)
        field.focus()
        await keys.press(*"public", "tab")
        await until(keys, "✗ The schema 'public' cannot be switched. Choose a schema")


async def test_an_unreachable_target_is_told_at_once(stage: Stage) -> None:
    async with wizard(stage, request=EMPTY) as (app, keys):
        field = app.screen.query_one("#target", Input)
        field.value = "postgresql://ops:s3cret@nowhere/app"
        field.focus()
        await keys.press("tab")
        await until(keys, "✗ The server at nowhere does not answer.")


async def test_the_password_goes_to_the_child_and_nowhere_else() -> None:
    examined: list[str] = []

    def examine(target: str, _: str | None) -> TargetReport:
        examined.append(target)
        return TargetReport(Endpoint(conninfo=target, described="host=db user=ops"), None)

    stage = Stage(examine=examine)
    async with wizard(stage) as (app, keys):
        field = app.screen.query_one("#target", Input)
        field.value = ""
        field.focus()
        for character in "postgresql://ops:s3cret@db/app":
            await keys.press(character)
            assert "s3" not in text_of(app)
        await until(keys, "postgresql://ops:••••••@db/app")
        assert "s3cret" not in picture(app)
        await keys.press("tab", "ctrl+g")
        await until(keys, "Backup ▸")
        begin = stage.pilot.begin
        assert begin.conninfo == "postgresql://ops:s3cret@db/app"
        assert begin.request.target == "host=db user=ops"
        assert examined[-1] == "postgresql://ops:s3cret@db/app"
        assert "s3cret" not in text_of(app)
        assert "s3cret" not in repr(stage.pilot.begin.request)


def test_no_representation_holds_the_password() -> None:
    request = Request(mode="migrate", source="/a", target="host=db", schema="app")
    options = WizardOptions(request=request, work_directory=Path("/w"), conninfo="host=db password=s3cret")
    assert "s3cret" not in repr(options)
    begin = Begin(request=request, work_directory="/w", conninfo="host=db password=s3cret")
    assert "s3cret" not in repr(begin)


async def test_the_source_is_picked_from_a_tree(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "a [red]x.sqlite").write_bytes(b"")
    (tmp_path / "b.sqlite").write_bytes(b"")
    request = Request(mode="rehearse", source=str(tmp_path / "b.sqlite"), target=None, schema="app")
    async with wizard(stage, request=request) as (_, keys):
        await keys.press("ctrl+o")
        await until(keys, "a [red]x.sqlite", "Backspace parent")
        await keys.press("down", "enter")
        await until(keys, "a [red]x", gone="Backspace parent")
        assert stage.checked[-1] == str(tmp_path / "a [red]x.sqlite")


async def test_help_tells_the_keys_and_typing_a_question_mark_types_it(stage: Stage) -> None:
    async with wizard(stage, request=EMPTY) as (app, keys):
        await keys.press("question_mark")
        assert app.screen.query_one("#source", Input).value == "?"
        await keys.press("f1")
        await until(keys, "what libpq takes")
        await keys.press("escape", "ctrl+q")
        await keys.pause()
        assert app.ending is None
        assert not app.is_running
