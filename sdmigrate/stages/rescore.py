"""The quality of the cleaned file, by the same rules as the snapshot's.

Invariant: the score is what profiling cleaned would give under the plan's types.
"""

import dataclasses
from collections.abc import Iterator
from functools import partial
from sqlite3 import Connection

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.events import Advanced, Event, StageName
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import (
    KeyProfile,
    Profile,
    Quality,
    ReferenceProfile,
)
from sdmigrate.model.protocols import EventSink
from sdmigrate.model.result import TableLedger
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.quality import score
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.readers import readers
from sdmigrate.sqlite.references import numeric_columns, orphans, repeated
from sdmigrate.sqlite.row_order import locator
from sdmigrate.sqlite.workbench import CleaningFiles
from sdmigrate.stages.cleaned_counts import Cleaning, cleaned_counts
from sdmigrate.stages.profile import rule_pack
from sdmigrate.stages.profile_rules import rule_results


def rescore(
    context: Context,
    snapshot: Snapshot,
    before: Profile,
    plan: Plan,
    ledgers: tuple[TableLedger, ...],
    files: CleaningFiles,
    stage: StageName = "clean",
) -> Quality:
    """The score of cleaned; excluded tables take no part in it. ``stage`` is the one that asks.

    Raises:
        Aborted: the operator asked to stop.
    """
    pack = rule_pack(context)
    catalog = _included(snapshot.catalog, plan)
    cleaning = Cleaning(snapshot, before, plan, {ledger.table: ledger for ledger in ledgers}, files, pack)
    within = dataclasses.replace(context, events=_Within(stage, context.events))
    counts = cleaned_counts(within, cleaning, catalog)
    with readers(partial(open_read_only, files.cleaned), context.cancel) as asking:
        keys = asking.answers(
            lambda connection, table: tuple(_keys(connection, cleaning, table)), catalog.tables
        )
        references = asking.answers(
            lambda connection, table: tuple(_references(connection, cleaning, catalog, table)), catalog.tables
        )
        tables = tuple(
            replace(table, keys=next(keys), references=next(references)) for table in counts.tables
        )
        results = rule_results(asking, catalog, tables, pack, known=counts.rules)
    return score(catalog, tables, pack, results)


def _included(catalog: Catalog, plan: Plan) -> Catalog:
    """The tables of cleaned as declared, their rows found by cleaned's locator."""
    return replace(
        catalog,
        tables=tuple(
            replace(table, rowid_name=locator(table))
            for table in catalog.tables
            if plan.table(table.name).include
        ),
    )


class _Within:
    """Events of the counting, told as those of the stage that asks for it."""

    def __init__(self, stage: StageName, events: EventSink) -> None:
        self._stage: StageName = stage
        self._events = events

    def emit(self, event: Event) -> None:
        """Hand the event on."""
        if isinstance(event, Advanced):
            event = replace(event, stage=self._stage, reason=f"scoring: {event.reason}")
        self._events.emit(event)


def _keys(connection: Connection, cleaning: Cleaning, table: Table) -> Iterator[KeyProfile]:
    for key in cleaning.before.table(table.name).keys:
        if cleaning.touched(table.name) and key.duplicate_rows:
            rows = repeated(connection, table, key.columns).rows
            yield replace(key, duplicate_rows=rows, unique=rows == 0)
        else:
            yield key


def _references(
    connection: Connection, cleaning: Cleaning, catalog: Catalog, table: Table
) -> Iterator[ReferenceProfile]:
    included = {each.name for each in catalog.tables}
    for reference in cleaning.before.table(table.name).references:
        if reference.parent_table not in included:
            yield replace(reference, problem="parent missing")
        elif reference.problem is not None or not any(
            map(cleaning.touched, (table.name, reference.parent_table))
        ):
            yield reference
        else:
            lost = orphans(
                connection,
                table,
                reference.columns,
                reference.parent_table,
                reference.parent_columns,
                numbers=numeric_columns(catalog.table(reference.parent_table)),
            )
            yield replace(reference, orphans=lost.rows, samples=lost.samples)
