"""The decisions of the plan, one table or one column as fields: what stands, can be chosen, can be typed.

Invariant: words only; what a choice does to the plan is decided in ``rules.plan_review``.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.plan import WHOLE_ROW, ColumnPlan, TablePlan
from sdmigrate.model.profile import ColumnProfile, TableProfile
from sdmigrate.rules.column_decisions import AMBIGUOUS, misfits, misfits_under, missing_texts
from sdmigrate.rules.convert_numbers import SEPARATED
from sdmigrate.rules.convert_text import TEXT_BYTES, UTF8_BYTES
from sdmigrate.rules.declared_types import declared_type
from sdmigrate.rules.encodings import in_words
from sdmigrate.rules.form_epochs import NUMBER_DATE_NAMES
from sdmigrate.rules.forms import PLAN_FORMS, form_family
from sdmigrate.rules.plan_review import (
    Place,
    Review,
    with_accepted,
    with_agreed,
    with_column,
    with_plan,
    with_table,
)
from sdmigrate.rules.separators import NAMES
from sdmigrate.rules.type_families import MOMENTS, family, is_number
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
    Choice("text", "the column is text instead"),
    Choice("fail", "stops the run"),
)
_DUPLICATES = (
    Choice("first", "the first of each is kept"),
    Choice("last", "the last of each is kept"),
    Choice("most_complete", "the most complete of each is kept"),
    Choice("keep", "all are kept, and the key is not created"),
    Choice("quarantine", "all but the first go to quarantine"),
)
_ORPHANS = (
    Choice("keep", "stay, and the foreign key is not validated"),
    Choice("null", "lose their reference: it becomes NULL"),
    Choice("quarantine", "go to quarantine, their own children as those decide"),
)
_NAMING = (
    Choice("preserve", "names stay as they are"),
    Choice("lower", "names in lower case"),
    Choice("snake_case", "names in snake_case"),
)
_ALL_DATES = (
    Choice(None, "each column by its own values"),
    Choice(True, "day first (D/M) where nothing settles it"),
    Choice(False, "month first (M/D) where nothing settles it"),
)
_TRAILING_BLANKS = (Choice("keep", "at the end of a text stay"), Choice("strip", "at its end are taken off"))
_NEWLINE_RUNS = (Choice("keep", "several in a row stay"), Choice("single", "several in a row become one"))
_NUL_BYTES = (Choice("strip", "are taken out"), Choice("quarantine", "their rows go to quarantine"))
_INVALID = (
    Choice("quarantine", "their rows go to quarantine"),
    Choice("cp1252", "are read as Windows-1252"),
    Choice("latin1", "are read as ISO 8859-1"),
)
_NOTHING = "none"


def fields_of(review: Review, place: Place | None) -> tuple[Field, ...]:
    """The decisions that the table or column has, in the order of the screen; None: the whole plan's."""
    if place is None:
        return tuple(_of_plan(review))
    table, column = place
    if column is None:
        return tuple(_of_table(review, table))
    return tuple(_of_column(review, table, column))


def chosen(review: Review, place: Place | None, name: str, value: Any) -> Review:
    """With that answer.

    Raises:
        UsageProblem: the plan cannot be so.
    """
    if place is None:
        return with_plan(review, **{name: value})
    table, column = place
    if column is not None:
        return with_column(review, table, column, name, value)
    if name == "accept_quarantine":
        return with_accepted(review, table, value)
    return with_table(review, table, **{name: value})


def typed(review: Review, place: Place | None, name: str, text: str) -> Review:
    """With the answer that was typed.

    Raises:
        UsageProblem: it is none, or the plan cannot be so.
    """
    return chosen(review, place, name, _meant(name, text))


def agreed_to(review: Review, place: Place, quarantined: int) -> Review:
    """With what stands there agreed to; the same review where nothing asks for it.

    ``quarantined``: rows of the table that the gate would not let pass, which a table's agreement accepts.
    """
    table, column = place
    if column is None and quarantined:
        review = with_accepted(review, table, quarantined)
    return with_agreed(review, [place])


def _meant(name: str, text: str) -> Any:
    match name:
        case "placeholders" | "order" | "duplicate_key":
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


def _of_plan(review: Review) -> Iterator[Field]:
    plan = review.plan
    columns = (column for table in plan.tables for column in table.columns)
    named = [(each.source, each.target) for each in plan.tables]
    named += [(each.source, each.target) for each in columns]
    others = sum(1 for source, target in named if source != target)
    verb = "is" if others == 1 else "are"
    yield _choice("naming", "Names", plan.naming, _NAMING, f"{count(others)} {verb} not as in the source")
    yield _choice("day_first", "Date order", plan.day_first, _ALL_DATES)


def _of_table(review: Review, table: str) -> Iterator[Field]:
    planned = review.plan.table(table)
    keys = [key for key in (planned.key, *planned.unique_keys, planned.duplicate_key) if key]
    yield _choice(
        "include", "Table", planned.include, (Choice(True, "is taken"), Choice(False, "is left out"))
    )
    yield _text("target", "Name", planned.target)
    evidence = review.profile.table(table)
    yield _duplicate_key(planned, evidence)
    if keys:
        named = "; ".join("the whole row" if key == WHOLE_ROW else ", ".join(key) for key in keys)
        yield _choice("duplicates", "Duplicates", planned.duplicates, _DUPLICATES, f"same {named}")
        yield Field(
            "order", "Order", planned.order, listed(planned.order) or "rowid", typed=listed(planned.order)
        )
    if review.catalog.table(table).foreign_keys:
        lost = sum(reference.orphans for reference in evidence.references if reference.declared)
        yield _choice("orphans", "Orphans", planned.orphans, _ORPHANS, f"{plural(lost, 'row')} in the source")
    yield _text("where", "Only rows", planned.where, "all")
    accepted = review.plan.accept_quarantine.get(table, 0)
    words = f"{plural(accepted, 'row')} may go there" if accepted else "as the gate allows"
    yield Field("accept_quarantine", "Quarantine", accepted, words, typed=str(accepted))


def _duplicate_key(planned: TablePlan, evidence: TableProfile) -> Field:
    """Where duplicates are looked for beside the declared keys: nowhere, the whole row, a likely key."""
    likely = [key for key in evidence.keys if not key.declared and key.duplicate_rows]
    notes = {key.columns: f"{plural(key.duplicate_rows, 'row')} more than once" for key in likely}
    declared = bool(planned.key or planned.unique_keys)
    names: dict[tuple[str, ...], str] = {
        (): "the declared keys alone" if declared else "nothing: no row is a duplicate",
        WHOLE_ROW: "the whole row" + (", beside the declared keys" if declared else ""),
    }
    names |= {columns: listed(columns) for columns in notes}
    choices = tuple(Choice(columns, words, notes.get(columns, "")) for columns, words in names.items())
    own = planned.duplicate_key
    words = names.get(own, listed(own))
    return Field("duplicate_key", "Same by", own, words, choices, listed(own), notes.get(own, ""))


def _of_column(review: Review, table: str, column: str) -> Iterator[Field]:
    planned, evidence = review.column(table, column), review.evidence(table, column)
    yield _text("target", "Name", planned.target)
    yield _type_field(review, table, planned, evidence)
    forms = _forms(planned, evidence)
    if family(planned.type) != "text" or len(forms) > 1:
        yield _choice_or_typed("form", "Form", planned.form, forms)
    moment = family(planned.type) in MOMENTS
    if moment or evidence.forms.get(AMBIGUOUS):
        yield _day_first(planned, evidence)
    if planned.type == "timestamptz":
        yield _text("zone", "Time zone", planned.zone, "UTC")
    missing = missing_texts(evidence, planned.type)
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
    if family(planned.type) == "text":
        yield from _of_texts(planned, evidence)


def _of_texts(planned: ColumnPlan, evidence: ColumnProfile) -> Iterator[Field]:
    if evidence.nul_texts:
        note = plural(evidence.nul_texts, "text")
        yield _choice("nul_bytes", "NUL bytes", planned.nul_bytes, _NUL_BYTES, note)
    if evidence.invalid_utf8:
        named = [one for one in evidence.encodings if one.encoding == planned.invalid_utf8]
        likeliest = named or evidence.encodings[:1]
        note = "".join(in_words(one, evidence.invalid_utf8) for one in likeliest)
        yield _choice("invalid_utf8", "Not UTF-8", planned.invalid_utf8, _INVALID, note)
    if evidence.classes.text:
        yield _choice("trailing_blanks", "Blanks", planned.trailing_blanks, _TRAILING_BLANKS)
        yield _choice("newline_runs", "Line breaks", planned.newline_runs, _NEWLINE_RUNS)


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
    choices = tuple(Choice(name, name, _fit_note(evidence, name, planned, declared)) for name in ordered)
    return _choice_or_typed("type", "Type", planned.type, choices)


def _fit_note(evidence: ColumnProfile, name: str, planned: ColumnPlan, declared: str) -> str:
    # Another type than the planned one would bring a form of its own.
    unfit = misfits(evidence, name, planned.day_first, planned.form if name == planned.type else None)
    words = []
    if unfit is not None:
        words.append(f"{count(unfit)} {'does' if unfit == 1 else 'do'} not fit" if unfit else "all fit")
    words += ["proposed"] if name == evidence.proposed else []
    words += ["declared"] if name == declared and evidence.declared_type else []
    return ", ".join(words)


def _misfit_note(planned: ColumnPlan, evidence: ColumnProfile) -> str:
    unfit = misfits_under(planned, evidence)
    return "" if unfit is None else plural(unfit, "value")


def _forms(planned: ColumnPlan, evidence: ColumnProfile) -> tuple[Choice, ...]:
    """Each value's own form, the forms that the values have, and what numbers and BLOBs can be read as."""
    wanted = [name for name in evidence.forms if name in PLAN_FORMS]
    if family(planned.type) in MOMENTS:
        wanted = [name for name in wanted if form_family(name) in ("date", "timestamp")]
        if evidence.classes.integer or evidence.classes.real:
            wanted += sorted(NUMBER_DATE_NAMES)
    if is_number(planned.type) and not NAMES.isdisjoint(evidence.forms):
        wanted += SEPARATED
    counts = dict(evidence.forms)
    if evidence.text_blobs and family(planned.type) in ("text", "bytea"):
        counts[UTF8_BYTES] = evidence.text_blobs
        wanted.append(UTF8_BYTES)
    numbers = evidence.classes.integer + evidence.classes.real
    if numbers and evidence.classes.blob and family(planned.type) in ("text", "bytea"):
        counts[TEXT_BYTES] = numbers
        wanted.append(TEXT_BYTES)
    if planned.type == "uuid" and "uuid_bytes" in counts:
        counts["uuid_bytes_swapped"] = counts["uuid_bytes"]
        wanted.append("uuid_bytes_swapped")
    names = dict.fromkeys(("auto", evidence.form, *wanted, planned.form))
    return tuple(
        Choice(
            name,
            "each value's own" if name == "auto" else name,
            plural(counts[name], "value") if name in counts else "",
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
