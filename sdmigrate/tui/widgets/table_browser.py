"""The tables beside the columns of the one pointed at; where there is no room for both, one at a time.

Invariant: what flows in moves nothing: the table and column pointed at, sorting and filter stay.
"""

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from sdmigrate.tui.format import plain
from sdmigrate.tui.offers import Side
from sdmigrate.tui.paint import joined, toned
from sdmigrate.tui.views.grid import Grid, GridRow
from sdmigrate.tui.views.inspected import Inspection, TableView, table_mark
from sdmigrate.tui.views.inspected_grids import EVERY_TABLE, columns_grid, tables_grid
from sdmigrate.tui.widgets.record_table import RecordTable

ROOM_FOR_BOTH = 104
"""Cells from which both stand beside each other."""
ROOM_FOR_REASONS = 140
"""Cells from which the reason of each type stands beside it."""


class TableBrowser(Horizontal):
    """Both sides post what a table of records does; a table chosen at the left opens at the right."""

    class Turned(Message):
        """The keys go to the other side."""

    def __init__(self) -> None:
        super().__init__(id="browser")
        self._inspection: Inspection | None = None
        self._grids: dict[Side, Grid] = {}
        self._side: Side = "tables"

    def compose(self) -> ComposeResult:
        """Left and right."""
        with Vertical(id="tables-side"):
            yield RecordTable(id="tables")
        with Vertical(id="columns-side"):
            yield Static(id="columns-title")
            yield RecordTable(id="columns")

    @property
    def side(self) -> Side:
        """The side that takes the keys."""
        return self._side

    @property
    def in_hand(self) -> RecordTable:
        """The table of records of that side."""
        return self.query_one(f"#{self._side}", RecordTable)

    @property
    def chosen(self) -> TableView | None:
        """The table whose columns are shown; None for all tables, or where there is none."""
        row = self.query_one("#tables", RecordTable).pointed
        if row is None or row.place is None or row.place == EVERY_TABLE or self._inspection is None:
            return None
        return self._inspection.table(row.place[0])

    def show(self, inspection: Inspection) -> None:
        """Draw what is known by now."""
        self._inspection = inspection
        self._draw("tables", tables_grid(inspection, roomy=not self.has_class("-both")))
        self._draw_columns()

    def turn_to(self, side: Side) -> None:
        """Give that side the keys, and show it where there is room for one."""
        self._turned(side)
        self.in_hand.focus()

    def step(self, by: int) -> None:
        """Show the columns of a table further down (or up, below 0)."""
        tables = self.query_one("#tables", RecordTable)
        tables.move_cursor(row=tables.cursor_row + by)
        self._draw_columns()

    def _turned(self, side: Side) -> None:
        self._side = side
        self.set_class(side == "columns", "-columns")
        self.post_message(self.Turned())

    def _draw(self, side: Side, grid: Grid) -> None:
        before = self._grids.get(side)
        self._grids[side] = grid
        table = self.query_one(f"#{side}", RecordTable)
        if before is None:
            table.show(grid)
        elif before != grid:
            table.renew(grid)

    def _draw_columns(self) -> None:
        inspection = self._inspection
        if inspection is None:
            return
        table = self.chosen
        name = table.name if table else None
        self._draw("columns", columns_grid(inspection, name, roomy=self.has_class("-broad")))
        about = table_mark(inspection, table) if table else ""
        title = Content.styled("All tables" if name is None else plain(name, 40), "bold")
        title = joined(title, toned(about, "warn"))
        self.query_one("#columns-title", Static).update(title)

    @on(RecordTable.Pointed, "#tables")
    def _pointed(self) -> None:
        self._draw_columns()

    @on(RecordTable.Opened, "#tables")
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        self.turn_to("columns")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The side that is focused takes the keys."""
        if event.widget.id in ("tables", "columns") and event.widget.id != self._side:
            self._turned("columns" if event.widget.id == "columns" else "tables")

    def on_resize(self, event: events.Resize) -> None:
        """Both sides where there is room."""
        self.set_class(event.size.width >= ROOM_FOR_BOTH, "-both")
        self.set_class(event.size.width >= ROOM_FOR_REASONS, "-broad")
        if self._inspection is not None:
            self.show(self._inspection)


def is_column(row: GridRow) -> bool:
    """Whether the row stands for a column."""
    return row.place is not None and row.place[1] is not None and row.place != EVERY_TABLE
