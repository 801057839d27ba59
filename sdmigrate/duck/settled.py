"""What patterns settle of a column: counted by kind in DuckDB, and added to the evidence as groups.

Invariant: adding what is settled and adding its values one by one give the same. Every value here is of a
kind that ``kind_of`` tells: valid text without NUL, and numbers that one double tells apart.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import duckdb

from sdmigrate.duck.encoding import literal
from sdmigrate.duck.kinds import COMPACT_DATE, SETTLED_EPOCHS, written_number
from sdmigrate.model.values import StorageClass, Value
from sdmigrate.rules.certain_dates import MIDNIGHT
from sdmigrate.rules.convert_numbers import INTEGER_RANGES, SEPARATED, decimal_digits
from sdmigrate.rules.evidence import TOP, Evidence
from sdmigrate.rules.form_epochs import COMPACT_DAYS, COMPACT_MOMENTS
from sdmigrate.rules.form_record import Moment
from sdmigrate.rules.forms import form_family, understood
from sdmigrate.rules.separators import BY_COMMA, BY_POINT, MARKED, is_marked
from sdmigrate.rules.value_group import SAMPLES, Group, Located, note_sample

_CLASSES: dict[str, StorageClass] = {"t": "text", "i": "integer", "r": "real"}
_INTEGER, _SMALLINT = INTEGER_RANGES["integer"], INTEGER_RANGES["smallint"]
# What the type of a whole number is, the smallest one the highest number.
_WHOLE, _FITS_INTEGER, _FITS_SMALLINT, _BIT = 1, 2, 3, 4
_SIZE = f"""CASE WHEN x IS NULL OR x <> trunc(x) THEN 0 WHEN x IN (0, 1) THEN {_BIT}
    WHEN x BETWEEN {_SMALLINT[0]} AND {_SMALLINT[1]} THEN {_FITS_SMALLINT}
    WHEN x BETWEEN {_INTEGER[0]} AND {_INTEGER[1]} THEN {_FITS_INTEGER} ELSE {_WHOLE} END"""
_COMPACT = f"""CASE WHEN x BETWEEN {COMPACT_DAYS[0]} AND {COMPACT_MOMENTS[1]} THEN
    CASE WHEN starts_with(k, 'r') OR x <> trunc(x) THEN false
    WHEN x < {COMPACT_MOMENTS[0]} THEN {COMPACT_DATE}
    ELSE TRY_STRPTIME(CAST(CAST(x AS BIGINT) AS VARCHAR), '%Y%m%d%H%M%S') IS NOT NULL END ELSE false END"""
"""DuckDB's condition of the numbers that ``is_compact`` accepts."""
_DIGITS = """CASE WHEN x IS NULL OR x = trunc(x) THEN 0
    WHEN contains(v, 'e') OR ends_with(v, '0')
    THEN strlen(CAST(x AS VARCHAR)) - strpos(CAST(x AS VARCHAR), '.')
    ELSE strlen(v) - greatest(strpos(v, '.'), strpos(v, ',')) END"""
"""DuckDB's digits after the point: those written, but of the shortest text where that is another one."""
_MIDNIGHT = f"""NOT contains(v, ':') OR ((contains(v, ' 00:') OR contains(v, 'T00:') OR contains(v, ' 0:')
    OR contains(v, 'T0:')) AND regexp_full_match(v, {literal(MIDNIGHT)}))"""
"""DuckDB's condition of the certain dates without a time of day."""
_AGGREGATES = (
    "sum(n)",
    "count(*)",
    f"arg_min(v, r, {SAMPLES})",
    f"min(r, {SAMPLES})",
    "min(v)",
    "max(v)",
    "max(length(v)) - 1",
    "max(strlen(v)) - 1",
    "arg_max(v, strlen(v))",
    "arg_max(r, strlen(v))",
    "min(x)",
    "arg_min(v, x)",
    "arg_min(r, x)",
    "max(x)",
    "arg_max(v, x)",
    "arg_max(r, x)",
    "max(digits)",
)


@dataclass(frozen=True)
class _Told:
    """Values of one kind that are alike: what DuckDB groups them by, and _AGGREGATES of them."""

    kind: str
    size: int
    unfit: bool
    midnight: bool
    compact: bool
    count: int
    distinct: int
    samples: list[str]
    rows: list[int]
    low: str
    high: str
    characters: int
    octets: int
    longest: str
    longest_row: int
    least: float | None
    least_text: str
    least_row: int
    most: float | None
    most_text: str
    most_row: int
    digits: int
    """The numbers are None, all but the last, where the values mean none."""

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
        timed = form_family(self.form) in ("date", "timestamp") and not self.midnight
        return self.unfit or timed or (self.storage == "real" and self.size == 0)

    def note_samples(self, samples: list[Located]) -> None:
        """Keep the first of them."""
        for text, rowid in zip(self.samples, self.rows, strict=True):
            note_sample(samples, _value(text), rowid)


class _Numbers(NamedTuple):
    """Numbers that are alike, and the group to which they belong in one reading."""

    told: _Told
    group: Group


def add_settled(cursor: duckdb.DuckDBPyConnection, evidence: Evidence, forms: Collection[str]) -> None:
    """Add the settled values of the table ``grouped`` to the evidence.

    Args:
        cursor: of the connection that has the table, whose columns are ``v``, a value as it travels, ``n``
            its rows, ``r`` the first of them, ``k`` its kind and ``x`` its number.
        evidence: of the column.
        forms: of text that were looked for.
    """
    numbers: list[_Numbers] = []
    for told in _alike(cursor, "grouped", evidence, forms):
        group = evidence.group(told.storage, told.form)
        if evidence.watch is not None and not evidence.watch.lets_form_pass(told.storage, told.form):
            evidence.keep_no_more()
        _add_values(told, evidence, group)
        if told.least is not None:
            only_by_comma = told.form in BY_COMMA and told.form not in BY_POINT
            numbers.append(_Numbers(told, _by_comma(group, told.count) if only_by_comma else group))
    _add_numbers(cursor, "grouped", evidence, numbers)
    _note_marked(cursor, evidence, forms)
    either = [form for form in forms if form in BY_COMMA & BY_POINT and ("text", form) in evidence.groups]
    if either:
        by_comma = f"(SELECT k, v, n, r, {written_number('decimal_comma', either)} AS x FROM grouped)"
        again = [
            _Numbers(told, _by_comma(evidence.group("text", told.form), told.count))
            for told in _alike(cursor, f"(FROM {by_comma} WHERE x IS NOT NULL)", evidence, forms)
        ]
        _add_numbers(cursor, by_comma, evidence, again)
    cursor.execute(f"SELECT v, n, r FROM grouped WHERE k IS NOT NULL ORDER BY n DESC, r LIMIT {TOP}")
    for text, count, rowid in cursor.fetchall():
        evidence.note_frequent(_value(text), count, rowid)


def _by_comma(group: Group, count: int) -> Group:
    """The numbers of a group as they are read by comma, so many more of them."""
    group.by_comma = group.by_comma or Group()
    group.by_comma.count += count
    return group.by_comma


def _alike(
    cursor: duckdb.DuckDBPyConnection, source: str, evidence: Evidence, forms: Collection[str]
) -> list[_Told]:
    cursor.execute(
        f"""SELECT k, {_SIZE} AS size, {_unfit(evidence)} AS unfit, {_midnight(evidence, forms)} AS midnight,
            {_COMPACT} AS compact, {", ".join(_AGGREGATES)}
        FROM (SELECT *, {_DIGITS} AS digits FROM {source} WHERE k IS NOT NULL) GROUP BY ALL"""
    )
    return [_Told(*row) for row in cursor.fetchall()]


def _unfit(evidence: Evidence) -> str:
    if evidence.declared_length is not None:
        return f"length(v) > {evidence.declared_length + 1}"
    if evidence.declared_digits is None:
        return "false"
    precision, scale = evidence.declared_digits
    # Numbers of more digits before the point are not settled.
    return f"x IS NOT NULL AND (digits > {scale} OR abs(x) >= 1e{min(precision - scale, 16)})"


def _midnight(evidence: Evidence, forms: Collection[str]) -> str:
    cases = []
    dates = [form for form in forms if form_family(form) in ("date", "timestamp")]
    if dates:
        cases.append(f"WHEN k IN ({_kinds(dates)}) THEN {_MIDNIGHT}")
    if evidence.interest == "date":
        cases += [f"WHEN k = 'i:{name}' THEN x % {day} = 0" for name, day in SETTLED_EPOCHS.items()]
        cases.append("WHEN k = 'i:compact_date' THEN true")
    return f"CASE {' '.join(cases)} ELSE false END" if cases else "false"


def _kinds(forms: Iterable[str]) -> str:
    return ", ".join(literal(f"t:{form}") for form in forms)


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
    if evidence.declared_digits is None or told.least is None:
        _add_odd(told, group)
    if form_family(told.form) in ("date", "timestamp"):
        group.midnights += count * told.midnight
    if told.storage != "text":
        return
    evidence.note_range(told.low[1:], told.high[1:])
    evidence.note_length(told.characters, told.octets, told.longest[1:], told.longest_row)
    meaning = understood(told.samples[0][1:], evidence.interest).meaning
    if isinstance(meaning, Moment):
        # All of a form's certain dates are, or none.
        group.zoned += count * meaning.zoned


def _add_odd(told: _Told, group: Group) -> None:
    group.unfit += int(told.count) * told.unfit
    if told.odd:
        told.note_samples(group.odd)


def _add_numbers(
    cursor: duckdb.DuckDBPyConnection, source: str, evidence: Evidence, numbers: list[_Numbers]
) -> None:
    for told, group in numbers:
        count = int(told.count)
        group.bigints += count * (told.size >= _WHOLE)
        group.integers += count * (told.size >= _FITS_INTEGER)
        group.smallints += count * (told.size >= _FITS_SMALLINT)
        group.compact += count * told.compact
        if evidence.declared_digits is not None:
            _add_odd(told, group)
        if told.storage != "text" or told.form == "integer":
            group.bits += count * (told.size == _BIT)
        if told.storage == "real":
            evidence.non_integral += count * (told.size == 0)
            evidence.fraction_digits = max(evidence.fraction_digits, told.digits)
        if told.storage != "text":
            for text, rowid in ((told.least_text, told.least_row), (told.most_text, told.most_row)):
                number = float(text[1:]) if told.storage == "real" else int(text[1:])
                group.note_number(number, number, rowid)
    texts = {told.kind: group for told, group in numbers if told.storage == "text"}
    for kind, group in texts.items():
        alike = [told for told, _ in numbers if told.kind == kind]
        bounds = [bound for told in alike for bound in (told.least, told.most) if bound is not None]
        low, high = min(bounds), max(bounds)
        # A number may be written in several ways, of which the first row's is kept.
        cursor.execute(
            f"SELECT x, arg_min(v, r), min(r) FROM {source} WHERE k = ? AND x IN (?, ?) GROUP BY x",
            [kind, low, high],
        )
        for number, text, rowid in cursor.fetchall():
            group.note_number(int(number) if number.is_integer() else number, text[1:], rowid)
        for bound in (low, high):
            before, _ = decimal_digits(Decimal(repr(bound)))
            group.note_digits(before, max(told.digits for told in alike))


def _note_marked(cursor: duckdb.DuckDBPyConnection, evidence: Evidence, forms: Collection[str]) -> None:
    """Find out whether numbers with separators are marked: by those at hand, or else by all."""
    for form in forms:
        group = evidence.groups.get(("text", form))
        if form not in SEPARATED or group is None or group.marked:
            continue
        group.marked = any(is_marked(form, str(value)) for value, _ in group.samples)
        if not group.marked:
            cursor.execute(
                "SELECT count(*) > 0 FROM grouped WHERE k = ? AND regexp_matches(substring(v, 2), ?)",
                [f"t:{form}", MARKED],
            )
            group.marked = cursor.fetchall()[0][0]
