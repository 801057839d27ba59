"""Replay: repaired rows out of quarantine into the release, before its cutover or while it is live.

Invariant: a repaired row passes the plan's conversion, then PostgreSQL, then the comparison of its digest on
both sides; it is loaded or it stays in quarantine with a reason. PostgreSQL's commit decides: what it holds
is moved from quarantine into cleaned, in this call or after a kill in the next.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from sdmigrate.model.blueprint import TargetColumn, TargetTable
from sdmigrate.model.errors import InternalFault, Refused
from sdmigrate.model.events import Advanced
from sdmigrate.model.finding import Finding, in_order
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile, Quality
from sdmigrate.model.replay import BegunReplay, RefusedRow, RepairedRow, Replay
from sdmigrate.model.result import Cleaned, Release, TableDigest, TableLedger, TableVerification, Verification
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Snapshot
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
from sdmigrate.rules.ledger import check_balance
from sdmigrate.rules.repaired import Unfit, judge_repaired
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import make_private_directory, private_file
from sdmigrate.sqlite.audit import count_rules, open_audit
from sdmigrate.sqlite.clean_findings import changed_findings
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.content_digest import combined
from sdmigrate.sqlite.copied_table import reading_cleaned
from sdmigrate.sqlite.exact_values import row_from_json
from sdmigrate.sqlite.quarantine import open_quarantine
from sdmigrate.sqlite.repaired_rows import (
    editing_quarantine,
    give_new_reasons,
    kept_row,
    kept_table,
    repaired_rows,
)
from sdmigrate.sqlite.replaying import FitRow, move_row, write_fit_rows
from sdmigrate.sqlite.row_reader import table_reader
from sdmigrate.sqlite.undo import undone_digests
from sdmigrate.sqlite.value_digests import expected
from sdmigrate.sqlite.workbench import CleaningFiles, Workbench, open_workbench
from sdmigrate.stages.clean import count_rows, findings_of
from sdmigrate.stages.filling import may_be_real
from sdmigrate.stages.replay_findings import (
    LEFT_BY_LOAD,
    LEFT_BY_VERIFY,
    left_not_valid,
    rows_replayed,
    settled,
    validated,
)
from sdmigrate.stages.rescore import rescore
from sdmigrate.stages.verify import compare

_HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Replayable:
    """What a run that has verified its release knows."""

    snapshot: Snapshot
    profile: Profile
    plan: Plan
    cleaned: Cleaned
    release: Release
    verification: Verification


@dataclass(frozen=True)
class Replayed:
    """What is true of the run from now on."""

    replay: Replay
    cleaned: Cleaned
    release: Release
    verification: Verification


def replay(
    context: Context,
    endpoint: Endpoint,
    base: Replayable,
    begun: BegunReplay,
    begin: Callable[[BegunReplay], None],
) -> Replayed:
    """Bring every repaired row that fits into the release; those that do not get new reasons.

    Args:
        context: the run's.
        endpoint: its target.
        base: what the run knows.
        begun: what an earlier call had begun and perhaps not finished.
        begin: keeps what is begun now on disk; to be cleared when the results are.

    Raises:
        UnsafeToContinue: the release is neither verified nor live, or its schema is held by another run.
        Refused: the release with these rows does not verify; it was unpublished and is to be left so.
        InternalFault: the snapshot does not come back from what was written.
        TargetUnreachable, Interrupted, Aborted: as ``load``; nothing is half done.
    """
    bookkeeping = Bookkeeping(context.bookkeeping)
    with (
        held(endpoint, bookkeeping, base.release.schema, context.run_id),
        connect(endpoint, purpose="replay") as connection,
        guarding(context.cancel, connection),
    ):
        work = _Work(context, connection, bookkeeping, base)
        recorded = release_to_repair(connection, bookkeeping, base.release.name)
        arrived = work.arrived(begun.rows)
        waiting = [row for row in work.repaired() if row not in arrived]
        fit, refused = work.judge(waiting)
        if fit:
            chosen = {(row.table, row.rowid) for row in fit}
            begin(BegunReplay(rows=(*begun.rows, *(r for r in waiting if (r.table, r.rowid) in chosen))))
        inserted, refusals = work.insert(recorded, fit)
        refused = (*refused, *refusals)
        old, _ = work.judge(arrived)
        with editing_quarantine(work.files.quarantine) as quarantine:
            give_new_reasons(quarantine, refused)
        cleaned, release, moved = work.settle((*old, *inserted))
        valid, release = work.validate(recorded, release)
        verification = work.verify(endpoint, recorded, cleaned, release)
    left = (*base.cleaned.findings, *left_not_valid(base.release), *left_not_valid(base.verification))
    still = (*cleaned.findings, *left_not_valid(release), *left_not_valid(verification))
    findings = in_order((*still, *valid, *settled(left, still)))
    done = Replay(release=release.name, replayed=moved, refused=refused, findings=findings)
    return Replayed(replay=done, cleaned=cleaned, release=release, verification=verification)


@dataclass(frozen=True)
class _Work:
    """One replay over one connection."""

    context: Context
    connection: Connection
    bookkeeping: Bookkeeping
    base: Replayable

    @cached_property
    def files(self) -> CleaningFiles:
        cleaned = self.base.cleaned
        return CleaningFiles(Path(cleaned.path), Path(cleaned.audit_path), Path(cleaned.quarantine_path))

    @cached_property
    def tables(self) -> dict[str, TargetTable]:
        """By source name."""
        return {table.source: table for table in self.base.release.blueprint.tables}

    def repaired(self) -> tuple[RepairedRow, ...]:
        with closing(open_quarantine(self.files.quarantine)) as quarantine:
            return repaired_rows(quarantine)

    def arrived(self, begun: Iterable[RepairedRow]) -> list[RepairedRow]:
        """Those that an earlier call brought into the target and did not take out of quarantine."""
        there = self._there()
        stays = {(row.table, row.rowid) for row in self.repaired()}
        return [
            row
            for row in begun
            if (row.table, row.rowid) in stays and (self.tables[row.table].name, row.rowid) in there
        ]

    def judge(self, rows: Iterable[RepairedRow]) -> tuple[tuple[FitRow, ...], tuple[RefusedRow, ...]]:
        """The plan's own check."""
        fit: list[FitRow] = []
        refused: list[RefusedRow] = []
        with closing(open_quarantine(self.files.quarantine)) as quarantine:
            for row in rows:
                before = kept_row(quarantine, kept_table(quarantine, row.table), row.rowid)
                if before is None:
                    raise InternalFault(
                        f"Row {row.rowid} of {row.table!r} has a reason and is not in quarantine.",
                        "Keep the run directory and report this.",
                    )
                found = judge_repaired(self.base.plan.table(row.table), before, row_from_json(row.repaired))
                if isinstance(found, Unfit):
                    refused.append(
                        RefusedRow(
                            table=row.table,
                            rowid=row.rowid,
                            finding=found.code,
                            column=found.column,
                            reason=found.reason,
                        )
                    )
                else:
                    fit.append(FitRow(row.table, row.rowid, found.cells, found.rules))
        return tuple(fit), tuple(refused)

    def insert(
        self, recorded: RecordedRelease, fit: tuple[FitRow, ...]
    ) -> tuple[tuple[FitRow, ...], tuple[RefusedRow, ...]]:
        """The rows that PostgreSQL took, in one transaction, and those that it refused."""
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
            with reading_cleaned(path) as fit:
                side = expected(fit, source, [(each.source, each.type) for each in table.columns])
                wanted = dict(side.row_digests())
                for row in table_reader(fit, source, copied, may_be_real(table)).rows(None):
                    if (source, row.high) in waiting:
                        self._tell(source)
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

    def settle(self, rows: tuple[FitRow, ...]) -> tuple[Cleaned, Release, dict[str, int]]:
        """Move the rows into cleaned and count again; also the rows moved by table."""
        base, moved = self.base, dict[str, int]()
        with open_workbench(
            self.files, base.snapshot, self.context.events, self.context.cancel, finished=True
        ) as bench:
            for row in rows:
                moved[row.table] = moved.get(row.table, 0) + move_row(bench, row)
            ledgers = tuple(
                count_rows(bench, table, base.plan.table(table.name)) for table in bench.catalog.tables
            )
            check_balance(ledgers)
            findings = findings_of(bench, base.plan, ledgers)
            release = self._release(bench, ledgers)
        self._prove()
        with closing(open_audit(self.files.audit)) as audit:
            changed = tuple(changed_findings(count_rules(audit)))
        told = (*findings, *changed, *rows_replayed(self.base.release, self._there()))
        quality = self._quality(ledgers)
        return (
            msgspec.structs.replace(
                base.cleaned, ledgers=ledgers, findings=in_order(told), digests={}, quality=quality
            ),
            release,
            {table: count for table, count in moved.items() if count},
        )

    def _release(self, bench: Workbench, ledgers: tuple[TableLedger, ...]) -> Release:
        release = self.base.release
        loaded = {ledger.table: ledger.loaded for ledger in ledgers}
        tables = tuple(
            msgspec.structs.replace(
                table, columns=tuple(_following(bench, table, column) for column in table.columns)
            )
            for table in release.blueprint.tables
        )
        return msgspec.structs.replace(
            release,
            rows={table.source: loaded[table.source] for table in tables},
            blueprint=msgspec.structs.replace(release.blueprint, tables=tables),
        )

    def _quality(self, ledgers: tuple[TableLedger, ...]) -> Quality:
        """The score with the rows that came since the last; the same ledgers mean that none did."""
        base = self.base
        if ledgers == base.cleaned.ledgers:
            return base.cleaned.quality
        path = self.files.cleaned
        return rescore(self.context, base.snapshot, base.profile, base.plan, ledgers, path, "replay")

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

    def _prove(self) -> None:
        undone = undone_digests(self.files, self.base.snapshot.catalog, lambda table, _: self._tell(table))
        if combined(undone) != self.base.cleaned.snapshot_digest:
            raise InternalFault(
                "Cleaned with the audit trail applied backwards is no longer the snapshot.",
                "Keep the run directory and report this; the target holds the rows.",
            )

    def _there(self) -> set[tuple[str, int]]:
        """Target table and locator of every row that was replayed."""
        return replayed_rows(self.connection, self.bookkeeping, self.base.release.name)

    def verify(
        self, endpoint: Endpoint, recorded: RecordedRelease, cleaned: Cleaned, release: Release
    ) -> Verification:
        """An unpublished release whole again; of a live one, which may be written to, what was proven."""
        if recorded.state == "verified":
            path = self.files.cleaned
            found = compare(self.context, endpoint, release, cleaned, path=path, stage="replay", known={})
            if not found.passed:
                raise Refused(
                    f"The release {release.name!r} with its repaired rows does not verify.",
                    "Look at 'sdmigrate report'; load again in a new run.",
                )
            return found
        now = release_to_repair(self.connection, self.bookkeeping, release.name)
        digests = {name: published.digest for name, published in now.digests.items()}
        judged = tuple(_judged(each, digests[each.target], cleaned) for each in self.base.verification.tables)
        broken = unvalidated(self.connection, _schema_of(recorded), release.blueprint.tables)
        known = self.base.verification.findings
        others = (finding for finding in known if finding.code != LEFT_BY_VERIFY)
        return msgspec.structs.replace(
            self.base.verification, tables=judged, findings=in_order((*others, *broken))
        )

    def _tell(self, table: str) -> None:
        self.context.cancel.raise_if_set()
        self.context.events.emit(
            Advanced(stage="replay", table=table, done=0, total=None, reason="replaying repaired rows")
        )

    @contextmanager
    def _fit_rows(self, fit: tuple[FitRow, ...]) -> Iterator[Path]:
        """A private file of cleaned's shape with these rows, removed on leaving."""
        make_private_directory(self.context.directory.scratch)
        path = self.context.directory.scratch / "replay.sqlite"
        path.unlink(missing_ok=True)
        private_file(path)
        try:
            write_fit_rows(path, self.base.snapshot.catalog, fit)
            yield path
        finally:
            path.unlink(missing_ok=True)


def _schema_of(recorded: RecordedRelease) -> str:
    """Where the release's tables are now."""
    return recorded.stable if recorded.state == "live" else recorded.name


def _following(bench: Workbench, table: TargetTable, column: TargetColumn) -> TargetColumn:
    """The column with the next id behind the highest of cleaned."""
    if column.identity_next is None:
        return column
    highest = bench.scalar(
        f"SELECT max({quote_identifier(column.source)}) FROM main.{quote_identifier(table.source)}"
    )
    if highest == _HIGHEST_ID:
        return msgspec.structs.replace(column, identity_exhausted=True)
    return msgspec.structs.replace(column, identity_next=max(column.identity_next, highest + 1))


def _judged(table: TableVerification, digest: TableDigest, cleaned: Cleaned) -> TableVerification:
    ledger = cleaned.ledger(table.table)
    whole = ledger.changed == 0 and ledger.read == ledger.loaded
    return msgspec.structs.replace(
        table, expected=digest, actual=digest, verdict="identical" if whole else "changed"
    )
