"""Columns of many distinct values: what patterns settle is counted in DuckDB, the rest is understood here.

Invariant: a pattern settles a value only where the form is beyond doubt, so both ways of counting agree; a
wrong guess about a column costs time, never exactness.
"""

from dataclasses import dataclass

import duckdb

from sdmigrate.duck.connection import snapshot_query
from sdmigrate.duck.dictionary import rows_query
from sdmigrate.duck.encoding import decoded
from sdmigrate.model.catalog import Table
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.values import StorageClass
from sdmigrate.rules.convert_numbers import EXACT_INTEGERS
from sdmigrate.rules.evidence import SAMPLES, TOP, Evidence, Group, note_sample
from sdmigrate.rules.form_epochs import EPOCHS
from sdmigrate.rules.form_record import LONGEST_FORM
from sdmigrate.rules.forms import FORM_BY_NAME, SUSPECT

_BATCH = 10_000
_SETTLED_TEXT = ("iso_date", "iso_datetime", "time", "uuid")
_SETTLED_EPOCHS = {"epoch_s": 86_400, "epoch_ms": 86_400_000, "epoch_us": 86_400_000_000}
"""Epochs whose numbers need no look of their own, with the units of a day."""
_NUMBER = "TRY_CAST(v[2:] AS BIGINT)"
_DOUBLE = "TRY_CAST(v[2:] AS DOUBLE)"
_CLASSES: dict[str, StorageClass] = {"t": "text", "i": "integer", "r": "real"}


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _kind(evidence: Evidence) -> str:
    """DuckDB expression of a value's storage class and form, ``t:iso_date``; NULL where parsing must tell."""
    cases = ["WHEN v IS NULL OR contains(v, chr(0)) THEN NULL"]
    if evidence.interest != "json":
        for name in _SETTLED_TEXT:
            certain = FORM_BY_NAME[name].certain
            cases.append(
                f"WHEN regexp_full_match(v, {_literal(f't(?:{certain})')}) THEN {_literal(f't:{name}')}"
            )
        suspect = _literal("^t" + SUSPECT.removeprefix("^"))
        long = LONGEST_FORM + 1
        cases.append(
            f"WHEN starts_with(v, 't') AND (strlen(v) > {long} AND length(v) > {long}"
            " AND regexp_matches(v, '^t[!-~]')"
            f" OR NOT regexp_matches(v, {suspect})) THEN 't:other'"
        )
    if evidence.declared_digits is None and evidence.interest == "any":
        cases.append(f"WHEN regexp_full_match(v, 't{FORM_BY_NAME['integer'].certain}') THEN 't:integer'")
    if evidence.declared_digits is None:
        cases.extend(_number_cases(evidence))
    return f"CASE {' '.join(cases)} END"


def _number_cases(evidence: Evidence) -> list[str]:
    if evidence.interest != "date":
        return [
            f"WHEN starts_with(v, 'i') AND abs({_NUMBER}::HUGEINT) <= {EXACT_INTEGERS} THEN 'i:integer'",
            "WHEN regexp_full_match(v, 'r-?[0-9]{1,15}[.][0-9]{1,15}') THEN 'r:real'",
        ]
    # No other form has numbers of these magnitudes; those between them are read one by one.
    return [
        f"WHEN starts_with(v, 'i') AND {_NUMBER} >= {low} AND {_NUMBER} < {high} THEN 'i:{epoch.name}'"
        for epoch in EPOCHS
        for low, high in (epoch.bounds(),)
        if epoch.name in _SETTLED_EPOCHS
    ]


def count_values(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    evidence: dict[str, Evidence],
    cancel: CancelSignal,
) -> None:
    """Fill each column's evidence from one scan into DuckDB and a few queries a column.

    Raises:
        duckdb.Error: the scanner cannot read the table.
        Aborted: the operator asked to stop.
    """
    names = list(evidence)
    # As bytes, since a table of DuckDB refuses text that is not UTF-8.
    held = ", ".join(f"encode(c{number}) AS c{number}" for number in range(len(names)))
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE wide AS SELECT CAST(r AS BIGINT) AS r, {held}"
        f" FROM {snapshot_query(rows_query(table, names))}"
    )
    try:
        for number, name in enumerate(names):
            cancel.raise_if_set()
            _count_column(cursor, f"c{number}", evidence[name], cancel)
    finally:
        cursor.execute("DROP TABLE IF EXISTS wide")


def _count_column(
    cursor: duckdb.DuckDBPyConnection, column: str, evidence: Evidence, cancel: CancelSignal
) -> None:
    cursor.execute(
        f"""CREATE OR REPLACE TEMP TABLE grouped AS
        SELECT v, n, r, CASE WHEN v IS NULL THEN stored END AS raw, {_kind(evidence)} AS k
        FROM (SELECT stored, TRY(decode(stored)) AS v, n, r
            FROM (SELECT {column} AS stored, count(*) AS n, min(r) AS r FROM wide GROUP BY {column}))"""
    )
    try:
        for (count,) in cursor.execute("SELECT n FROM grouped WHERE v IS NULL AND raw IS NULL").fetchall():
            evidence.add_nulls(count)
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


@dataclass(frozen=True)
class _Settled:
    """What DuckDB counted of one storage class and form, in the order of the query's columns."""

    kind: str
    count: int
    distinct: int
    low_text: bytes
    high_text: bytes
    longest_characters: int
    longest_bytes: int
    longest: bytes
    longest_rowid: int | None
    too_long: int | None
    midnights: int | None
    low_integer: int | None
    high_integer: int | None
    low_real: float | None
    high_real: float | None
    bits: int | None
    non_integral: int | None
    fraction_digits: int | None


def _add_settled(cursor: duckdb.DuckDBPyConnection, evidence: Evidence) -> None:
    limit = evidence.declared_length
    too_long = "0" if limit is None else f"sum(n) FILTER (length(v) > {limit + 1})"
    midnights = " OR ".join(
        ["k = 't:iso_date'", "k = 't:iso_datetime' AND ends_with(v, ' 00:00:00')"]
        + [f"k = 'i:{name}' AND {_NUMBER} % {day} = 0" for name, day in _SETTLED_EPOCHS.items()]
    )
    cursor.execute(
        f"""SELECT k, sum(n), count(*), encode(min(v)), encode(max(v)),
            max(length(v)) - 1, max(strlen(v)) - 1, encode(arg_max(v, strlen(v))), arg_max(r, strlen(v)),
            {too_long}, sum(n) FILTER ({midnights}),
            min({_NUMBER}) FILTER (k[1] = 'i'), max({_NUMBER}) FILTER (k[1] = 'i'),
            min({_DOUBLE}) FILTER (k[1] = 'r'), max({_DOUBLE}) FILTER (k[1] = 'r'),
            sum(n) FILTER (v IN ('i0', 'i1', 'r0.0', 'r1.0', 'r-0.0') OR (k = 't:integer' AND v = 't1')),
            sum(n) FILTER (k[1] = 'r' AND {_DOUBLE} <> trunc({_DOUBLE})),
            max(length(rtrim(split_part(v, '.', 2), '0'))) FILTER (k[1] = 'r')
        FROM grouped WHERE k IS NOT NULL GROUP BY k"""
    )
    for row in cursor.fetchall():
        _merge(evidence, _Settled(*row))
    cursor.execute(f"SELECT encode(v), n, r FROM grouped WHERE k IS NOT NULL ORDER BY n DESC, r LIMIT {TOP}")
    for data, count, rowid in cursor.fetchall():
        evidence.note_frequent(decoded(data), count, rowid)
    cursor.execute(
        f"SELECT k, unnest(min_by(encode(v), r, {SAMPLES})), unnest(min(r, {SAMPLES})) FROM grouped"
        " WHERE k IS NOT NULL GROUP BY k"
    )
    for kind, data, rowid in cursor.fetchall():
        note_sample(_group(evidence, kind).samples, decoded(data), rowid)


def _group(evidence: Evidence, kind: str) -> Group:
    return evidence.group(_CLASSES[kind[0]], kind[2:])


def _merge(evidence: Evidence, settled: _Settled) -> None:
    group = _group(evidence, settled.kind)
    storage = settled.kind[0]
    count = int(settled.count)
    non_integral = int(settled.non_integral or 0)
    evidence.rows += count
    evidence.distinct += settled.distinct
    group.count += count
    group.midnights += int(settled.midnights or 0)
    group.bits += int(settled.bits or 0)
    group.unfit += int(settled.too_long or 0)
    if storage == "t":
        evidence.note_length(
            settled.longest_characters, settled.longest_bytes, decoded(settled.longest), settled.longest_rowid
        )
        group.bigints += count * (settled.kind == "t:integer")
        evidence.note_range(settled.low_text[1:].decode(), settled.high_text[1:].decode())
        return
    # Whatever is settled here is below 2^53, or an integer to begin with.
    group.bigints += count - non_integral
    evidence.non_integral += non_integral
    evidence.fraction_digits = max(evidence.fraction_digits, settled.fraction_digits or 0)
    low = settled.low_integer if storage == "i" else settled.low_real
    high = settled.high_integer if storage == "i" else settled.high_real
    if low is not None and high is not None:
        group.note_bounds(low, high)
