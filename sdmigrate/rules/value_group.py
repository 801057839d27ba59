"""The values of one storage class and form, counted together, with located samples of them.

Invariant: every number counts values, and the values kept as samples are those of the first rows,
in whatever order they come.
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from sdmigrate.model.finding import Sample
from sdmigrate.model.values import LongValue, Value, stored
from sdmigrate.rules.convert_numbers import INTEGER_RANGES
from sdmigrate.rules.form_record import Moment

SAMPLES = 5
"""Most samples of one kind."""

Located: TypeAlias = tuple[Value | LongValue, int | None]
"""A value with the rowid of one row that holds it."""


@dataclass(slots=True)
class Group:
    """The values of one storage class and form; every number counts values, not distinct ones."""

    count: int = 0
    samples: list[Located] = field(default_factory=list)
    low: float | None = None
    """Smallest number, exact (of fractions in text to the nearest double); None where there are none."""
    high: float | None = None
    bits: int = 0
    """0 and 1, as a number or as text."""
    bigints: int = 0
    """Whole numbers that bigint holds and that SQLite has not rounded."""
    integers: int = 0
    """Those of them that integer holds."""
    smallints: int = 0
    """Those of them that smallint holds."""
    compact: int = 0
    """INTEGERs and whole numbers in text that are a day of 1900 to 2100 as YYYYMMDD or YYYYMMDDHHMMSS."""
    digits_before: int = 0
    """Most digits before the point of the numbers in text."""
    digits_after: int = 0
    """Most digits after it."""
    lowest: Located | None = None
    """The value with the smallest number, its first row."""
    highest: Located | None = None
    odd: list[Located] = field(default_factory=list)
    """Values that a type may refuse: with a fraction, a time of day, or beyond what is declared."""
    texts: int = 0
    """BLOBs that are UTF-8 text, see ``convert_text.text_in``."""
    long_texts: int = 0
    """Those of them that the declared length cannot hold."""
    inexact: int = 0
    """Numbers that are no double exactly."""
    beyond: int = 0
    """Numbers with more digits than numeric holds."""
    unfit: int = 0
    """Values that the declared precision, scale or length cannot hold."""
    zoned: int = 0
    """Dates that name their offset."""
    midnights: int = 0
    """Dates without a time of day."""
    rounded: int = 0
    """Dates with digits finer than a microsecond."""
    marked: bool = False
    """Whether numbers with separators are among them that are nothing else; see ``is_marked``."""
    by_comma: "Group | None" = None
    """The same numbers, counted as they are where the comma stands before the fraction."""

    def note_number(self, number: float, value: Value, rowid: int | None) -> None:
        """Remember the number where it is the smallest or the largest."""
        if self.low is None or number < self.low or (number == self.low and _before(rowid, self.lowest)):
            self.low, self.lowest = number, (value, rowid)
        if self.high is None or number > self.high or (number == self.high and _before(rowid, self.highest)):
            self.high, self.highest = number, (value, rowid)

    def note_whole(self, number: float | Decimal, count: int) -> None:
        """Count a whole number that bigint holds."""
        self.bigints += count
        self.integers += count * within("integer", number)
        self.smallints += count * within("smallint", number)

    def note_digits(self, before: int, after: int) -> None:
        """Remember how many digits a number in text needs."""
        self.digits_before = max(self.digits_before, before)
        self.digits_after = max(self.digits_after, after)

    def note_moment(self, moment: Moment, value: Value, count: int, rowid: int | None) -> None:
        """Count how much of a date's precision and offset a type has to keep."""
        self.zoned += count * moment.zoned
        self.rounded += count * moment.rounded
        at = moment.at
        midnight = not (at.hour or at.minute or at.second or at.microsecond or moment.rounded)
        self.midnights += count * midnight
        if not midnight:
            note_sample(self.odd, value, rowid)


def within(type_: str, number: float | Decimal) -> bool:
    """Whether the integer type holds the number."""
    low, high = INTEGER_RANGES[type_]
    return low <= number <= high


def _before(rowid: int | None, kept: Located | None) -> bool:
    """Whether a row comes before the one that is kept."""
    return kept is not None and (rowid or 0) < (kept[1] or 0)


def note_sample(samples: list[Located], value: Value | LongValue, rowid: int | None) -> None:
    """Keep the value where fewer than five are kept, or where it comes before one of them; by their place."""
    place = rowid or 0
    full = len(samples) == SAMPLES
    if full and place >= (samples[-1][1] or 0):
        return
    # A table counted in parts brings a value once for each, the first rows first.
    if any(value == kept for kept, _ in samples):
        return
    if full:
        samples.pop()
    insort(samples, (value, rowid), key=_place)


def _place(located: Located) -> int:
    return located[1] or 0


def in_order(values: Iterable[Located]) -> list[Located]:
    """By their place."""
    return sorted(values, key=_place)


def located(values: list[Located]) -> tuple[Sample, ...]:
    """The first five by their place, as samples."""
    return tuple(Sample(rowid=rowid, value=stored(value)) for value, rowid in in_order(values)[:SAMPLES])
