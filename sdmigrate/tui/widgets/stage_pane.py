"""One step in full: how it stands, what it does, its progress, its verdicts, its result."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import plain
from sdmigrate.tui.journey import Journey, active_step, gates_of, step_state
from sdmigrate.tui.narration import (
    GATE_TONES,
    GLYPHS,
    TONES,
    WORDS,
    gate_line,
    headline,
)
from sdmigrate.tui.offers import Offer, going_on, why_no_review
from sdmigrate.tui.paint import toned
from sdmigrate.tui.steps import Step, StepName, position, purpose
from sdmigrate.tui.views import views_of
from sdmigrate.tui.views.grid import Grid
from sdmigrate.tui.widgets.progress_panel import ProgressPanel
from sdmigrate.tui.widgets.record_table import RecordTable
from sdmigrate.tui.widgets.view_strip import ViewStrip


class StagePane(Vertical):
    """Draws one step of the journey; the same pane serves all six."""

    def __init__(self) -> None:
        super().__init__(id="pane")
        self._grids: tuple[Grid, ...] = ()
        self._chosen: dict[StepName, int] = {}
        self._step: Step | None = None

    def compose(self) -> ComposeResult:
        """From the outside in: title, words, progress, verdicts, result, the way on."""
        with Horizontal(id="title-row"):
            yield Static(id="title")
            yield Static(id="state")
        yield Static(id="purpose")
        yield Static(id="headline")
        yield Static(id="hint")
        yield ProgressPanel(id="progress")
        yield Static(id="gates")
        yield ViewStrip(id="strip")
        yield RecordTable(id="table")
        yield Static(id="preview")
        yield Static(id="empty")
        yield Input(id="filter", placeholder="rows that hold this text; Enter keeps it, Esc clears it")
        with Horizontal(id="action-row"):
            yield Button("", id="go-on", compact=True)
            yield Static(id="left-over")

    def on_mount(self) -> None:
        """A key pressed again within the button's flash must not be lost."""
        self.query_one("#go-on", Button).active_effect_duration = 0

    @property
    def views(self) -> int:
        """How many views the step's result has."""
        return len(self._grids)

    def show(self, journey: Journey, step: Step, go_on: Offer, now: float) -> None:
        """Draw the step as it stands."""
        changed_step = step is not self._step
        self._step = step
        state = step_state(journey, step)
        words, tone = headline(journey, step)
        self.query_one("#title", Static).update(Content.styled(f"{position(step) + 1}  {step.title}", "bold"))
        self.query_one("#state", Static).update(toned(f"{GLYPHS[state]} {WORDS[state]}", TONES[state]))
        self.query_one("#headline", Static).update(toned(words, tone))
        self._show_hint(journey, step)
        self.query_one("#purpose", Static).update(toned(purpose(step, journey.request.mode), "muted"))
        moving = journey.running is not None and journey.running in step.stages
        self.query_one("#progress", ProgressPanel).display = moving
        self.set_class(moving or state in ("pending", "not_in_mode"), "-ahead")
        if moving:
            self.tick(journey, now)
        self._show_gates(journey, step)
        self._show_result(views_of(journey, step), fresh=changed_step)
        self._show_way_on(journey, step, go_on)

    def tick(self, journey: Journey, now: float) -> None:
        """Draw what moves."""
        self.query_one("#progress", ProgressPanel).show(journey.progress, now - journey.began)

    def next_view(self) -> None:
        """Show the following view of the result; after the last comes the first."""
        if self._step is None or not self._grids:
            return
        self._chosen[self._step.name] = (self._chosen_view(self._step) + 1) % len(self._grids)
        self._draw_view()

    def sort_next(self) -> str:
        """Sort the table by its next column; the words for it."""
        return self.query_one(RecordTable).sort_next()

    def ask_filter(self) -> None:
        """Open the filter."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    def close_filter(self, *, keep: bool) -> None:
        """Close the filter, with or without its effect."""
        field = self.query_one("#filter", Input)
        field.display = False
        if not keep:
            field.value = ""
        table = self.query_one(RecordTable)
        if table.display:
            table.focus()

    @on(RecordTable.Pointed)
    def _pointed(self, event: RecordTable.Pointed) -> None:
        event.stop()
        first, _, rest = event.row.preview.partition("\n")
        preview = self.query_one("#preview", Static)
        preview.update(
            Content("\n").join(part for part in (toned(first), toned(rest, "muted")) if part.plain)
        )
        preview.display = bool(event.row.preview)

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.query_one(RecordTable).filter(event.value)
        self._show_capped()

    @on(Input.Submitted, "#filter")
    def _filter_kept(self) -> None:
        self.close_filter(keep=True)

    def _show_hint(self, journey: Journey, step: Step) -> None:
        hint = self.query_one("#hint", Static)
        waiting = journey.waiting
        lines: list[str] = []
        if waiting and waiting.stopped_by and journey.latest in step.stages:
            advised = {gate.advice for gate in gates_of(journey, step).values()}
            lines = [] if waiting.hint in advised else [plain(waiting.hint or "")]
            if step_state(journey, step) == "stopped":
                lines.insert(0, f"What was kept is in {plain(waiting.run_directory)}")
            if step_state(journey, step) == "refused" and not why_no_review(journey):
                lines.append("p reviews the plan, where it can be decided otherwise.")
        hint.update(Content("\n").join(Content(line) for line in lines if line))
        hint.display = any(lines)

    def _show_gates(self, journey: Journey, step: Step) -> None:
        gates = gates_of(journey, step)
        widget = self.query_one("#gates", Static)
        lines = [
            toned(gate_line(gates[name]), GATE_TONES[gates[name].verdict])
            for name in step.gates
            if name in gates
        ]
        widget.update(Content("\n").join(lines))
        widget.display = bool(lines)

    def _show_result(self, grids: tuple[Grid, ...], *, fresh: bool) -> None:
        if grids == self._grids and not fresh:
            return
        self._grids = grids
        field = self.query_one("#filter", Input)
        field.display = False
        with self.prevent(Input.Changed):
            field.value = ""
        self._draw_view()

    def _draw_view(self) -> None:
        strip, table = self.query_one(ViewStrip), self.query_one(RecordTable)
        empty = self.query_one("#empty", Static)
        strip.display = bool(self._grids)
        if self._step is None or not self._grids:
            table.display = empty.display = self.query_one("#preview", Static).display = False
            return
        chosen = self._chosen_view(self._step)
        grid = self._grids[chosen]
        strip.show(self._grids, chosen)
        table.display = bool(grid.rows)
        self.query_one("#preview", Static).display = False
        table.show(grid)
        empty.update(toned(grid.empty, "muted"))
        empty.display = not grid.rows
        self._show_capped()

    def _chosen_view(self, step: Step) -> int:
        """The view chosen before; else the first that has rows, so that findings come first where any are."""
        first = next((place for place, grid in enumerate(self._grids) if grid.rows), 0)
        return min(self._chosen.get(step.name, first), len(self._grids) - 1)

    def _show_capped(self) -> None:
        """What of the rows is not drawn, and why."""
        table = self.query_one(RecordTable)
        shown, matching = table.shown
        words = ""
        if shown < matching:
            words = f"first {shown:,} of {matching:,} rows; / filters, s sorts all of them"
        elif table.wanted:
            words = f"{plural(matching, 'row holds', 'rows hold')} {plain(table.wanted, 20)!r}; Esc shows all"
            if not matching:
                self.query_one("#preview", Static).display = False
        self.query_one("#left-over", Static).update(toned(words, "muted"))

    def _show_way_on(self, journey: Journey, step: Step, go_on: Offer) -> None:
        button = self.query_one("#go-on", Button)
        button.display = not go_on.refusal
        words = (
            going_on(journey) if step is active_step(journey) else f"Return to {active_step(journey).title}"
        )
        button.label = Content(f" {words} ▸ ")
