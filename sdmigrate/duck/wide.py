"""Columns of many distinct values: what patterns settle is counted in DuckDB, the rest is understood here.

Invariant: a pattern settles a value only where the form is beyond doubt, so both ways of counting agree; a
wrong guess about a column costs time, never exactness.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from sdmigrate.duck.connection import snapshot_query
from sdmigrate.duck.dictionary import rows_query
from sdmigrate.duck.encoding import Carriage, decoded, literal
from sdmigrate.duck.kinds import DOUBLE, NUMBERS, SETTLED_EPOCHS, kind_of
from sdmigrate.model.catalog import Table
from sdmigrate.model.errors import InternalFault
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.values import StorageClass
from sdmigrate.rules.convert_numbers import INTEGER_RANGES
from sdmigrate.rules.evidence import TOP, Evidence
from sdmigrate.rules.value_group import SAMPLES, Group, Located, note_sample

_BATCH = 10_000
_INTEGER = INTEGER_RANGES["integer"]
_SMALLINT = INTEGER_RANGES["smallint"][1]
_STORED: dict[Carriage, str] = {
    "any": "stored",
    "text": "encode('t') || stored",
    "integer": "encode('i' || stored)",
}
"""DuckDB expression of a grouped value as bytes, its class told by the first letter."""
_COMPACT = """sum(CASE
    WHEN number BETWEEN 19000101 AND 21001231 AND TRY_STRPTIME(CAST(number AS VARCHAR), '%Y%m%d') IS NOT NULL
    THEN n
    WHEN number BETWEEN 19000101000000 AND 21001231235959
        AND TRY_STRPTIME(CAST(number AS VARCHAR), '%Y%m%d%H%M%S') IS NOT NULL
    THEN n END)"""
"""DuckDB's count of the numbers that ``is_compact`` accepts."""
_CLASSES: dict[str, StorageClass] = {"t": "text", "i": "integer", "r": "real"}


def count_values(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    evidence: dict[str, Evidence],
    carriages: Mapping[str, Carriage],
    cancel: CancelSignal,
    parts: Sequence[range] = (),
) -> None:
    """Fill each column's evidence from one scan into DuckDB and a few queries a column.

    Args:
        cursor: of a connection that ``open_snapshot`` gave.
        table: the table.
        evidence: columns by name, empty so far.
        carriages: how each of them travels, in the same order.
        cancel: heard between queries and batches.
        parts: rowids, ascending, of which one range is held at a time, so that memory stays bounded; without
            them the whole table is.

    Raises:
        duckdb.Error: the scanner cannot read the table, or a column is not what its carriage promises.
        Aborted: the operator asked to stop.
    """
    several = len(parts) > 1
    names = list(enumerate(evidence))
    # As bytes, since a table of DuckDB refuses text that is not UTF-8.
    held = ", ".join(
        f"CAST(c{number} AS BIGINT) AS c{number}"
        if carriages[name] == "integer"
        else f"encode(c{number}) AS c{number}"
        for number, name in names
    )
    try:
        for number, _ in names if several else ():
            cursor.execute(
                f"CREATE OR REPLACE TEMP TABLE keys_c{number}"
                " (one UBIGINT, other UBIGINT, n BIGINT, r BIGINT)"
            )
        for part in parts if several else (None,):
            source = (
                f"(SELECT CAST(r AS BIGINT) AS r, {held}"
                f" FROM {snapshot_query(rows_query(table, carriages, part))})"
            )
            if len(names) > 1:
                # What is asked once need not be held.
                cursor.execute(f"CREATE OR REPLACE TEMP TABLE wide AS FROM {source}")
                source = "wide"
            for number, name in names:
                cancel.raise_if_set()
                _count_column(
                    cursor, source, f"c{number}", evidence[name], carriages[name], cancel, several=several
                )
        for number, name in names if several else ():
            cancel.raise_if_set()
            _tell_apart(cursor, table, name, f"keys_c{number}", evidence[name])
    finally:
        for held_table in ("wide", *(f"keys_c{number}" for number, _ in names)):
            cursor.execute(f"DROP TABLE IF EXISTS {held_table}")


def _tell_apart(
    cursor: duckdb.DuckDBPyConnection, table: Table, name: str, keys: str, evidence: Evidence
) -> None:
    """Count values over all parts, where each part has counted its own as different.

    A value's key is two hashes of 64 bits: two values of one key are none that anybody has by accident.
    """
    cursor.execute(
        "SELECT n, r, different FROM (SELECT sum(n) AS n, min(r) AS r, count(*) OVER () AS different"
        f" FROM {keys} GROUP BY one, other) ORDER BY n DESC, r LIMIT {TOP}"
    )
    evidence.frequent.clear()
    for count, rowid, different in cursor.fetchall():
        evidence.distinct = different
        query = rows_query(table, {name: "any"}, range(rowid, rowid + 1))
        (value,) = _one(cursor, f"SELECT encode(c0) FROM {snapshot_query(query)}")
        evidence.note_frequent(decoded(value), int(count), rowid)


def _count_column(
    cursor: duckdb.DuckDBPyConnection,
    source: str,
    column: str,
    evidence: Evidence,
    carriage: Carriage,
    cancel: CancelSignal,
    *,
    several: bool,
) -> None:
    cursor.execute(
        f"""CREATE OR REPLACE TEMP TABLE grouped AS
        SELECT v, n, r, CASE WHEN v IS NULL THEN bytes END AS raw, {kind_of(evidence, carriage)} AS k,
            {NUMBERS[carriage]} AS number
        FROM (SELECT stored, bytes, TRY(decode(bytes)) AS v, n, r
            FROM (SELECT {column} AS stored, {_STORED[carriage]} AS bytes, count(*) AS n, min(r) AS r
                FROM {source} GROUP BY {column}))"""
    )
    try:
        for (count,) in cursor.execute("SELECT n FROM grouped WHERE v IS NULL AND raw IS NULL").fetchall():
            evidence.add_nulls(count)
        if several:
            cursor.execute(
                f"INSERT INTO keys_{column} SELECT hash(bytes), hash(encode('+') || bytes), n, r"
                " FROM (SELECT coalesce(raw, encode(v)) AS bytes, n, r FROM grouped) WHERE bytes IS NOT NULL"
            )
        _add_settled(cursor, evidence)
        cancel.raise_if_set()
        cursor.execute(
            "SELECT coalesce(raw, encode(v)) AS data, n, r FROM grouped WHERE k IS NULL AND data IS NOT NULL"
        )
        while batch := cursor.fetchmany(_BATCH):
            cancel.raise_if_set()
            for data, count, rowid in batch:
                evidence.add(decoded(data), count, rowid)
    finally:
        cursor.execute("DROP TABLE IF EXISTS grouped")


def _add_settled(cursor: duckdb.DuckDBPyConnection, evidence: Evidence) -> None:
    """Add what patterns have settled, each kind by the aggregates that it needs and no others."""
    limit = evidence.declared_length
    too_long = "0" if limit is None else f"sum(n) FILTER (length(v) > {limit + 1})"
    kinds = cursor.execute(
        f"SELECT k, sum(n), count(*), {too_long} FROM grouped WHERE k IS NOT NULL GROUP BY k ORDER BY k"
    ).fetchall()
    for kind, count, distinct, unfit in kinds:
        group = evidence.group(_CLASSES[kind[0]], kind[2:])
        if evidence.watch is not None and not evidence.watch.lets_form_pass(_CLASSES[kind[0]], kind[2:]):
            evidence.keep_no_more()
        values = int(count)
        evidence.rows += values
        evidence.distinct += distinct
        group.count += values
        group.unfit += int(unfit or 0)
        if kind[0] == "t":
            odd = _add_texts(cursor, kind, values, evidence, group)
        elif kind[0] == "i":
            odd = _add_integers(cursor, kind, values, group)
        else:
            odd = _add_reals(cursor, values, evidence, group)
        samples = _first(cursor, kind, "true")
        for value, rowid in samples:
            note_sample(group.samples, value, rowid)
        beyond = f" OR length(v) > {limit + 1}" if limit is not None and unfit else ""
        if odd.count == values and not beyond:
            refused = samples
        else:
            refused = _first(cursor, kind, odd.condition + beyond) if odd.count or beyond else []
        for value, rowid in refused:
            note_sample(group.odd, value, rowid)
    if kinds:
        cursor.execute(
            f"SELECT encode(v), n, r FROM grouped WHERE k IS NOT NULL ORDER BY n DESC, r LIMIT {TOP}"
        )
        for data, count, rowid in cursor.fetchall():
            evidence.note_frequent(decoded(data), count, rowid)


@dataclass(frozen=True)
class _Odd:
    """Values of a kind that belong to a group's odd ones."""

    count: int
    condition: str
    """DuckDB's."""


_NONE_ODD = _Odd(0, "false")


def _first(cursor: duckdb.DuckDBPyConnection, kind: str, condition: str) -> list[Located]:
    """The first values of a kind that meet the condition, with their rows."""
    cursor.execute(
        f"SELECT encode(v), r FROM grouped WHERE k = ? AND ({condition}) ORDER BY r LIMIT {SAMPLES}", [kind]
    )
    return [(decoded(data), rowid) for data, rowid in cursor.fetchall()]


def _add_texts(
    cursor: duckdb.DuckDBPyConnection, kind: str, values: int, evidence: Evidence, group: Group
) -> _Odd:
    low, high, characters, octets, midnights = _one(
        cursor,
        f"""SELECT encode(min(v)), encode(max(v)), max(length(v)) - 1, max(strlen(v)) - 1,
            sum(n) FILTER (ends_with(v, ' 00:00:00'))
        FROM grouped WHERE k = {literal(kind)}""",
    )
    evidence.note_range(low[1:].decode(), high[1:].decode())
    longest, rowid = _one(
        cursor,
        f"SELECT encode(v), r FROM grouped WHERE k = {literal(kind)} AND strlen(v) = {octets + 1} LIMIT 1",
    )
    evidence.note_length(characters, octets, decoded(longest), rowid)
    form = kind[2:]
    if form == "integer":
        _add_small_integers(cursor, values, characters, group)
    elif form == "iso_date":
        group.midnights += values
    elif form == "iso_datetime":
        group.midnights += int(midnights or 0)
        return _Odd(values - int(midnights or 0), "NOT ends_with(v, ' 00:00:00')")
    return _NONE_ODD


def _add_small_integers(cursor: duckdb.DuckDBPyConnection, values: int, digits: int, group: Group) -> None:
    """Whole numbers in text of the kind t:integer, which integer holds."""
    low, first, high, last, ones, smallints = _one(
        cursor,
        f"""SELECT min(d), arg_min(r, d), max(d), arg_max(r, d), sum(n) FILTER (d = 1),
            sum(n) FILTER (d <= {_SMALLINT})
        FROM (SELECT n, r, TRY_CAST(v[2:] AS BIGINT) AS d FROM grouped WHERE k = 't:integer')""",
    )
    group.bits += int(ones or 0)
    group.bigints += values
    group.integers += values
    group.smallints += int(smallints or 0)
    group.note_digits(digits, 0)
    group.note_number(low, str(low), first)
    group.note_number(high, str(high), last)


def _add_integers(cursor: duckdb.DuckDBPyConnection, kind: str, values: int, group: Group) -> _Odd:
    day = SETTLED_EPOCHS.get(kind[2:])
    midnights = "0" if day is None else f"sum(n) FILTER (number % {day} = 0)"
    low, first, high, last, bits, whole_days, integers, smallints, compact = _one(
        cursor,
        f"""SELECT min(number), arg_min(r, number), max(number), arg_max(r, number),
            sum(n) FILTER (number IN (0, 1)), {midnights},
            sum(n) FILTER (number BETWEEN {_INTEGER[0]} AND {_INTEGER[1]}),
            sum(n) FILTER (number BETWEEN {-_SMALLINT - 1} AND {_SMALLINT}), {_COMPACT}
        FROM grouped WHERE k = {literal(kind)}""",
    )
    group.note_number(low, low, first)
    group.note_number(high, high, last)
    group.bits += int(bits or 0)
    group.bigints += values
    group.integers += int(integers or 0)
    group.smallints += int(smallints or 0)
    group.compact += int(compact or 0)
    group.midnights += int(whole_days or 0)
    return _NONE_ODD if day is None else _Odd(values - int(whole_days or 0), f"number % {day} <> 0")


def _add_reals(cursor: duckdb.DuckDBPyConnection, values: int, evidence: Evidence, group: Group) -> _Odd:
    """Reals of the kind r:real, whose digits are all told and which are below 2^53."""
    low, first, high, last, bits, fractional, integers, smallints, digits = _one(
        cursor,
        f"""SELECT min(d), arg_min(r, d), max(d), arg_max(r, d),
            sum(n) FILTER (d IN (0, 1)), sum(n) FILTER (d <> trunc(d)),
            sum(n) FILTER (d = trunc(d) AND d BETWEEN {_INTEGER[0]} AND {_INTEGER[1]}),
            sum(n) FILTER (d = trunc(d) AND d BETWEEN {-_SMALLINT - 1} AND {_SMALLINT}),
            max(length(rtrim(split_part(v, '.', 2), '0')))
        FROM (SELECT v, n, r, {DOUBLE} AS d FROM grouped WHERE k = 'r:real')""",
    )
    non_integral = int(fractional or 0)
    group.note_number(low, low, first)
    group.note_number(high, high, last)
    group.bits += int(bits or 0)
    group.bigints += values - non_integral
    group.integers += int(integers or 0)
    group.smallints += int(smallints or 0)
    evidence.non_integral += non_integral
    evidence.fraction_digits = max(evidence.fraction_digits, digits or 0)
    return _Odd(non_integral, f"{DOUBLE} <> trunc({DOUBLE})")


def _one(cursor: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The one row of an aggregate over values that are there."""
    row: tuple[Any, ...] | None = cursor.execute(sql).fetchone()
    if row is None:
        raise InternalFault(
            "Values that were counted a moment ago are gone.", "Run again; tell it if it stays."
        )
    return row
