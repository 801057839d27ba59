"""The six steps with their states in glyph and word: a sidebar where there is room, else two lines."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from sdmigrate.tui.journey import Journey, step_state
from sdmigrate.tui.narration import GLYPHS, TONES, WORDS
from sdmigrate.tui.paint import toned
from sdmigrate.tui.steps import STEPS, Step, StepName

WIDE = 100
"""Columns of the terminal from which the steps stand in a sidebar."""


class StepMark(Vertical):
    """One step: glyph and name, and its state in words below."""

    def __init__(self, step: Step, place: int) -> None:
        super().__init__(id=f"mark-{step.name}")
        self._step = step
        self._place = place

    def compose(self) -> ComposeResult:
        """Two lines."""
        yield Static(classes="mark-name")
        yield Static(classes="mark-state")

    def show(self, journey: Journey, viewed: Step, seconds: str) -> None:
        """Draw the step's state."""
        state = step_state(journey, self._step)
        self.set_class(viewed is self._step, "-viewed")
        glyph = toned(GLYPHS[state], TONES[state])
        name = Content.styled(self._step.title, "bold" if viewed is self._step else "")
        # Six marks beside each other have no room for their numbers; the sidebar has.
        narrow = self.app.size.width < WIDE
        number = Content.styled("" if narrow else f"{self._place} ", "$tone-muted")
        self.query_one(".mark-name", Static).update(glyph + Content(" ") + number + name)
        shows_seconds = bool(seconds) and (not narrow or state == "done")
        took = Content.styled(f" {seconds}" if shows_seconds else "", "$tone-muted")
        self.query_one(".mark-state", Static).update(toned(WORDS[state], TONES[state]) + took)


class Stepper(Container):
    """All six."""

    def compose(self) -> ComposeResult:
        """One mark a step."""
        for place, step in enumerate(STEPS, start=1):
            yield StepMark(step, place)

    def show(self, journey: Journey, viewed: Step, seconds: dict[StepName, str]) -> None:
        """Draw every step's state; ``seconds`` by step name, in words, empty where unknown."""
        for step in STEPS:
            self.query_one(f"#mark-{step.name}", StepMark).show(journey, viewed, seconds.get(step.name, ""))
