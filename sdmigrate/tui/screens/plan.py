"""The plan under review: every table and column with its decision, what is undecided first.

Invariant: nothing of the run changes before the operator uses the plan; what is dismissed with is the plan
that shall be in force, or None.
"""

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.settings import Request
from sdmigrate.rules.plan_review import Place, Review, with_agreed
from sdmigrate.rules.wording import plural
from sdmigrate.tui.decisions import agreed_to, chosen
from sdmigrate.tui.format import file_name, plain
from sdmigrate.tui.modals.ask_path import AskPath
from sdmigrate.tui.modals.decision import DecisionDialog
from sdmigrate.tui.modals.dialog import ClosesOnce
from sdmigrate.tui.modals.help import HelpDialog
from sdmigrate.tui.modals.question import Question
from sdmigrate.tui.paint import joined, toned
from sdmigrate.tui.session import Services
from sdmigrate.tui.trials import ShowsTrials, Trials
from sdmigrate.tui.views.effects import effect_lines, over_gate
from sdmigrate.tui.views.grid import Grid
from sdmigrate.tui.views.planned import headline, plan_grid
from sdmigrate.tui.widgets.key_bar import KeyBar
from sdmigrate.tui.widgets.record_table import RecordTable, filtered, whole_names
from sdmigrate.tui.widgets.stepper import WIDE
from sdmigrate.tui.widgets.top_bar import TopBar

_HELP = (
    "What becomes of each table and column. What asks for you stands first: a default that changes or loses "
    "something holds whether you decide, agree or pass it over; the quarantine gate stops the run. "
    "What would happen is tried out on the snapshot by the cleaning itself, and nothing of it is kept."
)
_KEYS = (
    ("Enter", "Opens the decisions of a table or column.", ""),
    ("y", "Agrees to the default there, and at a table to its rows in quarantine.", ""),
    ("Y", "Agrees to every default that is undecided, after a question.", ""),
    ("o", "Opens what holds for the whole plan: names, and the order of day and month.", ""),
    ("Space", "Takes a table, or leaves it out.", ""),
    ("z", "Takes the latest change back.", ""),
    ("a", "Uses the plan: it is judged again, and the run goes on with it.", ""),
    ("w", "Writes a copy of the plan to a file, for the next import.", ""),
    ("s", "Sorts the table by its next column.", ""),
    ("/", "Filters the table.", ""),
    ("q, Esc", "Back to the run; asks first where something was changed.", ""),
)

_MOST_NAMED = 6


def _name(place: Place) -> str:
    table, column = place
    return table if column is None else f"{table}.{column}"


class PlanScreen(ClosesOnce[Review | None], Screen[Review | None], ShowsTrials):
    """The reviewed plan where it shall be used; None where all stays as it was."""

    CSS_PATH = "../css/plan.tcss"
    BINDINGS = [
        Binding("space", "include", "Include", show=False),
        Binding("y", "agree", "Agree", show=False),
        Binding("Y", "agree_to_all", "Agree to all", show=False),
        Binding("o", "whole_plan", "Whole plan", show=False),
        Binding("z,ctrl+z", "undo", "Undo", show=False),
        Binding("a", "use", "Use", show=False),
        Binding("w,ctrl+s", "write", "Write", show=False),
        Binding("s", "sort", "Sort", show=False),
        Binding("slash", "filter", "Filter", show=False),
        Binding("question_mark,f1", "help", "Help", show=False),
        Binding("l", "app.log", "Log", show=False),
        Binding("q,escape,ctrl+q,ctrl+c,b", "leave", "Leave", show=False),
    ]

    def __init__(self, review: Review, request: Request, trials: Trials, services: Services) -> None:
        super().__init__()
        self._review = review
        self._request = request
        self._trials = trials
        self._services = services

    def compose(self) -> ComposeResult:
        """Top, how it stands, the table, what the pointed row would become, keys."""
        request = self._request
        yield TopBar(request.mode, source=file_name(request.source), goal=request.schema or "")
        with Vertical(id="plan"):
            yield Static(id="plan-state")
            yield RecordTable(id="plan-table")
            yield Static(id="plan-preview")
            yield Input(
                id="plan-filter", placeholder="rows that hold this text; Enter keeps it, Esc clears it"
            )
        yield KeyBar()

    def on_mount(self) -> None:
        """Draw it in its own order."""
        table = self.query_one(RecordTable)
        table.show(self._grid())
        self._draw_state()
        table.focus()
        self._want_next()

    def show_trials(self) -> None:
        """Draw what is known by now of what would happen, and ask for what is not."""
        self._draw_table()
        self._draw_state()
        self._want_next()

    @property
    def _place(self) -> Place | None:
        row = self.query_one(RecordTable).pointed
        return row.place if row is not None else None

    def _want_next(self) -> None:
        """Have something tried out that is not known yet, what is pointed at before the others."""
        if self.app.screen is self:
            self._trials.want(self._review, self._place[0] if self._place else None)

    def _take(self, review: Review | None) -> None:
        """Go on with this review."""
        if review is not None:
            self._review = review
        self._draw_table()
        self._draw_state()
        self._want_next()

    def _draw_table(self) -> None:
        self.query_one(RecordTable).renew(self._grid())
        self._draw_preview()

    def _grid(self) -> Grid:
        return plan_grid(self._review, self._trials.known(self._review), roomy=self._roomy)

    @property
    def _roomy(self) -> bool:
        return self.app.size.width >= WIDE

    def on_resize(self) -> None:
        """Wide screens show the rules as well."""
        if self.is_mounted:
            self._draw_table()
            self._draw_state()

    def _draw_state(self) -> None:
        stands = headline(self._review, self._trials.known(self._review), roomy=self._roomy)
        parts = [toned(words, tone) for words, tone in stands]
        title = Content.styled("Plan review", "bold $primary")
        lines = (
            joined(title, joined(*parts, separator=" · ")),
            toned(filtered(self.query_one(RecordTable)), "muted"),
        )
        self.query_one("#plan-state", Static).update(joined(*lines, separator="\n"))
        keys = [
            ("Enter", "Decide", True),
            ("y", "Agree", self._asks(self._place)),
            ("Space", "In/out", True),
            ("z", "Undo", bool(self._review.earlier)),
            ("a", "Use", self._review.changed),
            ("w", "Copy", True),
            ("?", "Help", True),
            ("q", "Back", True),
        ]
        if self._roomy:
            keys[6:6] = [("o", "Whole plan", True), ("/", "Filter", True)]
        self.query_one(KeyBar).show(keys)

    def _asks(self, place: Place | None) -> bool:
        """Whether there is something to agree to."""
        return place is not None and (place in self._review.undecided or bool(self._over_gate(place)))

    def _over_gate(self, place: Place) -> int:
        """Rows of this table that the gate would not let pass; 0 for a column."""
        outcome = self._trials.known(self._review).get(place[0]) if place[1] is None else None
        return over_gate(self._review, outcome.trial if outcome else None)

    def _draw_preview(self) -> None:
        preview = self.query_one("#plan-preview", Static)
        row = self.query_one(RecordTable).pointed
        preview.display = row is not None
        if row is None or row.place is None:
            return
        outcome = self._trials.known(self._review).get(row.place[0])
        lines = [joined(whole_names(self.query_one(RecordTable)), toned(row.preview))]
        lines += [toned(text, tone) for text, tone in effect_lines(self._review, outcome, row.place)]
        preview.update(Content("\n").join(lines))

    @on(RecordTable.Pointed)
    def _pointed(self, event: RecordTable.Pointed) -> None:
        event.stop()
        self._draw_preview()
        self._draw_state()
        self._want_next()

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        if event.row.place is not None:
            dialog = DecisionDialog(self._review, event.row.place, self._trials)
            self.app.push_screen(dialog, self._decided)

    def _decided(self, review: Review | None) -> None:
        """Go on with it; where the row does not ask any more, the next that does is pointed at."""
        place, here = self._place, self.query_one(RecordTable).cursor_row
        asked = self._wants(place)
        self._take(review)
        if asked and not self._wants(place):
            self._point_at_next(here)

    def _point_at_next(self, here: int) -> None:
        """What asked at this row has left it: what asks next stands there now, or nothing does."""
        self.query_one(RecordTable).point_at(lambda row: self._wants(row.place), begin=here)

    def _wants(self, place: Place | None) -> bool:
        """Whether something is open there, be it for agreement or for a decision."""
        return self._asks(place) or place in self._review.halting

    def action_whole_plan(self) -> None:
        """Decide what holds for every table and column."""
        self.app.push_screen(DecisionDialog(self._review, None, self._trials), self._take)

    def action_agree(self) -> None:
        """Let what stands at the pointed row stand, and point at what asks next."""
        place = self._place
        if place is None or not self._asks(place):
            halts = place in self._review.halting
            words = "The breaker takes no agreement: Enter decides." if halts else "Nothing is asked here."
            self.notify(words, markup=False)
            return
        here = self.query_one(RecordTable).cursor_row
        self._take(agreed_to(self._review, place, self._over_gate(place)))
        self._point_at_next(here)

    def action_agree_to_all(self) -> None:
        """Ask whether every default that is undecided shall stand."""
        asked = self._review.undecided
        if not asked:
            self.notify("Nothing is undecided.", markup=False)
            return
        names = ", ".join(_name(place) for place in list(asked)[:_MOST_NAMED])
        more = f" and {len(asked) - _MOST_NAMED:,} more" if len(asked) > _MOST_NAMED else ""
        lines = (f"They stand as proposed: {names}{more}.", "What each of them does is told at its row.")
        question = Question(
            f"Agree to {plural(len(asked), 'default')}?", lines, yes="Agree", no="Decide each"
        )
        self.app.push_screen(question, self._agree_to_all)

    def _agree_to_all(self, answer: bool | None) -> None:
        if answer:
            self._take(with_agreed(self._review, self._review.undecided))

    def action_include(self) -> None:
        """Take the table of the pointed row, or leave it out."""
        if self._place is None:
            return
        place = (self._place[0], None)
        included = self._review.plan.table(place[0]).include
        try:
            self._take(chosen(self._review, place, "include", not included))
        except UsageProblem as problem:
            self.notify(problem.message, title="Not possible", severity="warning", markup=False)
            return
        # A table that is left out takes its columns' rows with it, the pointed one too.
        self.query_one(RecordTable).point_at(lambda row: row.place == place)
        words = "is left out; Space takes it in again" if included else "is taken in again"
        self.notify(f"{plain(place[0], 60)} {words}.", markup=False, timeout=3)

    def action_undo(self) -> None:
        """Take the latest change back."""
        if self._review.earlier:
            self._take(self._review.undone)
        else:
            self.notify("There is nothing to undo.", markup=False)

    def action_use(self) -> None:
        """The plan shall be in force."""
        if self._review.changed:
            self.dismiss(self._review)
        else:
            self.notify("Nothing was changed: the plan in force is this one.", markup=False)

    def action_write(self) -> None:
        """Ask where a copy shall be written."""
        given = str(Path.cwd() / "plan.toml")
        words = "The whole plan, for --plan with the next import. A file that is there is not replaced."
        self.app.push_screen(AskPath("Write a copy of the plan", words, given), self._write)

    def _write(self, path: str | None) -> None:
        if path is None:
            return
        try:
            self._services.write_plan(Path(path).expanduser(), self._review.text)
        except UsageProblem as problem:
            self.notify(f"{problem.message} {problem.hint}", severity="warning", markup=False)
        else:
            self.notify(f"Written to {plain(path)}.", markup=False)

    def action_sort(self) -> None:
        """Sort the table, and say how."""
        words = self.query_one(RecordTable).sort_next()
        if words:
            self.notify(f"Sorted {words}.", markup=False, timeout=2)

    def action_filter(self) -> None:
        """Open the filter."""
        field = self.query_one("#plan-filter", Input)
        field.display = True
        field.focus()

    @on(Input.Changed, "#plan-filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.query_one(RecordTable).filter(event.value)
        self._draw_state()

    @on(Input.Submitted, "#plan-filter")
    def _filter_kept(self) -> None:
        self._close_filter()

    def _close_filter(self) -> None:
        self.query_one("#plan-filter", Input).display = False
        self.query_one(RecordTable).focus()

    def action_help(self) -> None:
        """What this screen is, and its keys."""
        self.app.push_screen(HelpDialog("Plan review", _HELP, _KEYS))

    def action_leave(self) -> None:
        """Clear the filter; else back to the run, after a question where something was changed."""
        field = self.query_one("#plan-filter", Input)
        if field.value or field.display:
            field.value = ""
            self._close_filter()
        elif self._review.changed:
            question = Question(
                "Leave without using the changes?",
                ("They are not in force, and are forgotten. a uses them, w writes them to a file.",),
                yes="Forget them",
                no="Stay",
            )
            self.app.push_screen(question, self._leave)
        else:
            self.dismiss(None)

    def _leave(self, answer: bool | None) -> None:
        if answer:
            self.dismiss(None)
