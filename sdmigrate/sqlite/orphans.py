"""Rows of cleaned whose parent is not among the rows left, settled as the plan says.

Invariant: when it ends, no row of a table whose orphans go to quarantine or become NULL points at a row that
is not loaded, however long the chain; a cell is audited by one change, from the snapshot's value.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sdmigrate.model.catalog import Table
from sdmigrate.model.plan import WHOLE_ROW, Plan, TablePlan
from sdmigrate.model.trial import ReferenceEffect
from sdmigrate.sqlite.audit import add_rule, forget_changes_of_table
from sdmigrate.sqlite.cleaned import comparable, give_reason, list_duplicates, take_out
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.repairs import next_mapping
from sdmigrate.sqlite.row_order import balanced, located, located_column, locator
from sdmigrate.sqlite.workbench import Workbench, exact_class


@dataclass(frozen=True)
class _Reference:
    """One foreign key between tables that are loaded."""

    child: Table
    columns: tuple[str, ...]
    parent: Table
    parent_columns: tuple[str, ...]


def settle_orphans(bench: Workbench, plan: Plan) -> tuple[ReferenceEffect, ...]:
    """Quarantine orphans, and the rows that become orphans by it, then set the other references to NULL.

    Returns:
        The foreign keys through which rows were quarantined or lost their reference, with their numbers.
    """
    references = tuple(_references(bench, plan))
    rows: Counter[_Reference] = Counter()
    quarantined = [each for each in references if plan.table(each.child.name).orphans == "quarantine"]
    going_on = True
    while going_on:
        found = {each: _quarantine(bench, plan, each) for each in quarantined}
        rows.update(found)
        going_on = any(found.values())
    for each in references:
        if plan.table(each.child.name).orphans == "null":
            rows[each] += _to_null(bench, plan, each)
    for table in {each.child.name: each.child for each in references if rows[each]}.values():
        if plan.table(table.name).orphans == "null":
            _take_alike(bench, table, plan.table(table.name))
    return tuple(_effect(plan, each, rows[each]) for each in references if rows[each])


def kept_orphans(bench: Workbench, plan: Plan) -> tuple[ReferenceEffect, ...]:
    """The foreign keys that are left NOT VALID because the plan keeps orphans there, with their numbers."""
    effects = []
    for each in _references(bench, plan):
        if plan.table(each.child.name).orphans == "keep" and (rows := _list_orphans(bench, plan, each)):
            bench.connection.execute("DELETE FROM temp.gone")
            effects.append(_effect(plan, each, rows))
    return tuple(effects)


def _effect(plan: Plan, reference: _Reference, rows: int) -> ReferenceEffect:
    child = reference.child.name
    return ReferenceEffect(
        child=child,
        columns=reference.columns,
        parent=reference.parent.name,
        rows=rows,
        orphans=plan.table(child).orphans,
    )


def _references(bench: Workbench, plan: Plan) -> Iterator[_Reference]:
    loaded = {table.name.lower(): table for table in bench.catalog.tables if plan.table(table.name).include}
    for child in loaded.values():
        for key in child.foreign_keys:
            parent = loaded.get(key.parent_table.lower())
            if parent is not None and key.parent_columns:
                yield _Reference(child, key.columns, parent, key.parent_columns)


def _list_orphans(bench: Workbench, plan: Plan, reference: _Reference) -> int:
    """List them in ``temp.gone``, and count them."""
    child, parent = plan.table(reference.child.name), plan.table(reference.parent.name)
    own = ", ".join(comparable(child, column) for column in reference.columns)
    theirs = ", ".join(comparable(parent, column) for column in reference.parent_columns)
    bench.connection.execute(
        f"INSERT INTO temp.gone SELECT {locator(reference.child)}"
        f" FROM main.{quote_identifier(reference.child.name)} WHERE {_present(reference.columns)}"
        f" AND ({own}) NOT IN (SELECT {theirs} FROM main.{quote_identifier(reference.parent.name)}"
        f" WHERE {_present(reference.parent_columns)})"
    )
    return bench.scalar("SELECT count(*) FROM temp.gone")


def _present(columns: tuple[str, ...]) -> str:
    return balanced([f"{quote_identifier(column)} IS NOT NULL" for column in columns], "AND")


def _quarantine(bench: Workbench, plan: Plan, reference: _Reference) -> int:
    rows = _list_orphans(bench, plan, reference)
    if not rows:
        return 0
    reason = f"{', '.join(reference.columns)} points at no row of {reference.parent.name} that is loaded"
    give_reason(bench, reference.child, "orphan", reason)
    forget_changes_of_table(bench, reference.child)
    take_out(bench, reference.child, None)
    return rows


def _to_null(bench: Workbench, plan: Plan, reference: _Reference) -> int:
    rows = _list_orphans(bench, plan, reference)
    if not rows:
        return 0
    for column in reference.columns:
        _cells_to_null(bench, reference.child, column)
    bench.connection.execute("DELETE FROM temp.gone")
    return rows


def _take_alike(bench: Workbench, table: Table, plan: TablePlan) -> None:
    """Take out rows that only a reference now lost told apart, where equal rows are duplicates."""
    key = tuple(column.name for column in table.columns)
    if plan.duplicate_key != WHOLE_ROW or plan.duplicates == "keep":
        return
    if not list_duplicates(bench, table, plan, key, nulls_equal=True):
        return
    forget_changes_of_table(bench, table)
    if plan.duplicates == "quarantine":
        give_reason(bench, table, "duplicate-key", f"same {', '.join(key)} as a row that stays")
        take_out(bench, table, None)
    else:
        take_out(bench, table, "deduplicated")


def _cells_to_null(bench: Workbench, table: Table, column: str) -> None:
    """NULL in this column of the rows listed in ``temp.gone``, audited from what the snapshot holds."""
    execute = bench.connection.execute
    quoted, before = quote_identifier(column), located_column(table, column)
    source, name = located("snapshot", table, bench.unreadable.get(table.name, ()))
    execute("DROP TABLE IF EXISTS temp.orphaned")
    execute(
        f"CREATE TEMP TABLE orphaned AS SELECT {name} AS locator, {before} AS before,"
        f" {exact_class(before)} AS class FROM {source}"
        f" WHERE {name} IN (SELECT locator FROM temp.gone) AND {before} IS NOT NULL"
    )
    forget_changes_of_table(bench, table, column)
    first = next_mapping(bench)
    execute(
        "CREATE TEMP TABLE orphaned_values AS SELECT ? + row_number() OVER () - 1 AS id, before, class"
        " FROM (SELECT DISTINCT before, class FROM temp.orphaned)",
        (first,),
    )
    rule = add_rule(bench, table, column, "orphan-to-null")
    execute("INSERT INTO audit.mappings SELECT id, ?, before, NULL FROM temp.orphaned_values", (rule,))
    execute(
        "INSERT INTO audit.changes SELECT made.id, cell.locator FROM temp.orphaned AS cell"
        " JOIN temp.orphaned_values AS made ON made.before IS cell.before AND made.class = cell.class"
    )
    execute(
        f"UPDATE main.{quote_identifier(table.name)} SET {quoted} = NULL"
        f" WHERE {locator(table)} IN (SELECT locator FROM temp.gone)"
    )
    execute("DROP TABLE temp.orphaned_values")
