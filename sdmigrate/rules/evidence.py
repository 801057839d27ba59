"""What the values of one column are, gathered: the counts from which types, findings and scores follow.

Invariant: exact. Adding every value one by one and merging groups that a scan has counted give the same.
"""

import heapq
import sys
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from sdmigrate.model.finding import Sample
from sdmigrate.model.profile import ClassCounts, EncodingReading, TopValue
from sdmigrate.model.values import LongValue, StorageClass, Value, storage_class, stored
from sdmigrate.rules.convert_numbers import EXACT_INTEGERS, beyond_numeric, decimal_digits, number_of
from sdmigrate.rules.convert_text import is_utf8, text_in
from sdmigrate.rules.encodings import ENCODINGS, is_doubtful, likeliest, recoded
from sdmigrate.rules.form_epochs import NUMBER_DATE_NAMES, is_compact
from sdmigrate.rules.form_record import Moment
from sdmigrate.rules.forms import CORRUPT, Interest, Understood, form_family, understood
from sdmigrate.rules.separators import BY_COMMA, BY_POINT, is_marked
from sdmigrate.rules.shortest import shortest_text
from sdmigrate.rules.value_group import Group, Located, located, note_sample, within
from sdmigrate.rules.watching import Watch

TOP = 5
"""Most frequent values kept."""
KEPT = 20_000
"""Most values of a column kept for the rules of a pack."""


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
    read_in: Counter[str] = field(default_factory=Counter)
    """Of the invalid texts, those that each encoding reads."""
    doubtful_in: Counter[str] = field(default_factory=Counter)
    """Those of them that hardly mean that."""
    nul_count: int = 0
    invalid_count: int = 0
    longest_characters: int = 0
    longest_bytes: int = 0
    longest: Located | None = None
    non_integral: int = 0
    fraction_digits: int = 0
    low_text: str | None = None
    high_text: str | None = None
    frequent: list[tuple[int, int, int, Value | LongValue]] = field(default_factory=list)
    """A heap of the most frequent values."""
    may_be_key: bool = False
    """Whether ``repeated`` is worth to be told."""
    repeated: list[Located] | None = None
    """Values of more than one row, each with its last row, the first of them by that; None: nobody told."""
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
        form, meaning = understood(value, self.interest)
        group = self.group(storage_class(value), form)
        group.count += count
        note_sample(group.samples, value, rowid)
        if isinstance(value, str):
            self._add_text(value, count, rowid, Understood(form, meaning), group)
        elif isinstance(value, bytes):
            self.note_length(0, len(value), value, rowid)
            if (text := text_in(value)) is not None:
                group.texts += count
                group.long_texts += count * (len(text) > (self.declared_length or len(text)))
        elif value is not None:
            self._add_number(value, count, rowid, Understood(form, meaning), group)

    def add_long(self, value: LongValue, count: int, rowid: int | None) -> None:
        """As ``add``, of a value that was not held: so far its rows were counted as NULL."""
        self.nulls -= count
        self.distinct += 1
        self.note_frequent(value, count, rowid)
        if self.watch is not None:
            self.keep_no_more()
        group = self.group(value.storage, value.form)
        group.count += count
        group.texts += count * value.is_text
        group.long_texts += count * (value.is_text and value.is_longer_than(self.declared_length))
        note_sample(group.samples, value, rowid)
        self.note_length(value.characters if value.storage == "text" else 0, value.octets, value, rowid)
        if isinstance(value.beginning, str):
            self._note_long_text(value, value.beginning, count, rowid, group)

    def _note_long_text(
        self, value: LongValue, beginning: str, count: int, rowid: int | None, group: Group
    ) -> None:
        self.note_range(beginning, beginning)
        if value.invalid:
            self.invalid_count += count
            note_sample(self.invalid_texts, value, rowid)
            self.read_in.update(dict.fromkeys(value.read_in, count))
            self.doubtful_in.update(dict.fromkeys(value.doubtful_in, count))
        if value.nuls:
            self.nul_count += count
            note_sample(self.nul_texts, value, rowid)
        if value.is_longer_than(self.declared_length):
            group.unfit += count
            note_sample(group.odd, value, rowid)

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
        found = self.groups.get((kind, form))
        if found is None:
            found = self.groups[kind, form] = Group()
        return found

    def note_frequent(self, value: Value | LongValue, count: int, rowid: int | None) -> None:
        """Remember the value where it is among the most frequent; on a tie the one that comes first."""
        if len(self.frequent) == TOP and count < self.frequent[0][0]:
            return
        # The distinct number keeps the heap from comparing values of different classes.
        entry = (count, -(rowid or 0), -self.distinct, value)
        if len(self.frequent) < TOP:
            heapq.heappush(self.frequent, entry)
        elif entry > self.frequent[0]:
            heapq.heapreplace(self.frequent, entry)

    def note_length(self, characters: int, octets: int, value: Value | LongValue, rowid: int | None) -> None:
        """Remember the value where it is the longest."""
        if characters > self.longest_characters:
            self.longest_characters = characters
        if octets > self.longest_bytes or self.longest is None:
            self.longest_bytes, self.longest = octets, (value, rowid)

    def note_range(self, low: str, high: str) -> None:
        """Remember the bounds of some text."""
        if self.low_text is None or low < self.low_text:
            self.low_text = low
        if self.high_text is None or high > self.high_text:
            self.high_text = high

    def _add_text(
        self, text: str, count: int, rowid: int | None, understood_as: Understood, group: Group
    ) -> None:
        ascii_only = text.isascii()
        octets = len(text) if ascii_only else len(text.encode("utf-8", "surrogateescape"))
        self.note_length(len(text), octets, text, rowid)
        self.note_range(text, text)
        invalid = not ascii_only and not is_utf8(text)
        if invalid:
            self._add_invalid(text, count, rowid)
        if "\0" in text:
            self.nul_count += count
            note_sample(self.nul_texts, text, rowid)
        # Bytes that are not UTF-8 do not fit at any length, and NULs are no part of it once stripped.
        limit = self.declared_length
        if limit is not None and not invalid and len(text) - text.count("\0") > limit:
            group.unfit += count
            note_sample(group.odd, text, rowid)
        form = understood_as.form
        if form == "iso_datetime":
            midnight = text.endswith(" 00:00:00")
            group.midnights += count * midnight
            if not midnight:
                note_sample(group.odd, text, rowid)
        elif form == "iso_date":
            group.midnights += count
        else:
            self._add_formed(text, count, rowid, understood_as, group)

    def _add_invalid(self, text: str, count: int, rowid: int | None) -> None:
        self.invalid_count += count
        note_sample(self.invalid_texts, text, rowid)
        for encoding in ENCODINGS:
            reading = recoded(text, encoding)
            if reading is not None:
                self.read_in[encoding] += count
                self.doubtful_in[encoding] += count * is_doubtful(text, reading)

    def _add_formed(
        self, text: str, count: int, rowid: int | None, understood_as: Understood, group: Group
    ) -> None:
        form, meaning = understood_as
        if isinstance(meaning, Decimal) and (form in BY_POINT or form in BY_COMMA):
            self._add_separated(text, meaning, count, rowid, form, group)
        elif isinstance(meaning, Decimal):
            group.bits += count * (text.strip() in ("0", "1"))
            self._note_exactness(meaning, text, count, rowid, group)
        elif isinstance(meaning, Moment):
            group.note_moment(meaning, text, count, rowid)
            if form in NUMBER_DATE_NAMES:
                self._note_exactness(number_of(text, form="auto"), text, count, rowid, group)

    def _add_separated(
        self, text: str, number: Decimal, count: int, rowid: int | None, form: str, group: Group
    ) -> None:
        """``number`` is what the first form means that understands the text: its point is no separator."""
        group.marked = group.marked or is_marked(form, text)
        if form in BY_POINT:
            self._note_exactness(number, text, count, rowid, group)
        if form in BY_COMMA:
            group.by_comma = group.by_comma or Group()
            group.by_comma.count += count
            by_comma = number_of(text, "decimal_comma") if form in BY_POINT else number
            self._note_exactness(by_comma, text, count, rowid, group.by_comma)

    def _add_number(
        self, number: float, count: int, rowid: int | None, understood_as: Understood, group: Group
    ) -> None:
        form, meaning = understood_as
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
        if isinstance(meaning, Moment):
            group.note_moment(meaning, number, count, rowid)

    def _note_exactness(
        self, number: Decimal | None, text: str, count: int, rowid: int | None, group: Group
    ) -> None:
        if number is None:
            return
        whole = number.adjusted() <= 20 and number == number.to_integral_value()
        if whole and within("bigint", number):
            group.note_whole(number, count)
            group.compact += count * is_compact(int(number))
        before, after = decimal_digits(number)
        group.note_digits(before, after)
        if beyond_numeric(before, after):
            group.beyond += count
            note_sample(group.odd, text, rowid)
        double = float(number)
        group.note_number(int(number) if whole else double, text, rowid)
        if before + after > sys.float_info.dig:
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
    def encodings(self) -> tuple[EncodingReading, ...]:
        """What can read the invalid texts, the likeliest first; none where there are none."""
        if not self.invalid_count:
            return ()
        return likeliest(
            [
                EncodingReading(encoding=one, reads=self.read_in[one], doubtful=self.doubtful_in[one])
                for one in ENCODINGS
            ]
        )

    @property
    def text_blobs(self) -> int:
        """BLOBs that are UTF-8 text."""
        return sum(group.texts for group in self.groups.values())

    @property
    def long_text_blobs(self) -> int:
        """Those of them that the declared length cannot hold."""
        return sum(group.long_texts for group in self.groups.values())

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

    def midnights(self, form: str) -> int:
        """Values of that form that are dates without a time of day."""
        return sum(group.midnights for (_, name), group in self.groups.items() if name == form)

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
