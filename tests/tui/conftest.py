"""Fixtures: a wizard over a script, keys until something is seen, snapshots as SVG files."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.pilot import Pilot
from textual.widgets import Input

from sdmigrate.model.settings import Mode, Request
from sdmigrate.tui.app import WizardApp, WizardOptions
from tests.tui import records
from tests.tui.scripted import Stage

Keys = Pilot[None]


class SvgExtension(SingleFileSnapshotExtension):
    """One SVG file a screen, to be looked at."""

    file_extension = "svg"
    _file_extension = "svg"
    _write_mode = WriteMode.TEXT


@pytest.fixture(autouse=True)
def _quiet_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    blinking = Input.__init__

    def still(self: Input, *arguments: object, **named: object) -> None:
        blinking(self, *arguments, **named)  # type: ignore[arg-type]
        self.cursor_blink = False

    monkeypatch.setattr(Input, "__init__", still)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def svg(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(SvgExtension)


def picture(app: WizardApp) -> str:
    """The screen as SVG, without what differs from one drawing to the next."""
    svg = app.export_screenshot(simplify=True)
    return re.sub(r"terminal-\d+", "terminal", svg)


def text_of(app: WizardApp) -> str:
    """What stands on the screen, line by line."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


@asynccontextmanager
async def wizard(
    stage: Stage,
    *,
    mode: Mode = "migrate",
    size: tuple[int, int] = (80, 24),
    request: Request | None = None,
    theme: str | None = None,
) -> AsyncIterator[tuple[WizardApp, Keys]]:
    """The start screen, everything filled in."""
    options = WizardOptions(
        request=request or records.request(mode), work_directory=Path("/var/lib/sdmigrate"), theme=theme
    )
    app = WizardApp(options, stage.services())
    async with app.run_test(size=size) as keys:
        try:
            await until(keys, "sdmigrate")
            yield app, keys
        finally:
            app.close_bridge()


async def until(keys: Keys, *words: str, gone: str | None = None) -> str:
    """Wait until all these words stand on the screen (and another does not); what stands there then."""
    app = keys.app
    assert isinstance(app, WizardApp)
    seen = ""
    for _ in range(200):
        await keys.pause(0.02)
        seen = text_of(app)
        if all(word in seen for word in words) and (gone is None or gone not in seen):
            await keys.pause()
            return text_of(app)
    raise AssertionError(f"{words} did not appear:\n{seen}")


async def begin(keys: Keys) -> None:
    """From the start screen into the run, preflight done."""
    await until(keys, "SQLite database", "started when the run")
    await keys.press("ctrl+g")
    await until(keys, "Preflight", "Backup ▸")


Opening = Callable[..., AbstractAsyncContextManager[tuple[WizardApp, Keys]]]
