"""What cleaning did to the columns of a table, value by value, as the audit trail and the quarantine have it.

Invariant: the snapshot's values of a column, less those gone, with those that came, are cleaned's. That is so
where the three files give the snapshot back, which ``undo_proof`` says.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping

from sdmigrate.model.catalog import Table
from sdmigrate.model.values import Value, storage_class
from sdmigrate.rules.recount import NO_DIFFERENCE, Counted, Difference
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.undo_proof import kept_whole


def distinct_changes(connection: sqlite3.Connection, table: Table) -> int:
    """How many distinct values of the table's columns were changed, over connected files of cleaning."""
    (number,) = connection.execute(
        "SELECT count(*) FROM audit.mappings JOIN audit.rules ON rules.id = rule_id"
        " JOIN audit.tables ON tables.id = table_id WHERE name = ?",
        (table.name,),
    ).fetchone()
    return int(number)


def changed_columns(connection: sqlite3.Connection, table: Table) -> frozenset[str]:
    """The table's columns in which a value was changed, over connected files of cleaning."""
    found = connection.execute(
        'SELECT DISTINCT "column" FROM audit.rules JOIN audit.tables ON tables.id = table_id WHERE name = ?',
        (table.name,),
    )
    return frozenset(column for (column,) in found)


def differences(connection: sqlite3.Connection, table: Table) -> Mapping[str, Difference]:
    """Column -> its difference; all of its values come into memory. ``connection`` is of ``attached``."""
    gone: dict[str, Counter[_Exact]] = {column.name: Counter() for column in table.columns}
    come: dict[str, Counter[_Exact]] = {column.name: Counter() for column in table.columns}
    for column, before, after, rows in _changes(connection, table):
        gone[column][_exact(before)] += rows
        come[column][_exact(after)] += rows
    names = [column.name for column in table.columns]
    listed = ", ".join(map(quote_identifier, names))
    for kept in kept_whole(connection, table):
        for row in connection.execute(f"SELECT {listed} FROM {kept}"):
            for name, value in zip(names, row, strict=True):
                gone[name][_exact(value)] += 1
    return {
        name: Difference(_counted(gone[name]), _counted(come[name])) if gone[name] else NO_DIFFERENCE
        for name in names
    }


def _changes(connection: sqlite3.Connection, table: Table) -> Iterator[tuple[str, Value, Value, int]]:
    yield from connection.execute(
        'SELECT rules."column", before, after, changed.cells'
        " FROM (SELECT mapping_id, count(*) AS cells FROM audit.changes GROUP BY mapping_id) AS changed"
        " JOIN audit.mappings ON mappings.id = mapping_id JOIN audit.rules ON rules.id = rule_id"
        " JOIN audit.tables ON tables.id = table_id WHERE tables.name = ?",
        (table.name,),
    )


_Exact = tuple[str, Value]
"""A value that is equal to no other: 1 is not 1.0."""


def _exact(value: Value) -> _Exact:
    return storage_class(value), value


def _counted(values: Counter[_Exact]) -> Counted:
    return tuple((value, rows) for (_, value), rows in values.items())
