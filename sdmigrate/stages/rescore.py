"""The quality of the cleaned file, by the same counting and the same rules as the snapshot's.

Invariant: what cleaning touched is counted again in cleaned; a column that was settled already has the
snapshot's counts, less nothing but rows that left the table for the sake of others.
"""

import dataclasses
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.events import Advanced, Event, StageName
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import (
    ColumnProfile,
    KeyProfile,
    Profile,
    Quality,
    ReferenceProfile,
    TableProfile,
)
from sdmigrate.model.protocols import EventSink
from sdmigrate.model.result import TableLedger
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.canonical import settled
from sdmigrate.rules.quality import score
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.readers import readers
from sdmigrate.sqlite.references import numeric_columns, orphans, repeated
from sdmigrate.sqlite.row_order import locator
from sdmigrate.stages.profile import profile as count_again
from sdmigrate.stages.profile import rule_pack
from sdmigrate.stages.profile_rules import rule_results


def rescore(
    context: Context,
    snapshot: Snapshot,
    before: Profile,
    plan: Plan,
    ledgers: tuple[TableLedger, ...],
    cleaned: Path,
    stage: StageName = "clean",
) -> Quality:
    """The score of cleaned; excluded tables take no part in it. ``stage`` is the one that asks.

    Raises:
        Aborted: the operator asked to stop.
    """
    touched = {ledger.table for ledger in ledgers if ledger.changed or ledger.loaded != ledger.read}
    catalog = _included(snapshot.catalog, plan)
    again = _counted_again(
        dataclasses.replace(context, events=_Within(stage, context.events)),
        snapshot,
        catalog,
        before,
        plan,
        touched,
        cleaned,
    )
    pack = rule_pack(context)
    with readers(partial(open_read_only, cleaned), context.cancel) as asking:
        keys = asking.answers(
            lambda connection, table: tuple(_keys(connection, table, before.table(table.name), touched)),
            catalog.tables,
        )
        references = asking.answers(
            lambda connection, table: tuple(_references(connection, catalog, table, before, touched)),
            catalog.tables,
        )
        tables = tuple(
            TableProfile(
                name=table.name,
                rows=next(ledger.loaded for ledger in ledgers if ledger.table == table.name),
                columns=tuple(
                    again.get((table.name, column.name), column)
                    for column in before.table(table.name).columns
                ),
                keys=next(keys),
                references=next(references),
            )
            for table in catalog.tables
        )
        results = rule_results(asking, catalog, tables, pack)
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


def _counted_again(
    context: Context,
    snapshot: Snapshot,
    catalog: Catalog,
    before: Profile,
    plan: Plan,
    touched: set[str],
    cleaned: Path,
) -> dict[tuple[str, str], ColumnProfile]:
    """Table and column -> its profile in cleaned, for the columns that cleaning may have touched."""
    tables = tuple(
        replace(
            table,
            columns=tuple(
                column
                for column in table.columns
                if not settled(
                    plan.table(table.name).column(column.name),
                    before.table(table.name).column(column.name),
                )
            ),
            primary_key=(),
            foreign_keys=(),
            indexes=(),
        )
        for table in catalog.tables
        if table.name in touched
    )
    part = replace(catalog, tables=tuple(table for table in tables if table.columns))
    if not part.tables:
        return {}
    found = count_again(
        dataclasses.replace(context, request=replace(context.request, rules_path=None)),
        replace(snapshot, path=str(cleaned), catalog=part),
    )
    return {(table.name, column.name): column for table in found.tables for column in table.columns}


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


def _keys(
    connection: Connection, table: Table, before: TableProfile, touched: set[str]
) -> Iterator[KeyProfile]:
    for key in before.keys:
        if table.name in touched and key.duplicate_rows:
            rows = repeated(connection, table, key.columns).rows
            yield replace(key, duplicate_rows=rows, unique=rows == 0)
        else:
            yield key


def _references(
    connection: Connection, catalog: Catalog, table: Table, before: Profile, touched: set[str]
) -> Iterator[ReferenceProfile]:
    included = {each.name for each in catalog.tables}
    for reference in before.table(table.name).references:
        if reference.parent_table not in included:
            yield replace(reference, problem="parent missing")
        elif reference.problem is not None or touched.isdisjoint((table.name, reference.parent_table)):
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
