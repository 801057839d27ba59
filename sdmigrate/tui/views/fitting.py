"""How a grid fits into the room: which of its columns are drawn, and how many cells each takes.

Invariant: pure; no column is narrower than its heading, and none is left out that tells of any row.
"""

from collections.abc import Sequence

from rich.cells import cell_len

from sdmigrate.tui.format import plain
from sdmigrate.tui.views.grid import Grid, GridRow

PADDING = 2
"""Cells that stand around the text of every cell."""
_LEAST_TEXT = 12
_WANTED_FLEXIBLE = 26
_LONGEST_MEASURED = 200
_MARK = 2
"""Cells of the arrow behind the heading that is sorted by."""


def fit(grid: Grid, drawn: Sequence[GridRow], room: int, sorted_by: int | None) -> dict[int, int]:
    """The columns to draw, by their place in the grid, with their cells.

    Args:
        grid: what is shown.
        drawn: those of its rows that are drawn, as they are filtered and sorted.
        room: the cells there are.
        sorted_by: the column whose heading bears an arrow; it is never left out.
    """
    needed = {place: _needed(grid, drawn, place, sorted_by) for place in range(len(grid.headings))}
    spare = [place for place in needed if place != sorted_by and _is_spare(grid, place)]
    widths = _shared(grid, needed, room)
    while spare and any(widths[place] < needed[place] for place in widths if grid.headings[place].name):
        del needed[spare.pop()]
        widths = _shared(grid, needed, room)
    return widths


def is_cut(row: GridRow, widths: dict[int, int], place: int) -> bool:
    """Whether that cell of the row does not show all of its text."""
    return cell_len(plain(row.cells[place].text)) > widths[place]


def _needed(grid: Grid, drawn: Sequence[GridRow], place: int, sorted_by: int | None) -> int:
    longest = max((cell_len(plain(row.cells[place].text, _LONGEST_MEASURED)) for row in drawn), default=0)
    return max(_least(grid, place) + (_MARK if place == sorted_by else 0), longest)


def _least(grid: Grid, place: int) -> int:
    return len(grid.headings[place].label)


def _is_spare(grid: Grid, place: int) -> bool:
    return grid.headings[place].spare and all(row.cells[place].order == 0 for row in grid.rows)


def _shared(grid: Grid, needed: dict[int, int], room: int) -> dict[int, int]:
    """The cells of each column: broad texts give way, and what is left goes to those that are cut."""
    headings = grid.headings
    widths = {
        place: max(_least(grid, place), min(longest, headings[place].widest))
        for place, longest in needed.items()
    }
    flexible = next((place for place in widths if headings[place].flexible), None)
    if flexible is not None:
        widths[flexible] = min(_WANTED_FLEXIBLE, needed[flexible])
    texts = [place for place in widths if not headings[place].right]
    left = room - sum(widths.values()) - PADDING * len(widths)
    while left < 0 and (giving := _broadest(widths, texts)) is not None:
        widths[giving] -= 1
        left += 1
    while left > 0 and (cut := [place for place in texts if widths[place] < needed[place]]):
        widths[min(cut, key=widths.__getitem__)] += 1
        left -= 1
    if flexible is not None:
        widths[flexible] += max(0, left)
    return widths


def _broadest(widths: dict[int, int], texts: list[int]) -> int | None:
    """The text that can spare a cell most easily; None where none can."""
    broadest = max(texts, key=widths.__getitem__, default=None)
    return broadest if broadest is not None and widths[broadest] > _LEAST_TEXT else None
