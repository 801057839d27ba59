"""Every form by name, and which one a value has.

Invariant: a value has at most one form, the same whichever way it is counted; the names here, in the
profile's counts, in the plan and in docs/forms.md are the same (tested).
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from sdmigrate.model.values import Value
from sdmigrate.rules.form_dates import TEXT_DATE_FORMS, day_month_reading, is_zero_date
from sdmigrate.rules.form_epochs import NUMBER_DATE_FORMS, number_form
from sdmigrate.rules.form_json import json_form
from sdmigrate.rules.form_numbers import (
    ADDRESS_FORMS,
    BOOLEAN_FORMS,
    NOT_FINITE,
    NUMBER_FORMS,
    PADDED_INTEGER,
    TIME_FORMS,
    UUID_FORMS,
    separated_name,
)
from sdmigrate.rules.form_record import LONGEST_FORM, SPACES, Form, Moment, Parsed

Interest: TypeAlias = Literal["any", "date", "json"]
"""What a column is about, which decides how its plain numbers are read: "date" where it is declared as a
date or time of any kind, "json" where it is declared as JSON."""

FORMS: tuple[Form, ...] = (
    TEXT_DATE_FORMS
    + NUMBER_DATE_FORMS
    + TIME_FORMS
    + NUMBER_FORMS
    + BOOLEAN_FORMS
    + UUID_FORMS
    + ADDRESS_FORMS
)
FORM_BY_NAME: dict[str, Form] = {form.name: form for form in FORMS}

OTHER_NAMES: dict[str, str] = {
    "ambiguous_day_month": "A date whose day and month can be taken for each other (03/04/2025)",
    "same_day_month": "A date whose day and month are equal, so that both readings agree (03/03/2025)",
    "zero_date": "A date of zeros (0000-00-00), which means no date: corrupt",
    "impossible_date": "A date that no calendar has (2024-02-30, 24:00:00): corrupt",
    "ambiguous_comma": "A number whose comma may stand between thousands or before a fraction (1,213)",
    "ambiguous_point": "A number whose point may stand between thousands or before a fraction (1.213); "
    "read as a fraction unless the column says otherwise",
    "digit_groups": "Groups of three digits set apart by spaces or apostrophes (1 213 000): a number, or an "
    "identifier",
    "dotted_groups": "Groups of three digits set apart by points (1.213.000): a number, version or address",
    "leading_zeros": "Digits with leading zeros (007): an identifier, not a number",
    "not_finite": "NaN or Infinity as text, or an infinite REAL",
    "real": "A REAL that is no date",
    "uuid_bytes": "A blob of sixteen bytes, as UUIDs are kept",
    "blob": "Any other blob",
    "json": "JSON that jsonb holds",
    "json_text_only": "JSON for json but not jsonb: \\u0000, a lone surrogate, a number too long",
    "empty": "Text of length zero",
    "blank": "Text of white space only",
    "other": "Anything else",
}
"""Names that are counted beside the forms; a plan can name none of them but uuid_bytes."""

PLAN_FORMS = frozenset({"auto", "uuid_bytes", "uuid_bytes_swapped"}) | FORM_BY_NAME.keys()
"""What ``form`` may be in a plan. uuid_bytes_swapped: the first three fields little-endian, as .NET keeps a
GUID."""

CORRUPT = frozenset({"zero_date", "impossible_date"})

# A superset of what any form can start with, for DuckDB to rule out most text without parsing it.
SUSPECT = (
    r"^[ \t\n\r\f\v]*(?:$|[-+.0-9{]|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]"
    r"|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    r"|mon|tue|wed|thu|fri|sat|sun|urn:|inf|nan|[0-9a-f]{8})"
    r"|(?i:t|true|y|yes|on|f|false|n|no|off)[ \t\n\r\f\v]*$)"
)
"""RE2 and Python: a text without this beginning has the form "other" (outside columns of JSON)."""

_OTHER_THAN_DATES = NUMBER_FORMS + TIME_FORMS + BOOLEAN_FORMS + UUID_FORMS + ADDRESS_FORMS
_SUSPECT = re.compile(SUSPECT, re.ASCII)
_ANY_DIGIT = str.maketrans("123456789", "000000000")


class Understood(NamedTuple):
    """A value's form, and what it means by it."""

    form: str
    meaning: Parsed | None = None
    """None where the form has none, or where the column has to say which of two is meant; of dates that can
    be taken both ways the one with the day first."""


def _whatever_digits(pattern: str) -> re.Pattern[str]:
    """The pattern with any digit where it names some."""

    def widened(part: re.Match[str]) -> str:
        kept = part[0][0] in "\\{" or (part[0][0] == "[" and part[0].strip("[]-0123456789"))
        return part[0] if kept else "[0-9]"

    return re.compile(re.sub(r"\\.|\{[0-9,]+\}|\[[^\]]*\]|[0-9]", widened, pattern), re.ASCII)


_SHAPES = {form.name: _whatever_digits(form.pattern) for form in TEXT_DATE_FORMS + _OTHER_THAN_DATES}


@lru_cache(maxsize=4096)
def _possible(shape: str) -> tuple[tuple[Form, ...], tuple[Form, ...]]:
    """The forms of dates, and the others, that a text can have whose digits are all zeros in this one."""
    dates, others = (
        tuple(form for form in forms if _SHAPES[form.name].fullmatch(shape))
        for forms in (TEXT_DATE_FORMS, _OTHER_THAN_DATES)
    )
    return dates, others


def form_of(value: Value, interest: Interest = "any") -> str:
    """The name of the value's form; every value that is not NULL has one."""
    return understood(value, interest).form


def understood(value: Value, interest: Interest = "any") -> Understood:
    """The value's form with what it means by it; every value that is not NULL has a form."""
    if isinstance(value, str):
        return _understood_text(value, interest)
    if isinstance(value, bytes):
        return Understood("uuid_bytes" if len(value) == 16 else "blob")
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return Understood("not_finite")
    if interest == "date" and value is not None:
        dated = number_form(value)
        if dated:
            return Understood(dated, FORM_BY_NAME[dated].parse(repr(value)))
    return Understood("real" if isinstance(value, float) else "integer")


def _understood_text(text: str, interest: Interest) -> Understood:
    if not text:
        return Understood("empty")
    if interest == "json":
        return Understood(json_form(text))
    if len(text) > LONGEST_FORM or not _SUSPECT.match(text):
        return Understood("other" if text.strip(SPACES) else "blank")
    stripped = text.strip(SPACES)
    if not stripped:
        return Understood("blank")
    if interest == "date":
        dated = number_form(stripped)
        if dated:
            return Understood(dated, FORM_BY_NAME[dated].parse(text))
    dates, others = _possible(text.translate(_ANY_DIGIT))
    date = _understood_date(text, dates)
    if date is not None:
        return date
    for form in others:
        meaning = form.parse(text)
        if meaning is not None:
            name = separated_name(form.name, text) if form.family == "number" else form.name
            return Understood(name, meaning)
    if PADDED_INTEGER.fullmatch(text):
        return Understood("leading_zeros")
    return Understood("not_finite" if NOT_FINITE.fullmatch(text) else "other")


def _understood_date(text: str, forms: tuple[Form, ...]) -> Understood | None:
    """The form among these of dates; None where the text does not look like a date at all."""
    for form in forms:
        moment = form.parse(text)
        if moment is None:
            continue
        if day_month_reading(form) != "dmy":
            return Understood(form.name, moment)
        return Understood(_either_reading(form, text, moment), moment)
    if not any(form.compiled.fullmatch(text) for form in forms):
        return None
    return Understood("zero_date" if is_zero_date(text) else "impossible_date")


def _either_reading(form: Form, text: str, moment: object) -> str:
    other = FORM_BY_NAME["mdy" + form.name[3:]].parse(text)
    if other is None:
        return form.name
    return "same_day_month" if other == moment else "ambiguous_day_month"


def moment_of(text: str, day_first: bool | None) -> Moment | None:
    """What a text means as a date by its own form.

    None for no date, and for an ambiguous one unless ``day_first`` settles it.
    """
    if len(text) > LONGEST_FORM:
        return None
    dates, _ = _possible(text.translate(_ANY_DIGIT))
    found = _understood_date(text, dates)
    if found is None or found.form in CORRUPT or not isinstance(found.meaning, Moment):
        return None
    if found.form != "ambiguous_day_month":
        return found.meaning
    if day_first is None:
        return None
    reading = "dmy" if day_first else "mdy"
    meanings = (form.parse(text) for form in dates if day_month_reading(form) == reading)
    return next((moment for moment in meanings if isinstance(moment, Moment)), None)


def form_family(name: str) -> str:
    """The family of a form; for the other names "corrupt", "date" (ambiguous ones) or "none"."""
    if name in FORM_BY_NAME:
        return FORM_BY_NAME[name].family
    if name in CORRUPT:
        return "corrupt"
    return "date" if name in ("ambiguous_day_month", "same_day_month") else "none"
