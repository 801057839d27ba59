"""Columns of many distinct values: what patterns settle is counted in DuckDB, the rest is understood here.

Invariant: a pattern settles a value only where the form is beyond doubt, so both ways of counting agree; a
wrong guess about a column costs time, never exactness.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import duckdb

from sdmigrate.duck.alike import likeness
from sdmigrate.duck.connection import snapshot_query
from sdmigrate.duck.dictionary import rows_query
from sdmigrate.duck.encoding import Carriage, Classes, decoded
from sdmigrate.duck.kinds import STORED_NUMBERS, certain_forms, has_large, kind_of, number_of
from sdmigrate.duck.settled import add_values
from sdmigrate.model.catalog import Table
from sdmigrate.model.errors import InternalFault
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.values import Value
from sdmigrate.rules.evidence import TOP, Evidence

_BATCH = 10_000
_STORED: dict[Classes, str] = {
    "any": "stored",
    "text": "encode('t') || stored",
    "integer": "encode('i' || stored)",
}
"""DuckDB expression of a grouped value as bytes, its class told by the first letter."""


def count_values(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    evidence: dict[str, Evidence],
    carriages: Mapping[str, Carriage],
    cancel: CancelSignal,
    parts: Sequence[range] = (),
    samples: Mapping[str, Collection[Value]] | None = None,
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
        samples: some values of each column, whose forms are looked for; without them all are.

    Raises:
        duckdb.Error: the scanner cannot read the table, or a column is not what its carriage promises.
        Aborted: the operator asked to stop.
    """
    several = len(parts) > 1
    names = list(enumerate(evidence))
    # As bytes, since a table of DuckDB refuses text that is not UTF-8.
    held = ", ".join(
        f"CAST(c{number} AS BIGINT) AS c{number}"
        if carriages[name].classes == "integer"
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
            if several or len(names) > 1:
                # What is asked once, as most columns are, need not be held.
                cursor.execute(f"CREATE OR REPLACE TEMP TABLE wide AS FROM {source}")
                source = "wide"
            for number, name in names:
                cancel.raise_if_set()
                sampled = samples and samples.get(name)
                forms, large = certain_forms(evidence[name], sampled), has_large(evidence[name], sampled)
                classes = carriages[name].classes
                # The last row of a part is not the last of all.
                last_rows = not several and _tells_last_rows(evidence[name], classes)
                found = (
                    f"(SELECT c{number} AS stored, count(*) AS n, min(r) AS r,"
                    f" {'max(r)' if last_rows else 'NULL'} AS last FROM {source} GROUP BY stored)"
                )
                if several:
                    _note_keys(cursor, f"keys_c{number}", found, classes)
                grouped = _grouped(found, evidence[name], classes, forms, large=large)
                add_values(cursor, grouped, evidence[name], forms, cancel, last_rows=last_rows, large=large)
        for number, name in names if several else ():
            cancel.raise_if_set()
            _tell_apart(cursor, table, name, f"keys_c{number}", evidence[name])
    finally:
        for held_table in ("wide", *(f"keys_c{number}" for number, _ in names)):
            cursor.execute(f"DROP TABLE IF EXISTS {held_table}")


def _tells_last_rows(evidence: Evidence, classes: Classes) -> bool:
    """Whether the last row of each value is asked for."""
    # Of whole numbers, SQLite and DuckDB call the same ones equal.
    return evidence.may_be_key and classes == "integer"


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
        query = rows_query(table, {name: Carriage()}, range(rowid, rowid + 1))
        (value,) = _one(cursor, f"SELECT encode(c0) FROM {snapshot_query(query)}")
        evidence.note_frequent(decoded(value), int(count), rowid)


def _grouped(found: str, evidence: Evidence, classes: Classes, forms: Sequence[str], *, large: bool) -> str:
    """DuckDB's subquery of a column's distinct values.

    ``bytes`` is the value as it travels, ``v`` the same as text, or NULL where it is none; ``n`` its rows,
    ``r`` the first of them, ``last`` the last where that is asked for, ``k`` the number of its kind, ``x``
    its own, ``d`` the digits of that after the point, and ``a`` what it is like.
    """
    # Step by step, since an expression that is named is computed once.
    bytes_ = f"(SELECT n, r, last, stored, {_STORED[classes]} AS bytes FROM {found})"
    read = f"(SELECT *, TRY(decode(bytes)) AS v FROM {bytes_})"
    told = f"(SELECT n, r, last, bytes, v, {STORED_NUMBERS[classes]} AS x FROM {read})"
    settled = f"(SELECT *, {kind_of(evidence, classes, forms, large=large)} AS k FROM {told})"
    numbered = f"(SELECT n, r, last, bytes, v, k, {number_of(forms)} AS x FROM {settled})"
    return f"(SELECT *, {likeness(evidence, forms, large=large)} FROM {numbered})"


def _note_keys(cursor: duckdb.DuckDBPyConnection, keys: str, found: str, classes: Classes) -> None:
    cursor.execute(
        f"INSERT INTO {keys} SELECT hash(bytes), hash(encode('+') || bytes), n, r"
        f" FROM (SELECT *, {_STORED[classes]} AS bytes FROM {found}) WHERE bytes IS NOT NULL"
    )


def _one(cursor: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The one row of an aggregate over values that are there."""
    row: tuple[Any, ...] | None = cursor.execute(sql).fetchone()
    if row is None:
        raise InternalFault(
            "Values that were counted a moment ago are gone.", "Run again; tell it if it stays."
        )
    return row
