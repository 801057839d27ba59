"""A column of long texts of one form: one scan settles each and tells it apart by its hash, and holds few.

Invariant: every row is counted, and the evidence is the same as from holding every value. Two values of one
pair of hashes are none that anybody has by accident.
"""

from collections.abc import Collection

import duckdb

from sdmigrate.duck.connection import snapshot_query
from sdmigrate.duck.dictionary import rows_query
from sdmigrate.duck.encoding import Carriage, decoded, encoded, literal, quoted
from sdmigrate.duck.kinds import certain_forms, kind_of
from sdmigrate.model.catalog import Table
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.values import Value
from sdmigrate.rules.convert_text import is_utf8
from sdmigrate.rules.evidence import TOP, Evidence
from sdmigrate.rules.forms import form_of
from sdmigrate.rules.value_group import SAMPLES, note_sample

_FORMS = frozenset({"other", "json"})
"""Those of which nothing is asked but what any text is asked for."""
_SHARE = 0.95
"""Values of the sample that must be of the one form; what is of another is held."""
_MOST_ROWS = 500_000
"""Of each different value some 80 bytes are held, twice while they are grouped."""
_COMPARED = 100
"""Characters of a text by which it is told to be far from the first and the last of all."""
_BATCH = 10_000


def suits(table: Table, evidence: Evidence, rows: int, sample: Collection[Value]) -> bool:
    """Whether the column may be counted so, by its declaration and by some of its values."""
    if not table.rowid_name or rows > _MOST_ROWS:
        return False
    if evidence.declared_length is not None or evidence.declared_digits is not None:
        return False
    forms = certain_forms(evidence, sample)
    if len(forms) != 1 or forms[0] not in _FORMS:
        return False
    return sum(form_of(value, evidence.interest) == forms[0] for value in sample) >= _SHARE * len(sample)


def count_values(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    name: str,
    evidence: Evidence,
    carriage: Carriage,
    cancel: CancelSignal,
    sample: Collection[Value],
) -> None:
    """Fill the column's evidence from one scan.

    Args:
        cursor: of a connection that ``open_snapshot`` gave.
        table: the table.
        name: the column.
        evidence: its evidence, empty so far, which ``suits``.
        carriage: how it travels; with its classes told.
        cancel: heard between queries and batches.
        sample: those of its values by which it suits.

    Raises:
        duckdb.Error: the scanner cannot read the table, or memory does not suffice.
        Aborted: the operator asked to stop.
    """
    (form,) = certain_forms(evidence, sample)
    rows = snapshot_query(rows_query(table, {name: carriage}))
    settled = f"""(SELECT *, {kind_of(evidence, "text", (form,))} AS k
        FROM (SELECT *, TRY(decode(bytes)) AS v, CAST(NULL AS DOUBLE) AS x
        FROM (SELECT CAST(r AS BIGINT) AS r, encode(c0) AS bytes FROM {rows})))"""
    texts = [value for value in sample if isinstance(value, str) and is_utf8(value) and "\0" not in value]
    low, high = _bounds([text for text in texts if form_of(text, evidence.interest) == form])
    beyond = f"v <= {literal(low)} OR v >= {literal(high)}"
    try:
        cursor.execute(
            f"""CREATE OR REPLACE TEMP TABLE apart AS
            SELECT hash(bytes) AS one, hash(encode('+') || bytes) AS other, count(*) AS n, min(r) AS r,
                first(k IS NOT NULL) AS settled, first(length(v)) - 1 AS characters,
                first(strlen(v)) - 1 AS octets,
                first(CASE WHEN k IS NULL OR {beyond} THEN bytes END) AS raw
            FROM {settled} GROUP BY one, other"""
        )
        cancel.raise_if_set()
        _add_settled(cursor, table, name, evidence, form)
        if evidence.groups:
            _note_range(cursor, evidence, settled, low, high)
        cancel.raise_if_set()
        _add_unsettled(cursor, evidence, cancel)
    finally:
        cursor.execute("DROP TABLE IF EXISTS apart")


def _bounds(texts: list[str]) -> tuple[str, str]:
    """Texts as they travel, between which hardly a value is the first or the last of all."""
    if not texts:
        return "u", ""
    low, high = min(texts), max(texts)
    return f"t{low[:_COMPARED]}" + ("\U0010ffff" if len(low) > _COMPARED else ""), f"t{high[:_COMPARED]}"


def _add_settled(
    cursor: duckdb.DuckDBPyConnection, table: Table, name: str, evidence: Evidence, form: str
) -> None:
    cursor.execute("SELECT sum(n), count(*), max(characters), max(octets) FROM apart WHERE settled")
    ((rows, distinct, characters, octets),) = cursor.fetchall()
    if not distinct:
        return
    group = evidence.group("text", form)
    if evidence.watch is not None and not evidence.watch.lets_form_pass("text", form):
        evidence.keep_no_more()
    evidence.rows += int(rows)
    evidence.distinct += distinct
    group.count += int(rows)
    first = _some(cursor, f"ORDER BY r LIMIT {SAMPLES}")
    frequent = _some(cursor, f"ORDER BY n DESC, r LIMIT {TOP}")
    ((longest, _),) = _some(cursor, "ORDER BY octets DESC, r LIMIT 1")
    values = _values(cursor, table, name, {longest, *(rowid for rowid, _ in (*first, *frequent))})
    for rowid, _ in first:
        note_sample(group.samples, values[rowid], rowid)
    for rowid, count in frequent:
        evidence.note_frequent(values[rowid], count, rowid)
    evidence.note_length(characters, octets, values[longest], longest)


def _some(cursor: duckdb.DuckDBPyConnection, which: str) -> list[tuple[int, int]]:
    """The first rows of some settled values, with their number."""
    cursor.execute(f"SELECT r, n FROM apart WHERE settled {which}")
    return cursor.fetchall()


def _values(
    cursor: duckdb.DuckDBPyConnection, table: Table, name: str, rowids: Collection[int]
) -> dict[int, Value]:
    place = quoted(table.rowid_name or "")
    query = (
        f"SELECT {place} AS r, {encoded(name, Carriage(), place)} AS c FROM {quoted(table.name)}"
        f" WHERE {place} IN ({', '.join(map(str, rowids))})"
    )
    cursor.execute(f"SELECT CAST(r AS BIGINT), encode(c) FROM {snapshot_query(query)}")
    return {rowid: decoded(data) for rowid, data in cursor.fetchall()}


def _note_range(
    cursor: duckdb.DuckDBPyConnection, evidence: Evidence, source: str, low: str, high: str
) -> None:
    cursor.execute("SELECT decode(min(raw)), decode(max(raw)) FROM apart WHERE settled")
    ((least, most),) = cursor.fetchall()
    if least is None or least > low or most < high:
        # No value held lies beyond the bounds, of which one is of no settled value.
        cursor.execute(f"SELECT min(v), max(v) FROM {source} WHERE k IS NOT NULL")
        ((least, most),) = cursor.fetchall()
    evidence.note_range(least[1:], most[1:])


def _add_unsettled(cursor: duckdb.DuckDBPyConnection, evidence: Evidence, cancel: CancelSignal) -> None:
    cursor.execute("SELECT raw, n, r FROM apart WHERE NOT settled")
    while batch := cursor.fetchmany(_BATCH):
        cancel.raise_if_set()
        for data, count, rowid in batch:
            if data is None:
                evidence.add_nulls(count)
            else:
                evidence.add(decoded(data), count, rowid)
