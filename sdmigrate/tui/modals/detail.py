"""One row in full: facts and lists, scrollable."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from sdmigrate.tui.format import plain
from sdmigrate.tui.modals.dialog import Dialog
from sdmigrate.tui.paint import toned
from sdmigrate.tui.views.grid import Detail


class DetailDialog(Dialog[None]):
    """Closed by escape, enter or q."""

    BINDINGS = [Binding("escape,enter,q", "dismiss(None)", "Close", show=False)]

    def __init__(self, detail: Detail) -> None:
        super().__init__()
        self._detail = detail

    def compose(self) -> ComposeResult:
        """Facts, then lists."""
        with VerticalScroll(classes="dialog -wide-dialog") as dialog:
            dialog.border_title = Content(plain(self._detail.title, 60))
            dialog.border_subtitle = Content("↑↓ scroll · Esc close")
            for label, text in self._detail.facts:
                with Horizontal(classes="fact"):
                    yield Static(toned(label, "muted"), classes="fact-label")
                    yield Static(toned(text), classes="fact-text")
            yield from self.between()
            for title, lines in self._detail.lists:
                yield Static(Content.styled(plain(title), "bold"), classes="list-title")
                for line in lines:
                    yield Static(toned(line), classes="list-line")

    def between(self) -> Iterable[Widget]:
        """What a dialog of this kind shows between facts and lists."""
        return ()
