"""Which values of a column the rules of a pack may object to, told before anything is counted.

Invariant: a value that is let pass breaks no rule watched for; of one that is not, the rule itself decides
later, when the column's forms are known.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

from sdmigrate.model.rule import Rule
from sdmigrate.model.values import Value
from sdmigrate.rules.rule_pack import RulePack
from sdmigrate.rules.rule_values import literal_of, ranges_over_dates

WATCHED = frozenset({"range", "matches_not", "max_length"})
"""Checks of single values that a column's kept values answer."""

_FIRST_DAY, _LAST_DAY = "0000-00-00", "9999-99-99"

Bounds: TypeAlias = tuple[float | None, float | None]


@dataclass(frozen=True)
class Watch:
    """What some rules look for in one column's values."""

    needles: tuple[str, ...] = ()
    """Text that must not be in a value."""
    longest: int | None = None
    """Characters beyond which a text breaks a rule."""
    numbers: Bounds | None = None
    """The range that numbers must lie in, bounds included; None where no rule names one."""
    days: tuple[str, str] | None = None
    """The first and the last ISO day of the dates allowed; None where no rule names any."""
    everything: bool = False
    """A rule that only its own test can answer, value by value."""

    @property
    def only_texts(self) -> bool:
        """Whether nothing but the letters of a text matters."""
        return self.numbers is None and self.days is None and not self.everything

    def lets_pass(self, value: Value) -> bool:
        """Whether the value surely breaks none of the rules, in the few cases that are worth a look."""
        if not self.only_texts:
            return False
        if not isinstance(value, str):
            return self.longest is None
        return not (
            any(needle in value for needle in self.needles)
            or (self.longest is not None and len(value) > self.longest)
        )

    def lets_form_pass(self, kind: str, form: str) -> bool:
        """Whether values of that class and form pass where no needle, length or bound is against them."""
        if self.everything or (self.longest is not None and kind != "text"):
            return False
        if self.days is not None:
            return kind == "text" and form in ("iso_date", "iso_datetime") and self.numbers is None
        return self.numbers is None or kind in ("integer", "real")


def watches(pack: RulePack | None, table: str) -> dict[str | None, Watch]:
    """By column what the pack's rules look for in that table; under None what they look for in every text."""
    rules = [rule for rule in pack.rules if rule.table in (None, table)] if pack is not None else []
    watched = [rule for rule in rules if rule.check in WATCHED]
    everywhere = [rule for rule in watched if rule.column is None]
    columns = {rule.column for rule in watched}
    return {
        column: _watch([*everywhere, *(rule for rule in watched if column and rule.column == column)])
        for column in columns
    }


def _watch(rules: list[Rule]) -> Watch:
    needles: list[str] = []
    longest: list[int] = []
    days: list[tuple[str, str]] = []
    numbers: list[Bounds] = []
    everything = False
    for rule in rules:
        literal = literal_of(rule.pattern) if rule.check == "matches_not" else None
        if literal is not None:
            needles.append(literal)
        elif rule.check == "max_length" and isinstance(rule.maximum, int | float):
            longest.append(int(rule.maximum))
        elif rule.check == "range" and ranges_over_dates(rule):
            low, high = str(rule.minimum or _FIRST_DAY), str(rule.maximum or _LAST_DAY)
            days.append((low, high))
            everything |= len(low) != len(_FIRST_DAY) or len(high) != len(_LAST_DAY)
        elif rule.check == "range":
            numbers.append((_number(rule.minimum), _number(rule.maximum)))
        else:
            everything = True
    return Watch(
        needles=tuple(dict.fromkeys(needles)),
        longest=min(longest, default=None),
        numbers=_narrowest(numbers) if numbers else None,
        days=(max(low for low, _ in days), min(high for _, high in days)) if days else None,
        everything=everything,
    )


def _number(bound: object) -> float | None:
    return bound if isinstance(bound, int | float) and math.isfinite(bound) else None


def _narrowest(ranges: list[Bounds]) -> Bounds:
    lows = [low for low, _ in ranges if low is not None]
    highs = [high for _, high in ranges if high is not None]
    return max(lows, default=None), min(highs, default=None)
