"""A table as the scanner reads it by itself: typed, and without the lock that a query takes at every cell.

Invariant: every row is read, and a value of another storage class than its column's type fails the scan.
"""

from collections.abc import Mapping

import duckdb

from sdmigrate.duck.connection import snapshot_query
from sdmigrate.duck.encoding import Carriage, Classes, promised, quoted
from sdmigrate.model.catalog import Table

_CLASSES: dict[str, Classes] = {"VARCHAR": "text", "BIGINT": "integer"}
"""By DuckDB's type, what a column of it is sure to hold; other types convert what they read."""


def native_classes(cursor: duckdb.DuckDBPyConnection, table: Table) -> dict[str, Classes]:
    """The columns that can be read so, each with the one class that its type lets pass.

    None where the scanner does not understand the declaration, or where its ``rowid`` is not the rowid.
    """
    if table.rowid_name != "rowid":
        return {}
    try:
        described = cursor.execute(f"SELECT * FROM {_named(table)} LIMIT 0").description
    except duckdb.Error:
        return {}
    types = {name: str(kind) for name, kind, *_ in described}
    return {
        column.name: _CLASSES[types[column.name]]
        for column in table.columns
        if types.get(column.name) in _CLASSES
    }


def native_rows(table: Table, carriages: Mapping[str, Carriage], last: int) -> str:
    """DuckDB's subquery of those columns as c0, c1, … with the rowid as r; ``last`` is the last of all.

    The scanner reads ranges of rowids and leaves out the last row where a range ends just before it, so that
    row is asked for by a query.
    """
    shorts = {name: f"c{number}" for number, name in enumerate(carriages)}
    values = ", ".join(f"{quoted(name)} AS {short}" for name, short in shorts.items())
    typed = ", ".join(
        f"CAST({short} AS BIGINT)" if carriages[name].classes == "integer" else short
        for name, short in shorts.items()
    )
    the_last = f"rowid = {last} AND {promised(carriages, 'rowid')}"
    query = f"SELECT rowid AS r, {values} FROM {quoted(table.name)} WHERE {the_last}"
    return (
        f"(SELECT rowid AS r, {values} FROM {_named(table)} WHERE rowid < {last}"
        f" UNION ALL SELECT CAST(r AS BIGINT), {typed} FROM {snapshot_query(query)})"
    )


def _named(table: Table) -> str:
    return f"snapshot.main.{quoted(table.name)}"
