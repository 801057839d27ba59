"""One column's evidence, with what would become of its values as soon as that was tried out."""

from collections.abc import Iterator

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from sdmigrate.rules.plan_review import Place, Review
from sdmigrate.tui.modals.detail import DetailDialog
from sdmigrate.tui.paint import toned
from sdmigrate.tui.trials import ShowsTrials, Trials
from sdmigrate.tui.views.effects import Line, effect_lines
from sdmigrate.tui.views.grid import Detail


class EvidenceDialog(DetailDialog, ShowsTrials):
    """A detail, and below its facts what would happen."""

    def __init__(self, detail: Detail, place: Place, review: Review | None, trials: Trials) -> None:
        """Prepare to show it.

        Args:
            detail: the evidence.
            place: the column.
            review: of what is decided; None where nothing can be tried out now.
            trials: what is known of its effect.
        """
        super().__init__(detail)
        self._place = place
        self._review = review
        self._trials = trials

    def on_mount(self) -> None:
        """Have it tried out."""
        self.show_trials()

    def between(self) -> Iterator[Widget]:
        """What would happen stands between facts and lists."""
        yield Static(Content.styled("What would happen", "bold"), classes="list-title")
        yield Static(id="effects", classes="list-line")

    def show_trials(self) -> None:
        """Draw what is known by now of what would happen, and ask for what is not."""
        lines = [toned(text, tone) for text, tone in self._lines()]
        self.query_one("#effects", Static).update(Content("\n").join(lines))
        if self._review is not None:
            self._trials.want(self._review, self._place[0], at_once=True)

    def _lines(self) -> tuple[Line, ...]:
        if self._review is None:
            return (("It is tried out on the snapshot once every row is counted and nothing runs.", "muted"),)
        outcome = self._trials.known(self._review).get(self._place[0])
        return effect_lines(self._review, outcome, self._place)
