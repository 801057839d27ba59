"""Keys in any order and faster than the screen follows: none brings the wizard down or closes two screens."""

import random

import pytest
from textual.command import CommandPalette

from sdmigrate.model.settings import Mode
from sdmigrate.tui.modals.help import HelpDialog
from sdmigrate.tui.modals.question import Question
from sdmigrate.tui.screens.start import StartScreen
from sdmigrate.tui.screens.wizard import WizardScreen
from tests.tui import records
from tests.tui.driving import begin, until, wizard
from tests.tui.scenes import go_to
from tests.tui.scripted import Stage

_MOVES = (
    *(
        "tab",
        "shift+tab",
        "enter",
        "escape",
        "up",
        "down",
        "left",
        "right",
        "pageup",
        "pagedown",
        "home",
        "end",
    ),
    *("space", "backspace", "ctrl+p", "f1", "ctrl+g"),
)
_LETTERS = tuple("nbrpvltsoyzaw/u?2x")
_PRESSES = 60


async def test_a_dialog_that_closes_twice_leaves_the_screen_beneath(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        await begin(keys)
        await keys.press("question_mark")
        await keys.pause()
        dialog = app.screen
        assert isinstance(dialog, HelpDialog)
        dialog.dismiss(None)
        dialog.dismiss(None)
        await keys.pause()
        assert isinstance(app.screen, WizardScreen)


async def test_the_palette_is_open_once_and_opens_again_at_once(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        for _ in range(2):
            app.action_command_palette()
        await keys.pause()
        palette = app.screen
        assert isinstance(palette, CommandPalette)
        palette.dismiss()
        palette.dismiss()
        app.action_command_palette()
        await keys.pause()
        assert [type(screen) for screen in app.screen_stack[1:-1]] == [StartScreen]
        assert isinstance(app.screen, CommandPalette)


async def test_what_covers_the_start_screen_goes_with_it(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        app.screen.post_message(StartScreen.Begun(records.request(), None))
        app.action_command_palette()
        await until(keys, "Preflight")
        assert [type(screen) for screen in app.screen_stack[1:]] == [WizardScreen]


async def test_a_dialog_that_goes_before_it_stands_is_missed_by_nobody(stage: Stage) -> None:
    async with wizard(stage) as (app, keys):
        await begin(keys)
        app.push_screen(Question("Sure?", ("It asks.",), yes="Yes", no="No"))
        app.pop_screen()
        await keys.pause()
        assert isinstance(app.screen, WizardScreen)
        await keys.press("question_mark")
        await keys.pause()
        assert isinstance(app.screen, HelpDialog)


async def test_pages_are_turned_in_a_table_without_rows(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await go_to(keys, "Profile ▸")
        await keys.press("slash", *"nothing", "enter")
        await keys.press("pagedown", "pageup", "home", "end", "enter")
        await keys.pause()


@pytest.mark.parametrize("mode", ["inspect", "rehearse", "migrate"])
async def test_any_keys(mode: Mode) -> None:
    chance = random.Random(mode)
    async with wizard(Stage(), mode=mode, size=chance.choice([(80, 24), (40, 10), (160, 48)])) as (app, keys):
        await keys.press("ctrl+g")
        for _ in range(_PRESSES):
            if not app.is_running:
                return
            await keys.press(chance.choice(_LETTERS if chance.random() < 1 / 3 else _MOVES))
        assert app.return_code in (None, 0)
