"""From evidence to a plan: the default decisions, for every table and column, each told where it bites.

Invariant: a plan made here is complete, its names collide nowhere, and nothing in it was guessed: what the
evidence does not settle stays as declared, or text. The plan's id depends on the decisions alone (not on
the file's fingerprint, on findings, on confidence, or on who decided or agreed), so that the same decisions
taken for the next export are the same plan.
"""

import hashlib
from typing import Literal

import msgspec

from sdmigrate.model.catalog import Catalog, Column, Table
from sdmigrate.model.plan import ColumnPlan, Naming, Plan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile, TableProfile
from sdmigrate.rules import naming as names
from sdmigrate.rules.column_decisions import (
    AMBIGUOUS,
    agreeing_to_orders,
    default_empty,
    misfits,
)
from sdmigrate.rules.declared_types import declared_type, names_no_type
from sdmigrate.rules.existing_types import keep_existing
from sdmigrate.rules.plan_findings import plan_findings
from sdmigrate.rules.reference_types import agree
from sdmigrate.rules.type_families import MOMENTS, family, is_number

CONFIDENCE = 0.95
"""Below it the evidence does not override the declaration."""


def propose(
    catalog: Catalog,
    profile: Profile,
    *,
    day_first: bool | None = None,
    naming: Naming = "preserve",
    confidence: float = CONFIDENCE,
) -> Plan:
    """The plan that follows from the evidence alone.

    ``day_first`` settles the ambiguous dates of columns whose own evidence does not; with None those columns
    stay text.
    ``confidence`` (0 to 1) is what a proposed type needs to override the declared one.

    Raises:
        UsageProblem: two tables or two columns would share a name under ``naming``.
        KeyError: the profile is of another catalog.
    """
    targets = names.table_names((table.name for table in catalog.tables), naming)
    profiles = {table.name: table for table in profile.tables}
    tables = tuple(
        _table(table, profiles[table.name], targets[table.name], naming, day_first, confidence)
        for table in catalog.tables
    )
    plan = Plan(
        source_fingerprint=profile.source_fingerprint,
        tables=keep_existing(catalog, profile, agree(catalog, profile, tables)),
        naming=naming,
        day_first=day_first,
    )
    return finished(catalog, profile, plan)


def finished(catalog: Catalog, profile: Profile, plan: Plan) -> Plan:
    """The plan with its findings and its id, as its decisions have them now."""
    facts = {table.name: table for table in profile.tables}
    tables = tuple(agreeing_to_orders(table, facts[table.source]) for table in plan.tables)
    plan = msgspec.structs.replace(plan, tables=tables)
    return msgspec.structs.replace(
        plan, findings=plan_findings(catalog, profile, plan), plan_id=plan_id(plan)
    )


def plan_id(plan: Plan) -> str:
    """First 16 hex digits of SHA-256 over the decisions."""
    decisions = [
        plan.version,
        plan.naming,
        plan.day_first,
        sorted(plan.accept_quarantine.items()),
        [_decisions_of(table) for table in plan.tables],
    ]
    return hashlib.sha256(msgspec.json.encode(decisions)).hexdigest()[:16]


def _table(
    table: Table,
    profile: TableProfile,
    target: str,
    naming: Naming,
    day_first: bool | None,
    confidence: float,
) -> TablePlan:
    column_names = names.column_names(table.name, (column.name for column in table.columns), naming)
    profiles = {column.name: column for column in profile.columns}
    return TablePlan(
        source=table.name,
        target=target,
        columns=tuple(
            _column(table, column, profiles[column.name], column_names[column.name], day_first, confidence)
            for column in table.columns
        ),
        key=table.primary_key,
        unique_keys=_unique_keys(table),
    )


def _unique_keys(table: Table) -> tuple[tuple[str, ...], ...]:
    """Declared keys beside the primary key. A partial or expression index says nothing of whole rows."""
    keys: dict[tuple[str, ...], None] = {}
    for index in table.indexes:
        columns = tuple(term.column for term in index.terms if term.column is not None)
        if not index.unique or index.where is not None or len(columns) != len(index.terms):
            continue
        if set(columns) != set(table.primary_key):
            keys[columns] = None
    return tuple(keys)


def _column(
    table: Table,
    column: Column,
    profile: ColumnProfile,
    target: str,
    day_first: bool | None,
    confidence: float,
) -> ColumnPlan:
    settled_day_first = day_first if profile.day_first is None else profile.day_first
    chosen, decision = _type(table, column, profile, settled_day_first, confidence)
    not_null = column.not_null or column.name in table.primary_key
    return ColumnPlan(
        source=column.name,
        target=target,
        type=chosen,
        form=_form(chosen, profile),
        day_first=settled_day_first,
        empty=default_empty(chosen, not_null),
        not_null=not_null,
        confidence=profile.confidence,
        decision=decision,
    )


def _form(chosen: str, profile: ColumnProfile) -> str:
    if chosen == profile.proposed:
        return profile.form
    return profile.separators if is_number(chosen) else "auto"


def _type(
    table: Table, column: Column, profile: ColumnProfile, day_first: bool | None, confidence: float
) -> tuple[str, Literal["proposed", "declared"]]:
    if column.name == table.rowid_alias:
        # Its values are rowids whatever they look like, and a rowid has 64 bits.
        return "bigint", "declared"
    declared = declared_type(column)
    ambiguous = profile.forms.get(AMBIGUOUS, 0) > 0
    if ambiguous and day_first is None and family(profile.proposed) in MOMENTS:
        return "text", "proposed"
    if day_first is not None and profile.once_settled is not None:
        return profile.once_settled, "proposed"
    if profile.confidence >= confidence or names_no_type(column):
        return profile.proposed, "proposed"
    if misfits(profile, declared) == 0:
        return declared, "declared"
    if {family(declared), family(profile.proposed)} <= MOMENTS and not misfits(profile, profile.proposed):
        # What is in doubt is what the values count from; DATE is said of moments with a time of day as well.
        return profile.proposed, "proposed"
    return "text", "proposed"


def _decisions_of(table: TablePlan) -> list[object]:
    columns = [
        msgspec.structs.replace(column, confidence=1.0, decision="proposed", agreed=())
        for column in table.columns
    ]
    return [msgspec.structs.replace(table, columns=tuple(columns), agreed=())]
