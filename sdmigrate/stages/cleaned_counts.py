"""The counts of cleaned's columns, and what rules say of them without a look at its rows.

Invariant: what counting all of cleaned gives. A table that cleaning left alone has the snapshot's counts; one
where it did little has those less what went, with what came; of any other the columns are counted again.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from sqlite3 import Connection

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog, Column, Table
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import ColumnProfile, Profile, TableProfile
from sdmigrate.model.result import TableLedger
from sdmigrate.model.rule import RuleResult
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.declared_types import interest_of
from sdmigrate.rules.quality import LONGEST_TEXT
from sdmigrate.rules.recount import NO_DIFFERENCE, Difference, recounted, rejudged
from sdmigrate.rules.rule_pack import RulePack
from sdmigrate.rules.rule_results import ROW_CHECKS
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE
from sdmigrate.sqlite.differences import changed_columns, differences, distinct_changes
from sdmigrate.sqlite.undo_proof import attached
from sdmigrate.sqlite.workbench import CleaningFiles
from sdmigrate.stages.profile import profile

FEW_CELLS = 1_000
"""So many values are looked at one by one, however small the table."""
FEW = 0.01
"""And this share of a table's cells."""


@dataclass(frozen=True)
class Cleaning:
    """What cleaning went by and what it left."""

    snapshot: Snapshot
    before: Profile
    plan: Plan
    ledgers: Mapping[str, TableLedger]
    """By table; those of cleaned are among them."""
    files: CleaningFiles
    pack: RulePack | None

    def touched(self, table: str) -> bool:
        """Whether cleaning did anything to the table."""
        ledger = self.ledgers[table]
        return bool(ledger.changed) or ledger.loaded != ledger.read


@dataclass(frozen=True)
class CleanedCounts:
    """What is known of cleaned without a question to its rows."""

    tables: tuple[TableProfile, ...]
    """Without keys and references."""
    rules: tuple[RuleResult, ...]


def cleaned_counts(context: Context, cleaning: Cleaning, catalog: Catalog) -> CleanedCounts:
    """The counts of those tables, which are as declared, their rows found by cleaned's locator.

    Raises:
        Aborted: the operator asked to stop.
    """
    with attached(cleaning.files, catalog, None) as connection:
        little = dict(_little(cleaning, catalog, connection))
        counted = {
            (name, column.name): column
            for name, found in little.items()
            for column in _recounted(cleaning, catalog.table(name), found, connection)
        }
        much = tuple(
            replace(table, columns=_touched_columns(connection, cleaning, table))
            for table in catalog.tables
            if cleaning.touched(table.name) and table.name not in little
        )
    counted |= _counted_again(context, cleaning, replace(catalog, tables=much))
    tables = tuple(
        TableProfile(
            name=table.name,
            rows=cleaning.ledgers[table.name].loaded,
            columns=tuple(
                counted.get((table.name, column.name), column)
                for column in cleaning.before.table(table.name).columns
            ),
        )
        for table in catalog.tables
    )
    rules = tuple(_rejudged(cleaning, tables, little))
    return CleanedCounts(tables, rules)


def _little(
    cleaning: Cleaning, catalog: Catalog, connection: Connection
) -> Iterator[tuple[str, Mapping[str, Difference]]]:
    """The tables that cleaning touched a little, and what it did to their columns."""
    for table in catalog.tables:
        before = cleaning.before.table(table.name)
        if cleaning.touched(table.name) and _did_little(
            connection, table, before, cleaning.ledgers[table.name]
        ):
            found = differences(connection, table)
            if not any(_lost_a_long_text(column, found[column.name]) for column in before.columns):
                yield table.name, found


def _did_little(connection: Connection, table: Table, before: TableProfile, ledger: TableLedger) -> bool:
    if any(column.longest_bytes > LONGEST_WHOLE for column in before.columns):
        return False
    most = max(FEW_CELLS, FEW * before.rows * len(table.columns))
    removed = (ledger.read - ledger.loaded) * len(table.columns)
    return removed <= most and removed + distinct_changes(connection, table) <= most


def _lost_a_long_text(before: ColumnProfile, difference: Difference) -> bool:
    """Whether a text went whose length costs points; how many such are left is not known."""
    return before.longest_characters > LONGEST_TEXT and any(
        isinstance(value, str) and len(value) > LONGEST_TEXT for value, _ in difference.gone
    )


def _recounted(
    cleaning: Cleaning, table: Table, found: Mapping[str, Difference], connection: Connection
) -> Iterator[ColumnProfile]:
    unique = {
        rule.column
        for rule in (cleaning.pack.rules if cleaning.pack else ())
        if rule.check == "unique" and rule.table == table.name
    }
    for column in table.columns:
        difference = found[column.name]
        if difference == NO_DIFFERENCE:
            continue
        before = cleaning.before.table(table.name).column(column.name)
        after = recounted(before, interest_of(column), difference)
        if column.name in unique:
            after = replace(after, distinct=_distinct(connection, table, column.name))
        yield _as_planned(cleaning, table, after)


def _distinct(connection: Connection, table: Table, column: str) -> int:
    quoted = quote_identifier(column)
    (number,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM cleaned.{quote_identifier(table.name)}"
        f" WHERE {quoted} IS NOT NULL GROUP BY typeof({quoted}), {quoted} COLLATE BINARY)"
    ).fetchone()
    return int(number)


def _as_planned(cleaning: Cleaning, table: Table, column: ColumnProfile) -> ColumnProfile:
    """With the type that the plan gives it: what is left is judged by that, not by a new proposal."""
    return replace(column, proposed=cleaning.plan.table(table.name).column(column.name).type)


def _counted_again(
    context: Context, cleaning: Cleaning, part: Catalog
) -> dict[tuple[str, str], ColumnProfile]:
    """Table and column -> its profile in cleaned, for the tables and columns of this part of the catalog."""
    bare = tuple(replace(table, primary_key=(), foreign_keys=(), indexes=()) for table in part.tables)
    if not bare:
        return {}
    found = profile(
        dataclasses.replace(context, request=replace(context.request, rules_path=None)),
        replace(cleaning.snapshot, path=str(cleaning.files.cleaned), catalog=replace(part, tables=bare)),
    )
    return {
        (table.name, column.name): _as_planned(cleaning, part.table(table.name), column)
        for table in found.tables
        for column in table.columns
    }


def _touched_columns(connection: Connection, cleaning: Cleaning, table: Table) -> tuple[Column, ...]:
    """All columns where rows left the table, else those with values that were changed."""
    ledger = cleaning.ledgers[table.name]
    if ledger.loaded != ledger.read:
        return table.columns
    changed = changed_columns(connection, table)
    return tuple(column for column in table.columns if column.name in changed)


def _rejudged(
    cleaning: Cleaning, tables: Iterable[TableProfile], little: Mapping[str, Mapping[str, Difference]]
) -> Iterator[RuleResult]:
    """The rules of the pack that the differences, or the snapshot's results, answer."""
    of_table = {table.name: table for table in tables}
    for result in cleaning.before.rules:
        if cleaning.pack is None or result.rule not in cleaning.pack.rules or result.table not in of_table:
            continue
        after, before = of_table[result.table], cleaning.before.table(result.table)
        if result.rule.check in ROW_CHECKS and not cleaning.touched(result.table):
            yield result
        elif result.table in little:
            judged = rejudged(result, before, after, little[result.table])
            if judged is not None:
                yield judged
