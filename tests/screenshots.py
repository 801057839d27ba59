"""``python -m tests.screenshots [SCENE …]``: each screen as SVG and PNG in screenshots/."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from textual.widgets import Input

from tests.tui.driving import settled, wizard
from tests.tui.scenes import SCENES, Scene

SIZES = ((80, 24), (120, 40), (160, 48))
DIRECTORY = Path(__file__).parent.parent / "screenshots"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


async def _draw(scene: Scene, size: tuple[int, int]) -> Path:
    stage = scene.make()
    async with wizard(stage, mode=scene.mode, size=size, theme=scene.theme) as (_, keys):
        await scene.reach(keys, stage)
        path = DIRECTORY / f"{scene.name}-{size[0]}x{size[1]}.svg"
        path.write_text(await settled(keys), "utf-8")
        return path


def _to_png(path: Path) -> str | None:
    """Draw the PNG beside the SVG; why it could not be drawn otherwise."""
    png = path.with_suffix(".png")
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is not None:
        drawing = path.read_text("utf-8")
        width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing).groups()  # type: ignore[union-attr]
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--window-size={round(float(width))},{round(float(height))}", f"--screenshot={png}"]
        return _run([*command, path.as_uri()])
    converter = shutil.which("rsvg-convert")
    if converter is None:
        return "PNG needs chromium or rsvg-convert (librsvg2-bin); the SVG files are there."
    with tempfile.NamedTemporaryFile("w", suffix=".svg", encoding="utf-8") as file:
        file.write(_with_local_font(path.read_text("utf-8")))
        file.flush()
        return _run([converter, "--output", str(png), file.name])


def _with_local_font(drawing: str) -> str:
    """The drawing in a font of this machine, as broad as the one that it names and does not hold."""
    drawing = re.sub(r"@font-face \{.*?\}", "", drawing, flags=re.DOTALL)
    drawing = drawing.replace("Fira Code", "DejaVu Sans Mono")
    drawing = drawing.replace("<text ", '<text xml:space="preserve" ')
    return re.sub(r"font-size: 20px", "font-size: 20.26px", drawing)


def _run(command: list[str]) -> str | None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{command[0]}: {done.stderr.strip()[-200:]}"


def main(names: list[str]) -> int:
    """Draw the scenes of these names, or all."""
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    os.environ.pop("NO_COLOR", None)
    Input.cursor_blink = False  # type: ignore[assignment]
    DIRECTORY.mkdir(exist_ok=True)
    trouble: str | None = None
    for scene in SCENES:
        if names and scene.name not in names:
            continue
        for size in SIZES:
            path = asyncio.run(_draw(scene, size))
            trouble = _to_png(path) or trouble
            sys.stdout.write(f"{path.name}\n")
    if trouble:
        sys.stderr.write(f"{trouble}\n")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
