"""The unfinished runs, one a line; Enter takes one up again."""

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import DataTable

from sdmigrate.tui.format import cell, file_name
from sdmigrate.tui.session import UnfinishedRun

_MOST = 50


class RunList(DataTable[Text]):
    """Posts ``Chosen``."""

    class Chosen(Message):
        """A run is to be taken up again."""

        def __init__(self, run: UnfinishedRun) -> None:
            super().__init__()
            self.run = run

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name for it
        super().__init__(id=id, cursor_type="row", cell_padding=1)
        self._runs: tuple[UnfinishedRun, ...] = ()

    def show(self, runs: tuple[UnfinishedRun, ...]) -> None:
        """Draw these runs, the newest fifty of them."""
        self._runs = runs[:_MOST]
        self.clear(columns=True)
        self.add_columns(
            *(cell(label) for label in ("Begun (UTC)", "Source", "Mode", "How it ended", "Last done"))
        )
        for run in self._runs:
            self.add_row(
                cell(_begun(run.run_id), 16),
                cell(file_name(run.request.source), 24),
                cell(run.request.mode, 8),
                cell(run.state, 10),
                cell(run.last_done or "nothing", 9),
            )

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if event.cursor_row < len(self._runs):
            self.post_message(self.Chosen(self._runs[event.cursor_row]))


def _begun(run_id: str) -> str:
    stamp = run_id[:16]
    if len(stamp) == 16 and stamp[8] == "T":
        return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}"
    return stamp
