"""One step in full: how it stands, what it does, its progress, its verdicts, its result."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from sdmigrate.tui.format import plain
from sdmigrate.tui.journey import Journey, active_step, gates_of, step_state
from sdmigrate.tui.narration import (
    GATE_TONES,
    GLYPHS,
    TONES,
    WORDS,
    doing,
    gate_line,
    headline,
)
from sdmigrate.tui.offers import Offer, going_on, why_no_review
from sdmigrate.tui.paint import joined, toned
from sdmigrate.tui.questions import live_has_writes
from sdmigrate.tui.steps import Step, StepName, position, purpose
from sdmigrate.tui.views import View, views_of
from sdmigrate.tui.views.inspected import Inspection
from sdmigrate.tui.widgets.progress_panel import ProgressPanel
from sdmigrate.tui.widgets.record_table import RecordTable, filtered, whole_names
from sdmigrate.tui.widgets.table_browser import TableBrowser
from sdmigrate.tui.widgets.view_strip import ViewStrip


class StagePane(Vertical):
    """Draws one step of the journey; the same pane serves all six."""

    def __init__(self) -> None:
        super().__init__(id="pane")
        self._views: tuple[View, ...] = ()
        self._chosen: dict[StepName, str] = {}
        """The title of the view that the operator turned to."""
        self._stopped = False
        """A gate said no, or the step failed: what is wrong is shown first."""
        self._step: Step | None = None
        self._hint = Content("")

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
        yield TableBrowser()
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
        return len(self._views)

    @property
    def inspection(self) -> Inspection | None:
        """The tables of the inspection, where they are in sight."""
        view = self._in_sight
        return view if isinstance(view, Inspection) else None

    @property
    def browser(self) -> TableBrowser:
        """What shows the inspection."""
        return self.query_one(TableBrowser)

    @property
    def table(self) -> RecordTable:
        """The table that takes the keys."""
        return self.browser.in_hand if self.inspection else self.query_one("#table", RecordTable)

    @property
    def _in_sight(self) -> View | None:
        return self._views[self._place_in_sight] if self._views else None

    def show(self, journey: Journey, step: Step, go_on: Offer, now: float) -> None:
        """Draw the step as it stands."""
        changed_step = step is not self._step
        self._step = step
        state = step_state(journey, step)
        self._stopped = state in ("refused", "failed")
        words, tone = headline(journey, step)
        views = views_of(journey, step)
        known = next((view for view in views if isinstance(view, Inspection)), None)
        if known is not None and state == "pending":
            # What is seen before the step runs comes from its sample.
            state = "running" if known.busy else "stopped"
        self.query_one("#title", Static).update(Content.styled(f"{position(step) + 1}  {step.title}", "bold"))
        self.query_one("#state", Static).update(toned(f"{GLYPHS[state]} {WORDS[state]}", TONES[state]))
        said = [toned(line, tone) for line in words.split("\n")]
        self.query_one("#headline", Static).update(Content("\n").join(said))
        self.query_one("#purpose", Static).update(toned(purpose(step, journey.request.mode), "muted"))
        moving = journey.running is not None and journey.running in step.stages
        # Beside tables there is room for one line of progress, and they say more than the purpose.
        self.query_one("#progress", ProgressPanel).display = moving and known is None
        self.set_class((moving or state in ("pending", "not_in_mode")) and known is None, "-ahead")
        self._show_gates(journey, step)
        self._show_result(views, fresh=changed_step)
        self._show_hint(journey, step)
        if journey.running is not None:
            self.tick(journey, now)
        self._show_way_on(journey, step, go_on)

    def tick(self, journey: Journey, now: float) -> None:
        """Draw what moves."""
        panel = self.query_one("#progress", ProgressPanel)
        if panel.display:
            panel.show(journey.progress, now - journey.began)
        elif self._tells_progress:
            self._say_hint(toned(doing(journey, now), "muted"))

    @property
    def _tells_progress(self) -> bool:
        """Whether progress is one line over the tables."""
        return any(isinstance(view, Inspection) and view.busy for view in self._views)

    def next_view(self) -> None:
        """Show the following view of the result; after the last comes the first."""
        if self._step is None or not self._views:
            return
        following = self._views[(self._place_in_sight + 1) % len(self._views)]
        self._chosen[self._step.name] = following.title
        self._draw_view()
        self.table.focus()

    def sort_next(self) -> str:
        """Sort the table by its next column; the words for it."""
        return self.table.sort_next()

    def ask_filter(self) -> None:
        """Open the filter."""
        field = self.query_one("#filter", Input)
        with self.prevent(Input.Changed):
            field.value = self.table.wanted
        field.display = True
        field.focus()

    def close_filter(self, *, keep: bool) -> None:
        """Close the filter, with or without its effect."""
        self._hide_filter()
        if not keep:
            self.table.filter("")
            self._show_capped()
        if self.table.display:
            self.table.focus()

    def leave(self) -> None:
        """Clear the filter; where there is none, go back from the columns to the tables."""
        if self.table.wanted or self.query_one("#filter", Input).display or not self.inspection:
            self.close_filter(keep=False)
        elif self.browser.side == "columns":
            self.browser.turn_to("tables")

    def _hide_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = False
        with self.prevent(Input.Changed):
            field.value = ""

    @on(RecordTable.Pointed)
    def _pointed(self, event: RecordTable.Pointed) -> None:
        event.stop()
        if event.table is self.table:
            self._show_preview()

    @on(TableBrowser.Turned)
    def _turned(self) -> None:
        self._show_preview()
        self._show_capped()

    def _show_preview(self) -> None:
        table = self.table
        first, _, rest = (table.pointed.preview if table.pointed else "").partition("\n")
        lines = (joined(whole_names(table), toned(first)), toned(rest, "muted"))
        preview = self.query_one("#preview", Static)
        preview.update(Content("\n").join(line for line in lines if line.plain))
        # It stays under rows whose names fit: a table that grows and shrinks is hard to read.
        preview.display = bool(first) or table.cuts_names

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.table.filter(event.value)
        self._show_capped()

    @on(Input.Submitted, "#filter")
    def _filter_kept(self) -> None:
        self.close_filter(keep=True)

    def _show_hint(self, journey: Journey, step: Step) -> None:
        waiting = journey.waiting
        lines: list[str] = []
        if waiting and waiting.stopped_by and journey.latest in step.stages:
            advised = {gate.advice for gate in gates_of(journey, step).values()}
            lines = [] if waiting.hint in advised else [plain(waiting.hint or "")]
            if step_state(journey, step) == "stopped":
                kept = f"What was kept is in {plain(waiting.run_directory)}"
                lines = [kept, "n goes on from here; q leaves it for 'sdmigrate resume' or 'abort'."]
            if step_state(journey, step) == "refused" and not why_no_review(journey):
                lines.append("p reviews the plan, where it can be decided otherwise.")
            if live_has_writes(journey):
                key = "u" if waiting.asks == "offer_rollback" else "n"
                lines.append(f"What is live stays live. {key} asks again, and lets you give up those rows.")
        if not (journey.busy and self._tells_progress):
            self._say_hint(Content("\n").join(Content(line) for line in lines if line))

    def _say_hint(self, words: Content) -> None:
        """Draw it where it changed: it is laid out anew each time, and told ten times a second."""
        if words == self._hint:
            return
        self._hint = words
        hint = self.query_one("#hint", Static)
        hint.update(words)
        hint.display = bool(words.plain)

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

    def _show_result(self, views: tuple[View, ...], *, fresh: bool) -> None:
        if views == self._views and not fresh:
            return
        browsed = self.inspection is not None and not fresh
        self._views = views
        if browsed and self.inspection is not None:
            # More is known of the tables: what the operator does among them goes on.
            self.query_one(ViewStrip).show(views, self._place_in_sight)
            self.browser.show(self.inspection)
            self._show_capped()
            return
        self._hide_filter()
        self._draw_view()

    def _draw_view(self) -> None:
        strip, table = self.query_one(ViewStrip), self.query_one("#table", RecordTable)
        empty, preview = self.query_one("#empty", Static), self.query_one("#preview", Static)
        view = self._in_sight
        strip.display = view is not None
        self.browser.display = isinstance(view, Inspection)
        table.display = empty.display = preview.display = False
        if view is None:
            return
        strip.show(self._views, self._place_in_sight)
        if isinstance(view, Inspection):
            self.browser.show(view)
            self._show_preview()
        else:
            table.display = bool(view.rows)
            table.show(view)
            empty.update(toned(view.empty, "muted"))
            empty.display = not view.rows
        self._show_capped()

    @property
    def _place_in_sight(self) -> int:
        """The view turned to; else the first that tells why the step stopped, else the first with rows."""
        wanted = self._chosen.get(self._step.name) if self._step else None
        titles = [view.title for view in self._views]
        if wanted in titles:
            return titles.index(wanted)
        filled = [place for place, view in enumerate(self._views) if view.rows]
        bad = [place for place in filled if self._stopped and self._views[place].tone == "bad"]
        return next(iter((*bad, *filled)), 0)

    def _show_capped(self) -> None:
        """What of the rows is not drawn, and why."""
        table = self.table
        shown, matching = table.shown
        words = ""
        if shown < matching:
            words = f"first {shown:,} of {matching:,} rows; / filters, s sorts all of them"
        elif table.wanted:
            words = filtered(table)
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
        # A new label is drawn in the width of the one before.
        button.refresh(layout=True)
