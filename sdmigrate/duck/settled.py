"""The values of a column, grouped in DuckDB: what patterns settle is counted there, the rest understood here.

Invariant: adding what is settled and adding its values one by one give the same. Every settled value is of a
kind that ``kind_of`` tells: valid text without NUL, and numbers that one double tells apart, or whole ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeAlias

import duckdb

from sdmigrate.duck.alike import Alike, likeness
from sdmigrate.duck.encoding import decoded, literal
from sdmigrate.duck.kinds import EXACT, NUMBERS, is_large, kinds_of, texts_of, written_number
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.values import StorageClass, Value
from sdmigrate.rules.convert_numbers import SEPARATED, decimal_digits
from sdmigrate.rules.evidence import TOP, Evidence
from sdmigrate.rules.form_record import Moment
from sdmigrate.rules.forms import form_family, understood
from sdmigrate.rules.separators import BY_COMMA, BY_POINT, MARKED
from sdmigrate.rules.value_group import SAMPLES, Group, Located, note_sample

_CLASSES: dict[str, StorageClass] = {"t": "text", "i": "integer", "r": "real"}
_BATCH = 10_000
# Rows of values, since each aggregate of its own takes as long as several values of one.
_AGGREGATES = (
    "sum(n)",
    "count(*)",
    f"arg_min(row(v, r), r, {SAMPLES})",
    f"arg_max(row(v, n, r), row(n, ~r), {TOP}) FILTER (WHERE n > 1)",
    "min(v)",
    "max(v)",
    "max(length(v)) - 1",
    "arg_max(row(v, r), strlen(v))",
    "max(d)",
)


_Bound: TypeAlias = tuple[float, str, int]
_Unsettled: TypeAlias = tuple[bytes | None, int, int]
"""A value as it travels, its rows and the first of them."""


@dataclass(frozen=True)
class _Told:
    """Values of one kind that are alike: what DuckDB groups them by, and _AGGREGATES of them."""

    kind: str
    alike: Alike
    marked: bool | None
    """Whether one of them is; see ``is_marked``. None where they have no separators."""
    least: _Bound | None
    """The smallest number, its text and the first row of that; None, or first None, where they mean none."""
    most: _Bound | None
    """The same of the largest."""
    count: int
    distinct: int
    samples: list[tuple[str, int]]
    """The first of them, with their rows."""
    repeated: list[tuple[str, int, int]] | None
    """The most frequent of those in more than one row, with how many and the first; None without any."""
    low: str
    high: str
    characters: int
    longest: tuple[str, int]
    digits: int

    @property
    def form(self) -> str:
        """Its name."""
        return self.kind[2:]

    @property
    def storage(self) -> StorageClass:
        """Of the values."""
        return _CLASSES[self.kind[0]]

    @property
    def odd(self) -> bool:
        """Whether these belong to a group's odd ones."""
        timed = form_family(self.form) in ("date", "timestamp") and not self.alike.midnight
        return self.alike.unfit or timed or (self.storage == "real" and not self.alike.whole)

    @property
    def bounds(self) -> tuple[_Bound, ...]:
        """The smallest and the largest number; none where the values mean none."""
        return tuple(bound for bound in (self.least, self.most) if bound is not None and bound[0] is not None)

    def note_samples(self, samples: list[Located]) -> None:
        """Keep the first of them."""
        for text, rowid in self.samples:
            note_sample(samples, _value(text), rowid)

    def note_frequent(self, evidence: Evidence) -> None:
        """Remember the most frequent of them, and the first where they are all as frequent."""
        repeated = self.repeated or []
        for text, count, rowid in repeated:
            evidence.note_frequent(_value(text), count, rowid)
        if len(repeated) < TOP:
            known = {rowid for _, _, rowid in repeated}
            for text, rowid in self.samples:
                if rowid not in known:
                    evidence.note_frequent(_value(text), 1, rowid)


class _Numbers(NamedTuple):
    """Numbers that are alike, and the group to which they belong in one reading."""

    told: _Told
    group: Group


def add_values(
    cursor: duckdb.DuckDBPyConnection,
    grouped: str,
    evidence: Evidence,
    forms: Sequence[str],
    cancel: CancelSignal,
    *,
    last_rows: bool = False,
    large: bool = False,
) -> None:
    """Add a column's values to its evidence.

    Args:
        cursor: where the subquery can be asked.
        grouped: DuckDB's subquery of the distinct values. Its columns are ``bytes``, a value as it travels,
            and ``v``, the same as text, NULL where it is none; ``n`` its rows, ``r`` the first and ``last``
            the last, ``k`` the number of its kind, ``x`` its own, and those of ``likeness``.
        evidence: of the column.
        forms: of text that were looked for.
        cancel: heard between queries and batches.
        last_rows: whether to tell values of more than one row by their last.
        large: whether large whole numbers are settled, as ``has_large`` tells.

    Raises:
        duckdb.Error: the subquery cannot be answered.
        Aborted: the operator asked to stop.
    """
    separated = [form for form in forms if form in SEPARATED]
    unsettled: Iterable[_Unsettled] | None
    alike, unsettled = _alike(cursor, grouped, forms, separated, large=large)
    if last_rows:
        evidence.repeated = _repeated(cursor, grouped)
    cancel.raise_if_set()
    numbers: list[_Numbers] = []
    for told in alike:
        group = evidence.group(told.storage, told.form)
        if evidence.watch is not None and not evidence.watch.lets_form_pass(told.storage, told.form):
            evidence.keep_no_more()
        _add_values(told, evidence, group)
        if told.bounds:
            only_by_comma = told.form in BY_COMMA and told.form not in BY_POINT
            numbers.append(_Numbers(told, _by_comma(group, told.count) if only_by_comma else group))
    _add_numbers(evidence, numbers)
    either = [form for form in forms if form in BY_COMMA & BY_POINT and ("text", form) in evidence.groups]
    if either:
        number = written_number("decimal_comma", either, forms)
        by_comma = f"(FROM (SELECT bytes, v, n, r, k, {number} AS x FROM {grouped}) WHERE x IS NOT NULL)"
        again, _ = _alike(cursor, f"(SELECT *, {likeness(evidence, forms)} FROM {by_comma})", forms, ())
        _add_numbers(
            evidence,
            [_Numbers(told, _by_comma(evidence.group("text", told.form), told.count)) for told in again],
        )
    for told in alike:
        told.note_frequent(evidence)
    if unsettled is None:
        unsettled = _unsettled(cursor, grouped, cancel)
    for data, count, rowid in unsettled:
        if data is None:
            evidence.add_nulls(count)
        else:
            evidence.add(decoded(data), count, rowid)


def _repeated(cursor: duckdb.DuckDBPyConnection, grouped: str) -> list[Located]:
    cursor.execute(
        f"SELECT bytes, last FROM {grouped} WHERE n > 1 AND bytes IS NOT NULL ORDER BY last LIMIT {SAMPLES}"
    )
    return [(decoded(data), rowid) for data, rowid in cursor.fetchall()]


def _unsettled(cursor: duckdb.DuckDBPyConnection, grouped: str, cancel: CancelSignal) -> Iterator[_Unsettled]:
    cursor.execute(f"SELECT bytes, n, r FROM {grouped} WHERE k IS NULL")
    while batch := cursor.fetchmany(_BATCH):
        cancel.raise_if_set()
        yield from batch


def _by_comma(group: Group, count: int) -> Group:
    """The numbers of a group as they are read by comma, so many more of them."""
    group.by_comma = group.by_comma or Group()
    group.by_comma.count += count
    return group.by_comma


def _alike(
    cursor: duckdb.DuckDBPyConnection,
    grouped: str,
    forms: Sequence[str],
    separated: Sequence[str],
    *,
    large: bool = False,
) -> tuple[list[_Told], list[_Unsettled] | None]:
    """What is settled, and what is not, value by value; None where there are more than a batch of them."""
    unknown = f"CASE WHEN count(*) <= {_BATCH} THEN list(row(bytes, n, r)) FILTER (WHERE k IS NULL) END"
    # A number may be written in several ways as text only, of which the first row's is kept.
    in_text = [form for form in forms if form in NUMBERS]
    least, most = ("row(x, r)", "row(x, ~r)") if in_text else ("x", "x")
    if large:
        exact = f"CASE WHEN {is_large(forms)} THEN {EXACT} END"
        least, most = f"row(x, {exact}, r)", f"row(x, {exact}, ~r)"
    told = (
        _marked(separated, forms),
        f"arg_min(row(x, v, r), {least})",
        f"arg_max(row(x, v, r), {most})",
        *_AGGREGATES,
    )
    cursor.execute(f"SELECT {unknown}, k, a, {', '.join(told)} FROM {grouped} GROUP BY k, a")
    kinds = kinds_of(forms)
    settled: list[_Told] = []
    unsettled: list[_Unsettled] | None = []
    for values, kind, alike, *row in cursor.fetchall():
        if kind is not None:
            settled.append(_Told(kinds[kind], Alike(alike), *row))
        elif values is None or unsettled is None:
            unsettled = None
        else:
            unsettled += values
    return settled, unsettled


def _marked(separated: Sequence[str], forms: Sequence[str]) -> str:
    """DuckDB's aggregate of whether a number with separators is marked, of these forms among all."""
    if not separated:
        return "NULL"
    looks = f"regexp_matches(substring(v, 2), {literal(MARKED)})"
    return f"bool_or(CASE WHEN k IN ({texts_of(separated, forms)}) THEN {looks} END)"


def _value(text: str) -> Value:
    """The value of a settled text, led by the letter of its class."""
    body = text[1:]
    match text[0]:
        case "i":
            return int(body)
        case "r":
            return float(body)
        case _:
            return body


def _add_values(told: _Told, evidence: Evidence, group: Group) -> None:
    count = int(told.count)
    evidence.rows += count
    evidence.distinct += told.distinct
    group.count += count
    told.note_samples(group.samples)
    group.marked = group.marked or bool(told.marked)
    if evidence.declared_digits is None or not told.bounds:
        _add_odd(told, group)
    if form_family(told.form) in ("date", "timestamp"):
        group.midnights += count * told.alike.midnight
    if told.storage != "text":
        return
    evidence.note_range(told.low[1:], told.high[1:])
    longest, rowid = told.longest
    evidence.note_length(told.characters, len(longest.encode()) - 1, longest[1:], rowid)
    meaning = understood(told.samples[0][0][1:], evidence.interest).meaning
    if isinstance(meaning, Moment):
        # All of a form's certain dates are, or none.
        group.zoned += count * meaning.zoned


def _add_odd(told: _Told, group: Group) -> None:
    group.unfit += int(told.count) * told.alike.unfit
    if told.odd:
        told.note_samples(group.odd)


def _add_numbers(evidence: Evidence, numbers: list[_Numbers]) -> None:
    for told, group in numbers:
        count = int(told.count)
        group.bigints += count * told.alike.whole
        group.integers += count * told.alike.integer
        group.smallints += count * told.alike.smallint
        group.compact += count * told.alike.compact
        group.inexact += count * told.alike.inexact
        if evidence.declared_digits is not None:
            _add_odd(told, group)
        if told.storage != "text" or told.form == "integer":
            group.bits += count * told.alike.bit
        if told.storage == "real":
            evidence.non_integral += count * (not told.alike.whole)
            evidence.fraction_digits = max(evidence.fraction_digits, told.digits)
        for number, text, rowid in told.bounds:
            if told.storage == "text":
                exactly = int(text[1:]) if told.form == "integer" else number
                group.note_number(int(exactly) if number.is_integer() else exactly, text[1:], rowid)
                before, _ = decimal_digits(Decimal(repr(exactly)))
                group.note_digits(before, told.digits)
            else:
                exact = float(text[1:]) if told.storage == "real" else int(text[1:])
                group.note_number(exact, exact, rowid)
