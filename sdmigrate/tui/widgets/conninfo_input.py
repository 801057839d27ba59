"""An input for a connection string that never shows its password."""

from rich.text import Text
from textual.widgets import Input

from sdmigrate.tui.mask import masked


class ConninfoInput(Input):
    """Edits the string as it is and draws it masked; nothing of it reaches the clipboard."""

    @property
    def _value(self) -> Text:
        return Text(masked(self.value), no_wrap=True, overflow="ignore", end="")

    def action_copy(self) -> None:
        """Not offered: the selection may hold a password."""

    def action_cut(self) -> None:
        """Delete the selection without keeping it."""
        self.delete_selection()
