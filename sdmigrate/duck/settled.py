"""What patterns settle of a column: counted by kind in DuckDB, and added to the evidence as groups.

Invariant: adding what is settled and adding its values one by one give the same. Every value here is of a
kind that ``kind_of`` tells: valid text without NUL, and numbers that one double tells apart.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

import duckdb

from sdmigrate.duck.encoding import literal
from sdmigrate.duck.kinds import COMPACT_DATE, SETTLED_EPOCHS, written_number
from sdmigrate.model.values import StorageClass, Value
from sdmigrate.rules.certain_dates import MIDNIGHT
from sdmigrate.rules.convert_numbers import INTEGER_RANGES, SEPARATED, decimal_digits
from sdmigrate.rules.evidence import TOP, Evidence
from sdmigrate.rules.form_epochs import COMPACT_MOMENTS
from sdmigrate.rules.form_record import Moment
from sdmigrate.rules.forms import form_family, understood
from sdmigrate.rules.separators import BY_COMMA, BY_POINT, MARKED
from sdmigrate.rules.value_group import SAMPLES, Group, note_sample

_CLASSES: dict[str, StorageClass] = {"t": "text", "i": "integer", "r": "real"}
_INTEGER, _SMALLINT = INTEGER_RANGES["integer"], INTEGER_RANGES["smallint"]
_ANY = {
    "count": "sum(n)",
    "distinct": "count(*)",
    "samples": f"arg_min(v, r, {SAMPLES})",
    "rows": f"min(r, {SAMPLES})",
    "odd": f"arg_min(v, r, {SAMPLES}) FILTER (odd)",
    "odd_rows": f"min(r, {SAMPLES}) FILTER (odd)",
    "unfit": "sum(n) FILTER (unfit)",
    "midnights": "sum(n) FILTER (midnight)",
    "marked": "sum(n) FILTER (marked)",
    "low": "min(v)",
    "high": "max(v)",
    "characters": "max(length(v)) - 1",
    "octets": "max(strlen(v)) - 1",
    "longest": "arg_max(v, strlen(v))",
    "longest_row": "arg_max(r, strlen(v))",
}
"""DuckDB's aggregates of every kind."""
_NUMBERS = {
    # The same number may be written in several ways, of which the first row's is kept.
    "lowest": "min((x, r, v))",
    "highest": "max((x, -r, v))",
    "bits": "sum(n) FILTER (x IN (0, 1))",
    "whole": "sum(n) FILTER (digits = 0)",
    "fractions": "sum(n) FILTER (digits > 0)",
    "integers": f"sum(n) FILTER (digits = 0 AND x BETWEEN {_INTEGER[0]} AND {_INTEGER[1]})",
    "smallints": f"sum(n) FILTER (digits = 0 AND x BETWEEN {_SMALLINT[0]} AND {_SMALLINT[1]})",
    "compact": "sum(n) FILTER (compact)",
    "digits": "max(digits)",
    "number_midnights": "sum(n) FILTER (midnight)",
    "unfit_numbers": "sum(n) FILTER (unfit)",
    "odd_numbers": f"arg_min(v, r, {SAMPLES}) FILTER (odd)",
    "odd_number_rows": f"min(r, {SAMPLES}) FILTER (odd)",
}
"""DuckDB's aggregates of the kinds whose number is told."""
_DIGITS = (
    "CASE WHEN x = trunc(x) THEN 0 ELSE strlen(CAST(x AS VARCHAR)) - strpos(CAST(x AS VARCHAR), '.') END"
)
"""Digits after the point of the shortest text."""
_COMPACT = f"""CASE WHEN starts_with(k, 'r') OR x <> trunc(x) THEN false
    WHEN x BETWEEN {COMPACT_MOMENTS[0]} AND {COMPACT_MOMENTS[1]}
    THEN TRY_STRPTIME(CAST(CAST(x AS BIGINT) AS VARCHAR), '%Y%m%d%H%M%S') IS NOT NULL
    ELSE {COMPACT_DATE} END"""
"""DuckDB's condition of the numbers that ``is_compact`` accepts."""


def add_settled(cursor: duckdb.DuckDBPyConnection, evidence: Evidence, forms: Collection[str]) -> None:
    """Add the kinds of the table ``grouped``, whose columns are ``v``, ``n``, ``r``, ``k`` and ``x``.

    ``forms`` are those of ``certain_forms``.
    """
    kinds = _asked(cursor, _ANY, _any_source(evidence, forms))
    if not kinds:
        return
    pointed = [form for form in forms if form in BY_POINT or form in ("integer", "decimal")]
    number = f"coalesce(x, {written_number('thousands', pointed)})"
    numbers = _asked(cursor, _NUMBERS, _number_source(evidence, number))
    for kind, told in kinds.items():
        group = evidence.group(_CLASSES[kind[0]], kind[2:])
        if evidence.watch is not None and not evidence.watch.lets_form_pass(_CLASSES[kind[0]], kind[2:]):
            evidence.keep_no_more()
        _add_any(kind, told, evidence, group)
        if kind in numbers:
            _add_numbers(kind, numbers[kind], evidence, group)
    commas = [form for form in forms if form in BY_COMMA and f"t:{form}" in kinds]
    if commas:
        by_comma = _asked(cursor, _NUMBERS, _number_source(evidence, written_number("decimal_comma", commas)))
        for kind, told in by_comma.items():
            group = evidence.group("text", kind[2:])
            group.by_comma = group.by_comma or Group()
            group.by_comma.count += int(kinds[kind]["count"])
            _add_numbers(kind, told, evidence, group.by_comma)
    cursor.execute(f"SELECT v, n, r FROM grouped WHERE k IS NOT NULL ORDER BY n DESC, r LIMIT {TOP}")
    for text, count, rowid in cursor.fetchall():
        evidence.note_frequent(_value(text), count, rowid)


def _asked(
    cursor: duckdb.DuckDBPyConnection, aggregates: Mapping[str, str], source: str
) -> dict[str, dict[str, Any]]:
    """The aggregates of each kind."""
    cursor.execute(f"SELECT k, {', '.join(aggregates.values())} FROM ({source}) GROUP BY k ORDER BY k")
    return {kind: dict(zip(aggregates, told, strict=True)) for kind, *told in cursor.fetchall()}


def _any_source(evidence: Evidence, forms: Collection[str]) -> str:
    """Every settled value with what makes it an odd one, numbers aside."""
    limit = evidence.declared_length
    unfit = "false" if limit is None else f"length(v) > {limit + 1}"
    dates = _kinds(form for form in forms if form_family(form) in ("date", "timestamp"))
    midnight = (
        f"CASE WHEN k IN ({dates}) THEN NOT contains(v, ':')"
        f" OR (contains(v, '0:00') AND regexp_full_match(v, {literal(MIDNIGHT)})) END"
        if dates
        else "CAST(NULL AS BOOLEAN)"
    )
    separated = _kinds(form for form in forms if form in SEPARATED)
    marked = (
        f"k IN ({separated}) AND regexp_matches(substring(v, 2), {literal(MARKED)})" if separated else "false"
    )
    return (
        f"SELECT *, unfit OR NOT midnight AS odd FROM (SELECT k, v, n, r, {unfit} AS unfit,"
        f" {midnight} AS midnight, {marked} AS marked FROM grouped WHERE k IS NOT NULL)"
    )


def _kinds(forms: Iterable[str]) -> str:
    return ", ".join(literal(f"t:{form}") for form in forms)


def _number_source(evidence: Evidence, number: str) -> str:
    """The settled values that have such a number, with what makes it an odd one."""
    unfit = "false"
    if evidence.declared_digits is not None:
        precision, scale = evidence.declared_digits
        # Numbers of more digits before the point are not settled.
        whole_digits = min(precision - scale, 16)
        unfit = f"digits > {scale} OR abs(x) >= 1e{whole_digits}"
    days = " ".join(f"WHEN 'i:{name}' THEN x % {day} = 0" for name, day in SETTLED_EPOCHS.items())
    midnight = f"CASE k {days} WHEN 'i:compact_date' THEN true WHEN 'i:julian_day' THEN false END"
    return (
        f"SELECT *, unfit OR NOT midnight OR (k = 'r:real' AND digits > 0) AS odd"
        f" FROM (SELECT *, {unfit} AS unfit, {midnight} AS midnight, {_COMPACT} AS compact"
        f" FROM (SELECT *, {_DIGITS} AS digits"
        f" FROM (SELECT k, v, n, r, {number} AS x FROM grouped WHERE k IS NOT NULL) WHERE x IS NOT NULL))"
    )


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


def _note_samples(samples: list[Any], texts: list[str] | None, rows: list[int] | None) -> None:
    for text, rowid in zip(texts or (), rows or (), strict=True):
        note_sample(samples, _value(text), rowid)


def _add_any(kind: str, told: dict[str, Any], evidence: Evidence, group: Group) -> None:
    count = int(told["count"])
    evidence.rows += count
    evidence.distinct += told["distinct"]
    group.count += count
    group.unfit += int(told["unfit"] or 0)
    group.marked += int(told["marked"] or 0)
    group.midnights += int(told["midnights"] or 0)
    _note_samples(group.samples, told["samples"], told["rows"])
    _note_samples(group.odd, told["odd"], told["odd_rows"])
    if kind[0] != "t":
        return
    evidence.note_range(told["low"][1:], told["high"][1:])
    evidence.note_length(told["characters"], told["octets"], told["longest"][1:], told["longest_row"])
    meaning = understood(_value(told["samples"][0]), evidence.interest).meaning
    if isinstance(meaning, Moment):
        # All of a form's certain dates are, or none.
        group.zoned += count * meaning.zoned


def _add_numbers(kind: str, told: dict[str, Any], evidence: Evidence, group: Group) -> None:
    low, first, lowest = told["lowest"]
    high, last, highest = told["highest"]
    group.note_number(_number(kind, low), _value(lowest), first)
    group.note_number(_number(kind, high), _value(highest), -last)
    if kind[0] != "t" or kind == "t:integer":
        group.bits += int(told["bits"] or 0)
    group.bigints += int(told["whole"] or 0)
    group.integers += int(told["integers"] or 0)
    group.smallints += int(told["smallints"] or 0)
    group.compact += int(told["compact"] or 0)
    group.midnights += int(told["number_midnights"] or 0)
    group.unfit += int(told["unfit_numbers"] or 0)
    _note_samples(group.odd, told["odd_numbers"], told["odd_number_rows"])
    if kind[0] == "r":
        evidence.non_integral += int(told["fractions"] or 0)
        evidence.fraction_digits = max(evidence.fraction_digits, told["digits"])
    elif kind[0] == "t":
        for bound in (low, high):
            group.note_digits(decimal_digits(Decimal(repr(bound)))[0], told["digits"])


def _number(kind: str, number: float) -> float:
    return number if kind[0] == "r" or not number.is_integer() else int(number)
