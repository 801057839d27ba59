"""The names of a step's views on one line, the one in sight marked."""

from textual.content import Content
from textual.widgets import Static

from sdmigrate.tui.paint import toned
from sdmigrate.tui.views import View


class ViewStrip(Static):
    """One line; ``v`` goes through the views."""

    def show(self, views: tuple[View, ...], chosen: int) -> None:
        """Draw the names with how many rows each has."""
        parts = []
        for place, view in enumerate(views):
            name = Content.styled(f" {view.title} ", "bold on $panel" if place == chosen else "$tone-muted")
            number = toned(f" {len(view.rows):,}" if view.numbered else "", view.tone or "muted")
            parts.append(name + number)
        self.update(Content("  ").join(parts))
