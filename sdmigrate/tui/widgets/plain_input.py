"""Inputs that show what is in them as text, and a connection string without its password."""

from rich.text import Text
from textual.widgets import Input

from sdmigrate.tui.format import visible
from sdmigrate.tui.mask import masked


class PlainInput(Input):
    """Edits the text as it is; draws control characters as pictures, since a path may hold any."""

    @property
    def _value(self) -> Text:
        return Text(self.drawn(), no_wrap=True, overflow="ignore", end="")

    def drawn(self) -> str:
        """What is drawn, character by character."""
        return visible(self.value)


class ConninfoInput(PlainInput):
    """Never shows the password of a connection string; nothing of it reaches the clipboard."""

    def drawn(self) -> str:
        """The string, its password masked."""
        return visible(masked(self.value))

    def action_copy(self) -> None:
        """Not offered: the selection may hold a password."""

    def action_cut(self) -> None:
        """Delete the selection without keeping it."""
        self.delete_selection()
