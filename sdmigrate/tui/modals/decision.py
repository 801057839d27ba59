"""The decisions of the plan, one table or one column, changed by keys, with what each would do.

Invariant: what is shown as the outcome is the child's trial of the plan as it stands; a choice that the plan
refuses is passed over with the reason.
"""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from sdmigrate.model.errors import UsageProblem
from sdmigrate.rules.plan_difference import difference, difference_line
from sdmigrate.rules.plan_file import PlanProblem
from sdmigrate.rules.plan_review import Place, Review
from sdmigrate.tui.decisions import Field, agreed_to, chosen, fields_of, typed
from sdmigrate.tui.format import plain
from sdmigrate.tui.modals.dialog import Dialog
from sdmigrate.tui.paint import toned
from sdmigrate.tui.trials import ShowsTrials, Trials
from sdmigrate.tui.views.effects import Line, effect_lines, over_gate
from sdmigrate.tui.views.planned import asked_lines, evidence_line

_KEYS = "↑↓ · ←→ choose · Enter type · y agree · z undo · Tab scroll · Esc done"
_LABEL_CELLS = 12
_LONGEST_WORDS = 60
_LONGEST_NOTE = 60
_MOST_DIFFERENCES = 200


class FieldList(OptionList):
    """The fields, of which left and right change the one pointed at."""

    # Here and not in the dialog: keys must take effect in the order in which they were pressed.
    BINDINGS = [
        Binding("left", "screen.step(-1)", "Choice before", show=False),
        Binding("right,space", "screen.step(1)", "Next choice", show=False),
    ]


class DecisionDialog(Dialog[Review], ShowsTrials):
    """The review as it was left."""

    BINDINGS = [
        Binding("y", "agree", "Agree", show=False),
        Binding("z,ctrl+z", "undo", "Undo", show=False),
        Binding("escape,q", "done", "Done", show=False),
    ]

    def __init__(self, review: Review, place: Place | None, trials: Trials) -> None:
        """Decide.

        Args:
            review: the plan in hand.
            place: the table or column; None for what holds for the whole plan.
            trials: what is known of its effect.
        """
        super().__init__()
        self._review = review
        self._place = place
        self._trials = trials
        self._fields: tuple[Field, ...] = ()

    def compose(self) -> ComposeResult:
        """Evidence, decisions, the field to type in, what would happen."""
        table, column = self._place or ("The whole plan", None)
        with Vertical(classes="dialog -full-dialog", id="decision") as dialog:
            dialog.border_title = Content(plain(table if column is None else f"{table}.{column}", 60))
            dialog.border_subtitle = Content(_KEYS)
            yield Static(toned(evidence_line(self._review, self._place), "muted"), id="evidence")
            yield Static(id="open")
            yield FieldList(id="fields")
            yield Input(id="typing")
            yield Static(Content.styled("What happens", "bold"), id="effects-title")
            with VerticalScroll(id="effects"):
                yield Static(id="effects-text")

    def on_mount(self) -> None:
        """Draw, and have the plan tried out."""
        self._draw()
        self.query_one("#fields", OptionList).focus()

    def show_trials(self) -> None:
        """Draw what is known by now of what would happen, and ask for what is not."""
        self.query_one("#effects-text", Static).update(
            Content("\n").join(toned(text, tone) for text, tone in self._effects())
        )
        table = None if self._place is None else self._place[0]
        self._trials.want(self._review, table, at_once=True)

    def _effects(self) -> tuple[Line, ...]:
        if self._place is not None:
            outcome = self._trials.known(self._review).get(self._place[0])
            return effect_lines(self._review, outcome, self._place)
        first = (*self._review.earlier, self._review.plan)[0]
        changes = difference(first, self._review.plan)
        lines: list[Line] = [(difference_line(one), "") for one in changes[:_MOST_DIFFERENCES]]
        if len(changes) > len(lines):
            lines.append((f"and {len(changes) - len(lines):,} more", "muted"))
        return tuple(lines) or (("Nothing is decided otherwise than when the review began.", "muted"),)

    def _draw(self) -> None:
        self._fields = fields_of(self._review, self._place)
        listing = self.query_one("#fields", OptionList)
        here = listing.highlighted or 0
        listing.clear_options()
        listing.add_options([_line(field) for field in self._fields])
        listing.highlighted = min(here, len(self._fields) - 1)
        said = asked_lines(self._review, self._place) if self._place else ()
        still_open = self.query_one("#open", Static)
        still_open.update(Content("\n").join(toned(f"! {words}", "warn") for words in said[:2]))
        still_open.display = bool(said)
        self.show_trials()

    def _pointed(self) -> Field | None:
        place = self.query_one("#fields", OptionList).highlighted
        return None if place is None else self._fields[place]

    def action_step(self, step: int) -> None:
        """The choice beside the one that stands; those that the plan refuses are passed over."""
        field = self._pointed()
        if field is None:
            return
        if not field.choices:
            self.notify("Enter lets you type it.", title=field.label, markup=False)
            return
        refusal: UsageProblem | None = None
        for distance in range(1, len(field.choices)):
            choice = field.beside(step * distance)
            if choice is None or choice.value == field.value:
                continue
            try:
                self._review = chosen(self._review, self._place, field.name, choice.value)
            except UsageProblem as problem:
                refusal = refusal or problem
                continue
            self._draw()
            break
        if refusal is not None:
            self._refuse(refusal)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        field = self._pointed()
        if field is None or field.typed is None:
            self.action_step(1)
            return
        typing = self.query_one("#typing", Input)
        typing.value = plain(field.typed) if plain(field.typed) == field.typed else ""
        typing.placeholder = _hint(field)
        typing.display = True
        typing.focus()

    @on(Input.Submitted, "#typing")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        field = self._pointed()
        if field is None:
            return
        try:
            self._review = typed(self._review, self._place, field.name, event.value)
        except UsageProblem as problem:
            self._refuse(problem)
            return
        self._close_typing()
        self._draw()

    def _close_typing(self) -> None:
        self.query_one("#typing", Input).display = False
        self.query_one("#fields", OptionList).focus()

    def _refuse(self, problem: UsageProblem) -> None:
        words = problem.problem if isinstance(problem, PlanProblem) else problem.message
        self.notify(words, title="Not possible", severity="warning", markup=False)

    def action_agree(self) -> None:
        """Let the default decision stand, and the rows that the gate would not let pass."""
        if self._place is None:
            return
        outcome = self._trials.known(self._review).get(self._place[0])
        rows = over_gate(self._review, outcome.trial if outcome else None)
        agreed = agreed_to(self._review, self._place, rows)
        if agreed is self._review:
            self.notify("Nothing is asked here.", markup=False)
            return
        self._review = agreed
        self._draw()

    def action_undo(self) -> None:
        """Take the latest change back, wherever it was made."""
        if not self._review.earlier:
            self.notify("There is nothing to undo.", markup=False)
            return
        self._review = self._review.undone
        self._draw()

    def action_done(self) -> None:
        """Close the field that is typed in, else the dialog; what was changed stays."""
        if self.query_one("#typing", Input).display:
            self._close_typing()
        else:
            self.dismiss(self._review)


def _line(field: Field) -> Content:
    words = plain(field.words, _LONGEST_WORDS)
    shown = f"◂ {words} ▸" if field.choices else words
    note = toned(f"  {plain(field.note, _LONGEST_NOTE)}", "muted") if field.note else Content("")
    return toned(field.label.ljust(_LABEL_CELLS), "muted") + toned(shown) + note


def _hint(field: Field) -> str:
    match field.name:
        case "placeholders":
            return 'texts that mean NULL: N/A, -, "a, b"'
        case "duplicate_key":
            return "columns, comma between them; * for every column; empty for none"
        case "order":
            return "columns, comma between them; empty for the rowid"
        case "where":
            return "SQLite expression; rows for which it is not true are left out"
        case "type":
            return "timestamp, numeric(10,2), varchar(20), …"
        case "form":
            return "auto, or a form's name of docs/forms.md"
        case _:
            return "Enter takes it, Esc leaves it"
