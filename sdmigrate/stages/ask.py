"""PostgreSQL's own word on an inspection: its tables, a sample with all that is odd, the operator's queries.

Invariant: all of it is rolled back; what the profile believes and PostgreSQL refuses is a finding.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing

from sdmigrate.model.blueprint import MOST_COLUMNS, Blueprint, TargetTable
from sdmigrate.model.catalog import Table
from sdmigrate.model.events import Advanced
from sdmigrate.model.finding import Finding, Sample
from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan
from sdmigrate.model.profile import Profile, TableProfile
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Snapshot
from sdmigrate.model.values import Value, stored
from sdmigrate.postgres.asking import Refusal, ask_queries, ask_table
from sdmigrate.postgres.connect import connect, guarding
from sdmigrate.rules.conversion import Changed, Kept, convert, fill
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.stages.canary import read_queries

_ROWS = 200
"""Of a table, beside those that findings name."""
_LONGEST = 1_000_000
"""Octets of a value that is sent."""
_SAMPLES = 5

_Row = tuple[int | None, tuple[Value, ...]]


def ask(
    context: Context,
    endpoint: Endpoint,
    snapshot: Snapshot,
    profile: Profile,
    plan: Plan,
    blueprint: Blueprint,
) -> tuple[Finding, ...]:
    """The findings that PostgreSQL gives.

    Raises:
        UsageProblem: the file of queries cannot be read.
        TargetUnreachable: the target cannot be reached.
        Interrupted: the connection or the server failed.
        Aborted: the operator asked to stop.
    """
    queries = read_queries(context.request.queries_path)
    findings: list[Finding] = []
    with (
        closing(open_read_only(snapshot.path, catalog=snapshot.catalog)) as source,
        connect(endpoint, purpose="inspect") as connection,
        guarding(context.cancel, connection),
        connection.transaction(force_rollback=True),
    ):
        # A table that is too wide is told from the catalog, and SQLite could not even select its columns.
        tables = [table for table in blueprint.tables if len(table.columns) <= MOST_COLUMNS]
        for done, table in enumerate(tables):
            _advance(context, table, done, len(tables))
            declared, evidence = snapshot.catalog.table(table.source), profile.table(table.source)
            rows = list(_rows(source, declared, evidence, profile, plan.table(table.source), table))
            # Tables stay for the queries alone: each one that stays holds locks.
            with connection.transaction(force_rollback=not queries):
                refusals = tuple(ask_table(connection, table, [values for _, values in rows]))
            findings += _refused(table, rows, refusals)
        findings += [
            _finding("query-refused", None, None, 1, f"The query {result.name!r} fails: {result.error}.")
            for result in ask_queries(connection, queries)
            if result.error is not None
        ]
    return tuple(findings)


def _advance(context: Context, table: TargetTable, done: int, total: int) -> None:
    context.cancel.raise_if_set()
    context.events.emit(
        Advanced(
            stage="profile",
            table=table.source,
            done=done,
            total=total,
            unit="tables",
            reason="asking PostgreSQL",
        )
    )


def _rows(
    source: sqlite3.Connection,
    declared: Table,
    evidence: TableProfile,
    profile: Profile,
    plan: TablePlan,
    table: TargetTable,
) -> Iterator[_Row]:
    """Sample rows in their final form; one with a misfit is told by the profile already."""
    columns = [plan.column(column.source) for column in table.copied]
    for place, *values in _sampled(source, declared, evidence, profile, columns):
        final = [_final(value, column) for value, column in zip(values, columns, strict=True)]
        if all(fits for fits, _ in final):
            yield place, tuple(value for _, value in final)


def _sampled(
    source: sqlite3.Connection,
    declared: Table,
    evidence: TableProfile,
    profile: Profile,
    columns: Sequence[ColumnPlan],
) -> Iterator[tuple[int | None, *tuple[Value, ...]]]:
    names = [quote_identifier(column.source) for column in columns]
    place = quote_identifier(declared.rowid_name) if declared.rowid_name else "NULL"
    short = " AND ".join(
        f"coalesce(length({quote_identifier(column.name)}), 0) <= {_LONGEST}"
        for column in evidence.columns
        if column.longest_bytes > _LONGEST
    )
    select = (
        f"SELECT {', '.join((place, *names))} FROM {quote_identifier(declared.name)} WHERE {short or '1'}"
    )
    yield from source.execute(f"{select} LIMIT {_ROWS}")
    if declared.rowid_name is None:
        return
    odd = {
        sample.rowid
        for finding in profile.findings
        if finding.table == declared.name
        for sample in finding.samples
        if sample.rowid is not None
    }
    for rowid in sorted(odd):
        yield from source.execute(f"{select} AND {place} = ?", (rowid,))


def _final(value: Value, column: ColumnPlan) -> tuple[bool, Value]:
    outcome = fill(column) if value is None else convert(value, column)
    match outcome:
        case None | Kept():
            return True, value
        case Changed(after=after):
            return True, after
        case _:
            return False, None


def _refused(table: TargetTable, rows: Sequence[_Row], refusals: Sequence[Refusal]) -> Iterator[Finding]:
    grouped: dict[tuple[int | None, bool], list[Refusal]] = defaultdict(list)
    for refusal in refusals:
        grouped[refusal.column, refusal.row is None].append(refusal)
    for (place, is_table), group in grouped.items():
        column = None if place is None else table.copied[place]
        samples = tuple(
            Sample(rowid=rows[each.row][0], value=stored(rows[each.row][1][place]))
            for each in group[:_SAMPLES]
            if each.row is not None and place is not None
        )
        what = (
            f"PostgreSQL does not create the table {table.name!r}"
            if is_table
            else f"PostgreSQL refuses {len(group)} of {len(rows)} sample rows"
            + (f" for {column.name!r} as {column.type}" if column is not None else "")
        )
        yield _finding(
            "refused-by-postgresql",
            table.source,
            None if column is None else column.source,
            len(group),
            f"{what}: {group[0].message}.",
            samples,
        )


def _finding(
    code: str,
    table: str | None,
    column: str | None,
    count: int,
    message: str,
    samples: tuple[Sample, ...] = (),
) -> Finding:
    return Finding(
        code=code,
        severity="error",
        table=table,
        column=column,
        count=count,
        message=message,
        advice="Decide otherwise in the plan; a migration would stop at its canary."
        if code == "refused-by-postgresql"
        else "Correct the query, or the names and types in the plan that it counts on.",
        samples=samples,
    )
