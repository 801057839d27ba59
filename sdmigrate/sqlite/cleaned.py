"""The cleaned file: rows copied from the snapshot, and rows taken out of it again.

Invariant: a table of cleaned has the source table's name and columns, no types and no constraints, and each
row its locator of the snapshot. A row that leaves it is kept whole in the audit trail or the quarantine
first.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from sdmigrate.model.catalog import Table
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.plan import WHOLE_ROW, TablePlan
from sdmigrate.sqlite.audit import Outcome, forget_changes, keep_removed
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.quarantine import keep_quarantined
from sdmigrate.sqlite.row_order import (
    FIRST_ROWID,
    LAST_ROWID,
    balanced,
    copied_columns,
    create_copy,
    located,
    located_column,
    locator,
    source_rows,
)
from sdmigrate.sqlite.workbench import BATCH_ROWS, Workbench


def create_gone(bench: Workbench) -> None:
    """The list of locators that the next step takes out of a table."""
    bench.connection.execute("CREATE TEMP TABLE gone(locator INTEGER PRIMARY KEY)")


def copy_table(bench: Workbench, table: Table, rows: int) -> None:
    """Copy every row of the snapshot's table into a new table of cleaned; ``rows`` is for progress."""
    bench.connection.execute(create_copy("main", table.name, table))
    insert = f"INSERT INTO main.{quote_identifier(table.name)}({copied_columns(table)}) "
    unreadable = bench.unreadable.get(table.name, ())
    bench.pulse.beat(table.name, 0, rows, "copying")
    if table.rowid_name is None:
        bench.connection.execute(insert + source_rows("snapshot", table, "", unreadable))
        bench.pulse.beat(table.name, rows, rows, "copying")
        return
    statement = insert + source_rows("snapshot", table, "{locator} >= ?", unreadable) + f" LIMIT {BATCH_ROWS}"
    done, start = 0, FIRST_ROWID
    while copied := bench.connection.execute(statement, (start,)).rowcount:
        done += copied
        bench.pulse.beat(table.name, done, rows, "copying")
        last = bench.scalar(f"SELECT max({locator(table)}) FROM main.{quote_identifier(table.name)}")
        if copied < BATCH_ROWS or last == LAST_ROWID:
            break
        start = last + 1


def count_cleaned(bench: Workbench, table: Table) -> int:
    """How many rows cleaned has of the table."""
    return bench.scalar(f"SELECT count(*) FROM main.{quote_identifier(table.name)}")


def exclude_rows(bench: Workbench, table: Table, where: str) -> None:
    """Take out the rows for which the plan's condition is not true of the snapshot's values.

    Raises:
        UsageProblem: SQLite cannot evaluate the condition.
    """
    hidden = [
        column.name
        for column in table.columns
        if located_column(table, column.name) != quote_identifier(column.name)
    ]
    if hidden:
        raise UsageProblem(
            f"The condition of table {table.name!r} in the plan cannot be evaluated: SQLite takes the name of"
            f" its column {hidden[0]!r} for a truth value.",
            "Leave 'where' of this table out of the plan, or rename the column at the source.",
        )
    source, name = located("main", table, bench.unreadable.get(table.name, ()))
    # A connection of its own: the operator's expression sees the snapshot and can write nothing. Line
    # breaks, so that a comment at its end hides nothing of ours.
    select = f"SELECT {name} FROM {source} WHERE NOT coalesce((\n{where}\n), 0)"
    with closing(open_read_only(bench.snapshot_path, catalog=bench.catalog)) as snapshot:
        try:
            bench.connection.executemany("INSERT INTO temp.gone VALUES (?)", snapshot.execute(select))
        except (sqlite3.OperationalError, sqlite3.ProgrammingError, sqlite3.Warning) as error:
            if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
                raise
            raise UsageProblem(
                f"The condition of table {table.name!r} in the plan cannot be evaluated: {error}.",
                "Mend 'where' in the plan: it is one SQLite expression over the table's columns.",
            ) from error
    take_out(bench, table, "excluded")


def take_out(bench: Workbench, table: Table, outcome: Outcome | None, first_mapping: int = 0) -> int:
    """Move the rows listed in ``temp.gone`` out of cleaned and empty the list; how many they were.

    Args:
        bench: the open files.
        table: theirs.
        outcome: how the audit trail keeps them; None: they go to the quarantine.
        first_mapping: the table's first mapping in the audit trail; 0 where none has been made.
    """
    rows = bench.scalar("SELECT count(*) FROM temp.gone")
    if not rows:
        return 0
    if outcome is None:
        keep_quarantined(bench, table)
    else:
        keep_removed(bench, table, outcome)
    bench.connection.execute(
        f"DELETE FROM main.{quote_identifier(table.name)}"
        f" WHERE {locator(table)} IN (SELECT locator FROM temp.gone)"
    )
    if first_mapping:
        forget_changes(bench, first_mapping)
    bench.connection.execute("DELETE FROM temp.gone")
    return rows


def quarantine_nulls(bench: Workbench, table: Table, columns: tuple[str, ...]) -> None:
    """List the rows of cleaned with a NULL in one of these columns, with a reason for each such column."""
    if not columns:
        return
    cleaned = f"main.{quote_identifier(table.name)}"
    quoted = [quote_identifier(column) for column in columns]
    bench.connection.execute(
        f"INSERT OR IGNORE INTO temp.gone SELECT {locator(table)} FROM {cleaned}"
        f" WHERE {balanced([f'{name} IS NULL' for name in quoted], 'OR')}"
    )
    if not bench.scalar("SELECT count(*) FROM temp.gone"):
        return
    for column, name in zip(columns, quoted, strict=True):
        in_key = column in table.primary_key
        bench.connection.execute(
            'INSERT INTO quarantine._rows("table", rowid, finding, "column", reason, value_hex)'
            f" SELECT ?, {locator(table)}, ?, ?, ?, NULL FROM {cleaned} WHERE {name} IS NULL",
            (
                table.name,
                "null-in-key" if in_key else "null-in-not-null",
                column,
                "NULL in the primary key" if in_key else "NULL where the column is declared NOT NULL",
            ),
        )


def duplicate_keys(table: Table, plan: TablePlan) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The keys that the plan wants unique, and whether NULLs are equal in it, in the order of settling."""
    whole_row = plan.duplicate_key == WHOLE_ROW
    own = tuple(column.name for column in table.columns) if whole_row else plan.duplicate_key
    for key in (plan.key, *plan.unique_keys, own):
        if key:
            yield key, whole_row and key is own


def list_duplicates(
    bench: Workbench,
    table: Table,
    plan: TablePlan,
    key: tuple[str, ...],
    *,
    nulls_equal: bool = False,
    newcomers: bool = False,
) -> int:
    """List the rows of cleaned that share their key with a row the plan prefers; how many they are.

    Rows with a NULL in the key are no duplicates, and columns declared NOCASE are compared without case; with
    ``nulls_equal``, where the key is the whole row, it is the other way round. Of each group one row stays:
    the first or last by the plan's order and then the rowid, or the one with the fewest NULLs, of equals the
    first. With ``newcomers`` a row that is not listed in ``temp.newcomers`` stays before one that is.
    """
    quoted = [quote_identifier(column) for column in key]
    without_case = {column.name for column in table.columns if column.collation.upper() == "NOCASE"}
    same = ", ".join(
        comparable(plan, column) + (" COLLATE NOCASE" if column in without_case and not nulls_equal else "")
        for column in key
    )
    direction = "DESC" if plan.duplicates == "last" else "ASC"
    order = [f"{comparable(plan, column)} {direction}" for column in plan.order]
    order.append(f"{locator(table)} {direction}")
    if plan.duplicates == "most_complete":
        nulls = [f"({quote_identifier(column.name)} IS NULL)" for column in table.columns]
        order.insert(0, balanced(nulls, "+"))
    if newcomers:
        order.insert(0, f"{locator(table)} IN (SELECT locator FROM temp.newcomers)")
    present = "1" if nulls_equal else balanced([f"{name} IS NOT NULL" for name in quoted], "AND")
    bench.connection.execute(
        f"INSERT INTO temp.gone SELECT locator FROM (SELECT {locator(table)} AS locator, row_number() OVER"
        f" (PARTITION BY {same} ORDER BY {', '.join(order)}) AS place"
        f" FROM main.{quote_identifier(table.name)}"
        f" WHERE {present}) WHERE place > 1"
    )
    return bench.scalar("SELECT count(*) FROM temp.gone")


def give_reason(bench: Workbench, table: Table, finding: str, reason: str) -> None:
    """Write one reason, of the whole row, for each row listed in ``temp.gone``."""
    bench.connection.execute(
        'INSERT INTO quarantine._rows("table", rowid, finding, reason)'
        " SELECT ?, locator, ?, ? FROM temp.gone",
        (table.name, finding, reason),
    )


def comparable(plan: TablePlan, column: str) -> str:
    """SQL of the column of cleaned by which values are equal where PostgreSQL takes them for equal."""
    quoted = quote_identifier(column)
    if not plan.column(column).type.startswith("numeric"):
        return quoted
    # PostgreSQL takes 1.50 and 1.5 for one value; texts of decimals would be two to SQLite.
    return f"CASE typeof({quoted}) WHEN 'text' THEN sdmigrate_number({quoted}) ELSE {quoted} END"
