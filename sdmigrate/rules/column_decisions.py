"""What follows for one column from its type, its declaration and its evidence.

Invariant: the same rule serves the proposal, the operator's file and the wizard.
"""

import msgspec

from sdmigrate.model.plan import ColumnPlan, Empty, Misfit, TablePlan
from sdmigrate.model.profile import Candidate, ColumnProfile, TableProfile
from sdmigrate.rules.convert_text import TEXT_BYTES, UTF8_BYTES
from sdmigrate.rules.form_epochs import NUMBER_DATE_NAMES
from sdmigrate.rules.separators import read_by
from sdmigrate.rules.type_families import MOMENTS, family, holds_empty_text, is_number

AMBIGUOUS = "ambiguous_day_month"
"""The form under which the profile counts dates that may be read day first or month first."""

ORDER_DECIDED = "ambiguous-day-month"
"""The finding to which a column's plan agrees where its day order was decided against most of its dates."""


def default_empty(type_name: str, not_null: bool) -> Empty:
    """What becomes of empty text by default.

    Text keeps it, and bytea too, where it is a value of zero bytes; in other types it is no value.
    """
    if holds_empty_text(type_name):
        return "keep"
    return "quarantine" if not_null else "null"


def fate_of_empty(column: ColumnPlan) -> Empty | Misfit:
    """What becomes of empty text: kept in a type that cannot hold it, it is a misfit like any other."""
    unheld = column.empty == "keep" and not holds_empty_text(column.type)
    return column.misfit if unheld else column.empty


def missing_texts(evidence: ColumnProfile, type_name: str) -> int:
    """How many texts are no value of the type for being empty, or blank where it takes these for empty."""
    return evidence.empties if holds_empty_text(type_name) else evidence.empties + evidence.blanks


def with_type(column: ColumnPlan, type_name: str, separators: str = "auto") -> ColumnPlan:
    """The column with another type, and with what depends on the type.

    ``separators``: the profile's form for numbers with separators, kept where the type is one of numbers.
    """
    return msgspec.structs.replace(
        column,
        type=type_name,
        form=separators if is_number(type_name) else "auto",
        empty=default_empty(type_name, column.not_null and not column.default),
    )


def with_default(column: ColumnPlan, default: str) -> ColumnPlan:
    """The column with a value for what is missing, and with what becomes of empty text then."""
    empty = default_empty(column.type, column.not_null and not default)
    return msgspec.structs.replace(column, default=default, empty=empty)


def misfits(
    column: ColumnProfile, type_name: str, day_first: bool | None = None, form: str | None = None
) -> int | None:
    """How many values do not fit the type without loss; None where that was not counted.

    Missing text (empty or blank) does not count, except for text. With ``day_first`` the ambiguous dates,
    which the profile counts as unfit where nothing settles them, fit. With a ``form`` that reads BLOBs as
    text or numbers as bytes, or another one of separated numbers than the profile's, what it reads is taken
    to fit.
    """
    for candidate in column.candidates:
        if candidate.type == type_name and _reads_alike(candidate, column, form):
            settled = day_first is not None and column.day_first is None
            dates = _once_settled(column, type_name) if settled else 0
            return max(0, candidate.misfits - _read_more(column, type_name, form) - dates)
    if column.classes.values == 0:
        return 0
    if type_name == "text":
        return column.classes.blob
    return None


def _reads_alike(candidate: Candidate, column: ColumnProfile, form: str | None) -> bool:
    """Whether a candidate counts values as the plan reads them, and not numbers taken for moments."""
    if family(candidate.type) not in MOMENTS:
        return True
    return candidate.form == form if form in NUMBER_DATE_NAMES else candidate.form in ("auto", column.form)


def _once_settled(column: ColumnProfile, type_name: str) -> int:
    """Dates that fit the type as soon as the order of day and month is known."""
    if family(type_name) not in MOMENTS:
        return 0
    return column.ambiguous_midnights if type_name == "date" else column.forms.get(AMBIGUOUS, 0)


def _read_more(column: ColumnProfile, type_name: str, form: str | None) -> int:
    """Values that the form reads and the profile, which decides by evidence, does not."""
    if form == UTF8_BYTES and family(type_name) == "text":
        # The one varchar(n) of which misfits are counted beside BLOBs has the length declared.
        return column.text_blobs - (column.long_text_blobs if type_name != "text" else 0)
    if form == TEXT_BYTES and family(type_name) == "bytea":
        return column.classes.integer + column.classes.real
    if form is not None and is_number(type_name):
        return _read(column, form) - _read(column, column.separators)
    return 0


def _read(column: ColumnProfile, form: str) -> int:
    """Values that become numbers by that form and none without it."""
    return sum(column.forms.get(name, 0) for name in read_by(form) - {"ambiguous_point"})


def misfits_under(plan: ColumnPlan, column: ColumnProfile) -> int | None:
    """How many values do not fit under the plan's type, form, day order and encoding; None where not counted.

    Texts that are not UTF-8 are taken to fit where the encoding that the plan names reads them.
    """
    unfit = misfits(column, plan.type, plan.day_first, plan.form)
    if unfit and family(plan.type) == "text":
        return max(0, unfit - read_in(column, plan.invalid_utf8))
    return unfit


def read_in(column: ColumnProfile, encoding: str) -> int:
    """How many of the column's texts that are not UTF-8 the encoding reads; 0 for quarantine."""
    return next((one.reads for one in column.encodings if one.encoding == encoding), 0)


def is_against_most(evidence: ColumnProfile, *, day_first: bool) -> bool:
    """Whether more of its dates can be read in the other order of day and month alone than in this one."""

    def read_so(order: str) -> int:
        return sum(count for form, count in evidence.forms.items() if form[:3] == order)

    ways = read_so("mdy"), read_so("dmy")
    return ways[not day_first] > ways[day_first]


def agreeing_to_orders(plan: TablePlan, profile: TableProfile) -> TablePlan:
    """The table's plan, in which a day order that stands against most of a column's dates is one agreed to.

    The next import knows by it that this order was decided over what the values said already then.
    """
    evidence = {column.name: column for column in profile.columns}

    def agreeing(column: ColumnPlan) -> ColumnPlan:
        order = column.form[:3] == "dmy" if column.form[:3] in ("dmy", "mdy") else column.day_first
        if order is None or family(column.type) not in MOMENTS or ORDER_DECIDED in column.agreed:
            return column
        if not is_against_most(evidence[column.source], day_first=order):
            return column
        return msgspec.structs.replace(column, agreed=tuple(sorted((*column.agreed, ORDER_DECIDED))))

    return msgspec.structs.replace(plan, columns=tuple(map(agreeing, plan.columns)))


def with_day_first(column: ColumnPlan, evidence: ColumnProfile, *, day_first: bool) -> ColumnPlan:
    """The column with its ambiguous dates settled; one that only they kept text becomes what they settle."""
    settled = msgspec.structs.replace(column, day_first=day_first)
    moment = evidence.once_settled if column.type == "text" else None
    return settled if moment is None else with_type(settled, moment)


def with_form(column: ColumnPlan, evidence: ColumnProfile, form: str) -> ColumnPlan:
    """The column with its form named, and with the type that it settles.

    One that was text only for want of it becomes a date or numeric; one of bytes becomes text, and the other
    way round.
    """
    named = column
    if form[:3] in ("dmy", "mdy"):
        named = with_day_first(column, evidence, day_first=form.startswith("dmy"))
    elif column.type == "text" and _read(evidence, form) and misfits(evidence, "numeric", form=form) == 0:
        named = with_type(column, "numeric")
    elif form == UTF8_BYTES and family(column.type) == "bytea":
        named = msgspec.structs.replace(with_type(column, "text"), decision="operator", confidence=1.0)
    elif form == TEXT_BYTES and family(column.type) == "text":
        named = msgspec.structs.replace(with_type(column, "bytea"), decision="operator", confidence=1.0)
    return msgspec.structs.replace(named, form=form)
