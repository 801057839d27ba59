"""Choosing the source from a tree of files."""

from pathlib import Path

from rich.text import Text, TextType
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DirectoryTree

from sdmigrate.tui.format import cell, plain
from sdmigrate.tui.modals.dialog import Dialog


class SourceTree(DirectoryTree):
    """A tree whose labels are data: a file may bear any name."""

    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "
    ICON_FILE = "  "

    def process_label(self, label: TextType) -> Text:
        """The name as text, whatever it looks like."""
        return cell(label)


class BrowseDialog(Dialog[Path | None]):
    """The chosen file; None where the operator cancels."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Cancel", show=False),
        Binding("backspace", "up", "Up", show=False),
    ]

    def __init__(self, begin: Path) -> None:
        super().__init__()
        self._begin = begin

    def compose(self) -> ComposeResult:
        """The tree alone."""
        with Vertical(classes="dialog -full-dialog") as dialog:
            dialog.border_subtitle = Content("↑↓ move · Enter open or choose · Backspace parent · Esc cancel")
            yield SourceTree(self._begin)

    def on_mount(self) -> None:
        """Keys go to the tree."""
        self._tell_place()
        self.query_one(SourceTree).focus()

    @on(DirectoryTree.FileSelected)
    def _selected(self, event: DirectoryTree.FileSelected) -> None:
        event.stop()
        self.dismiss(event.path)

    def action_up(self) -> None:
        """Begin the tree one directory higher."""
        tree = self.query_one(SourceTree)
        tree.path = Path(tree.path).absolute().parent
        self._tell_place()

    def _tell_place(self) -> None:
        path = Path(self.query_one(SourceTree).path).absolute()
        self.query_one(".dialog", Vertical).border_title = Content(plain(path, 70))
