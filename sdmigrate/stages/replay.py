"""Replay: repaired rows out of quarantine into the release, before its cutover or while it is live.

Invariant: a repaired row passes the plan's conversion, then PostgreSQL, then the comparison of its digest on
both sides; it is loaded or it stays in quarantine with a reason. PostgreSQL's commit decides: what it holds
is moved from quarantine into cleaned, in this call or after a kill in the next.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from sdmigrate.model.blueprint import TargetTable
from sdmigrate.model.errors import Refused
from sdmigrate.model.finding import Finding, in_order
from sdmigrate.model.replay import BegunReplay, RefusedRow, RepairedRow, Replay
from sdmigrate.model.result import Cleaned, Release, TableDigest, TableVerification, Verification
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping, RecordedRelease
from sdmigrate.postgres.connect import Connection, connect, guarding
from sdmigrate.postgres.locks import held
from sdmigrate.postgres.proofs import unvalidated
from sdmigrate.postgres.replaying import (
    Refusal,
    Replayer,
    release_to_repair,
    replayed_rows,
    validate_references,
)
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import make_private_directory, private_file
from sdmigrate.sqlite.copied_table import reading_values
from sdmigrate.sqlite.replaying import FitRow, write_fit_rows
from sdmigrate.sqlite.row_reader import table_reader
from sdmigrate.sqlite.value_digests import expected
from sdmigrate.stages.filling import may_be_real
from sdmigrate.stages.readmission import Readmission, following_ids
from sdmigrate.stages.replay_findings import (
    LEFT_BY_LOAD,
    LEFT_BY_VERIFY,
    left_not_valid,
    rows_replayed,
    settled,
    validated,
)
from sdmigrate.stages.verify import compare


@dataclass(frozen=True)
class Replayed:
    """What is true of the run from now on."""

    replay: Replay
    cleaned: Cleaned
    release: Release
    verification: Verification


def replay(
    readmission: Readmission,
    endpoint: Endpoint,
    release: Release,
    verification: Verification,
    begun: BegunReplay,
    begin: Callable[[BegunReplay], None],
) -> Replayed:
    """Bring every repaired row that fits into the release; those that do not get new reasons.

    Args:
        readmission: the run's repaired rows.
        endpoint: its target.
        release: what it loaded.
        verification: of that release.
        begun: what an earlier call had begun and perhaps not finished.
        begin: keeps what is begun now on disk; to be cleared when the results are.

    Raises:
        UnsafeToContinue: the release is neither verified nor live, or its schema is held by another run.
        Refused: the release with these rows does not verify; it was unpublished and is to be left so.
        InternalFault: the snapshot does not come back from what was written.
        TargetUnreachable, Interrupted, Aborted: as ``load``; nothing is half done.
    """
    context = readmission.context
    bookkeeping = Bookkeeping(context.bookkeeping)
    with (
        held(endpoint, bookkeeping, release.schema, context.run_id),
        connect(endpoint, purpose="replay") as connection,
        guarding(context.cancel, connection),
    ):
        work = _Work(readmission, connection, bookkeeping, release, verification)
        recorded = release_to_repair(connection, bookkeeping, release.name)
        arrived = work.arrived(begun.rows)
        waiting = [row for row in readmission.repaired() if row not in arrived]
        fit, refused = readmission.judge(waiting)
        if fit:
            begin(begun.with_rows(waiting, {(row.table, row.rowid) for row in fit}))
        inserted, refusals = work.insert(recorded, fit)
        refused = (*refused, *refusals)
        old, _ = readmission.judge(arrived)
        readmission.refuse(refused)
        admitted = readmission.admit((*old, *inserted))
        cleaned = work.telling(admitted.cleaned)
        valid, loaded = work.validate(recorded, work.loaded(cleaned))
        proven = work.verify(endpoint, recorded, cleaned, loaded)
    before = readmission.cleaned.findings
    left = (*before, *left_not_valid(release), *left_not_valid(verification))
    still = (*cleaned.findings, *left_not_valid(loaded), *left_not_valid(proven))
    findings = in_order((*still, *valid, *settled(left, still)))
    done = Replay(release=release.name, replayed=admitted.moved, refused=refused, findings=findings)
    return Replayed(replay=done, cleaned=cleaned, release=loaded, verification=proven)


@dataclass(frozen=True)
class _Work:
    """One replay over one connection."""

    readmission: Readmission
    connection: Connection
    bookkeeping: Bookkeeping
    release: Release
    verification: Verification

    @property
    def context(self) -> Context:
        return self.readmission.context

    @property
    def _fit_file(self) -> Path:
        return self.context.directory.scratch / "replay.sqlite"

    @cached_property
    def tables(self) -> dict[str, TargetTable]:
        """By source name."""
        return {table.source: table for table in self.release.blueprint.tables}

    def arrived(self, begun: Iterable[RepairedRow]) -> list[RepairedRow]:
        """Those that an earlier call brought into the target and did not take out of quarantine."""
        there = self._there()
        stays = {(row.table, row.rowid) for row in self.readmission.repaired()}
        return [
            row
            for row in begun
            if (row.table, row.rowid) in stays and (self.tables[row.table].name, row.rowid) in there
        ]

    def insert(
        self, recorded: RecordedRelease, fit: tuple[FitRow, ...]
    ) -> tuple[tuple[FitRow, ...], tuple[RefusedRow, ...]]:
        """The rows that PostgreSQL took, in one transaction, and those that it refused."""
        # A call that was killed right behind its commit left it, and may have left no row to insert.
        self._fit_file.unlink(missing_ok=True)
        if not fit:
            return (), ()
        replayer = Replayer(
            self.connection,
            self.bookkeeping,
            recorded,
            _schema_of(recorded),
            self.context.limits.lock_timeout_ms,
        )
        refusals: dict[tuple[str, int], Refusal] = {}
        pending = {(row.table, row.rowid) for row in fit}
        with self._fit_rows(fit) as path, self.connection.transaction():
            replayer.begin(self.context.run_id)
            before = len(pending) + 1
            # Again as long as one more got in: a parent of these may come after its child.
            while pending and len(pending) < before:
                before = len(pending)
                for place, refusal in self._round(replayer, path, pending):
                    if refusal is None:
                        refusals.pop(place, None)
                        pending.discard(place)
                    else:
                        refusals[place] = refusal
                        if not refusal.waits:
                            pending.discard(place)
            for table in {row.table for row in fit}:
                replayer.follow_identity(self.tables[table])
            replayer.finish()
        inserted = tuple(row for row in fit if (row.table, row.rowid) not in refusals)
        return inserted, tuple(self._refused(*place, refusal) for place, refusal in refusals.items())

    def _round(
        self, replayer: Replayer, path: Path, pending: set[tuple[str, int]]
    ) -> Iterator[tuple[tuple[str, int], Refusal | None]]:
        """Each pending row, table by table, and what PostgreSQL says to it."""
        waiting = frozenset(pending)
        for source in sorted({source for source, _ in waiting}):
            table = self.tables[source]
            copied = [column.source for column in table.copied]
            with reading_values(path) as fit:
                side = expected(fit, source, [(each.source, each.type) for each in table.columns])
                wanted = dict(side.row_digests())
                for row in table_reader(fit, source, copied, may_be_real(table)).rows(None):
                    if (source, row.high) in waiting:
                        self.readmission.tell(source)
                        refusal = replayer.insert(table, row.high, row.cells, wanted[row.high])
                        yield (source, row.high), refusal

    def _refused(self, source: str, rowid: int, refusal: Refusal) -> RefusedRow:
        names = {column.name: column.source for column in self.tables[source].columns}
        column = names.get(refusal.column) if refusal.column is not None else None
        return RefusedRow(
            table=source,
            rowid=rowid,
            finding="replay-refused",
            column=column,
            reason=refusal.reason,
            sqlstate=refusal.sqlstate,
        )

    def telling(self, cleaned: Cleaned) -> Cleaned:
        """Cleaned with what is told of the rows that were replayed, before the load or after it."""
        counts = dict(cleaned.replayed)
        for table in self.release.blueprint.tables:
            came = sum(1 for name, _ in self._there() if name == table.name)
            counts[table.source] = counts.get(table.source, 0) + came
        told = rows_replayed(counts, self.release.name)
        return msgspec.structs.replace(cleaned, findings=in_order((*cleaned.findings, *told)))

    def loaded(self, cleaned: Cleaned) -> Release:
        """The release as it is with the rows."""
        blueprint = following_ids(self.release.blueprint, Path(cleaned.path))
        return msgspec.structs.replace(
            self.release,
            rows={table.source: cleaned.ledger(table.source).loaded for table in blueprint.tables},
            blueprint=blueprint,
        )

    def validate(self, recorded: RecordedRelease, release: Release) -> tuple[tuple[Finding, ...], Release]:
        """What foreign keys hold now that did not, and the release without what is no longer so."""
        if not self._there():
            return (), release
        schema, tables = _schema_of(recorded), release.blueprint.tables
        valid = validate_references(self.connection, schema, tables, self.context.limits.lock_timeout_ms)
        broken = {finding.table for finding in unvalidated(self.connection, schema, tables)}
        findings = tuple(
            finding for finding in release.findings if finding.code != LEFT_BY_LOAD or finding.table in broken
        )
        told = tuple(validated(valid))
        return told, msgspec.structs.replace(release, findings=findings)

    def _there(self) -> set[tuple[str, int]]:
        """Target table and locator of every row that was replayed."""
        return replayed_rows(self.connection, self.bookkeeping, self.release.name)

    def verify(
        self, endpoint: Endpoint, recorded: RecordedRelease, cleaned: Cleaned, release: Release
    ) -> Verification:
        """An unpublished release whole again; of a live one, which may be written to, what was proven."""
        if recorded.state == "verified":
            path = self.readmission.files.cleaned
            found = compare(self.context, endpoint, release, cleaned, path=path, stage="replay", known={})
            if not found.passed:
                raise Refused(
                    f"The release {release.name!r} with its repaired rows does not verify.",
                    "Look at 'sdmigrate report'; load again in a new run.",
                )
            return found
        now = release_to_repair(self.connection, self.bookkeeping, release.name)
        digests = {name: published.digest for name, published in now.digests.items()}
        judged = tuple(_judged(each, digests[each.target], cleaned) for each in self.verification.tables)
        broken = unvalidated(self.connection, _schema_of(recorded), release.blueprint.tables)
        known = self.verification.findings
        others = (finding for finding in known if finding.code != LEFT_BY_VERIFY)
        return msgspec.structs.replace(
            self.verification, tables=judged, findings=in_order((*others, *broken))
        )

    @contextmanager
    def _fit_rows(self, fit: tuple[FitRow, ...]) -> Iterator[Path]:
        """A private file of cleaned's shape with these rows, removed on leaving."""
        make_private_directory(self.context.directory.scratch)
        path = self._fit_file
        private_file(path)
        try:
            write_fit_rows(path, self.readmission.snapshot.catalog, fit)
            yield path
        finally:
            path.unlink(missing_ok=True)


def _schema_of(recorded: RecordedRelease) -> str:
    """Where the release's tables are now."""
    return recorded.stable if recorded.state == "live" else recorded.name


def _judged(table: TableVerification, digest: TableDigest, cleaned: Cleaned) -> TableVerification:
    ledger = cleaned.ledger(table.table)
    whole = ledger.changed == 0 and ledger.read == ledger.loaded
    return msgspec.structs.replace(
        table, expected=digest, actual=digest, verdict="identical" if whole else "changed"
    )
