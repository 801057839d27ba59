"""One value under one column's plan: kept, changed by a named rule, or a misfit with its reason.

Invariant: pure, and total over every stored value but NULL; what comes out has exactly the form that
PostgreSQL prints for the type (a value of that form is Kept), so converting again changes nothing.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.values import Value
from sdmigrate.rules import convert_dates, convert_numbers, convert_text
from sdmigrate.rules.canonical import settled, sqlite_guard
from sdmigrate.rules.form_record import SPACES
from sdmigrate.rules.outcome import RULES, Changed, Kept, Misfit, Outcome
from sdmigrate.rules.type_families import holds_empty_text

__all__ = [
    "RULES",
    "Changed",
    "Kept",
    "Misfit",
    "Outcome",
    "convert",
    "fill",
    "settled",
    "split_type",
    "sqlite_guard",
]

_TYPE = re.compile(r"([a-z ]+?)(?:\((\d+)(?:,(\d+))?\))?")

_CONVERTERS: dict[str, Callable[[Value, ColumnPlan], Outcome]] = {
    "boolean": convert_numbers.to_boolean,
    "smallint": convert_numbers.to_integer,
    "integer": convert_numbers.to_integer,
    "bigint": convert_numbers.to_integer,
    "numeric": convert_numbers.to_numeric,
    "double precision": convert_numbers.to_double,
    "text": convert_text.to_text,
    "varchar": convert_text.to_text,
    "date": convert_dates.to_date,
    "time": convert_dates.to_time,
    "timestamp": convert_dates.to_timestamp,
    "timestamptz": convert_dates.to_timestamptz,
    "interval": convert_dates.to_interval,
    "uuid": convert_text.to_uuid,
    "json": convert_text.to_json,
    "jsonb": convert_text.to_json,
    "bytea": convert_text.to_bytea,
    "inet": convert_text.to_inet,
}

_TEXTS = ("text", "varchar")

TYPES = frozenset(_CONVERTERS)
"""Every type that a plan may name, without its length or precision."""


@lru_cache(maxsize=256)
def split_type(type_: str) -> tuple[str, int | None, int | None]:
    """``numeric(10,2)`` as ``("numeric", 10, 2)``; ``varchar(n)`` as ``("varchar", n, None)``.

    Raises:
        ValueError: no type that a plan may name.
    """
    match = _TYPE.fullmatch(type_)
    if match is None or match[1] not in _CONVERTERS:
        raise ValueError(f"no known type: {type_!r}")
    first = int(match[2]) if match[2] else None
    second = int(match[3]) if match[3] else (0 if first is not None and match[1] == "numeric" else None)
    return match[1], first, second


def convert(value: Value, column: ColumnPlan) -> Outcome:
    """What becomes of the value under the plan.

    Placeholders and missing text are settled first, then the type decides, and a text that only becomes one
    of these is one as well. ``Changed.after`` may be None: the value becomes NULL.

    Raises:
        ValueError: the value is NULL (see ``fill``), or the plan names an unknown type or zone.
    """
    if value is None:
        raise ValueError("NULL has no conversion; use fill()")
    base = split_type(column.type)[0]
    text = convert_text.text_of(value, column)
    if text is not None:
        if _told_by(text, column, base) in column.placeholders:
            return _missing(column, "placeholder-to-null")
        if not text and not _keeps_empty(column, base):
            return _empty(column, base, "empty-to-null")
        if text and _empties_blank(column, base) and not text.strip(SPACES):
            return _empty(column, base, "blank-to-null")
    outcome = _CONVERTERS[base](value, column)
    if isinstance(outcome, Changed) and isinstance(outcome.after, str):
        if outcome.after in column.placeholders:
            return _missing(column, "placeholder-to-null")
        if not outcome.after and not _keeps_empty(column, base):
            return _empty(column, base, "empty-to-null")
    return outcome


def _told_by(text: str, column: ColumnPlan, base: str) -> str:
    """The text that is looked up among the placeholders: as it will be once white space is stripped."""
    strips = column.trailing_blanks == "strip" and base in _TEXTS
    return text.rstrip(SPACES) if strips else text


def _keeps_empty(column: ColumnPlan, base: str) -> bool:
    return column.empty == "keep" and holds_empty_text(base)


def _empties_blank(column: ColumnPlan, base: str) -> bool:
    """Whether a text of white space only is taken for an empty one that is not kept."""
    if base in _TEXTS:
        return column.trailing_blanks == "strip" and column.empty != "keep"
    return not holds_empty_text(base)


def fill(column: ColumnPlan) -> Outcome | None:
    """What becomes of a NULL: the plan's default, a misfit where NULL is no value here, or None to stay."""
    if column.default:
        return _default(column)
    if column.not_null:
        return Misfit("NULL where a value is required", "null-not-allowed")
    return None


def _default(column: ColumnPlan) -> Outcome:
    outcome = _CONVERTERS[split_type(column.type)[0]](column.default, column)
    match outcome:
        case Kept():
            return Changed(column.default, "default-for-missing")
        case Changed(after=after):
            return Changed(after, "default-for-missing")
        case _:
            return Misfit(f"the plan's default does not fit {column.type}", "default-unfit")


def _missing(column: ColumnPlan, rule: str) -> Outcome:
    if column.default:
        return _default(column)
    if column.not_null:
        return Misfit("a missing value where one is required", "null-not-allowed")
    return Changed(None, rule)


def _empty(column: ColumnPlan, base: str, rule: str) -> Outcome:
    if column.empty == "null":
        return _missing(column, rule)
    refusing = "the plan refuses" if holds_empty_text(base) else f"{column.type} cannot hold"
    return Misfit(f"empty text, which {refusing}", "empty-text")
