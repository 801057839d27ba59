"""Repaired rows on their way: a file of cleaned's shape for the load, then out of quarantine into cleaned.

Invariant: with the audit trail applied backwards the moved rows are the snapshot's again: what differs from
the row in quarantine is audited, value by value, with what it was copied by SQL.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.plan import Plan, TablePlan
from sdmigrate.model.replay import RefusedRow
from sdmigrate.model.values import Value
from sdmigrate.sqlite.audit import add_rule, forget_changes_of_table
from sdmigrate.sqlite.cleaned import create_gone, duplicate_keys, give_reason, list_duplicates, take_out
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.orphans import settle_orphans
from sdmigrate.sqlite.quarantine import quarantine_name
from sdmigrate.sqlite.repairs import next_mapping
from sdmigrate.sqlite.row_order import copied_columns, create_copy, locator
from sdmigrate.sqlite.workbench import Workbench


@dataclass(frozen=True)
class FitRow:
    """A repaired row as it is to be loaded."""

    table: str
    rowid: int
    cells: Mapping[str, Value]
    rules: Mapping[str, str]
    """Changed column -> the rule that changed it."""
    repaired: str
    """The row as the operator left it, as JSON."""


def write_fit_rows(path: Path, catalog: Catalog, rows: Iterable[FitRow]) -> None:
    """Write the rows into an empty file of cleaned's shape, a table for each of the catalog's."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA encoding='{catalog.encoding}'")
        connection.execute("BEGIN")
        for table in catalog.tables:
            connection.execute(create_copy("main", table.name, table))
        for row in rows:
            _insert(connection, catalog.table(row.table), row)
        connection.execute("COMMIT")


def move_row(bench: Workbench, row: FitRow) -> bool:
    """Move one row from quarantine into cleaned, with its changes; False where it was moved already."""
    table = bench.catalog.table(row.table)
    kept = f"quarantine.{quote_identifier(quarantine_name(table.name))}"
    where = f"WHERE {locator(table)} = ?"
    if not bench.scalar(f"SELECT count(*) FROM {kept} {where}", (row.rowid,)):
        return False
    _insert(bench.connection, table, row)
    for column, rule in row.rules.items():
        mapping, quoted = next_mapping(bench), quote_identifier(column)
        stands = f"SELECT {quoted} FROM main.{quote_identifier(table.name)} {where}"
        bench.connection.execute(
            f"INSERT INTO audit.mappings SELECT ?, ?, {quoted}, ({stands}) FROM {kept} {where}",
            (mapping, add_rule(bench, table, column, rule), row.rowid, row.rowid),
        )
        bench.connection.execute("INSERT INTO audit.changes VALUES (?, ?)", (mapping, row.rowid))
    bench.connection.execute(f"DELETE FROM {kept} {where}", (row.rowid,))
    bench.connection.execute(
        'DELETE FROM quarantine._rows WHERE "table" = ? AND rowid = ?', (row.table, row.rowid)
    )
    return True


def take_back(bench: Workbench, plan: Plan, moved: Iterable[FitRow]) -> tuple[RefusedRow, ...]:
    """Put those of the moved rows back into quarantine that the other rows of cleaned keep out, and say why.

    A key that another row has, however the plan chooses among duplicates: a row that is there already stays.
    Rows without their parent as cleaning settles them, which may be to set their reference to NULL.
    """
    rows = {(row.table, row.rowid): row for row in moved}
    create_gone(bench)
    bench.connection.execute("CREATE TEMP TABLE newcomers(locator INTEGER PRIMARY KEY)")
    for name in sorted({table for table, _ in rows}):
        bench.connection.execute("DELETE FROM temp.newcomers")
        locators = ((rowid,) for table, rowid in rows if table == name)
        bench.connection.executemany("INSERT INTO temp.newcomers VALUES (?)", locators)
        _take_back_duplicates(bench, bench.catalog.table(name), plan.table(name))
    settle_orphans(bench, plan)
    reasons = bench.connection.execute(
        'SELECT "table", rowid, finding, "column", reason FROM quarantine._rows'
    )
    refused = tuple(
        RefusedRow(table=table, rowid=rowid, finding=finding, column=column, reason=reason)
        for table, rowid, finding, column, reason in reasons
        if (table, rowid) in rows
    )
    bench.connection.executemany(
        'UPDATE quarantine._rows SET repaired = ? WHERE "table" = ? AND rowid = ?',
        ((rows[row.table, row.rowid].repaired, row.table, row.rowid) for row in refused),
    )
    return refused


def _take_back_duplicates(bench: Workbench, table: Table, plan: TablePlan) -> None:
    if plan.duplicates == "keep":
        return
    for key, nulls_equal in duplicate_keys(table, plan):
        if list_duplicates(bench, table, plan, key, nulls_equal=nulls_equal, newcomers=True):
            give_reason(bench, table, "duplicate-key", f"same {', '.join(key)} as a row that stays")
            forget_changes_of_table(bench, table)
            take_out(bench, table, None)


def _insert(connection: sqlite3.Connection, table: Table, row: FitRow) -> None:
    marks = ", ".join("?" * (len(table.columns) + 1))
    connection.execute(
        f"INSERT INTO main.{quote_identifier(table.name)}({copied_columns(table)}) VALUES ({marks})",
        (row.rowid, *(row.cells[column.name] for column in table.columns)),
    )
