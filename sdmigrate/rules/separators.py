"""What the separators of a column's numbers mean: between thousands, or before a fraction.

Invariant: nothing is guessed. Values that can be read one way only decide for those of their column that can
be read both ways, then those of the table's other columns where they agree; without them nothing is settled.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sdmigrate.rules.convert_numbers import SEPARATED

BY_POINT = frozenset({"thousands", "ambiguous_comma", "ambiguous_point", "digit_groups"})
"""The names under which values are counted that the form ``thousands`` reads, plain numbers aside."""
BY_COMMA = frozenset({"decimal_comma", "ambiguous_comma", "ambiguous_point", "digit_groups", "dotted_groups"})
"""The same for the form ``decimal_comma``."""
NAMES = BY_POINT | BY_COMMA
MARKED = r"^(?:[+-]|0,)|,.*[^0-9,]|\..*[^0-9.]|[^0-9.,].*[.,]"
"""RE2 and Python: what ``is_marked`` looks for in a text without spaces around it."""
_MARKED = re.compile(MARKED)


@dataclass(frozen=True)
class Reading:
    """How the numbers with separators of one column are read."""

    form: str = "auto"
    """Of the plan; "auto" where there are none or nothing settles it."""
    sure: bool = False
    """They are numbers, even where nothing declares them so."""
    by_sisters: bool = False
    """Its own values can be read both ways."""


UNREAD = Reading()


def read_by(form: str) -> frozenset[str]:
    """The names that become numbers by that form of the plan and are none, or another one, without it."""
    named = {"thousands": BY_POINT - {"ambiguous_point"}, "decimal_comma": BY_COMMA}
    return frozenset(named.get(form, ()))


def is_marked(name: str, text: str) -> bool:
    """Whether a text counted under that name can hardly be anything but a number.

    It has separators of both kinds, a sign, or a zero before its comma; 12,50 and 1,213,400 may be lists, and
    what has none but spaces or points an identifier, an address or a version.
    """
    return name in SEPARATED and _MARKED.search(text.strip()) is not None


def order_of(counts: Mapping[str, int]) -> str | None:
    """The form by which the values themselves say they are to be read.

    None where they say nothing, or some this and others that. ``counts``: texts by form.
    """
    comma = counts.get("decimal_comma", 0)
    point = counts.get("thousands", 0) + counts.get("decimal", 0)
    if comma:
        return None if point else "decimal_comma"
    return "thousands" if point and (counts.get("thousands", 0) or counts.get("ambiguous_comma", 0)) else None


def settle(counts: Mapping[str, int], sisters: frozenset[str], *, marked: bool, declared: bool) -> Reading:
    """How a column's numbers with separators are read.

    Args:
        counts: its texts by form.
        sisters: what marked numbers of the table's other columns say; see ``order_of``.
        marked: whether one of its own is marked; see ``is_marked``.
        declared: whether the column is declared as a number, so that groups of digits are one.
    """
    told = next(iter(sisters)) if len(sisters) == 1 else None
    own = order_of(counts)
    if own is not None:
        return Reading(own, sure=marked or told == own)
    if counts.get("decimal_comma", 0) or counts.get("decimal", 0):
        return UNREAD
    if counts.get("ambiguous_comma", 0) or counts.get("ambiguous_point", 0):
        # Where a comma stands between thousands, a point is read as it is without any form.
        says = told is not None and (counts.get("ambiguous_comma", 0) or told == "decimal_comma")
        return Reading(told or "auto", sure=True, by_sisters=True) if says else UNREAD
    return Reading("thousands") if declared and counts.get("digit_groups", 0) else UNREAD
