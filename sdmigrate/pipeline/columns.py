"""The ``column`` events: one column's evidence beside its decision.

Invariant: evidence is the profile's and decisions are the plan's; nothing is computed here.
"""

from collections.abc import Iterator

from sdmigrate.model.events import ColumnSeen
from sdmigrate.model.plan import Plan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile


def columns_seen(profile: Profile, plan: Plan | None) -> Iterator[ColumnSeen]:
    """An event for every column, in the order of the profile; decisions empty without a plan."""
    for table in profile.tables:
        planned = plan.table(table.name) if plan is not None else None
        for column in table.columns:
            yield column_seen(table.name, column, planned)


def column_seen(table: str, column: ColumnProfile, plan: TablePlan | None) -> ColumnSeen:
    """The event for one column."""
    decision = ""
    if plan is not None:
        decided = plan.column(column.name)
        decision = f"{decided.type} ({decided.decision})"
    return ColumnSeen(
        table=table,
        column=column.name,
        declared=column.declared_type,
        proposed=column.proposed,
        confidence=column.confidence,
        reason=column.reason,
        rows=column.rows,
        nulls=column.nulls,
        empties=column.empties,
        classes={
            "integer": column.classes.integer,
            "real": column.classes.real,
            "text": column.classes.text,
            "blob": column.classes.blob,
        },
        forms=dict(column.forms),
        decision=decision,
    )
