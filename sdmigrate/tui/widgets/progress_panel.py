"""How far the running stage is: a bar, the numbers, and what it does at this moment.

Invariant: however often it is told, it paints three times a second and only a line that has changed; nothing
is laid out anew for it, since each line has its place. A stage may run for hours, and the machine is its own.
"""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from sdmigrate.model.events import Progress
from sdmigrate.tui.format import bar, clock
from sdmigrate.tui.narration import progress_lines
from sdmigrate.tui.paint import toned

LINES = ("bar", "numbers", "reason")


class ProgressPanel(Vertical):
    """Three lines; the latest that was told of a stage is what they say."""

    PAINTING_SECONDS = 0.3

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name for it
        super().__init__(id=id)
        self._told: tuple[Progress | None, float] = (None, 0.0)

    def compose(self) -> ComposeResult:
        """Bar, numbers, reason."""
        for line in LINES:
            yield Static(id=line)

    def on_mount(self) -> None:
        """Paint from now on."""
        self.set_interval(self.PAINTING_SECONDS, self._paint)

    def show(self, progress: Progress | None, elapsed: float) -> None:
        """Take the progress; None while the stage has not said anything yet, which is painted at once."""
        self._told = (progress, elapsed)
        if progress is None:
            self._paint()

    def _paint(self) -> None:
        progress, elapsed = self._told
        if progress is None:
            self._say(Content(""), toned(f"{clock(elapsed)} gone", "muted"), Content(""))
        else:
            numbers, reason = progress_lines(progress, elapsed)
            self._say(self._bar(progress), toned(numbers), toned(reason, "muted"))

    def _say(self, *lines: Content) -> None:
        for line, words in zip(LINES, lines, strict=True):
            shown = self.query_one(f"#{line}", Static)
            if words != shown.content:
                shown.update(words, layout=False)

    def _bar(self, progress: Progress) -> Content:
        if progress.total is None:
            return toned("how much is left is not known", "muted")
        width = max(10, min(60, self.size.width - 8))
        filled = bar(progress.done, progress.total, width)
        portion = min(1.0, progress.done / progress.total) if progress.total else 1.0
        return (
            Content.styled(filled, "$primary on $panel")
            + Content.styled(" " * (width - len(filled)), "on $panel")
            + Content.styled(f" {portion * 100:3.0f} %", "bold")
        )
