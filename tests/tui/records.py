"""Records of a small service-desk migration, as the stages would leave them."""

from sdmigrate.model.blueprint import Blueprint, TargetColumn, TargetForeignKey, TargetKey, TargetTable
from sdmigrate.model.catalog import Catalog, Column, ForeignKey, Table
from sdmigrate.model.events import (
    FindingSummary,
    Outcome,
    QualityPair,
    RunFinished,
    StageName,
    StageSummary,
    TableSummary,
)
from sdmigrate.model.plan import Plan, TablePlan
from sdmigrate.model.record import Record
from sdmigrate.model.result import (
    CanaryResult,
    Cleaned,
    QueryResult,
    Release,
    Switch,
    TableDigest,
    TableLedger,
    TableVerification,
    Verification,
)
from sdmigrate.model.settings import Mode, Request
from sdmigrate.model.source import Digests, PreflightCheck, Snapshot, Source, TargetFacts
from sdmigrate.model.trial import Example, QuarantineEffect, RuleEffect, Trial
from sdmigrate.model.values import stored
from sdmigrate.rules import plan_file
from sdmigrate.rules.planning import propose
from tests.tui.profiles import FINDINGS, FINGERPRINT, profile, quality

RUN_DIRECTORY = "/var/lib/sdmigrate/runs/20261123T021500Z-servicedesk.sqlite"
SOURCE = "/srv/exports/servicedesk.sqlite"
RELEASE = "servicedesk__r20261123T021500Z"
PREVIOUS = "servicedesk__r20260822T020103Z"
_ROWS = {"tickets": 10_939, "comments": 108_129, "timesheets": 141_062}


def request(mode: Mode = "migrate", schema: str | None = "servicedesk") -> Request:
    return Request(mode=mode, source=SOURCE, target="embedded", schema=schema)


def plan() -> Plan:
    return propose(catalog(), profile())


def decides_otherwise(text: str) -> bool:
    """Whether a plan's file makes another plan than ``plan``."""
    return plan_file.read(text, catalog(), profile()).plan_id != plan().plan_id


_OF_ITS_TICKET = ForeignKey(columns=("CT-TKT-ID",), parent_table="tickets", parent_columns=("TKT-Ticket ID",))


def catalog() -> Catalog:
    return Catalog(
        tables=tuple(
            Table(
                name=table.name,
                columns=tuple(
                    Column(
                        name=column.name, declared_type=column.declared_type, affinity="TEXT", not_null=False
                    )
                    for column in table.columns
                ),
                foreign_keys=(_OF_ITS_TICKET,) if table.name == "comments" else (),
            )
            for table in profile().tables
        )
    )


def _digest(rows: int) -> TableDigest:
    return TableDigest(rows=rows, sum=str(rows * 7_919 * 10**12))


LEDGERS = (
    TableLedger(table="tickets", read=10_939, loaded=10_925, quarantined=12, deduplicated=2, changed=2_750),
    TableLedger(table="comments", read=108_129, loaded=108_129, changed=41),
    TableLedger(table="timesheets", read=141_062, loaded=141_062),
)


def verification(share: float = 1.0) -> Verification:
    return Verification(
        release=RELEASE,
        plan_id=plan().plan_id,
        tables=tuple(
            TableVerification(
                table=ledger.table,
                target=ledger.table,
                expected=_digest(int(ledger.loaded * share)),
                actual=_digest(int(ledger.loaded * share)),
                verdict="changed" if ledger.changed else "identical",
            )
            for ledger in LEDGERS
        ),
    )


def _blueprint() -> Blueprint:
    return Blueprint(
        plan_id=plan().plan_id,
        tables=tuple(
            TargetTable(
                source=table.name,
                name=table.name,
                columns=tuple(
                    TargetColumn(source=column.name, name=column.name, type=column.proposed)
                    for column in table.columns
                ),
                primary_key=TargetKey(name="tickets_pkey", columns=("TKT-Ticket ID",))
                if table.name == "tickets"
                else None,
                foreign_keys=(
                    TargetForeignKey(
                        name="comments_fkey",
                        columns=("CT-TKT-ID",),
                        parent="tickets",
                        parent_columns=("TKT-Ticket ID",),
                    ),
                )
                if table.name == "comments"
                else (),
            )
            for table in profile().tables
        ),
    )


def results() -> dict[StageName, Record]:
    """Every stage's record."""
    digests = Digests(md5="0" * 32, sha256="1" * 64)
    switch = Switch(schema="servicedesk", release=RELEASE, previous=PREVIOUS, milliseconds=41.0)
    return {
        "preflight": Source(
            path=SOURCE,
            fingerprint=FINGERPRINT,
            reading="immutable_wal",
            catalog=catalog(),
            target=TargetFacts(described="embedded", version=180001, live_exists=True, live_is_ours=True),
            checks=(
                PreflightCheck(
                    name="source", verdict="pass", message="3 tables, 12.0 MiB, WAL, cleanly closed."
                ),
                PreflightCheck(name="free disk", verdict="pass", message="81.2 GiB free, 66.0 MiB needed."),
                PreflightCheck(
                    name="memory",
                    verdict="warn",
                    message="3.1 GiB available, 4.0 GiB recommended.",
                    hint="Close other programs, or expect the profile to spill to disk.",
                ),
                PreflightCheck(name="target", verdict="pass", message="PostgreSQL 18.1, reached."),
            ),
        ),
        "backup": Snapshot(
            path=RUN_DIRECTORY + "/snapshot.sqlite",
            source_fingerprint=FINGERPRINT,
            source_digests=digests,
            snapshot_digests=digests,
            catalog=catalog(),
        ),
        "profile": profile(),
        "plan": plan(),
        "clean": Cleaned(
            path=RUN_DIRECTORY + "/cleaned.sqlite",
            audit_path=RUN_DIRECTORY + "/audit.sqlite",
            quarantine_path=RUN_DIRECTORY + "/quarantine.sqlite",
            source_fingerprint=FINGERPRINT,
            plan_id=plan().plan_id,
            ledgers=LEDGERS,
            quality=quality(96.2),
        ),
        "canary": CanaryResult(
            plan_id=plan().plan_id,
            rows=26_011,
            tables={name: rows // 10 for name, rows in _ROWS.items()},
            verification=verification(0.1),
            rows_per_second=412_000,
            bytes_per_row=310,
            passed=True,
            queries=(
                QueryResult(name="open tickets by priority", rows=4),
                QueryResult(name="mean resolution time", rows=1),
            ),
        ),
        "load": Release(
            name=RELEASE,
            schema="servicedesk",
            plan_id=plan().plan_id,
            source_fingerprint=FINGERPRINT,
            blueprint=_blueprint(),
            rows={ledger.table: ledger.loaded for ledger in LEDGERS},
        ),
        "verify": verification(),
        "cutover": switch,
        "rollback": Switch(schema="servicedesk", release=PREVIOUS, previous=RELEASE, milliseconds=38.0),
    }


def finished(outcome: Outcome, exit_code: int, stages: tuple[StageName, ...]) -> RunFinished:
    """The last line of a journey that ran these stages."""
    loaded = "load" in stages
    released = outcome == "released"
    return RunFinished(
        outcome=outcome,
        exit_code=exit_code,
        schema="servicedesk",
        release=RELEASE if loaded else None,
        # A rehearsal switches as well, on schemas that are gone by then.
        previous=PREVIOUS if released or outcome == "rehearsed" else None,
        target="embedded",
        run_dir=RUN_DIRECTORY,
        quality=QualityPair(before=91.4, after=96.2 if "clean" in stages else None),
        stages=tuple(StageSummary(name=stage, status="done", seconds=1.0) for stage in stages),
        tables=tuple(
            TableSummary(
                source=ledger.table,
                target=ledger.table,
                read=ledger.read,
                loaded=ledger.loaded,
                quarantined=ledger.quarantined,
                deduplicated=ledger.deduplicated,
                excluded=ledger.excluded,
                changed=ledger.changed,
                verified=("changed" if ledger.changed else "identical")
                if "verify" in stages
                else "not_checked",
            )
            for ledger in LEDGERS
            if "clean" in stages
        ),
        findings=tuple(
            FindingSummary(
                code=finding.code,
                severity=finding.severity,
                table=finding.table,
                column=finding.column,
                count=finding.count,
            )
            for finding in FINDINGS
        ),
    )


def trial(plan: TablePlan) -> Trial:
    """What a scripted child says of any plan for tickets: the empties by its rule, and two misfits."""
    ledger = next((one for one in LEDGERS if one.table == plan.source), LEDGERS[-1])
    if plan.source != "tickets":
        return Trial(table=plan.source, ledger=ledger)
    empties = Example(before=stored(""), after=stored(None), count=2_741, rowid=4)
    dated = Example(before=stored("20/05/2025 8:42"), after=stored("2025-05-20 08:42:00"), count=9, rowid=17)
    lost = Example(before=stored("31/06/2025 11:20"), after=None, count=12, rowid=106)
    return Trial(
        table="tickets",
        ledger=ledger,
        rules=(
            RuleEffect(column="TKT-Closure Date", rule="empty-to-null", values=2_741, examples=(empties,)),
            RuleEffect(column="TKT-Created Time", rule="date-form", values=9, examples=(dated,)),
        ),
        quarantined=(
            QuarantineEffect(
                column="TKT-Created Time", reason="a date that no calendar has", rows=12, examples=(lost,)
            ),
        ),
    )
