"""Records of a small service-desk migration, as the stages would leave them."""

from msgspec.structs import replace

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
from sdmigrate.model.finding import Finding, Sample
from sdmigrate.model.plan import Plan, TablePlan
from sdmigrate.model.profile import (
    Candidate,
    ClassCounts,
    ColumnProfile,
    KeyProfile,
    Profile,
    Quality,
    QualityPart,
    ReferenceProfile,
    TableProfile,
    TopValue,
)
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
from sdmigrate.model.so_far import Known, TableSoFar
from sdmigrate.model.source import Digests, Fingerprint, PreflightCheck, Snapshot, Source, TargetFacts
from sdmigrate.model.trial import Example, QuarantineEffect, RuleEffect, Trial
from sdmigrate.model.values import stored
from sdmigrate.pipeline.messages import Seen
from sdmigrate.rules import plan_file
from sdmigrate.rules.planning import propose

RUN_DIRECTORY = "/var/lib/sdmigrate/runs/20261123T021500Z-servicedesk.sqlite"
SOURCE = "/srv/exports/servicedesk.sqlite"
RELEASE = "servicedesk__r20261123T021500Z"
PREVIOUS = "servicedesk__r20260822T020103Z"
_FINGERPRINT = Fingerprint(size=12_582_912, modified_ns=1, change_counter=7)
_ROWS = {"tickets": 10_939, "comments": 108_129, "timesheets": 141_062}


def request(mode: Mode = "migrate", schema: str | None = "servicedesk") -> Request:
    return Request(mode=mode, source=SOURCE, target="embedded", schema=schema)


def _column(name: str, declared: str, proposed: str, **more: object) -> ColumnProfile:
    base = ColumnProfile(
        name=name,
        declared_type=declared,
        rows=10_939,
        nulls=0,
        empties=0,
        blanks=0,
        classes=ClassCounts(text=10_939),
        distinct=10_939,
        distinct_exact=True,
        proposed=proposed,
        confidence=1.0,
        reason="Every value fits.",
    )
    return replace_record(base, more)


def replace_record(record: ColumnProfile, changes: dict[str, object]) -> ColumnProfile:
    return replace(record, **changes)


def _columns() -> tuple[ColumnProfile, ...]:
    odd = stored("20/05/2025 8:42")
    return (
        _column("TKT-Ticket ID", "INTEGER", "bigint", classes=ClassCounts(integer=10_939)),
        _column(
            "TKT-Created Time",
            "TIMESTAMP",
            "timestamp",
            forms={"iso_datetime": 10_930, "dmy_hm": 9},
            distinct=10_412,
            reason="Every value is a date and time: 10,930 as ISO, 9 as D/M/YYYY H:MM.",
            minimum=stored("2024-01-02 07:58:11"),
            maximum=stored("2026-03-31 17:20:45"),
            longest_characters=19,
            top=(TopValue(value=stored("2025-05-20 08:42:00"), count=4),),
            candidates=(
                Candidate(type="timestamp", fits=10_939, misfits=0),
                Candidate(type="date", fits=120, misfits=10_819, examples=(Sample(rowid=17, value=odd),)),
            ),
        ),
        _column("TKT-Closure Date", "TEXT", "timestamp", nulls=212, empties=2_741, distinct=7_705),
        _column(
            "TKT-QA Review Completed",
            "TIMESTAMP",
            "timestamp",
            forms={"iso_datetime": 10_908, "ambiguous_day_month": 31},
            reason="All but 31 of 10,939 values are of type timestamp: 31 may be read day or month first.",
            confidence=0.9972,
            candidates=(Candidate(type="timestamp", fits=10_908, misfits=31),),
        ),
        _column("TKT-Related CI Ref#", "REAL", "text", nulls=10_920, confidence=0.6842, distinct=19),
        _column("TKT-Title", "TEXT", "text", distinct=9_804, longest_characters=240),
    )


FINDINGS = (
    Finding(
        code="ambiguous-day-month",
        severity="error",
        table="tickets",
        column="TKT-QA Review Completed",
        count=31,
        message="31 values read as a date by day first and by month first alike, and nothing settles which.",
        advice="Set day_first for the column in the plan; it is kept as text until then.",
        samples=tuple(Sample(rowid=row, value=stored(f"0{row}/04/2025")) for row in (3, 5, 7)),
    ),
    Finding(
        code="mixed-date-forms",
        severity="warning",
        table="tickets",
        column="TKT-Created Time",
        count=9,
        message="9 of 10,939 values are written D/M/YYYY H:MM among ISO ones.",
        advice="They are converted day first; look at the samples.",
        samples=(Sample(rowid=17, value=stored("20/05/2025 8:42")),),
    ),
    Finding(
        code="empty-means-null",
        severity="warning",
        table="tickets",
        column="TKT-Closure Date",
        count=2_741,
        message="2,741 empty texts stand where NULL is meant.",
        advice="They become NULL, audited.",
    ),
    Finding(
        code="orphans-suggested",
        severity="info",
        table="timesheets",
        column="TS-Crm ID",
        count=126_955,
        message="126,955 rows point at no ticket, as administrative time does.",
        advice="",
    ),
)


def quality(score: float) -> Quality:
    lost = 100 - score
    return Quality(
        score=score,
        parts=(
            QualityPart(
                name="completeness", score=40 - lost / 2, weight=40, costs=("TKT-Closure Date: 27 % missing",)
            ),
            QualityPart(name="validity", score=30 - lost / 2, weight=30, costs=("9 dates in another form",)),
            QualityPart(name="consistency", score=20, weight=20),
            QualityPart(name="uniqueness", score=5, weight=5),
            QualityPart(name="integrity", score=5, weight=5),
        ),
        tables={"tickets": score},
    )


def profile() -> Profile:
    tickets = TableProfile(
        name="tickets",
        rows=10_939,
        columns=_columns(),
        keys=(
            KeyProfile(
                columns=("TKT-Ticket ID",), declared=False, unique=False, duplicate_rows=2, null_rows=0
            ),
        ),
    )
    comments = TableProfile(
        name="comments",
        rows=108_129,
        columns=(_column("CT-TKT-ID", "INTEGER", "bigint", distinct=10_700),),
        references=(
            ReferenceProfile(
                columns=("CT-TKT-ID",),
                parent_table="tickets",
                parent_columns=("TKT-Ticket ID",),
                declared=False,
                orphans=14,
            ),
        ),
    )
    timesheets = TableProfile(
        name="timesheets",
        rows=141_062,
        columns=(_column("TS-Hours", "REAL", "double precision", distinct=48),),
    )
    return Profile(
        source_fingerprint=_FINGERPRINT,
        tables=(tickets, comments, timesheets),
        findings=FINDINGS,
        quality=quality(91.4),
    )


def sampled(rows: int = 2_048) -> Seen:
    """The tables as their samples have them."""
    return Seen(
        tables=tuple(
            TableSoFar(
                profile=replace(
                    table,
                    rows=rows,
                    columns=tuple(_of_sample(column, rows) for column in table.columns),
                    keys=(),
                    references=(),
                ),
                findings=tuple(
                    replace(finding, count=1)
                    for finding in FINDINGS
                    if finding.table == table.name and finding.code == "empty-means-null"
                ),
                known="sampled",
                rows=table.rows,
            )
            for table in profile().tables
        )
    )


def _of_sample(column: ColumnProfile, rows: int) -> ColumnProfile:
    share = rows / column.rows
    return replace(
        column,
        rows=rows,
        nulls=round(column.nulls * share),
        empties=round(column.empties * share),
        forms={form: max(1, round(number * share)) for form, number in column.forms.items()},
        distinct=min(column.distinct, rows),
        distinct_exact=False,
    )


def counted(*names: str, known: Known = "counted") -> Seen:
    """Those tables with every row counted."""
    return Seen(
        tables=tuple(
            TableSoFar(
                profile=table if known == "related" else replace(table, keys=(), references=()),
                findings=tuple(finding for finding in FINDINGS if finding.table == table.name),
                known=known,
                rows=table.rows,
            )
            for table in profile().tables
            if table.name in names
        )
    )


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
            fingerprint=_FINGERPRINT,
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
            source_fingerprint=_FINGERPRINT,
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
            source_fingerprint=_FINGERPRINT,
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
            source_fingerprint=_FINGERPRINT,
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
                loaded=ledger.loaded if loaded else 0,
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
