"""A question answered by a path."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from sdmigrate.tui.format import plain
from sdmigrate.tui.modals.dialog import Dialog
from sdmigrate.tui.paint import toned


class AskPath(Dialog[str | None]):
    """What was typed; None where the operator cancels."""

    BINDINGS = [Binding("escape", "dismiss(None)", "Cancel", show=False)]

    def __init__(self, title: str, words: str, given: str) -> None:
        super().__init__()
        self._title = title
        self._words = words
        self._given = given

    def compose(self) -> ComposeResult:
        """Words, then the field."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(plain(self._title, 60))
            dialog.border_subtitle = Content("Enter write · Esc cancel")
            yield Static(toned(self._words), classes="dialog-line")
            yield Input(self._given, id="path", select_on_focus=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
