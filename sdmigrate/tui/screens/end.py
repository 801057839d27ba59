"""The end: what happened, the rows, what is left where, and the way back."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from sdmigrate.tui.closing import Closing
from sdmigrate.tui.modals.detail import DetailDialog
from sdmigrate.tui.paint import toned
from sdmigrate.tui.widgets.key_bar import KeyBar
from sdmigrate.tui.widgets.record_table import RecordTable, whole_names
from sdmigrate.tui.widgets.top_bar import TopBar


class EndScreen(Screen[None]):
    """Any of its keys leaves."""

    CSS_PATH = "../css/end.tcss"
    BINDINGS = [
        Binding("enter,q,escape,ctrl+q,ctrl+c", "app.leave", "Leave", show=False, priority=True),
        Binding("l", "app.log", "Log", show=False),
        Binding("s", "sort", "Sort", show=False),
    ]

    def __init__(self, told: Closing) -> None:
        super().__init__()
        self._told = told

    def compose(self) -> ComposeResult:
        """The outcome first, then facts, then rows."""
        told = self._told
        yield TopBar(told.mode, source=told.source, goal=told.goal)
        with VerticalScroll(id="end"):
            yield Static(toned(told.headline, told.tone), id="outcome")
            for line in told.lines:
                yield Static(toned(line), classes="end-line")
            for label, text in told.facts:
                with Horizontal(classes="fact"):
                    yield Static(toned(label, "muted"), classes="fact-label")
                    yield Static(toned(text), classes="fact-text")
        yield RecordTable(id="end-table")
        yield Static(id="end-preview")
        yield KeyBar(
            (("Enter", "Leave", True), ("Tab", "Facts", True), ("s", "Sort", True), ("l", "Log", True))
        )

    def on_mount(self) -> None:
        """Keys go to the table."""
        table = self.query_one(RecordTable)
        table.display = self._told.rows is not None and bool(self._told.rows.rows)
        if self._told.rows is not None:
            table.show(self._told.rows)
            table.focus()

    def action_sort(self) -> None:
        """Sort the rows."""
        self.query_one(RecordTable).sort_next()

    @on(RecordTable.Pointed)
    def _pointed(self) -> None:
        table, preview = self.query_one(RecordTable), self.query_one("#end-preview", Static)
        preview.update(whole_names(table))
        preview.display = table.cuts_names

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        if event.row.detail is not None:
            self.app.push_screen(DetailDialog(event.row.detail))
