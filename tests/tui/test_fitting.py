"""How grids share the room between their columns."""

from sdmigrate.model.result import Cleaned
from sdmigrate.tui.views.fitting import PADDING, fit
from sdmigrate.tui.views.grid import Grid, GridRow, Heading, Shown, numeric
from sdmigrate.tui.views.moved import ledger_grid
from tests.tui import records


def _drawn(grid: Grid, room: int, sorted_by: int | None = None) -> dict[str, int]:
    widths = fit(grid, grid.rows, room, sorted_by)
    return {grid.headings[place].label: width for place, width in widths.items()}


def _ledger(names: tuple[str, ...], *, duplicates: int = 0) -> Grid:
    cleaned = records.results()["clean"]
    assert isinstance(cleaned, Cleaned)
    grid = ledger_grid(cleaned)
    rows = tuple(
        GridRow(
            (
                Shown(name),
                numeric(770),
                numeric(770),
                numeric(0),
                numeric(duplicates),
                numeric(0),
                numeric(0),
            )
        )
        for name in names
    )
    return Grid(grid.title, grid.headings, rows)


def test_columns_of_zeros_give_way_to_names_from_the_right() -> None:
    whole = ["Table", "Read", "To load", "Quarantined", "Duplicates", "Excluded", "Changed"]
    assert list(_drawn(_ledger(("tickets",)), 74)) == whole
    named = _drawn(_ledger(("itemTypeFieldsCombined",)), 74)
    assert list(named) == whole[:-1]
    assert named["Table"] == len("itemTypeFieldsCombined")
    longest = _drawn(_ledger(("baseFieldMappingsCombinedWithOthers",)), 74)
    assert list(longest) == whole[:4]
    assert longest["Table"] == len("baseFieldMappingsCombinedWithOthers")


def test_a_column_that_tells_of_a_row_stays_though_names_are_cut() -> None:
    named = _drawn(_ledger(("baseFieldMappingsCombinedWithOthers", "b"), duplicates=1), 74)
    assert list(named) == ["Table", "Read", "To load", "Quarantined", "Duplicates"]
    assert sum(named.values()) + PADDING * len(named) == 74


def test_the_column_that_is_sorted_by_stays() -> None:
    named = _drawn(_ledger(("itemTypeFieldsCombined",)), 74, sorted_by=6)
    assert "Changed" in named
    assert "Excluded" not in named


def test_room_that_is_left_goes_to_names_beyond_their_wish() -> None:
    grid = Grid(
        "Findings",
        (
            Heading("Where", widest=30, name=True),
            Heading("Count", right=True),
            Heading("Finding", flexible=True),
        ),
        (GridRow((Shown("w" * 50), numeric(3), Shown("f" * 60))),),
    )
    assert _drawn(grid, 150) == {"Where": 50, "Count": 5, "Finding": 89}
    assert _drawn(grid, 101) == {"Where": 45, "Count": 5, "Finding": 45}
    narrow = _drawn(grid, 60)
    assert narrow["Where"] < 30
    assert sum(narrow.values()) + PADDING * len(narrow) == 60
