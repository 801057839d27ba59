"""Backup: the snapshot of the source with its digests and integrity, and a dump of a live schema in the way.

Invariant: the snapshot stands under its name only when it is whole, and it is the file that every later stage
reads; the source is not opened again.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.events import Advanced
from sdmigrate.model.finding import Finding, in_order
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Damage, Digests, Fingerprint, Snapshot, Source
from sdmigrate.postgres.dump import dump
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import written_whole
from sdmigrate.sqlite.catalog import read_catalog
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE
from sdmigrate.sqlite.opening import fingerprint, open_source
from sdmigrate.sqlite.overflow import PageLinks
from sdmigrate.sqlite.salvage import Readable, keep_readable, readable_of
from sdmigrate.sqlite.snapshot import check_integrity, digests_of, messages_of_table, take_snapshot
from sdmigrate.stages.integrity import damage_findings, integrity_findings, is_structural

_HEARTBEAT_SECONDS = 0.5

Result = TypeVar("Result")


def backup(context: Context, source: Source, endpoint: Endpoint | None) -> Snapshot:
    """Take the snapshot of the source that preflight saw.

    Raises:
        UnsafeToContinue: in a migration, the source changed since preflight.
        SourceUnusable: the source stays locked by another program.
        Interrupted: the snapshot cannot be written.
        TargetUnreachable: the live schema cannot be dumped.
        Aborted: the operator stopped it; no snapshot is left.
    """
    path, snapshot = Path(source.path), context.directory.snapshot
    before = _unchanged(context, source)
    with (
        written_whole(snapshot) as partial,
        open_source(path, context.directory.scratch, context.cancel) as connection,
    ):
        take_snapshot(connection, partial, context.cancel, _pages(context))
        unparsed = connection.unparsed
    links = PageLinks()
    of_source, of_snapshot, integrity = _proofs(context, path, snapshot, links)
    after = fingerprint(path)
    with closing(open_read_only(snapshot, trusted_schema=source.catalog.trusted_schema)) as connection:
        catalog = read_catalog(connection)
    shape = _shape(catalog)
    damages, catalog = _without_damage(context, snapshot, catalog, integrity)
    if any(not damage.whole for damage in damages):
        links = PageLinks()
        of_snapshot = digests_of(snapshot, context.cancel, links.note)
    findings = (
        *damage_findings(damages),
        *integrity_findings(integrity, damages, unparsed=bool(unparsed)),
        *_change_findings(source, after, shape),
    )
    return Snapshot(
        path=str(snapshot),
        source_fingerprint=before,
        source_digests=of_source,
        snapshot_digests=of_snapshot,
        catalog=replace(catalog, others=(*catalog.others, *unparsed)),
        integrity=integrity,
        may_hold_long=links.may_hold_longer(LONGEST_WHOLE),
        damages=damages,
        dump_path=dumped_live(context, source, endpoint),
        findings=in_order(findings),
    )


def _unchanged(context: Context, source: Source) -> Fingerprint:
    """The source's fingerprint now, which only where nothing is published may differ from preflight's."""
    now = fingerprint(source.path)
    if now != source.fingerprint and context.request.mode == "migrate":
        raise UnsafeToContinue(
            f"The source {source.path} changed since preflight looked at it.",
            "Stop the application that writes to it, then start a new run.",
        )
    return now


def _pages(context: Context) -> Callable[[int, int, str], None]:
    """A hearer of the copy's progress that passes it on as events."""

    def advance(done: int, total: int, reason: str) -> None:
        context.events.emit(
            Advanced(stage="backup", table=None, done=done, total=total, unit="pages", reason=reason)
        )

    return advance


def _proofs(
    context: Context, source: Path, snapshot: Path, links: PageLinks
) -> tuple[Digests, Digests, tuple[str, ...]]:
    """Digests of both files and the snapshot's integrity, side by side since none waits for Python.

    ``links`` are noted of the snapshot.
    """
    total = source.stat().st_size + snapshot.stat().st_size
    lock, done = threading.Lock(), 0

    def advance(piece: bytes) -> None:
        nonlocal done
        with lock:
            done += len(piece)

    def advance_noting(piece: bytes) -> None:
        links.note(piece)
        advance(piece)

    def tell() -> None:
        context.events.emit(
            Advanced(
                stage="backup",
                table=None,
                done=done,
                total=total,
                unit="bytes",
                reason="computing digests and checking integrity",
            )
        )

    with ThreadPoolExecutor(max_workers=2) as pool:
        integrity = pool.submit(check_integrity, snapshot, context.cancel)
        of_source = pool.submit(digests_of, source, context.cancel, advance)
        of_snapshot = pool.submit(digests_of, snapshot, context.cancel, advance_noting)
        return _awaited(of_source, tell), _awaited(of_snapshot, tell), _awaited(integrity, tell)


def _awaited(future: Future[Result], tell: Callable[[], None]) -> Result:
    """The result, with a sign of life while it takes its time."""
    while not wait((future,), timeout=_HEARTBEAT_SECONDS).done:
        tell()
    return future.result()


def dumped_live(context: Context, source: Source, endpoint: Endpoint | None) -> str | None:
    """Dump the live schema, where there is one; the dump's path."""
    if source.target is None or not source.target.live_exists:
        return None
    schema = context.request.schema
    if endpoint is None or schema is None:
        raise UsageProblem(
            "A live schema cannot be dumped without its target.", "Name --target and --schema."
        )
    dump(endpoint, schema, context.directory.dump, context.cancel)
    return str(context.directory.dump)


def _without_damage(
    context: Context, snapshot: Path, catalog: Catalog, integrity: tuple[str, ...]
) -> tuple[tuple[Damage, ...], Catalog]:
    """The damaged tables; the snapshot has afterwards what of them can be read, as the catalog says."""
    if not any(map(is_structural, integrity)):
        return (), catalog
    damages: list[Damage] = []
    broken: dict[str, Readable] = {}
    for table in catalog.tables:
        with closing(open_read_only(snapshot, catalog=catalog)) as connection:
            messages = messages_of_table(connection, table.name, context.cancel)
        told = tuple(filter(is_structural, messages))
        if not told:
            continue
        readable = readable_of(snapshot, catalog, table, context.cancel)
        # What is read whole and in order and has indexes is hardly what is damaged: they are.
        if readable.whole and table.indexes:
            continue
        if not readable.whole:
            broken[table.name] = readable
        stretches = readable.stretches if table.rowid_name else ()
        damages.append(
            Damage(
                table=table.name,
                rows=readable.rows,
                whole=readable.whole,
                ranges=tuple((stretch.first, stretch.last) for stretch in stretches),
                messages=told,
            )
        )
    catalog, kept = keep_readable(snapshot, catalog, broken)
    return tuple(replace(one, rows=kept.get(one.table, one.rows)) for one in damages), catalog


def _change_findings(source: Source, after: Fingerprint, shape: tuple[str, ...]) -> tuple[Finding, ...]:
    """What a writer did meanwhile: the snapshot is consistent, but not the last word."""
    if after == source.fingerprint:
        return ()
    schema = " Its schema changed as well." if shape != _shape(source.catalog) else ""
    return (
        Finding(
            code="source-changed-during-backup",
            severity="warning",
            table=None,
            column=None,
            count=0,
            message=f"The source was written to since preflight looked at it.{schema}",
            advice="The snapshot is consistent, but not the last word: a migration needs the writer stopped.",
        ),
    )


def _shape(catalog: Catalog) -> tuple[str, ...]:
    """The texts of all tables, which differ where the schema does."""
    return tuple(table.sql for table in catalog.tables)
