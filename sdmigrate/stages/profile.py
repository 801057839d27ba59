"""The profile: what the values of every column are, counted over all rows of the snapshot.

Invariant: reads the snapshot only. What DuckDB cannot read is counted row by row through SQLite, with the
same result.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from msgspec.structs import replace

from sdmigrate.duck.scan import EvidenceMaker, Scanned, scan
from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.errors import SourceUnusable, UsageProblem
from sdmigrate.model.events import Advanced
from sdmigrate.model.finding import Finding, in_order
from sdmigrate.model.profile import KeyProfile, Profile, ReferenceProfile, TableProfile
from sdmigrate.model.so_far import TableSoFar
from sdmigrate.model.source import Snapshot, TargetFacts
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.likely_keys import LikelyParents
from sdmigrate.rules.long_values import unless_at
from sdmigrate.rules.quality import score
from sdmigrate.rules.rule_pack import RulePack, read_rule_pack
from sdmigrate.rules.rule_results import rule_findings
from sdmigrate.rules.watching import watches
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import make_private_directory
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.readers import Readers, readers
from sdmigrate.sqlite.row_order import unreadable_of
from sdmigrate.stages.profile_columns import TableColumns, columns_of, empty_evidence
from sdmigrate.stages.profile_keys import profile_keys, profile_references
from sdmigrate.stages.profile_long_values import add_left_values, left_values
from sdmigrate.stages.profile_rules import results_without_references, rule_results

_BATCH = 10_000
_MANY_TABLES = 100
"""From so many on opening a file takes long, since SQLite parses all of its schema."""
_SMALL_CELLS = 5_000


def profile(context: Context, snapshot: Snapshot, target: TargetFacts | None = None) -> Profile:
    """Count, propose, find and score; the types that the target's tables have go with it to the plan.

    Raises:
        UsageProblem: the rule pack of the request cannot be read.
        SourceUnusable: a table cannot be read even row by row.
        Aborted: the operator asked to stop.
    """
    pack = rule_pack(context)
    try:
        found = _profile(context, snapshot, pack)
    except sqlite3.DatabaseError as error:
        raise SourceUnusable(
            f"The snapshot {snapshot.path} cannot be read through: {error}.",
            "Check the source with PRAGMA integrity_check; recover it with sqlite3's .recover.",
        ) from error
    return found if target is None else replace(found, existing=target.live_types)


def _profile(context: Context, snapshot: Snapshot, pack: RulePack | None) -> Profile:
    catalog = snapshot.catalog
    connect = partial(open_read_only, snapshot.path, catalog=catalog)
    with closing(connect()) as connection:
        counted = _gather(context, snapshot, connection, pack)
    evidence = {name: found.evidence for name, found in counted.items()}
    parents = LikelyParents(catalog, evidence)
    findings: list[Finding] = []
    tables: list[TableProfile] = []
    with readers(connect, context.cancel) as asking:
        without_references = results_without_references(
            asking,
            catalog,
            tuple(counted[table.name].told(table.name).profile for table in catalog.tables),
            pack,
            evidence,
            _pointing(catalog, parents),
        )
        related_of = _related(asking, snapshot, evidence, parents)
        for table, related in zip(catalog.tables, related_of, strict=True):
            found = counted[table.name]
            profiled = replace(
                found.told(table.name).profile, keys=related.keys, references=related.references
            )
            told = (*found.columns.findings, *related.findings)
            findings += told
            tables.append(profiled)
            context.show(TableSoFar(profile=profiled, findings=told, known="related", rows=found.rows))
            _advance(context, table.name, len(tables), len(catalog.tables), "keys and references", "tables")
        results = rule_results(asking, catalog, tuple(tables), pack, evidence, tuple(without_references))
    return Profile(
        source_fingerprint=snapshot.source_fingerprint,
        tables=tuple(tables),
        findings=in_order((*findings, *rule_findings(pack, catalog, results))),
        quality=score(catalog, tuple(tables), pack, results),
        rules=results,
    )


@dataclass(frozen=True)
class _Related:
    """What a table's keys and references were found to be."""

    keys: tuple[KeyProfile, ...]
    references: tuple[ReferenceProfile, ...]
    findings: tuple[Finding, ...]


def _pointing(catalog: Catalog, parents: LikelyParents) -> Iterator[tuple[str, str]]:
    """Table and column of every reference, declared or likely."""
    for table in catalog.tables:
        yield from ((table.name, column) for key in table.foreign_keys for column in key.columns)
        yield from ((table.name, column) for column, _, _ in parents.references(table))


def _related(
    asking: Readers, snapshot: Snapshot, evidence: dict[str, dict[str, Evidence]], parents: LikelyParents
) -> Iterator[_Related]:
    """Of each table, in the catalog's order; keys are asked for beside references."""
    catalog, sound = snapshot.catalog, not snapshot.integrity
    references = asking.answers(
        lambda connection, table: profile_references(
            connection, catalog, table, evidence[table.name], parents
        ),
        catalog.tables,
    )
    keys = asking.answers(
        lambda connection, table: profile_keys(connection, table, evidence[table.name], sound=sound),
        catalog.tables,
    )
    for (found, told_of_keys), (pointing, told_of_references) in zip(keys, references, strict=True):
        yield _Related(found, pointing, (*told_of_keys, *told_of_references))


def rule_pack(context: Context) -> RulePack | None:
    """The rule pack that the request names; None where it names none.

    Raises:
        UsageProblem: it cannot be read.
    """
    path = context.request.rules_path
    if path is None:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(
            f"The rule pack {path} cannot be read: {error}.", "Name another with --rules."
        ) from error
    return read_rule_pack(text)


def _advance(context: Context, table: str | None, done: int, total: int, reason: str, unit: str) -> None:
    context.cancel.raise_if_set()
    context.events.emit(
        Advanced(stage="profile", table=table, done=done, total=total, unit=unit, reason=reason)
    )


@dataclass(frozen=True)
class _Counted:
    """A table whose values are all counted."""

    rows: int
    evidence: dict[str, Evidence]
    columns: TableColumns

    def told(self, name: str) -> TableSoFar:
        """What that makes known of the table."""
        profile = TableProfile(name=name, rows=self.rows, columns=self.columns.profiles)
        return TableSoFar(profile=profile, findings=self.columns.findings, known="counted", rows=self.rows)


def _gather(
    context: Context, snapshot: Snapshot, connection: sqlite3.Connection, pack: RulePack | None
) -> dict[str, _Counted]:
    """Every table, counted."""
    tables = snapshot.catalog.tables
    total = sum(len(table.columns) for table in tables)
    make_private_directory(context.directory.scratch)

    def pulse(table: str, done: int) -> None:
        _advance(context, table, done, total, "counting values", "columns")

    pulse(tables[0].name if tables else "", 0)
    unreadable = unreadable_of(connection, "main", snapshot.catalog)
    readable = {table.name: _without(table, unreadable.get(table.name, frozenset())) for table in tables}
    gathered: dict[str, dict[str, Evidence]] = {table.name: {} for table in tables}
    counted: dict[str, _Counted] = {}
    make = _watched(pack)

    def beat(table: str, done: int) -> None:
        _advance(context, table, done, 0, "measuring long values", "values")

    left = left_values(snapshot, connection, readable.values(), beat)

    def complete(table: Table) -> None:
        evidence = gathered[table.name]
        rows = _rows(connection, table, evidence)
        for name in unreadable.get(table.name, ()):
            # What SQLite cannot compute here is NULL in cleaned as well.
            evidence[name] = make(table, name)
            evidence[name].add_nulls(rows)
        counted[table.name] = _Counted(rows, evidence, columns_of(context, table, evidence))
        context.show(counted[table.name].told(table.name))

    def heard(part: Scanned) -> None:
        name = part.table.name
        if not part.readable:
            _count_rows(context, connection, part.table, part.columns, left.get(name, {}))
        add_left_values(connection, part.table, part.columns, left.get(name, {}), beat)
        gathered[name].update(part.columns)
        if len(gathered[name]) == len(readable[name].columns):
            complete(snapshot.catalog.table(name))

    small = _small(connection, tuple(readable.values()))
    done = 0
    for table in small:
        evidence = {column.name: make(table, column.name) for column in table.columns}
        heard(Scanned(table=table, columns=evidence, readable=False))
        done += len(evidence)
        pulse(table.name, done)
    scan(
        snapshot.path,
        context.directory.scratch,
        tuple(table for table in readable.values() if table not in small),
        make,
        context.cancel,
        lambda table, further: pulse(table, done + further),
        heard,
        left,
    )
    for table in tables:
        if table.name not in counted:
            complete(table)
    return counted


def _small(connection: sqlite3.Connection, tables: tuple[Table, ...]) -> frozenset[Table]:
    """The tables that SQLite counts sooner than DuckDB opens the file, which it does for each question.

    Tables without a rowid are left to DuckDB, which numbers their rows.
    """
    if len(tables) < _MANY_TABLES:
        return frozenset()
    most = {table: _SMALL_CELLS // max(1, len(table.columns)) for table in tables if table.rowid_name}
    return frozenset(
        table
        for table, rows in most.items()
        if connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {quote_identifier(table.name)} LIMIT ?)", (rows + 1,)
        ).fetchone()[0]
        <= rows
    )


def _watched(pack: RulePack | None) -> EvidenceMaker:
    """What makes a column's empty evidence, with what the rules of the pack look for in it."""
    watched = cache(partial(watches, pack))

    def make(table: Table, name: str) -> Evidence:
        watching = watched(table.name)
        return empty_evidence(table, name, watching.get(name, watching.get(None)))

    return make


def _without(table: Table, names: Collection[str]) -> Table:
    return replace(table, columns=tuple(column for column in table.columns if column.name not in names))


def _count_rows(
    context: Context,
    connection: sqlite3.Connection,
    table: Table,
    columns: dict[str, Evidence],
    left: Mapping[str, Collection[int]],
) -> None:
    """Fill the columns' evidence through SQLite, one GROUP BY a column so that memory stays small."""
    place = quote_identifier(table.rowid_name) if table.rowid_name else "NULL"
    source = quote_identifier(table.name)
    with context.cancel.interrupting(connection.interrupt):
        for name, evidence in columns.items():
            value_sql = unless_at(left.get(name, ()), place, quote_identifier(name))
            # A column's collation and 1 = 1.0 must not make one value of two.
            cursor = connection.execute(
                f"SELECT value, count(*), min(place) FROM (SELECT {value_sql} AS value, {place} AS place"
                f" FROM {source}) GROUP BY typeof(value), value COLLATE BINARY"
            )
            for number, (value, count, rowid) in enumerate(cursor):
                if value is None:
                    evidence.add_nulls(count)
                else:
                    evidence.add(value, count, rowid)
                if number % _BATCH == 0:
                    _advance(context, table.name, number, 0, f"counting {name} row by row", "values")


def _rows(connection: sqlite3.Connection, table: Table, columns: dict[str, Evidence]) -> int:
    for evidence in columns.values():
        return evidence.rows
    (rows,) = connection.execute(f"SELECT count(*) FROM {quote_identifier(table.name)}").fetchone()
    return int(rows)
