"""What cleaning did to one table, told from the audit trail and the quarantine with examples.

Invariant: reads what cleaning wrote, through the workbench that wrote it.
"""

from sdmigrate.model.catalog import Table
from sdmigrate.model.trial import Example, QuarantineEffect, RuleEffect
from sdmigrate.model.values import Value, stored
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.quarantine import quarantine_name
from sdmigrate.sqlite.row_order import locator
from sdmigrate.sqlite.workbench import Workbench

MOST_EXAMPLES = 5
_SHOWN_ALIKE = 16
"""Characters of what both texts begin with that are shown."""
_STRETCH = 4096
"""Characters that are compared at once."""


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
        Example(before=stored(begun), after=stored(ended), count=count, rowid=rowid)
        for before, after, count, rowid in rows
        for begun, ended in (from_the_change(before, after),)
    )


def from_the_change(before: Value, after: Value) -> tuple[Value, Value]:
    """Two texts from shortly before the first character in which they differ; other values as they are.

    What both begin with says nothing of the change, and would stand in its place where texts are shown cut.
    """
    if not isinstance(before, str) or not isinstance(after, str):
        return before, after
    alike = 0
    while before[alike : alike + _STRETCH] == after[alike : alike + _STRETCH] and alike < len(before):
        alike += _STRETCH
    while before[alike : alike + 1] == after[alike : alike + 1] and alike < len(before):
        alike += 1
    begin = min(alike, len(before), len(after)) - _SHOWN_ALIKE
    if begin <= _SHOWN_ALIKE:
        return before, after
    return f"…{before[begin:]}", f"…{after[begin:]}"


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
