"""Which form a value certainly has, as a DuckDB expression: patterns for what needs no parsing.

Invariant: a pattern settles a value only where the form is beyond doubt and no rule may object to the value,
so that counting what it settles and parsing every value agree. A kind is a small number in DuckDB, by which
it groups without looking anything up.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from sdmigrate.duck.encoding import Classes, literal
from sdmigrate.model.values import Value
from sdmigrate.rules.convert_numbers import EXACT_INTEGERS
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.form_epochs import COMPACT_DAYS, EPOCHS, JULIAN_NOONS, PLAIN_RANGES
from sdmigrate.rules.form_json import CERTAIN_JSON, JSON_SUSPECT
from sdmigrate.rules.form_numbers import SEPARATORS
from sdmigrate.rules.form_record import LONG_NUMBER, LONGEST_FORM
from sdmigrate.rules.formless import FOREIGN, FORMLESS, HEX, HEX_LENGTHS
from sdmigrate.rules.forms import CERTAIN, SUSPECT, form_of
from sdmigrate.rules.separators import BY_COMMA, BY_POINT
from sdmigrate.rules.watching import Watch

SETTLED_EPOCHS = {"epoch_s": 86_400, "epoch_ms": 86_400_000, "epoch_us": 86_400_000_000}
"""Epochs whose numbers need no look of their own, with the units of a day."""
STORED_NUMBERS: dict[Classes, str] = {
    # A cast that fails spells out why, which takes longer than all else where a text is long.
    # Of the letters only i and r are between i and s.
    "any": "CASE WHEN v >= 'i' AND v < 's' THEN TRY_CAST(substring(v, 2) AS DOUBLE) END",
    "text": "CAST(NULL AS DOUBLE)",
    "integer": "CAST(stored AS DOUBLE)",
}
"""DuckDB expression of a grouped value that is a number, as a double, which rounds from 2^53 on."""
_STORED_LARGE = f"abs(x) >= {EXACT_INTEGERS} AND v < 'j'"
_LARGE_TEXT = "-?(?:[1-9][0-9]{0,17}|[1-8][0-9]{18})"
"""RE2 and Python: whole numbers that bigint holds."""
EXACT = "TRY_CAST(substring(v, 2) AS BIGINT)"
"""DuckDB expression of a large whole number itself."""
_SMALLEST = "1e-4"
"""Below it DuckDB writes a double with an exponent."""
_CERTAIN_DIGITS = 14
"""Of whole numbers in text that are always settled."""
_RARE = 100
"""One in so many values."""
_PLAIN_NUMBERS = frozenset({"integer", "decimal", "ambiguous_point"})
NUMBERS = _PLAIN_NUMBERS | BY_POINT | BY_COMMA
"""Forms of text that are numbers, in one reading at least."""
_NUMBER_KINDS = (
    "i:integer",
    "r:real",
    "i:compact_date",
    "i:julian_day",
    *(f"i:{name}" for name in SETTLED_EPOCHS),
)


def kinds_of(forms: Sequence[str]) -> tuple[str, ...]:
    """Storage class and form, ``t:iso_date``, of each kind by its number; ``forms`` are those looked for."""
    return (*_NUMBER_KINDS, *(f"t:{form}" for form in forms))


def numbers_of(kinds: Iterable[str], forms: Sequence[str]) -> str:
    """The numbers of these kinds, as SQL lists them; they are among those looked for."""
    known = kinds_of(forms)
    return ", ".join(str(known.index(kind)) for kind in kinds)


def texts_of(some: Iterable[str], forms: Sequence[str]) -> str:
    """The same of texts of these forms."""
    return numbers_of((f"t:{form}" for form in some), forms)


def _matches(pattern: str) -> str:
    matches = f"regexp_full_match(v, {literal(f't(?:{pattern})')})"
    # To RE2 the long s and the sign of Kelvin are letters in another case.
    return f"strlen(v) = length(v) AND {matches}" if "(?i:" in pattern else matches


def _unlike(suspect: str) -> str:
    return f"NOT regexp_matches(v, {literal('^t' + suspect.removeprefix('^'))})"


_LONG = LONGEST_FORM + 1
_HEX_LENGTHS = ", ".join(str(1 + length) for length in HEX_LENGTHS)
# Behind the letter of the class.
_FORMLESS = f"""regexp_matches(v, {literal(f"^t(?s:.*?)(?:{FOREIGN})")}) OR {_matches(FORMLESS)}
    OR ({_matches(HEX)} AND strlen(v) NOT IN ({_HEX_LENGTHS}))"""
_CONDITIONS = {name: _matches(pattern) for name, pattern in CERTAIN.items()} | {
    "other": f"""starts_with(v, 't') AND (strlen(v) > {_LONG} AND (strlen(v) > {4 * _LONG}
        OR length(v) > {_LONG}) AND regexp_matches(v, '^t[!-~]') AND NOT {_matches(LONG_NUMBER)}
        OR {_unlike(SUSPECT)} OR {_FORMLESS})"""
}
_JSON_CONDITIONS = {
    "json": _matches(CERTAIN_JSON),
    "other": f"starts_with(v, 't') AND {_unlike(JSON_SUSPECT)}",
}
"""DuckDB's conditions of the forms of text, outside and in columns of JSON."""


def _conditions(evidence: Evidence) -> dict[str, str]:
    """Those that hold in such a column."""
    if evidence.interest == "json":
        return _JSON_CONDITIONS
    if evidence.interest == "date":
        return {name: condition for name, condition in _CONDITIONS.items() if name not in _PLAIN_NUMBERS}
    return _CONDITIONS


def certain_forms(evidence: Evidence, sample: Collection[Value] | None = None) -> tuple[str, ...]:
    """The forms of text to look for, the most frequent first: those of the sample, without one all."""
    conditions = _conditions(evidence)
    if sample is None:
        return tuple(conditions)
    counts = Counter(form_of(value, evidence.interest) for value in sample if isinstance(value, str))
    # To understand the few values of a rare form costs less than to look for it in all.
    return tuple(
        name for name, count in counts.most_common() if name in conditions and count * _RARE >= len(sample)
    )


def has_large(evidence: Evidence, sample: Collection[Value] | None) -> bool:
    """Whether to settle whole numbers from 2^53 on, as of a sample with such numbers.

    Doubles do not tell them apart, so nothing else of the column may go by its number, as declared digits do.
    """
    by_double = evidence.interest == "date" or evidence.declared_digits is not None
    if by_double or (evidence.watch is not None and evidence.watch.numbers is not None):
        return False
    return any(map(_is_large, sample or ()))


def _is_large(value: Value) -> bool:
    if isinstance(value, str):
        return len(value) > _CERTAIN_DIGITS and re.fullmatch(_LARGE_TEXT, value) is not None
    return isinstance(value, int) and abs(value) >= EXACT_INTEGERS


def is_large(forms: Sequence[str]) -> str:
    """DuckDB's condition of the settled whole numbers that doubles round; ``forms`` are those looked for."""
    kinds = ("i:integer", "t:integer") if "integer" in forms else ("i:integer",)
    return f"abs(x) >= {EXACT_INTEGERS} AND k IN ({numbers_of(kinds, forms)})"


def kind_of(evidence: Evidence, classes: Classes, forms: Sequence[str], *, large: bool = False) -> str:
    """DuckDB expression of the number of a value's kind; NULL where parsing must tell.

    ``v`` is the value as it travels and ``x`` its number; ``forms`` are those of ``certain_forms``, ``large``
    is told by ``has_large``.
    """
    cases = ["WHEN v IS NULL OR contains(v, chr(0)) THEN NULL"]
    if evidence.watch is not None:
        cases += _objections(evidence.watch)
    if classes != "text":
        cases += [f"WHEN {_STORED_LARGE} THEN {_NUMBER_KINDS.index('i:integer')}"] if large else []
        cases += _number_cases(evidence)
    if classes != "integer":
        conditions = _conditions(evidence)
        if large and "integer" in conditions:
            conditions = {**conditions, "integer": _matches(_LARGE_TEXT)}
        cases += [f"WHEN {conditions[name]} THEN {texts_of((name,), forms)}" for name in forms]
    return f"CASE {' '.join(cases)} END"


def _objections(watch: Watch) -> list[str]:
    """Cases for the values that a rule may object to, and so has to see."""
    objections = [f"contains(v, {literal(needle)})" for needle in watch.needles]
    if watch.longest is not None:
        objections.append(f"length(v) > {watch.longest + 1}")
    if watch.days is not None:
        first, last = (literal(f"t{day}") for day in watch.days)
        # A time of that last day comes before the exclamation mark.
        objections.append(f"v < {first} OR v >= {last} || '!'")
    if watch.numbers is not None:
        low, high = watch.numbers
        objections += [f"x < {low}"] if low is not None else []
        objections += [f"x > {high}"] if high is not None else []
    return [f"WHEN {objection} THEN NULL" for objection in objections]


def _number_cases(evidence: Evidence) -> list[str]:
    # Whole numbers from 2^53 on are not told apart by a double, and small ones are not written plainly.
    plain = f"abs(x) < {EXACT_INTEGERS} AND (abs(x) >= {_SMALLEST} OR x = 0)"
    if evidence.declared_length is not None:
        plain += " AND (starts_with(v, 'i') OR regexp_full_match(v, 'r-?[0-9]{1,15}[.][0-9]{1,15}'))"
    cases = []
    if evidence.interest == "date":
        for name, condition in _whole_dates():
            cases.append(f"WHEN v < 'j' AND {condition} THEN {_NUMBER_KINDS.index(f'i:{name}')}")
        plain += f" AND ({' OR '.join(f'x BETWEEN {low} AND {high}' for low, high in PLAIN_RANGES)})"
    cases += [
        f"WHEN v < 'j' AND {plain} THEN {_NUMBER_KINDS.index('i:integer')}",
        f"WHEN {plain} THEN {_NUMBER_KINDS.index('r:real')}",
    ]
    return [f"WHEN x IS NOT NULL THEN CASE {' '.join(cases)} END"]


def _whole_dates() -> list[tuple[str, str]]:
    """Forms that a whole number has in a column of dates, with DuckDB's condition; the others are parsed."""
    epochs = [
        (epoch.name, f"x >= {low} AND x < {high}")
        for epoch in EPOCHS
        for low, high in (epoch.bounds(),)
        if epoch.name in SETTLED_EPOCHS
    ]
    return [
        *epochs,
        ("compact_date", COMPACT_DATE),
        ("julian_day", f"x BETWEEN {JULIAN_NOONS[0]} AND {JULIAN_NOONS[1]}"),
    ]


_DAY, _MONTH = "CAST(x AS BIGINT) % 100", "CAST(x AS BIGINT) // 100 % 100"
COMPACT_DATE = f"""CASE WHEN x BETWEEN {COMPACT_DAYS[0]} AND {COMPACT_DAYS[1]} THEN CASE
    WHEN {_MONTH} NOT BETWEEN 1 AND 12 OR {_DAY} NOT BETWEEN 1 AND 31 THEN false WHEN {_DAY} <= 28 THEN true
    ELSE TRY_STRPTIME(CAST(CAST(x AS BIGINT) AS VARCHAR), '%Y%m%d') IS NOT NULL END ELSE false END"""
"""DuckDB's condition of the whole numbers that ``is_compact`` accepts as a day."""


def number_of(forms: Sequence[str]) -> str:
    """DuckDB expression of a settled value's number: ``x``, or of text by its point if it may be one."""
    by_point = [form for form in forms if form in BY_POINT | _PLAIN_NUMBERS]
    by_comma = [form for form in forms if form in BY_COMMA - BY_POINT]
    readings = (
        written_number(reading, some, forms)
        for reading, some in (("thousands", by_point), ("decimal_comma", by_comma))
        if some
    )
    return f"coalesce({', '.join(('x', *readings))})"


def written_number(reading: str, some: Collection[str], forms: Sequence[str]) -> str:
    """DuckDB expression of the number that a text of some forms is by that reading, one of SEPARATORS.

    NULL of others; ``forms`` are all that were looked for.
    """
    between, point = map(literal, SEPARATORS[reading])
    text = f"replace(substring(v, 2), {between}, '')"
    if point != "'.'":
        text = f"replace({text}, {point}, '.')"
    return f"CASE WHEN k IN ({texts_of(some, forms)}) THEN TRY_CAST({text} AS DOUBLE) END"
