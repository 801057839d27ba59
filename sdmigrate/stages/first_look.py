"""The first look at an inspection: each table from some of its rows, before anything is copied or counted.

Invariant: it reads the source through preflight's own connection, within bounds of rows and time, and no
number of the profile comes from it. A table that cannot be sampled is left to the count.
"""

import sqlite3
import time
from collections.abc import Iterator
from typing import TypeAlias

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.profile import TableProfile
from sdmigrate.model.so_far import TableSoFar
from sdmigrate.model.values import Value
from sdmigrate.rules.evidence import Evidence
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.connection import stand_in_for_collations
from sdmigrate.sqlite.spread import Spread, spread_rows
from sdmigrate.stages.profile_columns import columns_of, empty_evidence

SECONDS = 0.8
"""For all tables; those not reached by then are left to the count."""
_MOST_ROWS, _FEWEST_ROWS = 2048, 64
_MOST_CELLS = 60_000
"""Of one table, so that a wide one takes no longer."""

_Counts: TypeAlias = dict[tuple[type, Value], tuple[int, int | None]]
"""Each distinct value, its rows and the first one's rowid. 1 and 1.0 are two values."""


def first_look(context: Context, connection: sqlite3.Connection, catalog: Catalog) -> None:
    """Show each table as its sample has it, where the run only inspects and somebody looks.

    Raises:
        Aborted: the operator asked to stop.
    """
    if context.tables is None or context.request.mode != "inspect":
        return
    stand_in_for_collations(connection, catalog)
    deadline = time.monotonic() + SECONDS
    for table in catalog.tables:
        if time.monotonic() > deadline:
            return
        try:
            spread = spread_rows(connection, table, _rows_of(table), context.cancel.raise_if_set)
        except sqlite3.DatabaseError:
            # What is wrong with it the stages to come find out and tell.
            continue
        if spread.rows or spread.whole:
            context.show(_seen(context, table, spread))


def _rows_of(table: Table) -> int:
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_CELLS // max(1, len(table.columns))))


def _seen(context: Context, table: Table, spread: Spread) -> TableSoFar:
    evidence = {
        column.name: _evidence(table, column.name, _located(spread, place))
        for place, column in enumerate(table.columns)
    }
    columns = columns_of(context, table, evidence)
    profiles = tuple(replace(column, distinct_exact=spread.whole) for column in columns.profiles)
    return TableSoFar(
        profile=TableProfile(name=table.name, rows=len(spread.rows), columns=profiles),
        findings=columns.findings,
        known="counted" if spread.whole else "sampled",
        rows=spread.total,
    )


def _located(spread: Spread, place: int) -> Iterator[tuple[Value, int | None]]:
    for rowid, values in spread.rows:
        yield values[place], rowid


def _evidence(table: Table, name: str, values: Iterator[tuple[Value, int | None]]) -> Evidence:
    """The column's evidence, each distinct value understood once."""
    counts: _Counts = {}
    evidence = empty_evidence(table, name)
    nulls = 0
    for value, rowid in values:
        if value is None:
            nulls += 1
            continue
        seen, first = counts.get((type(value), value), (0, rowid))
        counts[type(value), value] = seen + 1, first
    evidence.add_nulls(nulls)
    for (_, value), (seen, rowid) in counts.items():
        evidence.add(value, seen, rowid)
    return evidence
