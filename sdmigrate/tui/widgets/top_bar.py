"""The line at the top: the name, where the run goes from and to, and the mode as a worded badge."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from sdmigrate.model.settings import Mode
from sdmigrate.tui.paint import joined, toned

MODES: tuple[Mode, ...] = ("inspect", "rehearse", "migrate")


class TopBar(Horizontal):
    """Always visible, on every screen but dialogs."""

    def __init__(self, mode: Mode, *, source: str = "", goal: str = "") -> None:
        super().__init__()
        self._mode: Mode = mode
        self._source = source
        self._goal = goal

    def compose(self) -> ComposeResult:
        """Name, journey, badge."""
        yield Static(toned("sdmigrate"), id="name")
        yield Static(self._way(), id="way")
        yield Static(toned(self._mode.upper()), id="badge", classes=f"-{self._mode}")

    def _way(self) -> Content:
        arrow = toned("→", "muted") if self._goal else toned("")
        return joined(toned(self._source, "muted"), arrow, toned(self._goal), separator=" ")

    def show_mode(self, mode: Mode) -> None:
        """Change the badge."""
        badge = self.query_one("#badge", Static)
        badge.set_classes(f"-{mode}")
        badge.update(toned(mode.upper()))
