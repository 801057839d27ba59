"""The decisions of one table or column as fields: what stands, what can be chosen, what can be typed.

Invariant: words only; what a choice does to the plan is decided in ``rules.plan_review``.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.rules.column_decisions import AMBIGUOUS, misfits
from sdmigrate.rules.declared_types import declared_type
from sdmigrate.rules.form_epochs import NUMBER_DATE_NAMES
from sdmigrate.rules.forms import form_family
from sdmigrate.rules.plan_file import FORMS
from sdmigrate.rules.plan_review import Place, Review, with_accepted, with_column, with_table
from sdmigrate.rules.type_families import MOMENTS, family
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import count


@dataclass(frozen=True)
class Choice:
    """One answer."""

    value: Any
    words: str
    note: str = ""
    """What the evidence says of it."""


@dataclass(frozen=True)
class Field:
    """One decision."""

    name: str
    """As in the plan's file."""
    label: str
    value: Any
    words: str
    choices: tuple[Choice, ...] = ()
    """Empty where it can only be typed."""
    typed: str | None = None
    """What stands in the field when typing begins; None where nothing can be typed."""
    note: str = ""

    def beside(self, step: int) -> Choice | None:
        """The choice so many places further, round the ends; None where there is nothing to choose."""
        if not self.choices:
            return None
        values = [choice.value for choice in self.choices]
        if self.value not in values:
            return self.choices[0 if step > 0 else -1]
        return self.choices[(values.index(self.value) + step) % len(self.choices)]


_EMPTY = (
    Choice("null", "becomes NULL"),
    Choice("keep", "stays empty text"),
    Choice("quarantine", "its row goes to quarantine"),
    Choice("fail", "stops the run"),
)
_MISFIT = (
    Choice("quarantine", "its row goes to quarantine"),
    Choice("null", "becomes NULL"),
    Choice("text", "the column becomes text, where any does not fit"),
    Choice("fail", "stops the run"),
)
_DUPLICATES = (
    Choice("first", "the first of each is kept"),
    Choice("last", "the last of each is kept"),
    Choice("most_complete", "the most complete of each is kept"),
    Choice("keep", "all are kept, and the key is not created"),
    Choice("quarantine", "all but the first go to quarantine"),
)
_NUL_BYTES = (Choice("strip", "are taken out"), Choice("quarantine", "their rows go to quarantine"))
_INVALID = (
    Choice("quarantine", "their rows go to quarantine"),
    Choice("cp1252", "are read as Windows-1252"),
    Choice("latin1", "are read as ISO 8859-1"),
)
_NOTHING = "none"


def fields_of(review: Review, place: Place) -> tuple[Field, ...]:
    """The decisions that the table or column has, in the order of the screen."""
    table, column = place
    if column is None:
        return tuple(_of_table(review, table))
    return tuple(_of_column(review, table, column))


def chosen(review: Review, place: Place, name: str, value: Any) -> Review:
    """With that answer.

    Raises:
        UsageProblem: the plan cannot be so.
    """
    table, column = place
    if column is not None:
        return with_column(review, table, column, name, value)
    if name == "accept_quarantine":
        return with_accepted(review, table, value)
    return with_table(review, table, **{name: value})


def typed(review: Review, place: Place, name: str, text: str) -> Review:
    """With the answer that was typed.

    Raises:
        UsageProblem: it is none, or the plan cannot be so.
    """
    return chosen(review, place, name, _meant(name, text))


def _meant(name: str, text: str) -> Any:
    match name:
        case "placeholders" | "order":
            return _listed(text)
        case "accept_quarantine":
            if not text.strip().isascii() or not text.strip().isdigit():
                raise UsageProblem(f"{text!r} is no number of rows.", "Type a whole number, 0 for none.")
            return int(text)
        case "form" | "zone" | "target":
            return text.strip()
        case _:
            return text


def _listed(text: str) -> tuple[str, ...]:
    found = next(csv.reader([text], skipinitialspace=True), [])
    return tuple(item for item in found if item)


def listed(items: tuple[str, ...]) -> str:
    """The texts as one line that is read back as the same texts."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(items)
    return line.getvalue() if items else ""


def _choice(name: str, label: str, value: Any, choices: tuple[Choice, ...], note: str = "") -> Field:
    words = next((choice.words for choice in choices if choice.value == value), str(value))
    return Field(name, label, value, words, choices, note=note)


def _text(name: str, label: str, value: str, empty: str = _NOTHING) -> Field:
    return Field(name, label, value, value or empty, typed=value)


def _of_table(review: Review, table: str) -> Iterator[Field]:
    planned = review.plan.table(table)
    keys = [key for key in (planned.key, *planned.unique_keys) if key]
    yield _choice(
        "include", "Table", planned.include, (Choice(True, "is taken"), Choice(False, "is left out"))
    )
    yield _text("target", "Name", planned.target)
    if keys:
        named = "; ".join(", ".join(key) for key in keys)
        yield _choice("duplicates", "Duplicates", planned.duplicates, _DUPLICATES, f"same {named}")
        yield Field(
            "order", "Order", planned.order, listed(planned.order) or "rowid", typed=listed(planned.order)
        )
    yield _text("where", "Only rows", planned.where, "all")
    accepted = review.plan.accept_quarantine.get(table, 0)
    words = f"{plural(accepted, 'row')} may go there" if accepted else "as the gate allows"
    yield Field("accept_quarantine", "Quarantine", accepted, words, typed=str(accepted))


def _of_column(review: Review, table: str, column: str) -> Iterator[Field]:
    planned, evidence = review.column(table, column), review.evidence(table, column)
    yield _text("target", "Name", planned.target)
    yield _type_field(review, table, planned, evidence)
    yield _choice_or_typed("form", "Form", planned.form, _forms(planned, evidence))
    moment = family(planned.type) in MOMENTS
    if moment or evidence.forms.get(AMBIGUOUS):
        yield _day_first(planned, evidence)
    if planned.type == "timestamptz":
        yield _text("zone", "Time zone", planned.zone, "UTC")
    missing = evidence.empties + (0 if family(planned.type) == "text" else evidence.blanks)
    yield _choice("empty", "Empty text", planned.empty, _EMPTY, plural(missing, "value"))
    yield _choice("misfit", "Misfits", planned.misfit, _MISFIT, _misfit_note(planned, evidence))
    yield Field(
        "placeholders",
        "Mean NULL",
        planned.placeholders,
        listed(planned.placeholders) or _NOTHING,
        typed=listed(planned.placeholders),
    )
    yield _text("default", "Default", planned.default)
    if evidence.nul_texts:
        note = plural(evidence.nul_texts, "text")
        yield _choice("nul_bytes", "NUL bytes", planned.nul_bytes, _NUL_BYTES, note)
    if evidence.invalid_utf8:
        note = plural(evidence.invalid_utf8, "text")
        yield _choice("invalid_utf8", "Not UTF-8", planned.invalid_utf8, _INVALID, note)


def _choice_or_typed(name: str, label: str, value: str, choices: tuple[Choice, ...]) -> Field:
    note = next((choice.note for choice in choices if choice.value == value), "")
    words = next((choice.words for choice in choices if choice.value == value), value)
    return Field(name, label, value, words, choices, typed=value, note=note)


def _type_field(review: Review, table: str, planned: ColumnPlan, evidence: ColumnProfile) -> Field:
    declared = declared_type(review.catalog.table(table).column(planned.source))
    candidates = (candidate.type for candidate in evidence.candidates)
    types = dict.fromkeys((planned.type, evidence.proposed, declared, *candidates, "text"))
    # The order must not follow what stands, or going on through the choices would never leave the first two.
    ordered = sorted(types, key=lambda name: (name == "text", name))
    choices = tuple(
        Choice(name, name, _fit_note(evidence, name, planned.day_first, declared)) for name in ordered
    )
    return _choice_or_typed("type", "Type", planned.type, choices)


def _fit_note(evidence: ColumnProfile, name: str, day_first: bool | None, declared: str) -> str:
    unfit = misfits(evidence, name, day_first)
    words = []
    if unfit is not None:
        words.append(f"{count(unfit)} {'does' if unfit == 1 else 'do'} not fit" if unfit else "all fit")
    words += ["proposed"] if name == evidence.proposed else []
    words += ["declared"] if name == declared and evidence.declared_type else []
    return ", ".join(words)


def _misfit_note(planned: ColumnPlan, evidence: ColumnProfile) -> str:
    unfit = misfits(evidence, planned.type, planned.day_first, planned.form)
    return "" if unfit is None else plural(unfit, "value")


def _forms(planned: ColumnPlan, evidence: ColumnProfile) -> tuple[Choice, ...]:
    """Each value's own form, the forms that the values have, and numbers as dates where there are numbers."""
    wanted = [name for name in evidence.forms if name in FORMS]
    if family(planned.type) in MOMENTS:
        wanted = [name for name in wanted if form_family(name) in ("date", "timestamp")]
        if evidence.classes.integer or evidence.classes.real:
            wanted += sorted(NUMBER_DATE_NAMES)
    names = dict.fromkeys(("auto", evidence.form, *wanted, planned.form))
    return tuple(
        Choice(
            name,
            "each value's own" if name == "auto" else name,
            plural(evidence.forms[name], "value") if name in evidence.forms else "",
        )
        for name in names
    )


def _day_first(planned: ColumnPlan, evidence: ColumnProfile) -> Field:
    choices = [Choice(True, "day first (D/M)"), Choice(False, "month first (M/D)")]
    if planned.day_first is None:
        choices.insert(0, Choice(None, "not settled"))
    ambiguous = evidence.forms.get(AMBIGUOUS, 0)
    note = f"{count(ambiguous)} ambiguous" if ambiguous else "none is ambiguous"
    return _choice("day_first", "Date order", planned.day_first, tuple(choices), note)
