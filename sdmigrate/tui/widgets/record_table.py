"""A grid as a table: sorted, filtered, capped, each row opening its detail.

Invariant: sorting and filtering happen on the grid's rows, never on drawn cells, and over all rows; only the
first 500 of the outcome are drawn.
"""

from collections.abc import Callable

from rich.cells import cell_len
from rich.text import Text
from textual.message import Message
from textual.widgets import DataTable

from sdmigrate.tui.format import cell, plain
from sdmigrate.tui.paint import table_cell
from sdmigrate.tui.views.grid import Grid, GridRow, matching, ordered

MOST_ROWS = 500
_LEAST_TEXT = 12
_WANTED_FLEXIBLE = 26


class RecordTable(DataTable[Text]):
    """Draws one grid at a time."""

    class Opened(Message):
        """A row with a detail or a place was chosen."""

        def __init__(self, table: "RecordTable", row: GridRow) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> "RecordTable":
            """The table it is a row of."""
            return self.table

    class Pointed(Message):
        """The row under the cursor changed."""

        def __init__(self, table: "RecordTable", row: GridRow) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> "RecordTable":
            """The table it is a row of."""
            return self.table

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name for it
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, cell_padding=1)
        self._grid: Grid | None = None
        self._rows: tuple[GridRow, ...] = ()
        self._sorted_by: int | None = None
        self._descending = False
        self._room = 74
        self.wanted = ""
        """The filter in force; empty for none."""

    @property
    def shown(self) -> tuple[int, int]:
        """How many rows are drawn, and how many there are under the filter."""
        return min(len(self._rows), MOST_ROWS), len(self._rows)

    def show(self, grid: Grid) -> None:
        """Draw another grid, in its own order and unfiltered."""
        self._grid = grid
        self._sorted_by = None
        self.wanted = ""
        self._fill()

    def renew(self, grid: Grid) -> None:
        """Draw the same grid with other contents: sorting, filter and the place pointed at stay."""
        place = self.pointed.place if self.pointed else None
        self._grid = grid
        self._fill()
        self.move_cursor(row=0)
        self.point_at(lambda row: row.place == place)

    def point_at(self, wanted: Callable[[GridRow], bool]) -> None:
        """Go to the first row that is wanted; stay where there is none."""
        found = next((number for number, row in enumerate(self._rows) if wanted(row)), None)
        if found is not None:
            self.move_cursor(row=found)

    @property
    def pointed(self) -> GridRow | None:
        """The row under the cursor; None where there is none."""
        return self._at(self.cursor_row)

    def _at(self, number: int) -> GridRow | None:
        # Textual counts from -1 where a page is turned in an empty table.
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def sort_next(self) -> str:
        """Sort by the next column (numbers downwards); after the last comes the grid's own order.

        Returns:
            What it is sorted by, in words.
        """
        if self._grid is None:
            return ""
        following = 0 if self._sorted_by is None else self._sorted_by + 1
        self._sorted_by = following if following < len(self._grid.headings) else None
        self._descending = self._sorted_by is not None and self._grid.headings[self._sorted_by].right
        self._fill()
        if self._sorted_by is None:
            return "in its own order"
        direction = "largest first" if self._descending else "ascending"
        return f"by {self._grid.headings[self._sorted_by].label}, {direction}"

    def filter(self, wanted: str) -> None:
        """Keep the rows that hold this text; all of them for an empty one."""
        self.wanted = wanted
        self._fill()

    def _fill(self) -> None:
        grid = self._grid
        if grid is None:
            return
        self._rows = matching(grid.rows, self.wanted)
        if self._sorted_by is not None:
            self._rows = ordered(self._rows, self._sorted_by, descending=self._descending)
        self.clear(columns=True)
        widths = self._widths(grid)
        for place, heading in enumerate(grid.headings):
            mark = "" if place != self._sorted_by else " ▼" if self._descending else " ▲"
            label = cell(heading.label + mark)
            label.justify = "right" if heading.right else "left"
            self.add_column(label, width=widths[place], key=str(place))
        for row in self._rows[:MOST_ROWS]:
            self.add_row(
                *(
                    table_cell(self.app, shown, width, heading)
                    for shown, heading, width in zip(row.cells, grid.headings, widths, strict=True)
                )
            )

    def _widths(self, grid: Grid) -> list[int]:
        """The cells of each column: a flexible one takes what is left, broad texts give way to the room."""
        drawn = self._rows[:MOST_ROWS]
        widths = []
        for place, heading in enumerate(grid.headings):
            longest = max((cell_len(plain(row.cells[place].text, 200)) for row in drawn), default=0)
            mark = 2 if place == self._sorted_by else 0
            widths.append(max(len(heading.label) + mark, min(longest, heading.widest)))
        flexible = next((place for place, heading in enumerate(grid.headings) if heading.flexible), None)
        if flexible is not None:
            widths[flexible] = _WANTED_FLEXIBLE
        texts = [
            place for place, heading in enumerate(grid.headings) if not heading.right and place != flexible
        ]
        left = self._room - sum(widths) - 2 * len(widths)
        while left < 0 and texts and widths[broadest := max(texts, key=widths.__getitem__)] > _LEAST_TEXT:
            widths[broadest] -= 1
            left += 1
        if flexible is not None:
            widths[flexible] = max(_LEAST_TEXT, widths[flexible] + left)
        return widths

    def on_resize(self) -> None:
        """A flexible column follows the room."""
        room = self.container_size.width - 1
        if room != self._room and room > 0:
            self._room = room
            row = self.cursor_row
            self._fill()
            self.move_cursor(row=row)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the row's detail."""
        event.stop()
        row = self._at(event.cursor_row)
        if row is not None and (row.detail is not None or row.place is not None):
            self.post_message(self.Opened(self, row))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Tell what the row says."""
        event.stop()
        row = self._at(event.cursor_row)
        if row is not None:
            self.post_message(self.Pointed(self, row))
