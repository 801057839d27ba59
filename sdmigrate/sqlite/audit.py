"""The audit trail: every changed value with before, after and rule, and every row taken out, whole.

Invariant: with cleaned and the quarantine it gives the snapshot back (``undo.py``). A value before stands as
it was, class and bytes, copied by SQL and never through Python. A rule's text stands once however many rows
it changed.

``audit.sqlite`` holds::

    tables(id, name)
    rules(id, table_id, "column", rule)
    mappings(id, rule_id, before, after)          one distinct value each
    changes(mapping_id, rowid)                    one changed cell each
    "excluded:<table>"(...), "deduplicated:<table>"(...)
                                                  rows taken out, whole, as in the snapshot; there only
                                                  where there are any
    changed                                       the view that joins the first four
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from sdmigrate.model.catalog import Table
from sdmigrate.model.record import Record
from sdmigrate.model.values import StorageClass, Value, storage_class
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.row_order import copied_columns, create_copy, source_rows
from sdmigrate.sqlite.workbench import Workbench

Outcome: TypeAlias = Literal["excluded", "deduplicated"]

_SCHEMA = """
CREATE TABLE audit.tables(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE audit.rules(id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL, "column" TEXT NOT NULL,
    rule TEXT NOT NULL);
CREATE TABLE audit.mappings(id INTEGER PRIMARY KEY, rule_id INTEGER NOT NULL, before, after);
CREATE TABLE audit.changes(mapping_id INTEGER NOT NULL, rowid INTEGER NOT NULL);
CREATE VIEW audit.changed AS
    SELECT tables.name AS "table", changes.rowid AS "rowid", rules."column" AS "column",
        mappings.before AS before, mappings.after AS after, rules.rule AS rule
    FROM changes
    JOIN mappings ON mappings.id = changes.mapping_id
    JOIN rules ON rules.id = mappings.rule_id
    JOIN tables ON tables.id = rules.table_id;
"""


class Change(Record):
    """One changed value."""

    table: str
    rowid: int
    column: str
    before: Value
    """Text that is not UTF-8 with surrogate escapes."""
    after: Value
    rule: str

    @property
    def before_class(self) -> StorageClass:
        """The storage class of the value before."""
        return storage_class(self.before)


class RuleCount(Record):
    """How often one rule changed one column."""

    table: str
    column: str
    rule: str
    values: int
    """Changed values, each in its row."""
    distinct: int
    """Distinct values before."""


def removed_name(outcome: Outcome, table: str) -> str:
    """The audit trail's table for rows of that source table, not quoted."""
    return f"{outcome}:{table}"


def create_audit(bench: Workbench) -> None:
    """The empty audit trail."""
    for statement in _SCHEMA.split(";\n"):
        bench.connection.execute(statement)
    bench.connection.executemany(
        "INSERT INTO audit.tables VALUES (?, ?)",
        [(number, table.name) for number, table in enumerate(bench.catalog.tables, start=1)],
    )


def add_rule(bench: Workbench, table: Table, column: str, rule: str) -> int:
    """The id under which mappings of this rule are kept."""
    return bench.scalar(
        'INSERT INTO audit.rules(table_id, "column", rule) SELECT id, ?, ? FROM audit.tables WHERE name = ?'
        " RETURNING id",
        (column, rule, table.name),
    )


def keep_removed(bench: Workbench, table: Table, outcome: Outcome) -> None:
    """Keep the rows listed in ``temp.gone``, as they are in the snapshot."""
    _keep(bench, table, outcome, "{locator} IN (SELECT locator FROM temp.gone)")


def keep_whole_table(bench: Workbench, table: Table) -> None:
    """Keep every row of a table that the plan leaves out."""
    _keep(bench, table, "excluded", "")


def count_removed(bench: Workbench, table: Table, outcome: Outcome) -> int:
    """How many rows of the table are kept as taken out so."""
    name = removed_name(outcome, table.name)
    if not bench.scalar("SELECT count(*) FROM audit.sqlite_schema WHERE name = ?", (name,)):
        return 0
    return bench.scalar(f"SELECT count(*) FROM audit.{quote_identifier(name)}")


def count_changes(bench: Workbench, table: Table) -> int:
    """How many values of rows that stay in cleaned were changed."""
    return bench.scalar(
        "SELECT count(*) FROM audit.changes JOIN audit.mappings ON mappings.id = mapping_id"
        " JOIN audit.rules ON rules.id = rule_id JOIN audit.tables ON tables.id = table_id WHERE name = ?",
        (table.name,),
    )


def forget_changes(bench: Workbench, first_mapping: int) -> None:
    """Drop the changes of rows listed in ``temp.gone``: these rows are kept as they were."""
    bench.connection.execute(
        "DELETE FROM audit.changes WHERE mapping_id >= ? AND rowid IN (SELECT locator FROM temp.gone)",
        (first_mapping,),
    )


def forget_changes_of_table(bench: Workbench, table: Table, column: str | None = None) -> None:
    """Drop the table's changes (of one column, or of all) in rows listed in ``temp.gone``."""
    bench.connection.execute(
        "DELETE FROM audit.changes WHERE rowid IN (SELECT locator FROM temp.gone) AND mapping_id IN"
        " (SELECT mappings.id FROM audit.mappings JOIN audit.rules ON rules.id = rule_id"
        ' JOIN audit.tables ON tables.id = table_id WHERE name = ? AND (? IS NULL OR "column" = ?))',
        (table.name, column, column),
    )


def open_audit(path: Path | str) -> sqlite3.Connection:
    """The audit trail, read-only."""
    return open_read_only(path)


def read_changes(audit: sqlite3.Connection, table: str | None = None) -> Iterator[Change]:
    """Every changed value of one table or of all, in no promised order; one row in memory at a time."""
    condition, parameters = ('WHERE "table" = ?', (table,)) if table is not None else ("", ())
    rows = audit.execute(
        f'SELECT "table", "rowid", "column", before, after, rule FROM changed {condition}', parameters
    )
    for name, rowid, column, before, after, rule in rows:
        yield Change(table=name, rowid=rowid, column=column, before=before, after=after, rule=rule)


def count_rules(audit: sqlite3.Connection) -> tuple[RuleCount, ...]:
    """The audit trail grouped for reading, most changed values first within each table."""
    rows = audit.execute(
        'SELECT tables.name, "column", rule, sum(cells), count(*)'
        " FROM (SELECT mapping_id, count(*) AS cells FROM changes GROUP BY mapping_id)"
        " JOIN mappings ON mappings.id = mapping_id JOIN rules ON rules.id = rule_id"
        " JOIN tables ON tables.id = table_id"
        ' GROUP BY table_id, "column", rule ORDER BY table_id, sum(cells) DESC, "column", rule'
    )
    return tuple(
        RuleCount(table=table, column=column, rule=rule, values=values, distinct=distinct)
        for table, column, rule, values, distinct in rows
    )


def _keep(bench: Workbench, table: Table, outcome: Outcome, condition: str) -> None:
    name = removed_name(outcome, table.name)
    if not bench.scalar("SELECT count(*) FROM audit.sqlite_schema WHERE name = ?", (name,)):
        bench.connection.execute(create_copy("audit", name, table))
    rows = source_rows("snapshot", table, condition, bench.unreadable.get(table.name, ()))
    bench.connection.execute(f"INSERT INTO audit.{quote_identifier(name)}({copied_columns(table)}) {rows}")
