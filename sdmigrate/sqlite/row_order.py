"""How a row is found again: one locator for the snapshot, cleaned, the audit trail and the quarantine.

Invariant: a row carries the same locator in all four files. It is the rowid where SQL can reach it, else the
row's ordinal, from 1, in the order of the table's own b-tree.
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence

from sdmigrate.model.catalog import Catalog, Column, Table
from sdmigrate.sqlite.connection import quote_identifier

ROWID_NAMES = ("rowid", "_rowid_", "oid")
"""https://www.sqlite.org/lang_createtable.html#rowid"""

EXTRA_LOCATOR = "sdmigrate_rowid"
FIRST_ROWID = -(2**63)
LAST_ROWID = 2**63 - 1


def locator(table: Table) -> str:
    """The name, not quoted, by which our own copies of the table hold the locator.

    It is the first rowid name that no column shadows; where all three are shadowed, an extra first column
    ``sdmigrate_rowid`` (with underscores added until no column is called so).
    """
    taken = {column.name.lower() for column in table.columns}
    for name in ROWID_NAMES:
        if name not in taken:
            return name
    extra = EXTRA_LOCATOR
    while extra in taken:
        extra += "_"
    return extra


def create_copy(schema: str, name: str, table: Table) -> str:
    """CREATE TABLE for rows of that table without types, so that no affinity rewrites a value."""
    columns = [quote_identifier(column.name) for column in table.columns]
    if locator(table) not in ROWID_NAMES:
        columns.insert(0, f"{quote_identifier(locator(table))} INTEGER PRIMARY KEY")
    return f"CREATE TABLE {schema}.{quote_identifier(name)}({', '.join(columns)})"


def copied_columns(table: Table) -> str:
    """The column list of an INSERT into a copy: the locator, then the table's columns."""
    return ", ".join((quote_identifier(locator(table)), *_quoted(table)))


def read_column(column: Column, unreadable: Collection[str] = ()) -> str:
    """SQL that reads the column; NULL for a generated one whose expression fails."""
    return "NULL" if column.name in unreadable else quote_identifier(column.name)


def source_rows(
    schema: str,
    table: Table,
    condition: str = "",
    unreadable: Collection[str] = (),
    more: Sequence[str] = (),
) -> str:
    """SELECT of locator and columns of the table itself, in the locator's order.

    Args:
        schema: where the snapshot is attached.
        table: as declared.
        condition: SQL over the locator, for which ``{locator}`` stands; empty takes every row.
        unreadable: generated columns whose expression fails; NULL is read for them.
        more: SQL of further columns at the end.
    """
    source, name = located(schema, table, unreadable)
    columns = (name, *(read_located(table, column, unreadable) for column in table.columns), *more)
    where = f" WHERE {condition.replace('{locator}', name)}" if condition else ""
    return f"SELECT {', '.join(columns)} FROM {source}{where} ORDER BY {name}"


def balanced(terms: Sequence[str], operator: str) -> str:
    """The terms joined by an associative operator, nested evenly.

    SQLite refuses expressions deeper than 1,000, which a plain chain over a wide table would be.
    """
    if len(terms) <= 2:
        return f"({f' {operator} '.join(terms)})"
    middle = len(terms) // 2
    return f"({balanced(terms[:middle], operator)} {operator} {balanced(terms[middle:], operator)})"


def located(schema: str, table: Table, unreadable: Collection[str] = ()) -> tuple[str, str]:
    """A FROM item over the table itself, and the SQL name of the locator in it."""
    quoted = f"{schema}.{quote_identifier(table.name)}"
    if table.rowid_name is not None:
        return quoted, quote_identifier(table.rowid_name)
    name = quote_identifier(locator(table))
    columns = ", ".join(
        f"{read_column(column, unreadable)} AS {located_column(table, column.name)}"
        for column in table.columns
    )
    return f"(SELECT row_number() OVER () AS {name}, {columns} FROM {quoted} {own_order(table)})", name


def located_column(table: Table, name: str) -> str:
    """The SQL name of that column in ``located``'s FROM item.

    SQLite names a column of a derived table by its place where it would be called true or false
    (https://www.sqlite.org/lang_expr.html#booleanexpr).
    """
    if table.rowid_name is not None or name.lower() not in ("true", "false"):
        return quote_identifier(name)
    prefix = f"{EXTRA_LOCATOR}_"
    while any(column.name.lower().startswith(prefix) for column in table.columns):
        prefix += "_"
    return quote_identifier(prefix + name)


def read_located(table: Table, column: Column, unreadable: Collection[str] = ()) -> str:
    """SQL that reads the column from ``located``'s FROM item; NULL for one whose expression fails."""
    return "NULL" if column.name in unreadable else located_column(table, column.name)


def own_order(table: Table) -> str:
    """The clause by which SQLite reads the table's own b-tree, not a covering index in another order."""
    keys = (index.name for index in table.indexes if index.origin == "primary_key")
    # NOT INDEXED does not keep SQLite from a covering index of a WITHOUT ROWID table.
    key = next(keys, None) if table.without_rowid else None
    return "NOT INDEXED" if key is None else f"INDEXED BY {quote_identifier(key)}"


def unreadable_columns(connection: sqlite3.Connection, schema: str, table: Table) -> frozenset[str]:
    """The virtual generated columns whose expression fails on some row; SQLite can give no value for them."""
    failing = []
    for column in table.columns:
        if column.generated != "virtual":
            continue
        try:
            # count() would not compute the value of an expression that cannot be NULL.
            connection.execute(
                f"SELECT max(typeof({quote_identifier(column.name)}))"
                f" FROM {schema}.{quote_identifier(table.name)}"
            ).fetchone()
        except sqlite3.Error as error:
            if not _is_of_the_expression(error):
                raise
            failing.append(column.name)
    return frozenset(failing)


def unreadable_of(connection: sqlite3.Connection, schema: str, catalog: Catalog) -> dict[str, frozenset[str]]:
    """Table -> its unreadable columns; tables without any are left out."""
    found = {table.name: unreadable_columns(connection, schema, table) for table in catalog.tables}
    return {name: columns for name, columns in found.items() if columns}


def _is_of_the_expression(error: sqlite3.Error) -> bool:
    # SQLITE_ERROR: unknown function, overflow. SQLITE_MISMATCH, SQLITE_TOOBIG: the value. All else (a full
    # disk, a damaged page, an interrupt) is no fact about the column.
    return (error.sqlite_errorcode & 0xFF) in (
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
    )


def _quoted(table: Table) -> Iterable[str]:
    return (quote_identifier(column.name) for column in table.columns)
