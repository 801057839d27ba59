"""The run's events as they came, the newest at the end."""

from collections.abc import Iterable

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import RichLog

from sdmigrate.tui.bridge import MOST_LINES
from sdmigrate.tui.modals.dialog import Dialog


class LogDialog(Dialog[None]):
    """Follows while it is scrolled to its end; closed by escape, l or q."""

    BINDINGS = [Binding("escape,l,q", "dismiss(None)", "Close", show=False)]

    def __init__(self, lines: Iterable[str], path: str) -> None:
        super().__init__()
        self._lines = tuple(lines)
        self._path = path

    def compose(self) -> ComposeResult:
        """The lines, and where all of them are."""
        log = RichLog(max_lines=MOST_LINES, classes="dialog -full-dialog", wrap=True, min_width=1)
        log.border_title = Content("Log")
        log.border_subtitle = Content(f"Esc close · all of it: {self._path}" if self._path else "Esc close")
        yield log

    def on_mount(self) -> None:
        """What came before."""
        self.append(self._lines)
        self.query_one(RichLog).focus()

    def append(self, lines: Iterable[str]) -> None:
        """What came since."""
        log = self.query_one(RichLog)
        for line in lines:
            log.write(Text(line))
