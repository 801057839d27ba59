"""What cleaning did, told as findings, read from the finished files.

Invariant: every number is counted in the audit trail and the quarantine, never carried over from the code
that wrote them.
"""

import sqlite3
from collections.abc import Iterable, Iterator

from sdmigrate.model.catalog import ForeignKey, Table
from sdmigrate.model.finding import Finding, Sample
from sdmigrate.model.plan import TablePlan
from sdmigrate.model.result import TableLedger
from sdmigrate.model.values import stored
from sdmigrate.rules.wording import plural
from sdmigrate.sqlite.audit import RuleCount
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.quarantine import quarantine_name
from sdmigrate.sqlite.row_order import locator
from sdmigrate.sqlite.workbench import Workbench

_MOST_SAMPLES = 5


def changed_findings(counts: Iterable[RuleCount]) -> Iterator[Finding]:
    """One finding a column and rule."""
    for count in counts:
        yield Finding(
            code="values-changed",
            severity="info",
            table=count.table,
            column=count.column,
            count=count.values,
            message=f"{plural(count.values, 'value was', 'values were')} changed by rule {count.rule}"
            f" ({count.distinct:,} distinct).",
            advice="Every one of them is in the audit trail; the plan's column decides the rule.",
        )


def quarantine_findings(bench: Workbench, table: Table) -> Iterator[Finding]:
    """One finding a column and reason, and one for the children of the table's quarantined rows."""
    groups = bench.connection.execute(
        'SELECT finding, "column", reason, count(*) FROM quarantine._rows WHERE "table" = ?'
        ' GROUP BY finding, "column", reason ORDER BY min(_rowid_)',
        (table.name,),
    ).fetchall()
    for finding, column, reason, rows in groups:
        yield Finding(
            code=finding,
            severity="warning",
            table=table.name,
            column=column,
            count=rows,
            message=f"{plural(rows, 'row is', 'rows are')} in quarantine: {reason}.",
            advice="Repair such rows with 'sdmigrate quarantine', or decide otherwise in the plan.",
            samples=_samples(bench, table, finding, column, reason),
        )
    if groups:
        yield from _children(bench, table)


def removed_findings(ledger: TableLedger, plan: TablePlan) -> Iterator[Finding]:
    """What was excluded and what was a duplicate."""
    if ledger.excluded:
        why = f"outside the condition {plan.where!r}" if plan.include else "the plan leaves the table out"
        yield Finding(
            code="rows-excluded",
            severity="info",
            table=ledger.table,
            column=None,
            count=ledger.excluded,
            message=f"{ledger.excluded} of {ledger.read} rows are not loaded: {why}.",
            advice="They are whole in the audit trail; 'include' and 'where' of the plan decide.",
        )
    if ledger.deduplicated:
        yield Finding(
            code="duplicates-removed",
            severity="warning",
            table=ledger.table,
            column=None,
            count=ledger.deduplicated,
            message=f"{plural(ledger.deduplicated, 'row shares', 'rows share')} a key with a row that stays:"
            f" {_STAYS[plan.duplicates]} of each key.",
            advice="They are whole in the audit trail; 'duplicates' of the plan decides.",
        )


def unreadable_findings(bench: Workbench) -> Iterator[Finding]:
    """Generated columns whose expression fails."""
    for table, columns in bench.unreadable.items():
        for column in sorted(columns):
            yield Finding(
                code="generated-unreadable",
                severity="warning",
                table=table,
                column=column,
                count=0,
                message="SQLite cannot compute this generated column for every row; all its values are NULL.",
                advice="Mend its expression in the source, or leave the column out.",
            )


_STAYS = {
    "first": "the first",
    "last": "the last",
    "most_complete": "the most complete",
    "keep": "each",
    "quarantine": "the first",
}


def _samples(
    bench: Workbench, table: Table, finding: str, column: str | None, reason: str
) -> tuple[Sample, ...]:
    value = "NULL" if column is None else f"kept.{quote_identifier(column)}"
    rows = bench.connection.execute(
        f"SELECT kept.{locator(table)}, {value}"
        f" FROM quarantine.{quote_identifier(quarantine_name(table.name))} AS kept"
        f" JOIN quarantine._rows AS given ON given.rowid = kept.{locator(table)}"
        ' WHERE given."table" = ? AND given.finding = ? AND given."column" IS ? AND given.reason = ?'
        f" LIMIT {_MOST_SAMPLES}",
        (table.name, finding, column, reason),
    )
    return tuple(Sample(rowid=rowid, value=stored(value)) for rowid, value in rows)


def _children(bench: Workbench, parent: Table) -> Iterator[Finding]:
    for child in bench.catalog.tables:
        if not _exists(bench.connection, child.name):
            continue
        for key in child.foreign_keys:
            if key.parent_table.lower() != parent.name.lower() or not key.parent_columns:
                continue
            orphans = bench.scalar(_orphaned(child, parent, key))
            if orphans:
                yield Finding(
                    code="parent-in-quarantine",
                    severity="warning",
                    table=child.name,
                    column=", ".join(key.columns),
                    count=orphans,
                    message=f"{plural(orphans, 'row points', 'rows point')} at rows of {parent.name} that"
                    " are in quarantine.",
                    advice="Repair the parents, or the foreign key is left NOT VALID.",
                )


def _orphaned(child: Table, parent: Table, key: ForeignKey) -> str:
    columns = ", ".join(quote_identifier(column) for column in key.columns)
    parents = ", ".join(quote_identifier(column) for column in key.parent_columns)
    kept = quote_identifier(quarantine_name(parent.name))
    return (
        f"SELECT count(*) FROM main.{quote_identifier(child.name)}"
        f" WHERE ({columns}) IN (SELECT {parents} FROM quarantine.{kept})"
        f" AND ({columns}) NOT IN (SELECT {parents} FROM main.{quote_identifier(parent.name)}"
        f" WHERE {' AND '.join(f'{quote_identifier(name)} IS NOT NULL' for name in key.parent_columns)})"
    )


def _exists(connection: sqlite3.Connection, table: str) -> bool:
    query = "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?"
    return connection.execute(query, (table,)).fetchone() is not None
