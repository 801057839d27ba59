"""How far the running stage is: a bar, the numbers, and what it does at this moment."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from sdmigrate.model.events import Progress
from sdmigrate.tui.format import bar, clock
from sdmigrate.tui.narration import progress_lines
from sdmigrate.tui.paint import toned


class ProgressPanel(Vertical):
    """Three lines that change ten times a second at most."""

    def compose(self) -> ComposeResult:
        """Bar, numbers, reason."""
        yield Static(id="bar")
        yield Static(id="numbers")
        yield Static(id="reason")

    def show(self, progress: Progress | None, elapsed: float) -> None:
        """Draw the progress; None while the stage has not said anything yet."""
        if progress is None:
            self.query_one("#bar", Static).update("")
            self.query_one("#numbers", Static).update(toned(f"{clock(elapsed)} gone", "muted"))
            self.query_one("#reason", Static).update("")
            return
        numbers, reason = progress_lines(progress, elapsed)
        self.query_one("#bar", Static).update(self._bar(progress))
        self.query_one("#numbers", Static).update(toned(numbers))
        self.query_one("#reason", Static).update(toned(reason, "muted"))

    def _bar(self, progress: Progress) -> Content:
        if progress.total is None:
            return toned("total unknown", "muted")
        width = max(10, min(60, self.size.width - 8))
        filled = bar(progress.done, progress.total, width)
        portion = min(1.0, progress.done / progress.total) if progress.total else 1.0
        return (
            Content.styled(filled, "$primary on $panel")
            + Content.styled(" " * (width - len(filled)), "on $panel")
            + Content.styled(f" {portion * 100:3.0f} %", "bold")
        )
