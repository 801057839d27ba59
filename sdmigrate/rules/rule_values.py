"""Whether one value passes a rule, in whatever form it is written.

Invariant: a value that is no number, or no date, lies in no range.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.model.rule import Rule
from sdmigrate.model.values import Value
from sdmigrate.rules.conversion import Changed, Kept, Misfit, convert
from sdmigrate.rules.form_record import SPACES
from sdmigrate.rules.forms import form_of

_REPEATED = re.compile(r"(\\n|\\t|[^\\.^$*+?{}\[\]|()])\{(\d{1,3}),\}")
_ESCAPED = {"\\n": "\n", "\\t": "\t"}
_REMEMBERED = 65_536
_ISO = {"iso_date", "iso_datetime"}


def ranges_over_dates(rule: Rule) -> bool:
    """Whether its bounds are days, YYYY-MM-DD."""
    return isinstance(rule.minimum, str) or isinstance(rule.maximum, str)


def in_range(rule: Rule, profile: ColumnProfile) -> Callable[[Value], bool]:
    """The test of one value of that column; bounds are included, of a last day its every hour."""
    dates = ranges_over_dates(rule)
    column = ColumnPlan(
        source=profile.name,
        target=profile.name,
        type="timestamp" if dates else "numeric",
        form=profile.form if dates else profile.separators,
        day_first=profile.day_first,
    )

    @lru_cache(maxsize=_REMEMBERED)
    def test(value: Value) -> bool:
        if dates and isinstance(value, str) and form_of(value) in _ISO:
            return _day_within(rule, value[:10])
        match convert(value, column) if value is not None else None:
            case Kept():
                understood = value
            case Changed(after=after):
                understood = after
            case _:
                return False
        if understood is None:
            return False
        return _day_within(rule, str(understood)[:10]) if dates else _number_within(rule, understood)

    return test


def bounds_in_range(rule: Rule, profile: ColumnProfile) -> bool:
    """Whether the column's smallest and largest value prove that every value lies in the range.

    Days are proven where every value is ISO text, whose order is theirs.
    """
    if profile.minimum is None or profile.maximum is None:
        return False
    low, high, classes = profile.minimum.text, profile.maximum.text, profile.classes
    if ranges_over_dates(rule):
        iso = classes.text == classes.values and profile.forms.keys() <= _ISO
        return iso and _day_within(rule, low[:10]) and _day_within(rule, high[:10])
    numbers = classes.integer + classes.real == classes.values and not profile.infinite
    return numbers and _number_within(rule, low) and _number_within(rule, high)


def converts(rule: Rule, profile: ColumnProfile) -> Callable[[Value], bool]:
    """The test whether a value of that column becomes the rule's type."""
    column = ColumnPlan(source=profile.name, target=profile.name, type=rule.type, day_first=profile.day_first)
    return lambda value: value is not None and not isinstance(convert(value, column), Misfit)


def literal_of(pattern: str) -> str | None:
    """The text that is in a value exactly where the pattern is found; None where there is no such one."""
    repeated = _REPEATED.fullmatch(pattern)
    if repeated is not None and int(repeated[2]):
        return _ESCAPED.get(repeated[1], repeated[1]) * int(repeated[2])
    return pattern if pattern and pattern == re.escape(pattern) else None


def without(rule: Rule) -> Callable[[Value], bool]:
    """The test whether the rule's pattern is not found in a text."""
    found = re.compile(rule.pattern).search
    return lambda value: isinstance(value, str) and found(value) is None


def test_of(rule: Rule, profile: ColumnProfile) -> Callable[[Value], bool]:
    """The test whether a value of that column passes a watched rule; empty and blank text does."""
    match rule.check:
        case "range":
            passes = in_range(rule, profile)
        case "max_length":
            passes = _short_enough(rule)
        case _:
            literal = literal_of(rule.pattern)
            found_not = without(rule)

            def passes(value: Value) -> bool:
                if not isinstance(value, str):
                    return True
                return literal not in value if literal is not None else found_not(value)

    return lambda value: (isinstance(value, str) and not value.strip(SPACES)) or passes(value)


def _short_enough(rule: Rule) -> Callable[[Value], bool]:
    most = rule.maximum if isinstance(rule.maximum, int | float) else float("inf")

    def passes(value: Value) -> bool:
        if isinstance(value, bytes):
            return len(value) <= most
        # As SQLite's length() has it: a NUL ends a text.
        return len(str(value).partition("\0")[0]) <= most

    return passes


def _day_within(rule: Rule, day: str) -> bool:
    low, high = rule.minimum or day, rule.maximum or day
    return str(low) <= day <= str(high)


def _number_within(rule: Rule, value: Value) -> bool:
    number = Decimal(str(value)) if not isinstance(value, int) else Decimal(value)
    low = number if rule.minimum is None else Decimal(str(rule.minimum))
    high = number if rule.maximum is None else Decimal(str(rule.maximum))
    return low <= number <= high
