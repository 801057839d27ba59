"""Clean: a new file that PostgreSQL can take as it is, with an audit trail, a quarantine and a ledger.

Per table, in this order: rows outside the plan's condition are excluded (by the snapshot's values); values
are converted; rows with a value that does not fit, or a NULL where none may be, go to quarantine; rows that
share a key are deduplicated (by cleaned values). At the end rows whose parent is not among those left are
settled as the plan says. A row leaves once, by the first of these that takes it.

Invariant: the three files appear under their final names only after cleaned with the audit trail applied
backwards was proven equal to the snapshot, and after the ledger balanced. The snapshot is only read.
"""

from collections.abc import Iterator
from contextlib import closing

from sdmigrate.model.catalog import Table
from sdmigrate.model.errors import InternalFault, UnsafeToContinue
from sdmigrate.model.events import Advanced
from sdmigrate.model.finding import Finding, in_order
from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile, TableProfile
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.result import Cleaned, TableLedger
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.canonical import settled
from sdmigrate.rules.ledger import check_balance
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import sync, written_whole
from sdmigrate.sqlite.audit import (
    count_changes,
    count_removed,
    count_rules,
    create_audit,
    keep_whole_table,
    open_audit,
)
from sdmigrate.sqlite.clean_findings import (
    changed_findings,
    quarantine_findings,
    removed_findings,
    unreadable_findings,
)
from sdmigrate.sqlite.cleaned import (
    copy_table,
    count_cleaned,
    create_gone,
    duplicate_keys,
    exclude_rows,
    give_reason,
    list_duplicates,
    quarantine_nulls,
    take_out,
)
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.orphans import settle_orphans
from sdmigrate.sqlite.pending import Asked, PendingRows, pending_rows
from sdmigrate.sqlite.quarantine import count_quarantined, create_quarantine
from sdmigrate.sqlite.repairs import next_mapping, repair_column
from sdmigrate.sqlite.undo_proof import lost_tables
from sdmigrate.sqlite.workbench import CleaningFiles, Workbench, open_workbench, telling_full_disk
from sdmigrate.stages.aside import Aside, aside
from sdmigrate.stages.rescore import rescore

_PROVING = 2
"""Threads that prove tables; the largest are begun first, so that both end at about the same time."""


def clean(context: Context, snapshot: Snapshot, profile: Profile, plan: Plan) -> Cleaned:
    """Write cleaned, audit trail and quarantine into the run directory, proven reversible.

    Raises:
        UnsafeToContinue: snapshot, profile and plan are not of one source.
        Refused: the plan says that a value found here fails the run.
        UsageProblem: a condition of the plan cannot be evaluated.
        InternalFault: the ledger does not balance, or the snapshot does not come back from what was written.
        Aborted: the operator asked to stop.
        Interrupted: the disk is full or health no longer holds.
    """
    _refuse_mismatch(snapshot, profile, plan)
    place = context.directory
    # Cleaned is the outermost: under its final name it says that the other two are there as well.
    with (
        telling_full_disk(place.cleaned),
        written_whole(place.cleaned) as cleaned,
        written_whole(place.audit) as audit,
        written_whole(place.quarantine) as quarantine,
    ):
        files = CleaningFiles(cleaned=cleaned, audit=audit, quarantine=quarantine)
        ledgers, findings = _write(context, snapshot, profile, plan, files)
        check_balance(ledgers)
        with aside(context, _PROVING + 1) as other:
            # The disk has its time while the processor proves; at the end there is little left to wait for.
            synced = other.start(sync, cleaned)
            tables = iter(sorted(snapshot.catalog.tables, key=lambda table: -profile.table(table.name).rows))
            lost = [other.start(_prove, other, files, snapshot, tables) for _ in range(_PROVING)]
            quality = rescore(context, snapshot, profile, plan, ledgers, files)
            _require_none([table for some in lost for table in other.awaited(some)])
            other.awaited(synced)
        with closing(open_audit(audit)) as connection:
            findings = (*findings, *changed_findings(count_rules(connection)))
    return Cleaned(
        path=str(place.cleaned),
        audit_path=str(place.audit),
        quarantine_path=str(place.quarantine),
        source_fingerprint=snapshot.source_fingerprint,
        plan_id=plan.plan_id,
        ledgers=ledgers,
        quality=quality,
        findings=in_order(findings),
    )


def _refuse_mismatch(snapshot: Snapshot, profile: Profile, plan: Plan) -> None:
    for name, fingerprint in (("profile", profile.source_fingerprint), ("plan", plan.source_fingerprint)):
        if fingerprint != snapshot.source_fingerprint:
            raise UnsafeToContinue(
                f"The {name} was made for another state of the source than the snapshot.",
                "Start a new run, so that every stage sees the same source.",
            )
    missing = {table.name for table in snapshot.catalog.tables} - {table.source for table in plan.tables}
    if missing:
        raise UnsafeToContinue(
            f"The plan does not decide on {', '.join(sorted(missing))}.",
            "Make the plan again from this snapshot's profile.",
        )


def _prove(
    other: Aside, files: CleaningFiles, snapshot: Snapshot, tables: Iterator[Table]
) -> tuple[str, ...]:
    """Those of the tables that do not come back."""
    total, reason = len(snapshot.catalog.tables), "proving the way back"

    def beat(table: str, done: int) -> None:
        at = Advanced(stage="clean", table=table, done=done, total=total, unit="tables", reason=reason)
        other.beat(at)

    return lost_tables(files, snapshot, beat, tables)


def _require_none(lost: list[str]) -> None:
    if lost:
        raise InternalFault(
            f"Cleaned with the audit trail applied backwards is not the snapshot: {', '.join(lost)}.",
            "Nothing was kept of this cleaning. Keep the run directory and report this.",
        )


def _write(
    context: Context, snapshot: Snapshot, profile: Profile, plan: Plan, files: CleaningFiles
) -> tuple[tuple[TableLedger, ...], tuple[Finding, ...]]:
    with open_workbench(files, snapshot, context.events, context.cancel) as bench:
        create_audit(bench)
        create_quarantine(bench)
        create_gone(bench)
        clean_tables(bench, profile, plan, context.cancel)
        settle_orphans(bench, plan)
        ledgers = tuple(count_rows(bench, table, plan.table(table.name)) for table in bench.catalog.tables)
        return ledgers, findings_of(bench, plan, ledgers)


def findings_of(bench: Workbench, plan: Plan, ledgers: tuple[TableLedger, ...]) -> tuple[Finding, ...]:
    """What the files hold to be told, but for the rules that changed values."""
    findings = list(unreadable_findings(bench))
    for table, ledger in zip(bench.catalog.tables, ledgers, strict=True):
        findings.extend(quarantine_findings(bench, table))
        findings.extend(removed_findings(ledger, plan.table(table.name)))
    return tuple(findings)


def clean_tables(bench: Workbench, profile: Profile, plan: Plan, cancel: CancelSignal) -> None:
    """Clean the tables into the open files; in the run, and in the trial that tells what the run would do.

    Raises:
        Refused: the plan says that a value found here fails the run.
        UsageProblem: the plan's condition cannot be evaluated.
        Aborted: the operator asked to stop.
    """
    asked = [
        Asked(table, column, evidence, bench.unreadable.get(table.name, frozenset()))
        for table in bench.catalog.tables
        if plan.table(table.name).include
        for column, evidence in _unsettled(profile.table(table.name), plan.table(table.name))
    ]
    # SQLite looks through the snapshot without the interpreter, while it copies here.
    with pending_rows(bench.snapshot_path, bench.catalog, asked, cancel) as pending:
        for table in bench.catalog.tables:
            _clean_table(bench, table, profile.table(table.name), plan.table(table.name), pending)


def _unsettled(profile: TableProfile, plan: TablePlan) -> Iterator[tuple[ColumnPlan, ColumnProfile]]:
    """The columns that may hold a value to be repaired."""
    for column in plan.columns:
        evidence = profile.column(column.source)
        if not settled(column, evidence):
            yield column, evidence


def _clean_table(
    bench: Workbench, table: Table, profile: TableProfile, plan: TablePlan, pending: PendingRows
) -> None:
    if not plan.include:
        bench.pulse.beat(table.name, 0, profile.rows, "leaving out")
        keep_whole_table(bench, table)
        return
    copy_table(bench, table, profile.rows)
    if plan.where.strip():
        exclude_rows(bench, table, plan.where)
    first_mapping = next_mapping(bench)
    changed = set()
    for column, _ in _unsettled(profile, plan):
        bench.pulse.beat(table.name, profile.rows, profile.rows, f"converting {column.source}")
        if repair_column(bench, table, column, pending.of_next(bench.pulse.again)):
            changed.add(column.source)
    bench.pulse.beat(table.name, profile.rows, profile.rows, "looking for NULLs and duplicates")
    quarantine_nulls(bench, table, tuple(column.source for column in plan.columns if column.not_null))
    take_out(bench, table, None, first_mapping)
    _deduplicate(bench, table, profile, plan, changed, first_mapping)


def _deduplicate(
    bench: Workbench,
    table: Table,
    profile: TableProfile,
    plan: TablePlan,
    changed: set[str],
    first_mapping: int,
) -> None:
    if plan.duplicates == "keep":
        return
    for key, nulls_equal in duplicate_keys(table, plan):
        if changed.isdisjoint(key) and _is_unique(profile, plan, key):
            continue
        if not list_duplicates(bench, table, plan, key, nulls_equal=nulls_equal):
            continue
        if plan.duplicates == "quarantine":
            give_reason(bench, table, "duplicate-key", f"same {', '.join(key)} as a row that stays")
            take_out(bench, table, None, first_mapping)
        else:
            take_out(bench, table, "deduplicated", first_mapping)


def _is_unique(profile: TableProfile, plan: TablePlan, key: tuple[str, ...]) -> bool:
    """Whether the snapshot's values are known to be unique."""
    for column in key:
        # 1.5 and 1.50 are two texts, and one number to PostgreSQL.
        if plan.column(column).type.startswith("numeric") and profile.column(column).classes.text:
            return False
    return any(known.unique and set(known.columns) == set(key) for known in profile.keys)


def count_rows(bench: Workbench, table: Table, plan: TablePlan) -> TableLedger:
    """The table's ledger, every number counted in the files."""
    return TableLedger(
        table=table.name,
        read=bench.scalar(f"SELECT count(*) FROM snapshot.{quote_identifier(table.name)}"),
        loaded=count_cleaned(bench, table) if plan.include else 0,
        quarantined=count_quarantined(bench, table),
        deduplicated=count_removed(bench, table, "deduplicated"),
        excluded=count_removed(bench, table, "excluded"),
        changed=count_changes(bench, table),
    )
