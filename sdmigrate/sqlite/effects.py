"""What cleaning did to one table, told from the audit trail and the quarantine with examples.

Invariant: reads what cleaning wrote, through the workbench that wrote it.
"""

from sdmigrate.model.catalog import Table
from sdmigrate.model.trial import Example, QuarantineEffect, RuleEffect
from sdmigrate.model.values import stored
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.quarantine import quarantine_name
from sdmigrate.sqlite.row_order import locator
from sdmigrate.sqlite.workbench import Workbench

MOST_EXAMPLES = 5


def rule_effects(bench: Workbench, table: Table) -> tuple[RuleEffect, ...]:
    """What each rule did to each column, most changed values first."""
    rules = bench.connection.execute(
        'SELECT rules.id, "column", rule, count(*) FROM audit.changes'
        " JOIN audit.mappings ON mappings.id = mapping_id JOIN audit.rules ON rules.id = rule_id"
        " JOIN audit.tables ON tables.id = table_id WHERE name = ?"
        ' GROUP BY rules.id ORDER BY count(*) DESC, "column", rule',
        (table.name,),
    ).fetchall()
    return tuple(
        RuleEffect(column=column, rule=rule, values=values, examples=_changed(bench, number))
        for number, column, rule, values in rules
    )


def quarantine_effects(bench: Workbench, table: Table) -> tuple[QuarantineEffect, ...]:
    """Why rows went to quarantine, most rows first."""
    reasons = bench.connection.execute(
        'SELECT "column", reason, count(*) FROM quarantine._rows WHERE "table" = ?'
        ' GROUP BY "column", reason ORDER BY count(*) DESC, "column", reason',
        (table.name,),
    ).fetchall()
    return tuple(
        QuarantineEffect(
            column=column,
            reason=reason,
            rows=rows,
            examples=() if column is None else _quarantined(bench, table, column, reason),
        )
        for column, reason, rows in reasons
    )


def _changed(bench: Workbench, rule: int) -> tuple[Example, ...]:
    rows = bench.connection.execute(
        "SELECT before, after, count(*), min(changes.rowid) FROM audit.mappings"
        " JOIN audit.changes ON mapping_id = mappings.id WHERE rule_id = ?"
        " GROUP BY mappings.id ORDER BY count(*) DESC, mappings.id LIMIT ?",
        (rule, MOST_EXAMPLES),
    )
    return tuple(
        Example(before=stored(before), after=stored(after), count=count, rowid=rowid)
        for before, after, count, rowid in rows
    )


def _quarantined(bench: Workbench, table: Table, column: str, reason: str) -> tuple[Example, ...]:
    quoted = f"kept.{quote_identifier(column)}"
    rows = bench.connection.execute(
        f"SELECT {quoted}, count(*), min(why.rowid)"
        " FROM quarantine._rows AS why"
        f" JOIN quarantine.{quote_identifier(quarantine_name(table.name))} AS kept"
        f" ON kept.{quote_identifier(locator(table))} = why.rowid"
        ' WHERE why."table" = ? AND why."column" = ? AND why.reason = ?'
        f" GROUP BY typeof({quoted}), {quoted} ORDER BY count(*) DESC, min(why.rowid) LIMIT ?",
        (table.name, column, reason, MOST_EXAMPLES),
    )
    return tuple(
        Example(before=stored(value), after=None, count=count, rowid=rowid) for value, count, rowid in rows
    )
