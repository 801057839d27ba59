"""Canary: a sample of cleaned through the load's and the verification's own code, then dropped.

Beside it, while PostgreSQL works, what the target must hold after the load is told from all of cleaned.

Invariant: nothing of it is left in the target, however it ends; after a kill the next canary or an abort of
the run drops it, since its name is made from the run's.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from sdmigrate.model.blueprint import Blueprint, TargetTable
from sdmigrate.model.errors import SdmigrateError, UsageProblem
from sdmigrate.model.events import Advanced
from sdmigrate.model.result import CanaryResult, Cleaned, MustHold, QueryResult, TableDigest
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import connect, guarding
from sdmigrate.postgres.digests import DIGEST_FORM
from sdmigrate.postgres.loading import schema_octets
from sdmigrate.postgres.locks import held
from sdmigrate.postgres.queries import Query, run_queries, split_queries
from sdmigrate.postgres.releases import drop_release
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import make_private_directory, private_file
from sdmigrate.sqlite.copied_table import reading_values
from sdmigrate.sqlite.sample import Link, write_sample
from sdmigrate.sqlite.value_digests import expected
from sdmigrate.stages.aside import Aside, aside
from sdmigrate.stages.filling import Filling
from sdmigrate.stages.verify import compare

_TELLING = 2
"""Threads that tell what PostgreSQL must hold, table by table."""


def canary(context: Context, endpoint: Endpoint, blueprint: Blueprint, cleaned: Cleaned) -> CanaryResult:
    """Load, verify, query and drop ``<schema>__c<stamp>``.

    Raises:
        Refused: PostgreSQL does not take a row of the sample, or a key does not hold in it.
        UsageProblem: the run names no schema, or the file of queries cannot be read.
        UnsafeToContinue: another run holds the schema's lock.
        TargetUnreachable: the target cannot be reached.
        Interrupted: the connection or the server failed.
        Aborted: the operator stopped it; the sample's schema is dropped.
    """
    if context.request.schema is None:
        raise UsageProblem("The run names no schema to load into.", "Name one with --schema.")
    stable, bookkeeping = context.request.schema, Bookkeeping(context.bookkeeping)
    queries = read_queries(context.request.queries_path)
    with _sample(context) as sample, aside(context, _TELLING) as other:
        # The largest are begun first, so that both threads end at about the same time.
        waiting = iter(sorted(blueprint.tables, key=lambda table: -_rows_of(cleaned, table)))
        told = [other.start(_digests, other, cleaned.path, waiting) for _ in range(_TELLING)]
        tables = write_sample(
            cleaned.path,
            cleaned.audit_path if Path(cleaned.audit_path).is_file() else None,
            sample,
            [table.source for table in blueprint.tables],
            _links(blueprint),
            context.limits.canary_share,
            lambda table: _beat(context, table),
        )
        filling = Filling(
            context=context,
            blueprint=blueprint,
            cleaned=cleaned,
            path=sample,
            stable=stable,
            name=f"{stable}__c{context.stamp}",
            rows=tables,
            stage="canary",
        )
        with (
            held(endpoint, bookkeeping, stable, context.run_id),
            _dropped(endpoint, bookkeeping, filling.name),
        ):
            began = time.perf_counter()
            release = filling.run(endpoint)
            seconds = time.perf_counter() - began
            verification = compare(context, endpoint, release, cleaned, path=sample, stage="canary", known={})
            with connect(endpoint, purpose="canary") as connection, guarding(context.cancel, connection):
                results: tuple[QueryResult, ...] = tuple(run_queries(connection, release.name, queries))
                octets = schema_octets(connection, release.name)
        must_hold = dict(digest for some in told for digest in other.awaited(some))
    rows = sum(tables.values())
    return CanaryResult(
        plan_id=cleaned.plan_id,
        rows=rows,
        tables=tables,
        verification=verification,
        rows_per_second=rows / seconds,
        bytes_per_row=octets / rows if rows else 0.0,
        passed=verification.passed and all(result.error is None for result in results),
        queries=results,
        findings=release.findings,
        must_hold=MustHold(tables=must_hold, form=DIGEST_FORM),
    )


def _rows_of(cleaned: Cleaned, table: TargetTable) -> int:
    return next(ledger.loaded for ledger in cleaned.ledgers if ledger.table == table.source)


def _digests(
    other: Aside, cleaned: str, waiting: Iterator[TargetTable]
) -> tuple[tuple[str, TableDigest], ...]:
    """Source name and digest of each table that no other thread takes from the iterator."""
    with reading_values(cleaned) as rows, other.context.cancel.interrupting(rows.interrupt):
        return tuple(
            (
                table.source,
                expected(
                    rows, table.source, [(column.source, column.type) for column in table.columns]
                ).digest(partial(_beat_of_rows, other, table.source)),
            )
            for table in waiting
        )


def _beat_of_rows(other: Aside, table: str, done: int) -> None:
    reason = "telling what PostgreSQL must hold"
    other.beat(Advanced(stage="canary", table=table, done=done, total=None, reason=reason))


def read_queries(path: str | None) -> tuple[Query, ...]:
    """The operator's queries; none where no file is named.

    Raises:
        UsageProblem: the file cannot be read.
    """
    if path is None:
        return ()
    try:
        return split_queries(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(
            f"The file of queries {path!r} cannot be read: {error}.", "Name a file of SQL in UTF-8."
        ) from error


def _links(blueprint: Blueprint) -> list[Link]:
    """The foreign keys by source names."""
    source = {table.name: table.source for table in blueprint.tables}
    column = {
        (table.name, column.name): column.source for table in blueprint.tables for column in table.columns
    }
    return [
        Link(
            child=table.source,
            columns=tuple(column[table.name, name] for name in key.columns),
            parent=source[key.parent],
            parent_columns=tuple(column[key.parent, name] for name in key.parent_columns),
        )
        for table in blueprint.tables
        for key in table.foreign_keys
    ]


def _beat(context: Context, table: str) -> None:
    context.cancel.raise_if_set()
    context.events.emit(Advanced(stage="canary", table=table, done=0, total=None, reason="choosing rows"))


@contextmanager
def _sample(context: Context) -> Iterator[Path]:
    """An empty private file for the sample, removed on leaving."""
    make_private_directory(context.directory.scratch)
    sample = context.directory.scratch / "canary.sqlite"
    sample.unlink(missing_ok=True)
    private_file(sample)
    try:
        yield sample
    finally:
        sample.unlink(missing_ok=True)


@contextmanager
def _dropped(endpoint: Endpoint, bookkeeping: Bookkeeping, name: str) -> Iterator[None]:
    """Drop what a killed canary left, and on leaving what this one made."""
    drop_release(endpoint, name, bookkeeping=bookkeeping)
    try:
        yield
    except BaseException:
        # What went wrong first is what the operator must hear; the next canary or an abort drops the rest.
        with suppress(SdmigrateError):
            drop_release(endpoint, name, bookkeeping=bookkeeping)
        raise
    drop_release(endpoint, name, bookkeeping=bookkeeping)
