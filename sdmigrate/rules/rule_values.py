"""Whether one value lies in a rule's range or has its type, in whatever form it is written.

Invariant: a value that is no number, or no date, lies in no range.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.model.values import Value
from sdmigrate.rules.conversion import Changed, Kept, Misfit, convert
from sdmigrate.rules.rule_pack import Rule

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


def _day_within(rule: Rule, day: str) -> bool:
    low, high = rule.minimum or day, rule.maximum or day
    return str(low) <= day <= str(high)


def _number_within(rule: Rule, value: Value) -> bool:
    number = Decimal(str(value)) if not isinstance(value, int) else Decimal(value)
    low = number if rule.minimum is None else Decimal(str(rule.minimum))
    high = number if rule.maximum is None else Decimal(str(rule.maximum))
    return low <= number <= high
