"""What the values of one column are, gathered: the counts from which types, findings and scores follow.

Invariant: exact. Adding every value one by one and merging groups that a scan has counted give the same.
"""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from sdmigrate.model.catalog import Column
from sdmigrate.model.finding import Sample
from sdmigrate.model.profile import ClassCounts, TopValue
from sdmigrate.model.values import StorageClass, Value, storage_class, stored
from sdmigrate.rules.convert_numbers import EXACT_INTEGERS, INTEGER_RANGES, decimal_digits, number_of
from sdmigrate.rules.form_epochs import is_compact
from sdmigrate.rules.form_record import Moment
from sdmigrate.rules.forms import CORRUPT, FORM_BY_NAME, Interest, form_family, form_of, moment_of
from sdmigrate.rules.separators import BY_COMMA, BY_POINT, is_marked
from sdmigrate.rules.shortest import shortest_text
from sdmigrate.rules.watching import Watch

SAMPLES = 5
"""Most samples of one kind."""
TOP = 5
"""Most frequent values kept."""
KEPT = 20_000
"""Most values of a column kept for the rules of a pack."""

Located: TypeAlias = tuple[Value, int | None]
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
    inexact: int = 0
    """Numbers that are no double exactly."""
    unfit: int = 0
    """Values that the declared precision, scale or length cannot hold."""
    zoned: int = 0
    """Dates that name their offset."""
    midnights: int = 0
    """Dates without a time of day."""
    rounded: int = 0
    """Dates with digits finer than a microsecond."""
    marked: int = 0
    """Numbers with separators that are nothing else; see ``is_marked``."""
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
        self.integers += count * _within("integer", number)
        self.smallints += count * _within("smallint", number)

    def note_digits(self, before: int, after: int) -> None:
        """Remember how many digits a number in text needs."""
        self.digits_before = max(self.digits_before, before)
        self.digits_after = max(self.digits_after, after)


@dataclass(slots=True)
class Evidence:
    """Everything counted of one column."""

    interest: Interest = "any"
    declared_digits: tuple[int, int] | None = None
    """Precision and scale, where the declaration names them."""
    declared_length: int | None = None
    """Characters, where the declaration names them."""
    rows: int = 0
    nulls: int = 0
    distinct: int = 0
    groups: dict[tuple[StorageClass, str], Group] = field(default_factory=dict)
    nul_texts: list[Located] = field(default_factory=list)
    invalid_texts: list[Located] = field(default_factory=list)
    nul_count: int = 0
    invalid_count: int = 0
    longest_characters: int = 0
    longest_bytes: int = 0
    longest: Located | None = None
    non_integral: int = 0
    fraction_digits: int = 0
    low_text: str | None = None
    high_text: str | None = None
    frequent: list[tuple[int, int, int, Value]] = field(default_factory=list)
    """A heap of the most frequent values."""
    watch: Watch | None = None
    """What the rules of a pack look for in this column."""
    kept: list[tuple[Value, int, int | None]] = field(default_factory=list)
    """The distinct values that the watch does not let pass, with their rows and the rowid of one of them."""
    kept_all: bool = True
    """False: there are too many, or a scan has settled some that the rules must see."""

    def add_nulls(self, count: int) -> None:
        """Rows whose value is NULL."""
        self.rows += count
        self.nulls += count

    def add(self, value: Value, count: int = 1, rowid: int | None = None) -> None:
        """A distinct value that is not NULL, with the number of its rows and the rowid of one of them."""
        self.rows += count
        self.distinct += 1
        self.note_frequent(value, count, rowid)
        if self.watch is not None and not self.watch.lets_pass(value):
            self.keep(value, count, rowid)
        kind = storage_class(value)
        form = form_of(value, self.interest)
        group = self.group(kind, form)
        group.count += count
        note_sample(group.samples, value, rowid)
        if isinstance(value, str):
            self._add_text(value, count, rowid, form, group)
        elif isinstance(value, bytes):
            self.note_length(0, len(value), value, rowid)
        elif value is not None:
            self._add_number(value, count, rowid, form, group)

    def keep(self, value: Value, count: int, rowid: int | None) -> None:
        """Remember a value for the rules of a pack, while there are few."""
        if self.kept_all and len(self.kept) < KEPT:
            self.kept.append((value, count, rowid))
        else:
            self.keep_no_more()

    def keep_no_more(self) -> None:
        """Leave the rules of a pack to ask the rows."""
        self.kept_all = False
        self.kept.clear()

    def group(self, kind: StorageClass, form: str) -> Group:
        """The group, made where it is not there yet."""
        return self.groups.setdefault((kind, form), Group())

    def note_frequent(self, value: Value, count: int, rowid: int | None) -> None:
        """Remember the value where it is among the most frequent; on a tie the one that comes first."""
        # The distinct number keeps the heap from comparing values of different classes.
        entry = (count, -(rowid or 0), -self.distinct, value)
        if len(self.frequent) < TOP:
            heapq.heappush(self.frequent, entry)
        elif entry > self.frequent[0]:
            heapq.heapreplace(self.frequent, entry)

    def note_length(self, characters: int, octets: int, value: Value, rowid: int | None) -> None:
        """Remember the value where it is the longest."""
        self.longest_characters = max(self.longest_characters, characters)
        if octets > self.longest_bytes or self.longest is None:
            self.longest_bytes, self.longest = octets, (value, rowid)

    def note_range(self, low: str, high: str) -> None:
        """Remember the bounds of some text."""
        self.low_text = low if self.low_text is None else min(self.low_text, low)
        self.high_text = high if self.high_text is None else max(self.high_text, high)

    def _add_text(self, text: str, count: int, rowid: int | None, form: str, group: Group) -> None:
        ascii_only = text.isascii()
        octets = len(text) if ascii_only else len(text.encode("utf-8", "surrogateescape"))
        self.note_length(len(text), octets, text, rowid)
        self.note_range(text, text)
        invalid = not ascii_only and _invalid(text)
        if invalid:
            self.invalid_count += count
            note_sample(self.invalid_texts, text, rowid)
        if "\0" in text:
            self.nul_count += count
            note_sample(self.nul_texts, text, rowid)
        # Bytes that are not UTF-8 do not fit at any length, and NULs are no part of it once stripped.
        limit = self.declared_length
        if limit is not None and not invalid and len(text) - text.count("\0") > limit:
            group.unfit += count
            note_sample(group.odd, text, rowid)
        if form == "iso_datetime":
            midnight = text.endswith(" 00:00:00")
            group.midnights += count * midnight
            if not midnight:
                note_sample(group.odd, text, rowid)
        elif form == "iso_date":
            group.midnights += count
        else:
            self._add_formed(text, count, rowid, form, group)

    def _add_formed(self, text: str, count: int, rowid: int | None, form: str, group: Group) -> None:
        if form in BY_POINT or form in BY_COMMA:
            self._add_separated(text, count, rowid, form, group)
            return
        parsed = FORM_BY_NAME[form].parse(text) if form in FORM_BY_NAME else None
        if isinstance(parsed, Decimal):
            group.bits += count * (text.strip() in ("0", "1"))
            self._note_exactness(parsed, text, count, rowid, group)
        elif form_family(form) in ("date", "timestamp"):
            moment = parsed if isinstance(parsed, Moment) else moment_of(text, day_first=True)
            if moment:
                _note_moment(moment, text, count, rowid, group)
            self._note_exactness(number_of(text, form="auto"), text, count, rowid, group)

    def _add_separated(self, text: str, count: int, rowid: int | None, form: str, group: Group) -> None:
        group.marked += count * is_marked(form, text)
        if form in BY_POINT:
            self._note_exactness(number_of(text, "thousands"), text, count, rowid, group)
        if form in BY_COMMA:
            group.by_comma = group.by_comma or Group()
            group.by_comma.count += count
            self._note_exactness(number_of(text, "decimal_comma"), text, count, rowid, group.by_comma)

    def _add_number(self, number: float, count: int, rowid: int | None, form: str, group: Group) -> None:
        group.note_number(number, number, rowid)
        if self.declared_length is not None and len(shortest_text(number)) > self.declared_length:
            group.unfit += count
            note_sample(group.odd, number, rowid)
        if form == "not_finite":
            return
        if isinstance(number, int):
            group.bits += count * (number in (0, 1))
            group.note_whole(number, count)
            group.compact += count * is_compact(number)
            group.inexact += count * (abs(number) > EXACT_INTEGERS and int(float(number)) != number)
            self._note_digits(Decimal(number), number, count, rowid, group)
        else:
            integral = number.is_integer()
            self.non_integral += count * (not integral)
            if not integral:
                note_sample(group.odd, number, rowid)
            group.bits += count * (number in (0.0, 1.0))
            if integral and abs(number) < EXACT_INTEGERS:
                group.note_whole(number, count)
            digits = Decimal(repr(number))
            self.fraction_digits = max(self.fraction_digits, decimal_digits(digits)[1])
            self._note_digits(digits, number, count, rowid, group)
        if form in FORM_BY_NAME:
            parsed = FORM_BY_NAME[form].parse(repr(number))
            if isinstance(parsed, Moment):
                _note_moment(parsed, number, count, rowid, group)

    def _note_exactness(
        self, number: Decimal | None, text: str, count: int, rowid: int | None, group: Group
    ) -> None:
        if number is None:
            return
        whole = number.adjusted() <= 20 and number == number.to_integral_value()
        if whole and _within("bigint", number):
            group.note_whole(number, count)
            group.compact += count * is_compact(int(number))
        group.note_digits(*decimal_digits(number))
        double = float(number)
        group.note_number(int(number) if whole else double, text, rowid)
        group.inexact += count * (abs(double) == float("inf") or Decimal(repr(double)) != number)
        self._note_digits(number, text, count, rowid, group)

    def _note_digits(
        self, number: Decimal, value: Value, count: int, rowid: int | None, group: Group
    ) -> None:
        if self.declared_digits is None:
            return
        precision, scale = self.declared_digits
        before, after = decimal_digits(number)
        if after > scale or before > precision - scale:
            group.unfit += count
            note_sample(group.odd, value, rowid)

    @property
    def classes(self) -> ClassCounts:
        """Values of each storage class."""
        counts: Counter[str] = Counter()
        for (kind, _), group in self.groups.items():
            counts[kind] += group.count
        return ClassCounts(**counts)

    @property
    def forms(self) -> dict[str, int]:
        """Values of each form, most frequent first; missing text is counted elsewhere."""
        counts: Counter[str] = Counter()
        for (_, form), group in self.groups.items():
            if form not in ("empty", "blank"):
                counts[form] += group.count
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def meaningful(self) -> int:
        """Values that are neither NULL nor empty or blank text."""
        return sum(group.count for (_, form), group in self.groups.items() if form not in ("empty", "blank"))

    @property
    def dates(self) -> int:
        """Values that are, or try to be, a date."""
        return sum(
            count
            for form, count in self.forms.items()
            if form_family(form) in ("date", "timestamp", "corrupt")
        )

    @property
    def corrupt(self) -> int:
        """Values that try to be a date and cannot be one."""
        return sum(count for form, count in self.forms.items() if form in CORRUPT)

    def count(self, form: str, kind: StorageClass | None = None) -> int:
        """Values of that form, of that storage class where one is named."""
        return sum(
            group.count
            for (storage, name), group in self.groups.items()
            if name == form and kind in (None, storage)
        )

    def samples(self, form: str, kind: StorageClass | None = None) -> tuple[Sample, ...]:
        """At most five values of that form, located."""
        return located(
            [
                sample
                for (storage, name), group in self.groups.items()
                if name == form and kind in (None, storage)
                for sample in group.samples
            ]
        )

    def class_samples(self, kind: StorageClass) -> tuple[Sample, ...]:
        """At most five values of that storage class, located; empty text last."""
        groups = sorted(self.groups.items(), key=lambda item: item[0][1] == "empty")
        return located(
            [sample for (storage, _), group in groups if storage == kind for sample in group.samples]
        )

    def bounds(self) -> tuple[Value, Value]:
        """Smallest and largest number, or text where there is no number, or (None, None)."""
        numbers = [group for (kind, _), group in self.groups.items() if kind != "text"]
        lows = [group.low for group in numbers if group.low is not None]
        highs = [group.high for group in numbers if group.high is not None]
        return (min(lows), max(highs)) if lows else (self.low_text, self.high_text)

    def top(self) -> tuple[TopValue, ...]:
        """The most frequent values, the most frequent first."""
        ranked = sorted(self.frequent, key=lambda entry: entry[:3], reverse=True)
        return tuple(TopValue(value=stored(value), count=count) for count, _, _, value in ranked)


def _within(type_: str, number: float | Decimal) -> bool:
    low, high = INTEGER_RANGES[type_]
    return low <= number <= high


def _before(rowid: int | None, kept: Located | None) -> bool:
    """Whether a row comes before the one that is kept."""
    return kept is not None and (rowid or 0) < (kept[1] or 0)


def _note_moment(moment: Moment, value: Value, count: int, rowid: int | None, group: Group) -> None:
    group.zoned += count * moment.zoned
    group.rounded += count * moment.rounded
    at = moment.at
    midnight = not (at.hour or at.minute or at.second or at.microsecond or moment.rounded)
    group.midnights += count * midnight
    if not midnight:
        note_sample(group.odd, value, rowid)


def _invalid(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def note_sample(samples: list[Located], value: Value, rowid: int | None) -> None:
    """Keep the value where fewer than five are kept, or where it comes before one of them."""
    if len(samples) < SAMPLES:
        # A table counted in parts brings a value once for each, the first rows first.
        if all(value != kept for kept, _ in samples):
            samples.append((value, rowid))
        return
    last = max(range(SAMPLES), key=lambda number: samples[number][1] or 0)
    if (rowid or 0) < (samples[last][1] or 0):
        samples[last] = (value, rowid)


def located(values: list[Located]) -> tuple[Sample, ...]:
    """The first five by their place, as samples."""
    ordered = sorted(values, key=lambda pair: pair[1] or 0)
    return tuple(Sample(rowid=rowid, value=stored(value)) for value, rowid in ordered[:SAMPLES])


def interest_of(column: Column) -> Interest:
    """What the declaration says the column is about."""
    name = column.declared_type.upper()
    if "JSON" in name:
        return "json"
    if "DATE" in name or "TIMESTAMP" in name:
        return "date"
    return "any"
