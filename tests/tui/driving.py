"""The wizard over a script, in memory: keys until something is seen, and the screen as text or SVG."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from sdmigrate.model.settings import Mode, Request
from sdmigrate.tui.app import WizardApp, WizardOptions
from tests.tui import records
from tests.tui.scripted import Stage

Keys = Pilot[None]
_PATIENCE = 20.0
"""Seconds; far more than any screen takes on a machine that has other work."""


def picture(app: WizardApp) -> str:
    """The screen as SVG, without what differs from one drawing to the next."""
    return re.sub(r"terminal-\d+", "terminal", app.export_screenshot(simplify=True))


def text_of(app: WizardApp) -> str:
    """What stands on the screen, line by line, dialogs over what is below them."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


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
    async with app.run_test(size=size, notifications=True) as keys:
        try:
            await until(keys, "sdmigrate")
            yield app, keys
        finally:
            app.close_bridge()


async def until(keys: Keys, *words: str, gone: str | None = None) -> str:
    """Wait until all these words stand on the screen (and another does not); what stands there then.

    Raises:
        AssertionError: they did not come in time.
    """
    app = keys.app
    assert isinstance(app, WizardApp)
    seen = ""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        await keys.pause(0.02)
        seen = text_of(app)
        if all(word in seen for word in words) and (gone is None or gone not in seen):
            await keys.pause()
            return text_of(app)
    raise AssertionError(f"{words} did not appear:\n{seen}")


async def begin(keys: Keys, *words: str) -> None:
    """From the start screen into the run, until these words stand; preflight is done for none."""
    await until(keys, "SQLite database")
    await keys.press("ctrl+g")
    await until(keys, *(words or ("Preflight", "Backup ▸")))
