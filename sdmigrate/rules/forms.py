"""Every form by name, and which one a value has.

Invariant: a value has at most one form, the same whichever way it is counted; the names here, in the
profile's counts, in the plan and in docs/forms.md are the same (tested).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from sdmigrate.model.values import Value
from sdmigrate.rules.form_dates import TEXT_DATE_FORMS, day_month_reading, is_zero_date
from sdmigrate.rules.form_epochs import NUMBER_DATE_FORMS, is_plain_number, number_form
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
from sdmigrate.rules.form_record import LONGEST_FORM, SPACES, Form, Moment, Parsed, in_ascii, may_have_form

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


def _certain_patterns() -> dict[str, str]:
    patterns: dict[str, list[str]] = {"leading_zeros": ["0[0-9]{1,30}"]}
    for form in FORMS:
        for name, pattern in form.certain.items():
            patterns.setdefault(name, []).append(pattern)
    return {name: in_ascii("|".join(of_name)) for name, of_name in patterns.items()}


CERTAIN: dict[str, str] = _certain_patterns()
"""RE2 and Python: by the name of a form what is certainly counted under it, see ``Form.certain``; but for
plain numbers in columns of dates, and for columns of JSON."""

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

BYTE_FORMS = ("uuid_bytes_swapped", "utf8_bytes", "text_bytes")
"""By decision only: BLOBs as GUIDs of .NET or text in UTF-8, numbers as bytes. None is counted so."""

PLAN_FORMS = frozenset({"auto", "uuid_bytes", *BYTE_FORMS, *FORM_BY_NAME})
"""What ``form`` may be in a plan."""

CORRUPT = frozenset({"zero_date", "impossible_date"})

# A superset of what any form can start with, for DuckDB to rule out most text without parsing it.
SUSPECT = (
    r"^[ \t\n\r\f\v]*(?:$|[-+.0-9{]|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]"
    r"|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    r"|mon|tue|wed|thu|fri|sat|sun|urn:|inf|nan|p[0-9t]|[0-9a-f]{8})"
    r"|(?i:t|true|y|yes|on|f|false|n|no|off)[ \t\n\r\f\v]*$)"
)
"""RE2 and Python: a text without this beginning has the form "other" (outside columns of JSON)."""

_OTHER_THAN_DATES = NUMBER_FORMS + TIME_FORMS + BOOLEAN_FORMS + UUID_FORMS + ADDRESS_FORMS
_LONG_FORMS = tuple(form for form in NUMBER_FORMS if form.name in ("integer", "decimal"))
_MONTHS_OR_WEEKDAYS = re.compile(
    r"[ \t\n\r\f\v]*(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)",
    re.ASCII,
)
_SUSPECT = re.compile(SUSPECT, re.ASCII)
_LIKE_A_DATE = re.compile(r"[0-9]{1,4}(?:[-/.]|(?i:st|nd|rd|th)?[ -][A-Za-z])|[0-9]{8}")


class Understood(NamedTuple):
    """A value's form with what the value means by it."""

    form: str
    meaning: Parsed | None = None
    """None where the form has none; a number whose separators can be read both ways is read by its point, a
    date with its day first."""


def form_of(value: Value, interest: Interest = "any") -> str:
    """The name of the value's form; every value that is not NULL has one."""
    return understood(value, interest).form


def understood(value: Value, interest: Interest = "any") -> Understood:
    """The value's form, see ``form_of``, found and understood at once."""
    if isinstance(value, str):
        return _understood_text(value, interest)
    if isinstance(value, bytes):
        return _UUID_BYTES if len(value) == 16 else _BLOB
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return _NOT_FINITE
    if interest == "date" and value is not None:
        dated = number_form(value)
        if dated:
            return Understood(dated, FORM_BY_NAME[dated].parse(repr(value)))
    return _REAL if isinstance(value, float) else _INTEGER


_UUID_BYTES, _BLOB, _NOT_FINITE = Understood("uuid_bytes"), Understood("blob"), Understood("not_finite")
_REAL, _INTEGER = Understood("real"), Understood("integer")
_EMPTY, _BLANK, _OTHER = Understood("empty"), Understood("blank"), Understood("other")


def _understood_text(text: str, interest: Interest) -> Understood:
    if not text:
        return _EMPTY
    if interest == "json":
        blank = text[0] in SPACES and not text.strip(SPACES)
        return _BLANK if blank else Understood(json_form(text))
    if not _SUSPECT.match(text) or not may_have_form(text):
        return _OTHER if text.strip(SPACES) else _BLANK
    if len(text) > LONGEST_FORM:
        return _understood_long_number(text)
    shape = _understood_shape(_shape_of(text))
    if shape.blank:
        return _BLANK
    if interest == "date" and shape.plain_number:
        dated = number_form(text.strip(SPACES))
        if dated:
            return Understood(dated, FORM_BY_NAME[dated].parse(text))
    if shape.dates:
        return _understood_date(text, shape.dates)
    for form, name in shape.others:
        meaning = form.parse(text)
        if meaning is not None:
            return Understood(name, meaning)
    return shape.rest


def _understood_long_number(text: str) -> Understood:
    # One by one: there are as many shapes of them as lengths.
    for form in _LONG_FORMS:
        meaning = form.parse(text)
        if meaning is not None:
            return Understood(form.name, meaning)
    return _OTHER


@dataclass(frozen=True, slots=True)
class _Shape:
    """What texts that differ in nothing but their digits, a leading zero aside, have in common."""

    blank: bool
    plain_number: bool
    """It may be one of the dates that are a number."""
    dates: tuple[Form, ...]
    """Those of text whose pattern it has."""
    others: tuple[tuple[Form, str], ...]
    """The other forms that it may have, with the names under which texts of them are counted."""
    rest: Understood
    """What it is where none of them understands it."""


_NINES = str.maketrans("012345678", "999999999")


def _shape_of(text: str) -> str:
    """The text with every digit 9, or 0 where it is the zero that a number begins with."""
    shape = text.translate(_NINES)
    return shape.replace("9", "0", 1) if text.lstrip(_BEFORE_DIGITS)[:1] == "0" else shape


_BEFORE_DIGITS = SPACES + "+-"


@lru_cache(maxsize=4096)
def _understood_shape(shape: str) -> _Shape:
    """No pattern tells digits apart but a leading zero's and those of a clock, which zeros have as well."""
    stripped = shape.strip(SPACES)
    like_a_date = _LIKE_A_DATE.match(stripped) or _MONTHS_OR_WEEKDAYS.match(shape)
    zeros = shape.replace("9", "0")
    others = tuple(
        (form, separated_name(form.name, shape) if form.family == "number" else form.name)
        for form in _OTHER_THAN_DATES
        if form.compiled.fullmatch(shape) or form.compiled.fullmatch(zeros)
    )
    rest = _OTHER
    if PADDED_INTEGER.fullmatch(shape):
        rest = Understood("leading_zeros")
    elif NOT_FINITE.fullmatch(shape):
        rest = _NOT_FINITE
    return _Shape(
        blank=not stripped,
        plain_number=is_plain_number(stripped),
        dates=tuple(form for form in TEXT_DATE_FORMS if like_a_date and form.compiled.fullmatch(shape)),
        others=others,
        rest=rest,
    )


def _understood_date(text: str, forms: tuple[Form, ...]) -> Understood:
    """What a text means as a date, of which it has the pattern of these forms."""
    for form in forms:
        moment = form.parse(text)
        if isinstance(moment, Moment):
            name = _either_reading(form, text, moment) if day_month_reading(form) == "dmy" else form.name
            return Understood(name, moment)
    return Understood("zero_date" if is_zero_date(text) else "impossible_date")


def _either_reading(form: Form, text: str, moment: Moment) -> str:
    if moment.rounded:
        # Perhaps to another day than the one that is written.
        other = FORM_BY_NAME["mdy" + form.name[3:]].parse(text)
        if other is None:
            return form.name
        return "same_day_month" if other == moment else "ambiguous_day_month"
    if moment.at.day > _MONTHS:
        return form.name
    return "same_day_month" if moment.at.day == moment.at.month else "ambiguous_day_month"


_MONTHS = 12


def moment_of(text: str, day_first: bool | None) -> Moment | None:
    """What a text means as a date by its own form.

    None for no date, and for an ambiguous one unless ``day_first`` settles it.
    """
    dates = _understood_shape(_shape_of(text)).dates if len(text) <= LONGEST_FORM else ()
    if not dates:
        return None
    found = _understood_date(text, dates)
    if not isinstance(found.meaning, Moment):
        return None
    if found.form == "ambiguous_day_month" and day_first is not True:
        return None if day_first is None else _month_first(text, dates)
    return found.meaning


def _month_first(text: str, forms: tuple[Form, ...]) -> Moment | None:
    readings = (form.parse(text) for form in forms if day_month_reading(form) == "mdy")
    return next((moment for moment in readings if isinstance(moment, Moment)), None)


def form_family(name: str) -> str:
    """The family of a form; for the other names "corrupt", "date" (ambiguous ones) or "none"."""
    if name in FORM_BY_NAME:
        return FORM_BY_NAME[name].family
    if name in CORRUPT:
        return "corrupt"
    return "date" if name in ("ambiguous_day_month", "same_day_month") else "none"
