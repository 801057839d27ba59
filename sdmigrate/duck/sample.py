"""A small sample of a table, from which the scan chooses its methods.

Invariant: no number of the profile comes from it.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import duckdb

from sdmigrate.duck.connection import snapshot_query
from sdmigrate.duck.encoding import Carriage, Classes, Left, decoded, encoded, quoted
from sdmigrate.duck.native import native_classes
from sdmigrate.duck.places import Places, find_places
from sdmigrate.model.catalog import Table
from sdmigrate.model.values import Value

_BLOCKS = 16
_BLOCK_ROWS = range(32, 128)
"""Rows of a block in a small and in a large table."""
_SHARE = 16
"""One in so many rows of a table that is not large."""
_STARTS = '"sdmigrate: first rows of blocks"'
"""Hardly the name of a table or column of the source; if it is, the sample gives nothing."""
_COLUMNS = 100
"""Sampled at a time, so that a table of 2,000 columns takes no more memory."""
_FEWEST = 128
"""Values of the sample from which their being new tells anything."""
_NEW = 4
"""One in so many values is new in a column that is called many-valued."""
_MANY = 100
"""Distinct values of the sample from which a column can be called many-valued."""
_VALUES = 100
"""Of a many-valued column, or up to twice as many."""
_BARE: dict[frozenset[bytes], Classes] = {frozenset({b"t"}): "text", frozenset({b"i"}): "integer"}


@dataclass(frozen=True)
class Sampled:
    """What the sample suggests; nothing where the table is small."""

    places: Places | None = None
    """Where the rows are; None where there are none, or no rowids can be reached."""
    many_valued: Mapping[str, int] = field(default_factory=dict)
    """Columns of many different values, with the mean of their bytes."""
    bare: Mapping[str, Classes] = field(default_factory=dict)
    """Columns whose values are of one storage class, by which they may travel."""
    values: Mapping[str, Collection[Value]] = field(default_factory=dict)
    """Some values of the many-valued columns, for the forms that they have."""
    native: Mapping[str, Classes] = field(default_factory=dict)
    """Columns that the scanner can read by itself, since no value is of another class than their type's."""


def sample(connection: duckdb.DuckDBPyConnection, table: Table, left: Left) -> Sampled:
    """Read at most 2,048 rows of the table, fewer of a small one, spread over it where it has rowids.

    ``left`` are the values that do not travel. A table that cannot be read gives what a small one does.
    """
    names = [column.name for column in table.columns]
    try:
        places = find_places(connection, table)
    except duckdb.Error:
        return Sampled()
    sampled = Sampled(places)
    # The scanner goes through all rowids, with or without a row.
    natives = native_classes(connection, table) if places is not None and places.close else {}
    for start in range(0, len(names), _COLUMNS):
        try:
            some = _of_columns(connection, table, names[start : start + _COLUMNS], left, natives, places)
        except duckdb.Error:
            return Sampled()
        sampled = Sampled(
            places,
            {**sampled.many_valued, **some.many_valued},
            {**sampled.bare, **some.bare},
            {**sampled.values, **some.values},
            {**sampled.native, **some.native},
        )
    return sampled


def _of_columns(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    names: list[str],
    left: Left,
    natives: Mapping[str, Classes],
    places: Places | None,
) -> Sampled:
    rows = _rows(connection, table, names, left, places)
    many = {}
    bare = {}
    values = {}
    native = {}
    for name, column in zip(names, zip(*rows, strict=True), strict=False):
        counts = Counter(column)
        del counts[None]
        classes = _BARE.get(frozenset(value[:1] for value in counts if value is not None))
        if classes is not None:
            bare[name] = classes
        if name in natives and name not in left and (not counts or classes == natives[name]):
            native[name] = natives[name]
        if _is_many_valued(column, counts):
            present = [value for value in column if value is not None]
            many[name] = sum(map(len, present)) // len(present)
            values[name] = [decoded(value) for value in present[:: max(len(present) // _VALUES, 1)]]
    return Sampled(places, many, bare, values, native)


def _is_many_valued(column: tuple[bytes | None, ...], counts: Counter[bytes | None]) -> bool:
    """Whether many values are new, or every block brings its own; ``counts`` are of the values present."""
    # As often as a value of the sample is the only one of its kind, a further one is likely to be new.
    new = list(counts.values()).count(1)
    if counts.total() >= _FEWEST and new * _NEW > counts.total():
        return True
    distinct = len(counts)
    if distinct < _MANY:
        return False
    rows = -(-len(column) // _BLOCKS)
    apart = sum(len(set(column[start : start + rows]) - {None}) for start in range(0, len(column), rows))
    return distinct * 5 > apart * 4


def _rows(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    names: list[str],
    left: Left,
    places: Places | None,
) -> list[tuple[bytes | None, ...]]:
    """The values of some rows; none where they are few."""
    place = quoted(table.rowid_name) if table.rowid_name else "NULL"
    values = ", ".join(
        f"{encoded(name, Carriage(left=left.get(name, ())), place)} AS c{number}"
        for number, name in enumerate(names)
    )
    source = quoted(table.name)
    most = _BLOCKS * _BLOCK_ROWS.stop
    if not table.rowid_name:
        query = f"SELECT {values} FROM {source} NOT INDEXED LIMIT {most}"
    elif places is None or places.rows <= 2 * most:
        return []
    else:
        rows = min(max(places.rows // _BLOCKS // _SHARE, _BLOCK_ROWS.start), _BLOCK_ROWS.stop)
        starts = ", ".join(f"({start})" for start in places.spread(_BLOCKS))
        query = (
            f"WITH {_STARTS}({_STARTS}) AS (VALUES {starts})"
            f" SELECT {values} FROM {_STARTS} CROSS JOIN {source}"
            f" WHERE {place} IN (SELECT {place} FROM {source} WHERE {place} >= {_STARTS}"
            f" ORDER BY {place} LIMIT {rows})"
        )
    told = ", ".join(f"encode(c{number})" for number in range(len(names)))
    return connection.execute(f"SELECT {told} FROM {snapshot_query(query)}").fetchall()
