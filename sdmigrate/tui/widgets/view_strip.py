"""The names of a step's views on one line, the one in sight marked."""

from textual.content import Content
from textual.widgets import Static

from sdmigrate.tui.paint import toned
from sdmigrate.tui.views.grid import Grid


class ViewStrip(Static):
    """One line; ``v`` goes through the views."""

    def show(self, grids: tuple[Grid, ...], chosen: int) -> None:
        """Draw the names with how many rows each has."""
        parts = []
        for place, grid in enumerate(grids):
            name = Content.styled(f" {grid.title} ", "bold on $panel" if place == chosen else "$tone-muted")
            number = toned(f" {len(grid.rows):,}" if grid.numbered else "", grid.tone or "muted")
            parts.append(name + number)
        self.update(Content("  ").join(parts))
