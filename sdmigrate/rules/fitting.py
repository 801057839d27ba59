"""How many values of a column each PostgreSQL type holds.

Invariant: agrees with ``convert`` under a plan that names the type, the column's day order and form, and no
other rule (tested by property).
"""

from itertools import islice

from sdmigrate.model.finding import Sample
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.profile import Candidate
from sdmigrate.model.values import LongValue, StorageClass, Value
from sdmigrate.rules.conversion import Misfit, convert
from sdmigrate.rules.convert_numbers import INTEGER_RANGES
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.form_epochs import NUMBER_DATE_NAMES, read_number
from sdmigrate.rules.forms import form_family
from sdmigrate.rules.separators import BY_COMMA, NAMES, read_by
from sdmigrate.rules.value_group import SAMPLES, Group, in_order, located

MISSING = ("empty", "blank")
_NUMBER_TEXT = ("integer", "decimal")
_TIMES = {
    "time": ("time", "time_other", "time_12h"),
    "interval": ("time", "time_other", "duration", "interval", "iso_duration"),
}


def type_plan(type_: str, form: str = "auto", day_first: bool | None = None) -> ColumnPlan:
    """A plan of that type with no other rule, to ask ``convert`` about one value."""
    return ColumnPlan(source="", target="", type=type_, form=form, day_first=day_first)


def fits(evidence: Evidence, type_: str, form: str = "auto", day_first: bool | None = None) -> int:
    """Values that the type holds; missing text counts for text and bytea alone."""
    return sum(
        _group_fits(kind, name, group, type_, form, day_first)
        for (kind, name), group in evidence.groups.items()
    ) - (evidence.invalid_count if _is_text(type_) else 0)


def considered(evidence: Evidence, type_: str) -> int:
    """Values that must fit: all, or all but missing text where the type has no such value."""
    return evidence.classes.values if keeps_missing(type_) else evidence.meaningful


def keeps_missing(type_: str) -> bool:
    """Whether an empty or blank text is a value of the type."""
    return _is_text(type_) or type_ == "bytea"


def candidate(evidence: Evidence, type_: str, form: str = "auto", day_first: bool | None = None) -> Candidate:
    """The type with its counts and at most five located values that do not fit."""
    fitting = fits(evidence, type_, form, day_first)
    misfits = considered(evidence, type_) - fitting
    return Candidate(
        type=type_,
        fits=fitting,
        misfits=misfits,
        examples=examples(evidence, type_, form, day_first) if misfits else (),
        form=form,
    )


def sized_candidate(evidence: Evidence, base: str, sized: str) -> Candidate:
    """The type with a size that was measured to hold whatever its base holds."""
    fitting = fits(evidence, base)
    misfits = considered(evidence, base) - fitting
    return Candidate(
        type=sized,
        fits=fitting,
        misfits=misfits,
        examples=examples(evidence, base) if misfits else (),
    )


def examples(
    evidence: Evidence, type_: str, form: str = "auto", day_first: bool | None = None
) -> tuple[Sample, ...]:
    """At most five located values that do not fit."""
    plan = type_plan(type_, form, day_first)
    groups = evidence.groups.values()
    pool = [sample for group in groups for sample in (*group.samples, *group.odd)]
    pool += [one for group in groups for one in (group.lowest, group.highest) if one is not None]
    # In the order of their rows, so that few have to be tried where most do not fit.
    misfits = (
        (value, rowid)
        for value, rowid in in_order(dict.fromkeys([*pool, *evidence.invalid_texts]))
        if value is not None and value != "" and _misfits(value, plan)
    )
    return located(list(islice(misfits, SAMPLES)))


def _misfits(value: Value | LongValue, plan: ColumnPlan) -> bool:
    if not isinstance(value, LongValue):
        return isinstance(convert(value, plan), Misfit)
    base, _, length = plan.type.rstrip(")").partition("(")
    match base:
        case "text" | "varchar":
            too_long = value.is_longer_than(int(length) if length else None)
            return value.storage == "blob" or value.invalid or too_long
        case "json" | "jsonb":
            return value.form != "json" and value.form != f"{base}_text_only"
        case _:
            return base != "bytea"


def _is_text(type_: str) -> bool:
    return type_ == "text" or type_.startswith("varchar")


def _group_fits(
    kind: StorageClass, name: str, group: Group, type_: str, form: str, day_first: bool | None
) -> int:
    """Values of the group that the type holds."""
    if _is_text(type_):
        return 0 if kind == "blob" else group.count - (group.unfit if type_ != "text" else 0)
    if type_ == "bytea":
        return group.count if kind in ("blob", "text") else 0
    if name in MISSING:
        return 0
    if kind == "blob":
        return group.count if type_ == "uuid" and name == "uuid_bytes" else 0
    base = type_.partition("(")[0]
    match base:
        case "boolean" | "smallint" | "integer" | "bigint" | "double precision" | "numeric":
            counted = _as_read(name, group, form) if kind == "text" and name in NAMES else group
            return 0 if counted is None else _number_fits(kind, name, counted, type_)
        case "date" | "timestamp" | "timestamptz":
            fitting = _date_fits(kind, name, group, form, day_first)
            return min(fitting, group.midnights) if base == "date" else fitting
        case "time" | "interval":
            return group.count if kind == "text" and name in _TIMES[base] else 0
        case "inet":
            return group.count if name == "inet" else 0
        case "uuid":
            return group.count if name in ("uuid", "uuid_other") else 0
        case "json" | "jsonb":
            if kind != "text":
                return 0 if name == "not_finite" else group.count
            return group.count if name == "json" or name == f"{base}_text_only" else 0
        case _:
            return 0


def _as_read(name: str, group: Group, form: str) -> Group | None:
    """The counts of texts with separators under a form of the plan; None where it does not read them."""
    if form == "decimal_comma":
        return group.by_comma if name in BY_COMMA else None
    return group if name == "ambiguous_point" or name in read_by(form) else None


def _number_fits(kind: StorageClass, name: str, group: Group, type_: str) -> int:
    if kind == "text" and name not in NAMES and name not in _NUMBER_TEXT and name not in NUMBER_DATE_NAMES:
        return group.count if type_ == "boolean" and name == "boolean_word" else 0
    if type_ == "boolean":
        return group.bits
    if type_ in INTEGER_RANGES:
        return {"bigint": group.bigints, "integer": group.integers, "smallint": group.smallints}[type_]
    if type_ == "double precision":
        return group.count - group.inexact
    if name == "not_finite":
        return 0
    return group.count - (group.unfit if "(" in type_ else group.beyond)


def _date_fits(kind: StorageClass, name: str, group: Group, form: str, day_first: bool | None) -> int:
    if name == "ambiguous_day_month":
        return group.count if day_first is not None else 0
    if form_family(name) in ("date", "timestamp"):
        return group.count
    if kind != "text" and name in ("integer", "real") and form in NUMBER_DATE_NAMES:
        bounds = (group.low, group.high)
        readable = all(bound is not None and read_number(form, bound) is not None for bound in bounds)
        return group.count if readable else 0
    return 0
