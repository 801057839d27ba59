"""The wizard over a script, in memory: keys until something is seen, and the screen as text or SVG."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from rich.segment import Segment
from textual.pilot import Pilot

from sdmigrate.model.settings import Mode, Request
from sdmigrate.tui.app import WizardApp, WizardOptions
from tests.tui import records
from tests.tui.scripted import Stage

Keys = Pilot[None]
_PATIENCE = 20.0
"""Seconds; far more than any screen takes on a machine that has other work."""

_STILL = 3
"""Looks in a row at which a screen must be the same to be at rest."""


_GROUND = re.compile(
    r'<rect fill="([^"]+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="24.65" '
    r'shape-rendering="crispEdges"/>'
)
"""The ground of some neighbouring cells of one line."""


def picture(app: WizardApp) -> str:
    """The screen as SVG, without what differs from one drawing to the next."""
    drawn = re.sub(r"terminal-\d+", "terminal", app.export_screenshot(simplify=True))
    return re.sub(f"(?:{_GROUND.pattern})+", _one_ground, drawn)


def _one_ground(grounds: re.Match[str]) -> str:
    """Neighbours of one colour as one, whichever widgets they belong to."""
    cells = _GROUND.findall(grounds[0])
    return "".join(
        f'<rect fill="{colour}" x="{group[0][1]}" y="{line}" '
        f'width="{sum(float(cell[3]) for cell in group):.1f}" height="24.65" shape-rendering="crispEdges"/>'
        for (colour, line), alike in groupby(cells, key=itemgetter(0, 2))
        for group in [list(alike)]
    )


def text_of(app: WizardApp) -> str:
    """What stands on the screen, line by line, dialogs over what is below them."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def _cells(app: WizardApp) -> list[list[Segment]]:
    """What stands on the screen with its styles."""
    return [list(strip) for strip in app.screen._compositor.render_strips()]


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


async def settled(keys: Keys) -> str:
    """The picture, once nothing moves in it: focus and styles may be drawn a moment after the words.

    Raises:
        AssertionError: it never came to rest.
    """
    app = keys.app
    assert isinstance(app, WizardApp)
    last, alike = _cells(app), 0
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        await keys.pause(0.05)
        await keys.pause()
        now = _cells(app)
        last, alike = now, alike + 1 if now == last else 0
        if alike == _STILL:
            return picture(app)
    raise AssertionError("the screen never came to rest")


async def begin(keys: Keys, *words: str) -> None:
    """From the start screen into the run, until these words stand; preflight is done for none."""
    await until(keys, "SQLite database")
    await keys.press("ctrl+g")
    await until(keys, *(words or ("Preflight", "Backup ▸")))
