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
from sdmigrate.rules.plan_review import Place, Review
from sdmigrate.tui.decisions import chosen
from sdmigrate.tui.format import file_name, plain
from sdmigrate.tui.modals.ask_path import AskPath
from sdmigrate.tui.modals.decision import DecisionDialog
from sdmigrate.tui.modals.help import HelpDialog
from sdmigrate.tui.modals.question import Question
from sdmigrate.tui.paint import joined, toned
from sdmigrate.tui.session import Services
from sdmigrate.tui.trials import Trials
from sdmigrate.tui.views.grid import Grid
from sdmigrate.tui.views.planned import effect_lines, headline, plan_grid
from sdmigrate.tui.widgets.key_bar import KeyBar
from sdmigrate.tui.widgets.record_table import RecordTable
from sdmigrate.tui.widgets.stepper import WIDE
from sdmigrate.tui.widgets.top_bar import TopBar

_HELP = (
    "What becomes of each table and column. Undecided ones stand first: their default holds until you "
    "decide. "
    "What would happen is tried out on the snapshot by the cleaning itself, and nothing of it is kept."
)
_KEYS = (
    ("Enter", "Opens the decisions of a table or column.", ""),
    ("Space", "Takes a table, or leaves it out.", ""),
    ("z", "Takes the latest change back.", ""),
    ("a", "Uses the plan: it is judged again, and the run goes on with it.", ""),
    ("w", "Writes a copy of the plan to a file, for the next import.", ""),
    ("s", "Sorts the table by its next column.", ""),
    ("/", "Filters the table.", ""),
    ("q, Esc", "Back to the run; asks first where something was changed.", ""),
)


class PlanScreen(Screen[Review | None]):
    """The reviewed plan where it shall be used; None where all stays as it was."""

    CSS_PATH = "../css/plan.tcss"
    BINDINGS = [
        Binding("space", "include", "Include", show=False),
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
        """Draw what is known by now of what would happen, and ask for the next table."""
        self._draw_table()
        self._want_next()

    @property
    def _place(self) -> Place | None:
        row = self.query_one(RecordTable).pointed
        return row.place if row is not None else None

    def _want_next(self) -> None:
        """Have a table tried out that is not known yet, the one pointed at before the others."""
        if self.app.screen is not self:
            return
        pointed = self._place
        tables = sorted(
            self._review.plan.tables, key=lambda table: pointed is None or table.source != pointed[0]
        )
        unknown = next((table for table in tables if self._trials.known(table) is None), None)
        if unknown is not None:
            self._trials.want(unknown)

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
        return plan_grid(self._review, self._trials, roomy=self.app.size.width >= WIDE)

    def on_resize(self) -> None:
        """Wide screens show the rules as well."""
        if self.is_mounted:
            self._draw_table()

    def _draw_state(self) -> None:
        parts = [toned(words, tone) for words, tone in headline(self._review)]
        title = Content.styled("Plan review", "bold $primary")
        self.query_one("#plan-state", Static).update(joined(title, joined(*parts, separator=" · ")))
        changed = bool(self._review.earlier)
        self.query_one(KeyBar).show(
            (
                ("Enter", "Decide", True),
                ("Space", "In/out", True),
                ("z", "Undo", changed),
                ("a", "Use", self._review.changed),
                ("w", "Copy", True),
                ("/", "Filter", True),
                ("?", "Help", True),
                ("q", "Back", True),
            )
        )

    def _draw_preview(self) -> None:
        preview = self.query_one("#plan-preview", Static)
        row = self.query_one(RecordTable).pointed
        preview.display = row is not None
        if row is None or row.place is None:
            return
        tried = self._trials.known(self._review.plan.table(row.place[0]))
        lines = [toned(row.preview.partition("\n")[0])]
        lines += [toned(text, tone) for text, tone in effect_lines(tried, row.place[1])]
        preview.update(Content("\n").join(lines))

    @on(RecordTable.Pointed)
    def _pointed(self, event: RecordTable.Pointed) -> None:
        event.stop()
        self._draw_preview()
        self._want_next()

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        if event.row.place is not None:
            self.app.push_screen(DecisionDialog(self._review, event.row.place, self._trials), self._take)

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
