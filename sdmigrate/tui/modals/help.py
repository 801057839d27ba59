"""Help: what this step does, and every key with what it does now or why it does nothing."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sdmigrate.tui.format import plain
from sdmigrate.tui.modals.dialog import Dialog
from sdmigrate.tui.paint import toned


class HelpDialog(Dialog[None]):
    """Closed by escape, enter, q, ? or F1."""

    BINDINGS = [Binding("escape,enter,q,question_mark,f1", "dismiss(None)", "Close", show=False)]

    def __init__(self, title: str, words: str, keys: tuple[tuple[str, str, str], ...]) -> None:
        """Show help.

        Args:
            title: of what.
            words: what it does.
            keys: key, what it does, and why it does nothing now (empty where it can be pressed).
        """
        super().__init__()
        self._title = title
        self._words = words
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Words, then keys."""
        with VerticalScroll(classes="dialog -wide-dialog") as dialog:
            dialog.border_title = Content(plain(self._title, 60))
            dialog.border_subtitle = Content("↑↓ scroll · Esc close")
            yield Static(toned(self._words), classes="dialog-line")
            for key, label, refusal in self._keys:
                with Horizontal(classes="fact"):
                    yield Static(Content.styled(key, "$primary bold"), classes="fact-label")
                    why = toned(f"   {refusal}", "muted") if refusal else Content("")
                    yield Static(toned(label) + why, classes="fact-text")
