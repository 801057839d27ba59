"""Questions about keys and references that SQLite answers itself, over the snapshot.

Invariant: reads only; a row with a NULL in the key refers to nothing and repeats nothing, as in PostgreSQL.
"""

import heapq
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sdmigrate.model.catalog import Table
from sdmigrate.model.finding import Sample
from sdmigrate.model.values import Value, stored
from sdmigrate.sqlite.connection import quote_identifier

SAMPLES = 5
"""Of what is located, at most."""
_FEW = 1_000
"""Rows that are fetched to be counted: asking SQLite for their number means another pass over the table."""


@dataclass(frozen=True)
class Located:
    """How many rows, and at most five of them by the first column of the key."""

    rows: int
    samples: tuple[Sample, ...] = ()


def _listed(columns: Sequence[str], prefix: str = "") -> str:
    return ", ".join(prefix + quote_identifier(column) for column in columns)


def _keys(columns: Sequence[str], prefix: str = "") -> str:
    """The columns, called by their place: SQLite knows no derived column of the name true or false."""
    return ", ".join(
        f"{prefix}{quote_identifier(column)} AS key{place}" for place, column in enumerate(columns)
    )


def _of_keys(keys: str, rows: str, columns: Sequence[str]) -> str:
    """Whether those keys are what these columns name."""
    return " AND ".join(
        f"{keys}.key{place} = {rows}.{quote_identifier(column)}" for place, column in enumerate(columns)
    )


def _present(columns: Sequence[str], prefix: str = "") -> str:
    return " AND ".join(f"{prefix}{quote_identifier(column)} IS NOT NULL" for column in columns)


def _place(table: Table, prefix: str = "") -> str:
    return prefix + quote_identifier(table.rowid_name) if table.rowid_name else "NULL"


def _read(
    connection: sqlite3.Connection, count_sql: str, sample_sql: str, values: Mapping[str, Value] | None = None
) -> Located:
    (rows,) = connection.execute(count_sql, values or {}).fetchone()
    if not rows:
        return Located(rows=0)
    found: list[tuple[int | None, Value]] = connection.execute(
        f"{sample_sql} LIMIT {SAMPLES}", values or {}
    ).fetchall()
    return Located(rows=rows, samples=_samples(found))


def _samples(found: Iterable[tuple[int | None, Value]]) -> tuple[Sample, ...]:
    return tuple(Sample(rowid=place, value=stored(value)) for place, value in islice(found, SAMPLES))


def orphans(
    connection: sqlite3.Connection,
    child: Table,
    columns: Sequence[str],
    parent: str,
    parent_columns: Sequence[str],
    numbers: Collection[str] = (),
) -> Located:
    """Rows of the child that name a parent which is not there.

    Args:
        connection: to the snapshot or cleaned.
        child: the table whose rows are counted.
        columns: the child's columns.
        parent: the parent's name.
        parent_columns: the columns they name.
        numbers: those of them that were declared as numbers. Where they are, SQLite takes the text '1' for 1;
            cleaned, which has no types, must be told.

    Raises:
        sqlite3.Error: a name is unknown, or the file cannot be read.
    """
    keys = ", ".join(
        (f"CAST({name} AS NUMERIC)" if column in numbers else name) + f" AS key{place}"
        for place, (column, name) in enumerate(
            (column, quote_identifier(column)) for column in parent_columns
        )
    )
    # The cast would take any other text for 0.
    certain = "".join(
        f" AND typeof({quote_identifier(column)}) IN ('integer', 'real')"
        for column in parent_columns
        if column in numbers
    )
    # DISTINCT makes a table that SQLite indexes for the join where the parent has no index.
    source = (
        f" FROM {quote_identifier(child.name)} AS c LEFT JOIN"
        f" (SELECT DISTINCT {keys} FROM {quote_identifier(parent)}"
        f" WHERE {_present(parent_columns)}{certain}) AS p ON {_of_keys('p', 'c', columns)}"
        f" WHERE {_present(columns, 'c.')} AND p.key0 IS NULL"
    )
    first = f"c.{quote_identifier(columns[0])}"
    found = connection.execute(f"SELECT {_place(child, 'c.')}, {first}{source}").fetchmany(_FEW)
    rows = len(found)
    if rows == _FEW:
        (rows,) = connection.execute(f"SELECT count(*){source}").fetchone()
    return Located(rows=rows, samples=_samples(found))


def numeric_columns(table: Table) -> tuple[str, ...]:
    """The columns declared as numbers."""
    return tuple(column.name for column in table.columns if column.affinity in ("INTEGER", "REAL", "NUMERIC"))


def repeated(connection: sqlite3.Connection, table: Table, columns: Sequence[str]) -> Located:
    """Rows beyond the first of each value of the columns, by the rows themselves and no index.

    Raises:
        sqlite3.Error: a name is unknown, or the file cannot be read.
    """
    repeats = 0

    def groups() -> Iterator[tuple[int | None, Value]]:
        nonlocal repeats
        for more, place, value in connection.execute(
            f"SELECT count(*) - 1, max({_place(table)}), {quote_identifier(columns[0])}"
            f" FROM {quote_identifier(table.name)} NOT INDEXED WHERE {_present(columns)}"
            f" GROUP BY {_listed(columns)} HAVING count(*) > 1"
        ):
            repeats += more
            yield place, value

    first = heapq.nsmallest(SAMPLES, groups(), key=lambda located: located[0] or 0)
    return Located(rows=repeats, samples=_samples(first))


def incomplete(connection: sqlite3.Connection, table: Table, columns: Sequence[str]) -> Located:
    """Rows with a NULL in any of the columns.

    Raises:
        sqlite3.Error: a name is unknown, or the file cannot be read.
    """
    missing = " OR ".join(f"{quote_identifier(column)} IS NULL" for column in columns)
    return located_rows(connection, table, columns[0], missing)


def located_rows(
    connection: sqlite3.Connection,
    table: Table,
    column: str,
    where: str,
    values: Mapping[str, Value] | None = None,
) -> Located:
    """Rows for which the SQL condition is true, shown by that column.

    Raises:
        sqlite3.Error: a name is unknown, or the file cannot be read.
    """
    source = f" FROM {quote_identifier(table.name)} WHERE {where}"
    first = quote_identifier(column)
    return _read(connection, f"SELECT count(*){source}", f"SELECT {_place(table)}, {first}{source}", values)


def referring(
    connection: sqlite3.Connection,
    child: Table,
    columns: Sequence[str],
    parent: str,
    parent_columns: Sequence[str],
    orphaned_columns: Sequence[str],
    grandparent: str,
    grandparent_columns: Sequence[str],
) -> int:
    """Rows of ``child`` whose parent is itself an orphan, and so would go with it.

    Raises:
        sqlite3.Error: a name is unknown, or the file cannot be read.
    """
    (rows,) = connection.execute(
        f"SELECT count(*) FROM {quote_identifier(child.name)} AS c JOIN"
        f" (SELECT DISTINCT {_keys(parent_columns, 'p.')} FROM {quote_identifier(parent)} AS p LEFT JOIN"
        f" (SELECT DISTINCT {_keys(grandparent_columns)} FROM {quote_identifier(grandparent)}) AS g"
        f" ON {_of_keys('g', 'p', orphaned_columns)}"
        f" WHERE {_present(orphaned_columns, 'p.')} AND g.key0 IS NULL) AS o"
        f" ON {_of_keys('o', 'c', columns)}"
    ).fetchone()
    return int(rows)
