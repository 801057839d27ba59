"""The profile: what the values of every column are, counted over all rows of the snapshot.

Invariant: reads the snapshot only. What DuckDB cannot read is counted row by row through SQLite, with the
same result.
"""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from sdmigrate.duck.scan import scan
from sdmigrate.model.catalog import Column, Table
from sdmigrate.model.errors import SourceUnusable, UsageProblem
from sdmigrate.model.events import Advanced
from sdmigrate.model.finding import Finding, in_order
from sdmigrate.model.profile import ColumnProfile, Profile, TableProfile
from sdmigrate.model.source import Snapshot
from sdmigrate.model.values import stored
from sdmigrate.rules.declared_types import declared_digits, declared_length
from sdmigrate.rules.evidence import Evidence, interest_of
from sdmigrate.rules.likely_keys import LikelyParents
from sdmigrate.rules.profile_findings import column_findings
from sdmigrate.rules.quality import score
from sdmigrate.rules.rule_pack import RulePack, read_rule_pack
from sdmigrate.rules.rule_results import rule_findings
from sdmigrate.rules.types import Proposal, day_order, propose, settle_day_order
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import make_private_directory
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.row_order import unreadable_of
from sdmigrate.stages.profile_keys import profile_keys, profile_references
from sdmigrate.stages.profile_rules import rule_results

_BATCH = 10_000


def profile(context: Context, snapshot: Snapshot) -> Profile:
    """Count, propose, find and score.

    Raises:
        UsageProblem: the rule pack of the request cannot be read.
        SourceUnusable: a table cannot be read even row by row.
        Aborted: the operator asked to stop.
    """
    pack = rule_pack(context)
    try:
        return _profile(context, snapshot, pack)
    except sqlite3.DatabaseError as error:
        raise SourceUnusable(
            f"The snapshot {snapshot.path} cannot be read through: {error}.",
            "Check the source with PRAGMA integrity_check; recover it with sqlite3's .recover.",
        ) from error


def _profile(context: Context, snapshot: Snapshot, pack: RulePack | None) -> Profile:
    catalog = snapshot.catalog
    with closing(open_read_only(snapshot.path, catalog=catalog)) as connection:
        evidence = _gather(context, snapshot, connection)
        findings: list[Finding] = []
        tables: list[TableProfile] = []
        parents = LikelyParents(catalog, evidence)
        with context.cancel.interrupting(connection.interrupt):
            for table in catalog.tables:
                columns, told = _columns(context, table, evidence[table.name])
                keys, told_of_keys = profile_keys(connection, table, evidence[table.name])
                references, told_of_references = profile_references(
                    connection, catalog, table, evidence[table.name], parents
                )
                findings += [*told, *told_of_keys, *told_of_references]
                tables.append(
                    TableProfile(
                        name=table.name,
                        rows=_rows(connection, table, evidence[table.name]),
                        columns=columns,
                        keys=keys,
                        references=references,
                    )
                )
                _advance(
                    context, table.name, len(tables), len(catalog.tables), "keys and references", "tables"
                )
            results = rule_results(context, connection, catalog, tuple(tables), pack)
    return Profile(
        source_fingerprint=snapshot.source_fingerprint,
        tables=tuple(tables),
        findings=in_order((*findings, *rule_findings(pack, catalog, results))),
        quality=score(catalog, tuple(tables), pack, results),
    )


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


def _empty_evidence(table: Table, name: str) -> Evidence:
    column = table.column(name)
    return Evidence(
        interest=interest_of(column),
        declared_digits=declared_digits(column),
        declared_length=declared_length(column),
    )


def _gather(
    context: Context, snapshot: Snapshot, connection: sqlite3.Connection
) -> dict[str, dict[str, Evidence]]:
    """Every column's evidence, by table and column."""
    tables = snapshot.catalog.tables
    total = sum(len(table.columns) for table in tables)
    make_private_directory(context.directory.scratch)

    def pulse(table: str, done: int) -> None:
        _advance(context, table, done, total, "counting values", "columns")

    gathered: dict[str, dict[str, Evidence]] = {table.name: {} for table in tables}
    pulse(tables[0].name if tables else "", 0)
    unreadable = unreadable_of(connection, "main", snapshot.catalog)
    readable = [_without(table, unreadable.get(table.name, frozenset())) for table in tables]
    scanned = scan(snapshot.path, context.directory.scratch, readable, _empty_evidence, context.cancel, pulse)
    for part in scanned:
        if not part.readable:
            pulse(part.table.name, 0)
            _count_rows(context, connection, part.table, part.columns)
        gathered[part.table.name].update(part.columns)
    for table in tables:
        for name in unreadable.get(table.name, ()):
            # What SQLite cannot compute here is NULL in cleaned as well.
            gathered[table.name][name] = _empty_evidence(table, name)
            gathered[table.name][name].add_nulls(_rows(connection, table, gathered[table.name]))
    return gathered


def _without(table: Table, names: Collection[str]) -> Table:
    return replace(table, columns=tuple(column for column in table.columns if column.name not in names))


def _count_rows(
    context: Context, connection: sqlite3.Connection, table: Table, columns: dict[str, Evidence]
) -> None:
    """Fill the columns' evidence through SQLite, one GROUP BY a column so that memory stays small."""
    place = quote_identifier(table.rowid_name) if table.rowid_name else "NULL"
    source = quote_identifier(table.name)
    with context.cancel.interrupting(connection.interrupt):
        for name, evidence in columns.items():
            column = quote_identifier(name)
            # A column's collation and 1 = 1.0 must not make one value of two.
            cursor = connection.execute(
                f"SELECT {column}, count(*), min({place}) FROM {source}"
                f" GROUP BY typeof({column}), {column} COLLATE BINARY"
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


def _columns(
    context: Context, table: Table, evidence: dict[str, Evidence]
) -> tuple[tuple[ColumnProfile, ...], Iterator[Finding]]:
    orders = {name: day_order(found) for name, found in evidence.items()}
    profiles = []
    proposals = {}
    for column in table.columns:
        found = evidence[column.name]
        sisters = tuple(order for name, order in orders.items() if name != column.name)
        proposals[column.name] = propose(
            column,
            found,
            day_first=settle_day_order(found, sisters, context.request.day_first),
            confidence=context.limits.confidence,
            is_rowid=column.name == table.rowid_alias,
        )
        profiles.append(_column_profile(column, found, proposals[column.name]))
    findings = (
        finding
        for column in table.columns
        for finding in column_findings(table, column, evidence[column.name], proposals[column.name])
    )
    return tuple(profiles), findings


def _column_profile(column: Column, evidence: Evidence, proposal: Proposal) -> ColumnProfile:
    low, high = evidence.bounds()
    return ColumnProfile(
        name=column.name,
        declared_type=column.declared_type,
        rows=evidence.rows,
        nulls=evidence.nulls,
        empties=evidence.count("empty"),
        blanks=evidence.count("blank"),
        classes=evidence.classes,
        distinct=evidence.distinct,
        distinct_exact=True,
        proposed=proposal.type,
        confidence=proposal.confidence,
        reason=proposal.reason,
        forms=evidence.forms,
        minimum=None if low is None else stored(low),
        maximum=None if high is None else stored(high),
        longest_characters=evidence.longest_characters,
        longest_bytes=evidence.longest_bytes,
        nul_texts=evidence.nul_count,
        invalid_utf8=evidence.invalid_count,
        infinite=evidence.count("not_finite", "real"),
        non_integral=evidence.non_integral,
        fraction_digits=evidence.fraction_digits,
        top=evidence.top(),
        candidates=proposal.candidates,
        form=proposal.form,
        day_first=proposal.day_first,
    )
