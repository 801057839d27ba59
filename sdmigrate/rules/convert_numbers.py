"""Numbers and booleans under a column's plan.

Invariant: no digit is lost: a number that the type cannot hold exactly is a misfit.
"""

import math
import re
from decimal import Decimal

from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.values import Value
from sdmigrate.rules.form_numbers import BOOLEAN_FORMS, FORM_OF_NUMBER
from sdmigrate.rules.form_record import SPACES, may_have_form
from sdmigrate.rules.outcome import Changed, Kept, Misfit, Outcome

INTEGER_RANGES: dict[str, tuple[int, int]] = {
    "smallint": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
EXACT_INTEGERS = 2**53
"""Below it every whole number is one double and every double without a fraction one whole number."""
_ALWAYS = ("integer", "decimal")
SEPARATED = ("thousands", "decimal_comma")
"""The forms of numbers with separators, which count only where they are named."""
_PLAIN_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_LONGEST_NUMERIC = (131_072, 16_383)
"""Digits before and after the point: https://www.postgresql.org/docs/current/datatype-numeric.html."""


def number_of(text: str, form: str) -> Decimal | None:
    """The number that a text means; separators count only where the plan's form names them.

    The form named comes first: where the comma stands before a fraction, 1.213 is a thousand and more.
    """
    for name in (*((form,) if form in SEPARATED else ()), *_ALWAYS):
        parsed = FORM_OF_NUMBER[name].parse(text)
        if isinstance(parsed, Decimal):
            return parsed
    return None


def to_boolean(value: Value, column: ColumnPlan) -> Outcome:  # noqa: ARG001
    """0 and 1, and the known words in any case."""
    if isinstance(value, int):
        return Kept() if value in (0, 1) else Misfit("a number other than 0 and 1", "not-boolean")
    if isinstance(value, float):
        if value in (0.0, 1.0):
            return Changed(int(value), "real-to-boolean")
        return Misfit("a number other than 0 and 1", "not-boolean")
    if isinstance(value, str):
        stripped = value.strip(SPACES)
        if stripped in ("0", "1") and may_have_form(value):
            return Changed(int(stripped), "text-to-boolean")
        meant = BOOLEAN_FORMS[0].parse(value)
        if meant is not None:
            return Changed(int(bool(meant)), "text-to-boolean")
    return Misfit("no word for yes or no", "not-boolean")


def to_integer(value: Value, column: ColumnPlan) -> Outcome:
    """Whole numbers within the type's range."""
    low, high = INTEGER_RANGES[column.type]
    if isinstance(value, int):
        after, rule = value, ""
    elif isinstance(value, float):
        if not value.is_integer():
            return Misfit("a number with a fraction or none at all", "not-an-integer")
        if abs(value) >= EXACT_INTEGERS:
            return Misfit("a REAL of 2^53 or more, which SQLite has already rounded", "rounded-integer")
        after, rule = int(value), "real-to-integer"
    else:
        number = number_of(value, column.form) if isinstance(value, str) else None
        if number is None or number.adjusted() > 20 or number != number.to_integral_value():
            return Misfit("no whole number", "not-an-integer")
        after, rule = int(number), "text-to-integer"
    if not low <= after <= high:
        return Misfit(f"beyond the range of {column.type}", "integer-out-of-range")
    return Changed(after, rule) if rule else Kept()


def to_numeric(value: Value, column: ColumnPlan) -> Outcome:
    """Decimals that fit the precision and scale exactly; a REAL means its shortest text."""
    if isinstance(value, bytes):
        return Misfit("no number", "not-a-number")
    if isinstance(value, str):
        number = number_of(value, column.form)
        if number is None:
            return Misfit("no number", "not-a-number")
    elif isinstance(value, float) and not math.isfinite(value):
        return Misfit("numeric has no Infinity here", "infinite")
    else:
        number = Decimal(repr(value))
    unfit = _beyond(number, column.type)
    if unfit:
        return unfit
    if not isinstance(value, str) or (_PLAIN_DECIMAL.fullmatch(value) and Decimal(value) == number):
        return Kept()
    after = f"{number:f}"
    if number_of(after, column.form) != number:
        # A second reading would take 1.213 for thousands; as REAL its digits mean what they say.
        return Changed(float(number), "text-to-numeric")
    return Changed(after, "text-to-numeric")


def _beyond(number: Decimal, type_: str) -> Misfit | None:
    before, after = decimal_digits(number)
    if beyond_numeric(before, after):
        return Misfit("more digits than numeric holds", "numeric-too-long")
    if "(" not in type_:
        return None
    precision, _, scale = type_[type_.index("(") + 1 : -1].partition(",")
    if after > int(scale or 0):
        return Misfit(f"{after} digits after the point, more than {scale or 0}", "scale-exceeded")
    if before > int(precision) - int(scale or 0):
        return Misfit(f"{before} digits before the point, too many for {type_}", "precision-exceeded")
    return None


def beyond_numeric(before: int, after: int) -> bool:
    """Whether PostgreSQL's numeric cannot hold so many digits before and after the point."""
    return before > _LONGEST_NUMERIC[0] or after > _LONGEST_NUMERIC[1]


def decimal_digits(number: Decimal) -> tuple[int, int]:
    """Digits before and after the point that the number needs; trailing zeros do not count."""
    if not number.is_finite():
        return 0, 0
    whole, _, fraction = f"{number:f}".partition(".")
    return len(whole.lstrip("-0")), len(fraction.rstrip("0"))


def to_double(value: Value, column: ColumnPlan) -> Outcome:
    """Doubles, and whole numbers that are one exactly."""
    if isinstance(value, float):
        return Kept()
    if isinstance(value, int):
        exact = abs(value) <= EXACT_INTEGERS or int(float(value)) == value
        return Kept() if exact else Misfit("an integer that no double holds exactly", "inexact-double")
    number = number_of(value, column.form) if isinstance(value, str) else None
    if number is None:
        return Misfit("no number", "not-a-number")
    double = float(number)
    if not math.isfinite(double) or Decimal(repr(double)) != number:
        return Misfit("more digits than a double holds", "inexact-double")
    return Changed(double, "text-to-real")
