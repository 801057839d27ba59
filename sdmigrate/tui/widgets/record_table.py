"""A grid as a table: sorted, filtered, capped, each row opening its detail.

Invariant: sorting and filtering happen on the grid's rows, never on drawn cells, and over all rows; only the
first 500 of the outcome are drawn.
"""

from collections.abc import Callable

from rich.text import Text
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import cell, plain
from sdmigrate.tui.paint import joined, table_cell, toned
from sdmigrate.tui.views.fitting import fit, is_cut
from sdmigrate.tui.views.grid import Grid, GridRow, matching, ordered

MOST_ROWS = 500
_LONGEST_NAME = 120


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
        self._widths: dict[int, int] = {}
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
        self.point_at(lambda row: row.place == place)

    def point_at(self, wanted: Callable[[GridRow], bool], *, begin: int = 0) -> None:
        """Go to the first row from ``begin`` on that is wanted, else to one before it, else to ``begin``."""
        numbers = [*range(begin, len(self._rows)), *range(min(begin, len(self._rows)))]
        found = next((number for number in numbers if wanted(self._rows[number])), begin)
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
        following = [place for place in self._widths if self._sorted_by is None or place > self._sorted_by]
        self._sorted_by = following[0] if following else None
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
        drawn = self._rows[:MOST_ROWS]
        self._widths = fit(grid, drawn, self._room, self._sorted_by)
        for place, width in self._widths.items():
            heading = grid.headings[place]
            mark = "" if place != self._sorted_by else " ▼" if self._descending else " ▲"
            label = cell(heading.label + mark)
            label.justify = "right" if heading.right else "left"
            self.add_column(label, width=width, key=str(place))
        for row in drawn:
            self.add_row(
                *(
                    table_cell(self.app, row.cells[place], width, grid.headings[place])
                    for place, width in self._widths.items()
                )
            )

    @property
    def cut_names(self) -> tuple[str, ...]:
        """The names of the row under the cursor that stand there cut."""
        row, grid = self.pointed, self._grid
        if row is None or grid is None:
            return ()
        return tuple(
            row.cells[place].text
            for place in self._widths
            if grid.headings[place].name and is_cut(row, self._widths, place)
        )

    @property
    def cuts_names(self) -> bool:
        """Whether any drawn row has one."""
        grid = self._grid
        names = [place for place in self._widths if grid is not None and grid.headings[place].name]
        return grid is not None and any(
            is_cut(row, self._widths, place) for row in self._rows[:MOST_ROWS] for place in names
        )

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


def whole_names(table: RecordTable) -> Content:
    """The names that the row pointed at shows cut, where its preview does not say them."""
    said = table.pointed.preview if table.pointed else ""
    names = [toned(plain(name, _LONGEST_NAME), "strong") for name in table.cut_names if name not in said]
    return joined(*names)


def filtered(table: RecordTable) -> str:
    """How many rows the filter leaves, in words; empty without one."""
    _, left = table.shown
    wanted = plain(table.wanted, 20)
    return f"{plural(left, 'row holds', 'rows hold')} {wanted!r}; Esc shows all" if wanted else ""
