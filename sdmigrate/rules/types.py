"""The type that a column's values speak for, with how sure and why.

Invariant: values decide over the declaration only at the confidence asked for; below it the declared type
stands where every value fits, else text. Nothing narrower than the declaration is ever proposed; DATE is
declared for moments with a time of day as well.
"""

import re
from dataclasses import dataclass, replace

from sdmigrate.model.catalog import Column
from sdmigrate.model.profile import Candidate
from sdmigrate.rules.considered_types import candidates
from sdmigrate.rules.declared_types import declared_type, names_no_type
from sdmigrate.rules.epoch_readings import OWN_FORMS, EpochReading
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.fitting import considered, fits
from sdmigrate.rules.form_epochs import EPOCH_NAMES, JULIAN_PLAUSIBLE, NUMBER_DATE_NAMES, read_number
from sdmigrate.rules.forms import form_family
from sdmigrate.rules.separators import NAMES, UNREAD, Reading, order_of, read_by, settle
from sdmigrate.rules.type_families import is_number

_MOMENTS = ("date", "timestamp", "timestamptz")
_JULIAN_NAME = re.compile(r"(?:^|[^a-z])(?:jd|julian)", re.IGNORECASE)


@dataclass(frozen=True)
class Proposal:
    """A type with its evidence."""

    type: str
    form: str
    day_first: bool | None
    confidence: float
    """Share of the values that fit; divided by the readings where several are as plausible."""
    reason: str
    candidates: tuple[Candidate, ...]
    once_settled: str | None = None
    """The date or timestamp type that it would be if only the order of day and month were known."""
    separators: Reading = UNREAD
    """How numbers with separators are read."""
    epoch: EpochReading = OWN_FORMS
    """From which day its counts are read."""


@dataclass(frozen=True)
class _Choice:
    type: str
    reason: str
    form: str = "auto"


def day_order(evidence: Evidence) -> bool | None:
    """Day first as the column's unambiguous dates say; None where there are none or they disagree."""
    first = {form[:3] for form in evidence.forms if form[:3] in ("dmy", "mdy")}
    return first == {"dmy"} if len(first) == 1 else None


def settle_day_order(evidence: Evidence, sisters: tuple[bool | None, ...], asked: bool | None) -> bool | None:
    """How ambiguous dates of the column are read.

    Its own unambiguous dates decide, else those of the table's other columns where they agree, else what the
    operator asked for. None: nothing is ambiguous, or nothing settles it.
    """
    if not evidence.count("ambiguous_day_month"):
        return None
    own = day_order(evidence)
    if own is not None:
        return own
    if {form[:3] for form in evidence.forms} >= {"dmy", "mdy"}:
        return asked
    told = {sister for sister in sisters if sister is not None}
    return told.pop() if len(told) == 1 else asked


def text_counts(evidence: Evidence) -> dict[str, int]:
    """The column's texts by form."""
    return {name: group.count for (kind, name), group in evidence.groups.items() if kind == "text"}


def separator_order(evidence: Evidence) -> str | None:
    """What a column of numbers tells its table's other columns of separators; see ``order_of``."""
    told = order_of(text_counts(evidence))
    marked = any(group.marked for group in evidence.groups.values())
    return told if told and marked and fits(evidence, "numeric", told) == evidence.meaningful else None


def settle_separators(column: Column, evidence: Evidence, sisters: tuple[str | None, ...]) -> Reading:
    """How the column's numbers with separators are read; ``sisters``: see ``separator_order``."""
    counts = text_counts(evidence)
    if NAMES.isdisjoint(counts):
        return UNREAD
    return settle(
        counts,
        frozenset(sister for sister in sisters if sister is not None),
        marked=any(group.marked for group in evidence.groups.values()),
        declared=is_number(declared_type(column)),
    )


def propose(
    column: Column,
    evidence: Evidence,
    *,
    day_first: bool | None = None,
    separators: Reading = UNREAD,
    epoch: EpochReading = OWN_FORMS,
    confidence: float = 0.95,
    is_rowid: bool = False,
) -> Proposal:
    """The type for a column.

    Args:
        column: its declaration.
        evidence: its values.
        day_first: how its ambiguous dates are read; see ``settle_day_order``.
        separators: how its numbers with separators are read; see ``settle_separators``.
        epoch: from which day its counts are read; see ``settle_epoch``.
        confidence: 0 to 1, the share of fitting values that overrides the declaration.
        is_rowid: whether it is the INTEGER PRIMARY KEY.
    """

    def chosen(order: bool | None) -> _Choice:
        if is_rowid:
            return _Choice("bigint", "It is the table's INTEGER PRIMARY KEY.")
        return _choose(column, evidence, order, separators, epoch, confidence)

    choice = chosen(day_first)
    is_open = day_first is None and evidence.count("ambiguous_day_month") > 0
    # Such dates fit in either order.
    settled = chosen(True).type if is_open else None
    once_settled = settled if settled in _MOMENTS else None
    needed = considered(evidence, choice.type)
    fitting = fits(evidence, choice.type, choice.form, day_first)
    used = epoch if choice.form == epoch.form else OWN_FORMS
    return Proposal(
        type=choice.type,
        form=choice.form,
        day_first=day_first,
        confidence=fitting / needed / used.readings if needed else 1.0,
        reason=choice.reason,
        candidates=candidates(
            column, evidence, choice.type, choice.form, day_first, separators, once_settled
        ),
        once_settled=once_settled,
        separators=separators,
        epoch=used,
    )


def _choose(
    column: Column,
    evidence: Evidence,
    day_first: bool | None,
    separators: Reading,
    epoch: EpochReading,
    confidence: float,
) -> _Choice:
    wanted = declared_type(column)
    if not evidence.meaningful:
        named = "text" if names_no_type(column) else wanted
        return _Choice(named, "There are no values, so the declaration decides.")
    if names_no_type(column):
        return _separated_choice(evidence, separators, "Nothing is declared") or _by_classes(evidence)
    if wanted in (*_MOMENTS, "time", "interval"):
        return _time_choice(wanted, evidence, day_first, epoch, confidence)
    if wanted == "text":
        separated = _separated_choice(evidence, separators, "Declared as text")
        return separated or _text_choice(evidence, day_first, confidence)
    if wanted == "double precision" and _is_julian(column, evidence):
        reason = "Every value is a Julian day of 1900 to 2100, and the name says so."
        return _Choice("timestamp", reason, "julian_day")
    return _declared_choice(wanted, evidence, separators, confidence)


def _share(evidence: Evidence, type_: str, form: str = "auto", day_first: bool | None = None) -> float:
    needed = considered(evidence, type_)
    return fits(evidence, type_, form, day_first) / needed if needed else 1.0


def _all_but(evidence: Evidence, type_: str, form: str = "auto", day_first: bool | None = None) -> str:
    """How many values fit, in words that do not round a few misfits away."""
    needed = considered(evidence, type_)
    misfits = needed - fits(evidence, type_, form, day_first)
    return f"all but {misfits} of {needed} values" if misfits else f"all {needed} values"


def _by_classes(evidence: Evidence) -> _Choice:
    classes = evidence.classes
    present = [name for name in ("integer", "real", "text", "blob") if getattr(classes, name)]
    if present == ["integer"]:
        return _Choice("bigint", "Nothing is declared and every value is an INTEGER.")
    if present == ["blob"]:
        return _Choice("bytea", "Nothing is declared and every value is a BLOB.")
    if present in (["real"], ["integer", "real"]):
        return _Choice(_exact_number(evidence), "Nothing is declared and every value is a number.")
    if len(present) > 1:
        return _Choice("text", f"Nothing is declared and values are {', '.join(present)}.")
    return _Choice("text", "Nothing is declared and every value is text.")


def _exact_number(evidence: Evidence) -> str:
    return "double precision" if _share(evidence, "double precision") == 1 else "numeric"


def _separated_choice(evidence: Evidence, separators: Reading, declared: str) -> _Choice | None:
    """A column that no declaration makes one of numbers: where every value is one, and hardly anything else.

    Groups of digits alone are as often telephone numbers, addresses and versions.
    """
    written = sum(evidence.count(name, "text") for name in read_by(separators.form))
    if not written or not separators.sure or _share(evidence, "numeric", separators.form) < 1:
        return None
    told = "the table's other columns" if separators.by_sisters else "they"
    return _Choice(
        "numeric",
        f"{declared}; all {evidence.meaningful} values are numbers, {written} of them with separators"
        f" that mean what {told} say: {_forms_in_words(evidence)}.",
        separators.form,
    )


def _declared_choice(wanted: str, evidence: Evidence, separators: Reading, confidence: float) -> _Choice:
    """For numbers, booleans, UUIDs, JSON and bytes."""
    form = separators.form if is_number(wanted) else "auto"
    choice = _held_choice(wanted, evidence, form, confidence)
    return replace(choice, form=form) if is_number(choice.type) else choice


def _held_choice(wanted: str, evidence: Evidence, form: str, confidence: float) -> _Choice:
    share = _share(evidence, wanted, form)
    if wanted == "bytea" and evidence.classes.text == evidence.classes.values and not evidence.invalid_count:
        return _Choice("text", "Declared as bytes, but every value is text.")
    if share == 1:
        return _Choice(wanted, "Every value fits the declared type.")
    if wanted == "jsonb" and _share(evidence, "json") == 1:
        return _Choice("json", "Every value is JSON, but jsonb cannot hold them all.")
    if wanted.startswith("numeric("):
        if _share(evidence, "numeric", form) >= confidence:
            return _Choice("numeric", f"Numbers, not all of which {wanted} holds exactly.")
        return _fallback(evidence)
    # Whether these hold is a matter of every value: a boolean of 2 and half a JSON document are none.
    if share >= confidence and wanted not in ("boolean", "jsonb", "uuid"):
        words = _all_but(evidence, wanted, form).capitalize()
        return _Choice(wanted, f"{words} fit the declared type.")
    return _fallback(evidence)


def _fallback(evidence: Evidence) -> _Choice:
    """Where the declared type does not stand: a type that holds every value, or text."""
    classes = evidence.classes
    if classes.integer == classes.values - evidence.count("empty") - evidence.count("blank"):
        return _Choice("bigint", "The declared type does not hold the values; every one is an INTEGER.")
    if not classes.text and not classes.blob:
        return _Choice(
            _exact_number(evidence), "The declared type does not hold the values; all are numbers."
        )
    return _Choice("text", "No type but text holds the values.")


def _small_numbers_form(evidence: Evidence) -> str:
    """The one unit that the column's numbers have; "auto" where none or more than one is told.

    Numbers too small to tell a unit (0, -1) are read in it as well, so it must be able to read them.
    """
    units = [form for form in evidence.forms if form in NUMBER_DATE_NAMES]
    if len(units) != 1 or units[0] not in EPOCH_NAMES:
        return "auto"
    unread = [
        bound
        for (kind, name), group in evidence.groups.items()
        if kind != "text" and name in ("integer", "real")
        for bound in (group.low, group.high)
        if bound is None or abs(bound) > 1 or read_number(units[0], bound) is None
    ]
    return "auto" if unread else units[0]


def mixed_units(evidence: Evidence) -> tuple[str, ...]:
    """The epochs that the column's numbers are counted in, where there is more than one."""
    units = tuple(form for form in evidence.forms if form in EPOCH_NAMES)
    return units if len(units) > 1 else ()


def _moment_type(wanted: str, evidence: Evidence) -> str:
    groups = evidence.groups.values()
    if any(group.zoned for group in groups) or wanted == "timestamptz":
        return "timestamptz"
    dated = sum(
        group.count
        for (_, name), group in evidence.groups.items()
        if form_family(name) in ("date", "timestamp")
    )
    all_midnight = sum(group.midnights for group in groups) == dated
    return "date" if wanted == "date" and all_midnight else "timestamp"


def _time_choice(
    wanted: str, evidence: Evidence, day_first: bool | None, epoch: EpochReading, confidence: float
) -> _Choice:
    for type_ in ("time", "interval") if wanted in ("time", "interval") else ():
        if _share(evidence, type_) == 1:
            return _Choice(
                type_, "Every value is a time of day." if type_ == "time" else "Times are durations."
            )
    if epoch.form is not None:
        return _epoch_choice(wanted, evidence, epoch, confidence)
    if mixed_units(evidence):
        return _Choice("text", f"Numbers are counted in several units ({', '.join(mixed_units(evidence))}).")
    form = _small_numbers_form(evidence)
    type_ = _moment_type(wanted, evidence)
    share = _share(evidence, type_, form, day_first)
    if share >= confidence:
        words = _all_but(evidence, type_, form, day_first)
        return _Choice(type_, f"{words.capitalize()} are of type {type_}: {_forms_in_words(evidence)}.", form)
    if wanted == "time" and _share(evidence, "time") >= confidence:
        return _Choice("time", f"{_all_but(evidence, 'time').capitalize()} are times of day.")
    return _fallback(evidence)


def _epoch_choice(wanted: str, evidence: Evidence, epoch: EpochReading, confidence: float) -> _Choice:
    """Counts that may start on one day or another."""
    form = epoch.form or "auto"
    # Days of counts that have no form of their own are not told.
    types = dict.fromkeys((_moment_type(wanted, evidence), "timestamp"))
    type_ = next((name for name in types if _share(evidence, name, form) >= confidence), None)
    if type_ is None:
        return _fallback(evidence)
    words = f"{_all_but(evidence, type_, form).capitalize()} are of type {type_}, counted as {form}"
    doubt = (
        f"; {' or '.join(epoch.others)} is as plausible." if epoch.others else ", as other dates beside tell."
    )
    return _Choice(type_, words + doubt, form)


def _forms_in_words(evidence: Evidence) -> str:
    forms = list(evidence.forms.items())
    return ", ".join(f"{count} {form}" for form, count in forms[:3]) + (" and others" if forms[3:] else "")


def _text_choice(evidence: Evidence, day_first: bool | None, confidence: float) -> _Choice:
    """Declared as text: a date where nearly every value is one beyond doubt and the others try to be.

    A column of dates that also says "pending" is text that means something.
    """
    if evidence.classes.blob == evidence.classes.values:
        return _Choice("bytea", "Declared as text, but every value is a BLOB.")
    certain = sum(
        count
        for form, count in evidence.forms.items()
        if form_family(form) in ("date", "timestamp")
        and "short" not in form
        and form not in NUMBER_DATE_NAMES
    )
    if certain + evidence.corrupt == evidence.meaningful:
        type_ = _moment_type("date", evidence)
        share = _share(evidence, type_, "auto", day_first)
        if share >= confidence:
            words = _all_but(evidence, type_, "auto", day_first)
            return _Choice(
                type_, f"Declared as text; {words} are of type {type_}: {_forms_in_words(evidence)}."
            )
    return _Choice("text", "Declared as text.")


def _is_julian(column: Column, evidence: Evidence) -> bool:
    low, high = evidence.bounds()
    return (
        _JULIAN_NAME.search(column.name) is not None
        and not isinstance(low, str | bytes | None)
        and not isinstance(high, str | bytes | None)
        and evidence.classes.real == evidence.meaningful
        and JULIAN_PLAUSIBLE[0] <= low
        and high <= JULIAN_PLAUSIBLE[1]
    )
