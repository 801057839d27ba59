"""The six steps: where the run stands, one step in full, and the keys.

Invariant: it draws the journey it is handed and posts what the operator wants; it sends nothing itself.
"""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input

from sdmigrate.model.record import Record
from sdmigrate.rules.plan_review import Review
from sdmigrate.tui.format import duration, file_name
from sdmigrate.tui.journey import Journey, active_step
from sdmigrate.tui.modals.detail import DetailDialog
from sdmigrate.tui.modals.evidence import EvidenceDialog
from sdmigrate.tui.modals.help import HelpDialog
from sdmigrate.tui.offers import Act, Offer, Side, key_line, offer, offers
from sdmigrate.tui.planning import review_of
from sdmigrate.tui.steps import STEPS, Step, position, purpose
from sdmigrate.tui.trials import Trials
from sdmigrate.tui.views.evidence import evidence
from sdmigrate.tui.views.grid import GridRow
from sdmigrate.tui.views.inspected_grids import table_detail
from sdmigrate.tui.widgets.key_bar import KeyBar
from sdmigrate.tui.widgets.record_table import RecordTable
from sdmigrate.tui.widgets.stage_pane import StagePane
from sdmigrate.tui.widgets.stepper import Stepper
from sdmigrate.tui.widgets.table_browser import TableBrowser, is_column
from sdmigrate.tui.widgets.top_bar import TopBar

_ROOM_FOR_KEYS = 120
"""Columns of the terminal from which the key bar holds every key."""
_HELD_BY_SCREEN: frozenset[Act] = frozenset({"look_back", "look_forward", "view", "help"})
_TABLE_KEYS = (
    ("Enter", "Opens the chosen row; on the button, goes on.", ""),
    ("t", "Turns from the columns to the tables, and back.", ""),
    ("[ ]", "Shows the columns of the table before or after.", ""),
    ("Space", "Shows the keys and references of the table.", ""),
    ("s", "Sorts the rows by their next column.", ""),
    ("/", "Filters the rows.", ""),
    ("1-6", "Looks at that step.", ""),
    ("f", "Looks at the step after this one.", ""),
    ("Tab, ↑↓", "Moves between the table and the button; among the rows.", ""),
    ("^p", "Every command by name; themes too.", ""),
)
_MEANINGS: dict[Act, str] = {
    "go_on": "Goes on",
    "look_back": "Looks at the step before this one",
    "run_again": "Runs this step again; those after it are forgotten",
    "stop": "Stops what runs; it is rolled back first",
    "review": "Reviews the plan: each decision, what it would do, and what is undecided",
    "roll_back": "Makes live again what was live before; asks for the schema's name",
    "view": "Shows the next view of this result",
    "log": "Shows the run's events",
    "help": "Shows this page",
    "quit": "Leaves; a run under way is stopped first",
}


class WizardScreen(Screen[None]):
    """Posts ``Wanted``."""

    CSS_PATH = "../css/wizard.tcss"
    BINDINGS = [
        Binding("enter,n", "act('go_on')", "Go on", show=False),
        Binding("b,left", "act('look_back')", "Back", show=False),
        Binding("f,right", "act('look_forward')", "Forward", show=False),
        Binding("r", "act('run_again')", "Again", show=False),
        Binding("x,ctrl+c", "act('stop')", "Stop", show=False),
        Binding("p", "act('review')", "Plan", show=False),
        Binding("u", "act('roll_back')", "Roll back", show=False),
        Binding("v", "act('view')", "View", show=False),
        Binding("l", "act('log')", "Log", show=False),
        Binding("question_mark,f1", "act('help')", "Help", show=False),
        Binding("q,ctrl+q", "act('quit')", "Quit", show=False),
        Binding("down,up", "rows", "Rows", show=False),
        Binding("t", "turn", "Tables", show=False),
        Binding("space", "table_keys", "Keys", show=False),
        Binding("left_square_bracket", "step(-1)", "Table before", show=False),
        Binding("right_square_bracket", "step(1)", "Next table", show=False),
        Binding("s", "sort", "Sort", show=False),
        Binding("slash", "filter", "Filter", show=False),
        Binding("escape", "leave_filter", "Clear filter", show=False),
        *(Binding(str(place), f"look_at({place})", show=False) for place in range(1, len(STEPS) + 1)),
    ]

    class Wanted(Message):
        """The operator wants something of the run; it is offered at this moment."""

        def __init__(self, act: Act, viewed: Step) -> None:
            super().__init__()
            self.act: Act = act
            self.viewed = viewed

    def __init__(self, journey: Journey, trials: Trials) -> None:
        # An inspection has few steps and broad tables: its steps stay above the pane.
        super().__init__(classes="" if journey.request.mode == "inspect" else "-beside")
        self._journey = journey
        self._trials = trials
        self._viewed = active_step(journey)
        self._drawn: Step | None = None
        self._drawn_at = 0.0
        self._could_go_on = False
        self._browsing = False
        self._review: Review | None = None
        self._review_of: tuple[Record | None, Record | None] = (None, None)

    def compose(self) -> ComposeResult:
        """Top, steps beside or above the pane, keys."""
        request = self._journey.request
        goal = request.schema or ""
        yield TopBar(request.mode, source=file_name(request.source), goal=goal)
        with Horizontal(id="body"):
            yield Stepper()
            with Vertical(id="right"):
                yield StagePane()
        yield KeyBar()

    def on_mount(self) -> None:
        """Draw what is known already."""
        self._draw()

    @property
    def viewed(self) -> Step:
        """The step that is looked at."""
        return self._viewed

    def show(self, journey: Journey, now: float) -> None:
        """Draw the journey; the look stays where the operator has it unless the run moves on under it."""
        before = active_step(self._journey)
        followed = self._viewed is before
        self._journey = journey
        self._drawn_at = now
        if followed:
            self._viewed = active_step(journey)
        if self.is_mounted:
            self._draw()

    def tick(self, journey: Journey, now: float) -> None:
        """Draw what moves."""
        if self.is_mounted and journey.running is not None and journey.running in self._viewed.stages:
            self.query_one(StagePane).tick(journey, now)

    def look_at(self, step: Step) -> None:
        """Look at another step."""
        self._viewed = step
        self._draw()

    def commands(self) -> tuple[tuple[Act, str, str], ...]:
        """What can be done now: the act, its name and what it means."""
        views = self.query_one(StagePane).views
        found = offers(self._journey, self._viewed, views)
        return tuple((each.act, each.label, _MEANINGS[each.act]) for each in found if not each.refusal)

    def _draw(self) -> None:
        pane = self.query_one(StagePane)
        seconds = {step.name: _seconds(self._journey, step) for step in STEPS}
        self.query_one(Stepper).show(self._journey, self._viewed, seconds)
        go_on = self._offer("go_on")
        pane.show(self._journey, self._viewed, go_on, self._drawn_at)
        self._draw_keys()
        self._keep_focus(may_go_on=not go_on.refusal, looked_elsewhere=self._drawn is not self._viewed)
        self._drawn = self._viewed

    def _draw_keys(self) -> None:
        pane = self.query_one(StagePane)
        side: Side | None = "rows" if pane.table.display else None
        if pane.inspection is not None:
            side = pane.browser.side
        keys = key_line(
            self._journey,
            self._viewed,
            pane.views,
            side,
            focused=not isinstance(self.focused, Button),
            roomy=self.app.size.width >= _ROOM_FOR_KEYS,
        )
        self.query_one(KeyBar).show(keys)

    def on_descendant_focus(self) -> None:
        """The keys are those of what has them."""
        if self.is_mounted:
            self._draw_keys()

    def _keep_focus(self, *, may_go_on: bool, looked_elsewhere: bool) -> None:
        """When a way on appears it has the focus, so that Enter goes on; an operator's own focus stays.

        In an inspection the tables have it, and whoever looks at them is not taken away from them.
        """
        appeared = may_go_on and (looked_elsewhere or not self._could_go_on)
        self._could_go_on = may_go_on
        pane = self.query_one(StagePane)
        inspecting = self._journey.request.mode == "inspect" and pane.inspection is not None
        came = inspecting and not self._browsing
        self._browsing = inspecting
        if isinstance(self.focused, Input):
            return
        if came:
            pane.table.focus()
        elif appeared and not inspecting:
            self.query_one("#go-on", Button).focus()

    def on_resize(self) -> None:
        """Some texts depend on the room."""
        if self.is_mounted:
            self._draw()

    def _offer(self, act: Act) -> Offer:
        return offer(self._journey, self._viewed, self.query_one(StagePane).views, act)

    def action_act(self, act: Act) -> None:
        """Do what a key means, or tell why it means nothing now."""
        found = self._offer(act)
        if found.refusal:
            self.notify(found.refusal, title=f"{found.key}  {found.label}", severity="warning", markup=False)
        elif act in _HELD_BY_SCREEN:
            self._do(act)
        elif act == "go_on" and self._viewed is not active_step(self._journey):
            self.look_at(active_step(self._journey))
        else:
            self.post_message(self.Wanted(act, self._viewed))

    def _do(self, act: Act) -> None:
        match act:
            case "look_back":
                self.look_at(STEPS[position(self._viewed) - 1])
            case "look_forward":
                self.look_at(STEPS[position(self._viewed) + 1])
            case "view":
                self.query_one(StagePane).next_view()
                self._draw_keys()
            case _:
                self._help()

    def action_look_at(self, place: int) -> None:
        """Look at the step of that number."""
        self.look_at(STEPS[place - 1])

    def action_sort(self) -> None:
        """Sort the table, and say how."""
        words = self.query_one(StagePane).sort_next()
        if words:
            self.notify(f"Sorted {words}.", markup=False, timeout=2)

    def action_filter(self) -> None:
        """Filter the table."""
        if self.query_one(StagePane).views:
            self.query_one(StagePane).ask_filter()

    def action_leave_filter(self) -> None:
        """Forget the filter; without one, go back to the tables."""
        self.query_one(StagePane).leave()

    def action_turn(self) -> None:
        """Turn to the other side of the tables."""
        pane = self.query_one(StagePane)
        if pane.inspection is not None:
            pane.browser.turn_to("tables" if pane.browser.side == "columns" else "columns")

    def action_rows(self) -> None:
        """Go among the rows."""
        self.query_one(StagePane).table.focus()

    def action_step(self, by: int) -> None:
        """Show the columns of a table further on."""
        pane = self.query_one(StagePane)
        if pane.inspection is not None:
            pane.browser.step(by)

    def action_table_keys(self) -> None:
        """Show the keys and references of the table pointed at."""
        pane = self.query_one(StagePane)
        table = pane.browser.chosen
        if pane.inspection is None:
            return
        if table is None:
            self.notify("Choose one table to see its keys and references.", markup=False)
        else:
            self.app.push_screen(DetailDialog(table_detail(pane.inspection, table)))

    @on(TableBrowser.Turned)
    def _turned(self) -> None:
        self._draw_keys()

    @on(Button.Pressed, "#go-on")
    def _go_on(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_act("go_on")

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        if event.row.detail is not None:
            self.app.push_screen(DetailDialog(event.row.detail))
        elif is_column(event.row):
            self._open_column(event.row)

    def _open_column(self, row: GridRow) -> None:
        inspection = self.query_one(StagePane).inspection
        table, column = row.place or ("", None)
        found = inspection.table(table) if inspection is not None else None
        if inspection is None or found is None or found.profile is None or column is None:
            return
        detail = evidence(inspection, found, found.profile.column(column))
        self.app.push_screen(EvidenceDialog(detail, (table, column), self._reviewed(), self._trials))

    def _reviewed(self) -> Review | None:
        """The review by which something can be tried out now; made once for each plan."""
        if self._journey.waiting is None:
            return None
        made_of = (self._journey.results.get("profile"), self._journey.results.get("plan"))
        if made_of != self._review_of:
            self._review_of, self._review = made_of, review_of(self._journey)
        return self._review

    def _help(self) -> None:
        views = self.query_one(StagePane).views
        keys = tuple(
            (found.key, f"{_MEANINGS[found.act]}.", found.refusal)
            for found in offers(self._journey, self._viewed, views)
        )
        words = purpose(self._viewed, self._journey.request.mode)
        self.app.push_screen(HelpDialog(self._viewed.title, words, keys + _TABLE_KEYS))


def _seconds(journey: Journey, step: Step) -> str:
    seconds = [view.seconds for stage in step.stages if (view := journey.stage(stage)).seconds is not None]
    return duration(sum(seconds)) if seconds else ""
