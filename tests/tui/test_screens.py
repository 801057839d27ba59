"""Every screen as a picture, at the smallest and at a common size."""

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.tui.driving import settled, text_of, wizard
from tests.tui.scenes import SCENES, Scene


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
async def test_screen(scene: Scene, size: tuple[int, int], svg: SnapshotAssertion) -> None:
    stage = scene.make()
    async with wizard(stage, mode=scene.mode, size=size, theme=scene.theme) as (app, keys):
        await scene.reach(keys, stage)
        assert scene.mode.upper() in text_of(app).splitlines()[0]
        assert await settled(keys) == svg


async def test_without_colour_every_state_is_still_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    refused = next(scene for scene in SCENES if scene.name == "refused")
    stage = refused.make()
    async with wizard(stage) as (app, keys):
        await refused.reach(keys, stage)
        seen = text_of(app)
        assert app.no_color
        for word in ("✗ Profile", "refused", "to come", "✗ stop", "✗ error", "! warning"):
            assert word in seen
