"""Columns of few distinct values: one scan groups them all, and each distinct value is understood once.

Invariant: every row is counted; the rowid beside a value is that of its first row.
"""

from collections.abc import Mapping

import duckdb

from sdmigrate.duck.connection import snapshot_query
from sdmigrate.duck.encoding import Carriage, decoded, encoded, promised, quoted
from sdmigrate.duck.native import native_rows
from sdmigrate.duck.places import Places
from sdmigrate.model.catalog import Table
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.rules.evidence import Evidence

MOST_COLUMNS = 20
"""Each grouping set takes memory before it holds anything, and grouping_id() has 63 bits."""
_BATCH = 10_000


def rows_query(
    table: Table,
    carriages: Mapping[str, Carriage],
    part: range | None = None,
    *,
    thousandths: bool = False,
) -> str:
    """SQLite's SELECT of the columns as c0, c1, … with the rows' place as r.

    A table without a reachable rowid is numbered from 1 in the order of a plain SELECT, which reads the
    table itself and no index. The query fails where a column is not what its carriage promises. ``part`` are
    the rowids asked for, all by default; only a table with reachable ones has parts. ``thousandths`` is told
    at ``encoded``.
    """
    place = quoted(table.rowid_name) if table.rowid_name else "row_number() OVER ()"
    values = ", ".join(
        f"{encoded(name, carriage, place, thousandths=thousandths)} AS c{number}"
        for number, (name, carriage) in enumerate(carriages.items())
    )
    within = "" if part is None else f"{place} BETWEEN {part[0]} AND {part[-1]} AND "
    return (
        f"SELECT {place} AS r, {values} FROM {quoted(table.name)} NOT INDEXED"
        f" WHERE {within}{promised(carriages, place)}"
    )


def count_values(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    evidence: dict[str, Evidence],
    carriages: Mapping[str, Carriage],
    cancel: CancelSignal,
    native: Places | None = None,
) -> None:
    """Fill each column's evidence from one scan.

    Args:
        cursor: of a connection that ``open_snapshot`` gave.
        table: the table.
        evidence: at most MOST_COLUMNS columns by name, empty so far.
        carriages: how each of them travels, in the same order.
        cancel: heard between batches.
        native: where the table's rows are, if the scanner is to read it by itself.

    Raises:
        duckdb.Error: the scanner cannot read the table, or a column is not what its carriage promises.
        UnicodeDecodeError: as well, where the scanner tells of a value that is not UTF-8.
        Aborted: the operator asked to stop.
    """
    names = list(evidence)
    columns = [f"c{number}" for number in range(len(names))]
    sets = ", ".join(f"({column})" for column in columns)
    listed = ", ".join(columns)
    values = ", ".join(f"CAST({column} AS VARCHAR)" for column in columns)
    source = (
        snapshot_query(rows_query(table, carriages, thousandths=True))
        if native is None
        else native_rows(table, carriages, native.last)
    )
    cursor.execute(
        f"SELECT grouping_id({listed}), encode(coalesce({values}, NULL)), count(*), min(CAST(r AS BIGINT))"
        f" FROM {source} GROUP BY GROUPING SETS ({sets})"
    )
    # In a grouping set's id the bit of every column is 1 but its own; the first column has the highest bit.
    every = (1 << len(names)) - 1
    column_of = {
        every ^ (1 << (len(names) - 1 - number)): (evidence[name], carriages[name].classes)
        for number, name in enumerate(names)
    }
    while batch := cursor.fetchmany(_BATCH):
        cancel.raise_if_set()
        for grouping, data, count, rowid in batch:
            found, classes = column_of[grouping]
            if data is None:
                found.add_nulls(count)
            else:
                found.add(decoded(data, classes), count, rowid)
