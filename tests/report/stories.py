"""Stories to tell: a released migration, an inspection and a refused run, with hostile names and values."""

from msgspec.structs import replace

from sdmigrate.model.blueprint import Blueprint
from sdmigrate.model.catalog import Catalog
from sdmigrate.model.events import (
    GateJudged,
    QualityPair,
    RunFinished,
    StageSummary,
    TableSummary,
)
from sdmigrate.model.finding import Finding, Sample
from sdmigrate.model.profile import (
    ClassCounts,
    ColumnProfile,
    KeyProfile,
    Profile,
    Quality,
    QualityPart,
    TableProfile,
    TopValue,
)
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
from sdmigrate.model.source import Digests, Fingerprint, PreflightCheck, Snapshot, Source
from sdmigrate.model.values import stored
from sdmigrate.report.story import RunStory
from sdmigrate.sqlite.audit import RuleCount

HOSTILE = "a|b`c\n[red]<script>alert(1)</script>\x1b[31m\u202e&amp; *x* \x00"
SECRET = "Zaphod 42"
FINGERPRINT = Fingerprint(size=4096, modified_ns=1, change_counter=1)
QUALITY = Quality(
    score=94.25,
    parts=(
        QualityPart(name="completeness", score=38.0, weight=40.0, costs=("12 titles are missing",)),
        QualityPart(name="validity", score=56.25, weight=60.0),
    ),
    tables={"tickets": 94.25},
)


def request(mode: Mode) -> Request:
    return Request(mode=mode, source="/data/desk.sqlite", target="embedded", schema="service desk")


def finding(**fields: object) -> Finding:
    whole = Finding(
        code="invalid-utf8",
        severity="warning",
        table="tickets",
        column=HOSTILE,
        count=2,
        message=f"2 values of {HOSTILE} are not UTF-8",
        advice="Repair them as cp1252.",
        samples=(Sample(rowid=1234, value=stored(SECRET)), Sample(rowid=None, value=stored(b"\x00\x01"))),
    )
    return replace(whole, **fields)


def profile() -> Profile:
    column = ColumnProfile(
        name=HOSTILE,
        declared_type="TIMESTAMP",
        rows=1093,
        nulls=3,
        empties=2,
        blanks=0,
        classes=ClassCounts(text=1090),
        distinct=900,
        distinct_exact=False,
        proposed="timestamp",
        confidence=0.9991,
        reason="1,089 of 1,090 values are dates",
        forms={"iso": 1080, "dmy_hm": 9},
        top=(TopValue(value=stored(SECRET), count=7),),
    )
    key = KeyProfile(columns=("id",), declared=False, unique=False, duplicate_rows=2, null_rows=0)
    table = TableProfile(name="tickets", rows=1093, columns=(column,), keys=(key,))
    other = TableProfile(name="empty", rows=0, columns=(replace(column, name="x", rows=0, nulls=0),))
    return Profile(
        source_fingerprint=FINGERPRINT,
        tables=(table, other),
        findings=(
            finding(),
            finding(code="nul-byte", severity="info"),
            finding(severity="error", code="orphans"),
        ),
        quality=QUALITY,
    )


def inspected() -> RunStory:
    finished = RunFinished(
        outcome="inspected",
        exit_code=0,
        schema=None,
        release=None,
        previous=None,
        target=None,
        run_dir="/work dir/runs/r1",
        quality=QualityPair(before=94.25, after=None),
        stages=(
            StageSummary(name="preflight", status="done", seconds=0.012),
            StageSummary(name="profile", status="done", seconds=2.5),
        ),
        tables=(),
        findings=(),
    )
    catalog = Catalog(tables=())
    return RunStory(
        run="r1",
        version="0.1",
        request=request("inspect"),
        started="2026-11-23T02:15:00Z",
        ended="2026-11-23T02:15:03Z",
        finished=finished,
        source=Source(
            path="/data/desk.sqlite",
            fingerprint=FINGERPRINT,
            reading="rollback_journal",
            catalog=catalog,
            target=None,
            checks=(
                PreflightCheck(name="disk", verdict="pass", message="enough"),
                PreflightCheck(name="memory", verdict="warn", message="2.0 GiB", hint="Close something."),
            ),
        ),
        snapshot=Snapshot(
            path="/work dir/runs/r1/snapshot.sqlite",
            source_fingerprint=FINGERPRINT,
            source_digests=Digests(md5="a" * 32, sha256="b" * 64),
            snapshot_digests=Digests(md5="c" * 32, sha256="d" * 64),
            catalog=catalog,
        ),
        profile=profile(),
    )


def released() -> RunStory:
    ledger = TableLedger(table="tickets", read=1093, loaded=1090, quarantined=2, deduplicated=1, changed=17)
    digest = TableDigest(rows=1090, sum="123456789")
    name = "service desk__r20261123T021500Z"
    before = inspected()
    return replace(
        before,
        request=request("migrate"),
        finished=replace(
            before.finished,
            outcome="released",
            schema="service desk",
            release=name,
            previous="service desk__r0",
            target="embedded",
            tables=(
                TableSummary(
                    source="tickets",
                    target="tickets",
                    read=1093,
                    loaded=1090,
                    quarantined=2,
                    deduplicated=1,
                    excluded=0,
                    changed=17,
                    verified="changed",
                ),
            ),
        ),
        gates=(
            GateJudged(name="quality", verdict="stop", value=70.0, limit=80.0, advice="old"),
            GateJudged(name="quality", verdict="pass", value=95.1, limit=80.0, advice="went up"),
        ),
        cleaned=Cleaned(
            path="/work dir/runs/r1/cleaned.sqlite",
            audit_path="/work dir/runs/r1/audit.sqlite",
            quarantine_path="/work dir/runs/r1/quarantine.sqlite",
            source_fingerprint=FINGERPRINT,
            plan_id="0" * 16,
            ledgers=(ledger,),
            quality=replace(QUALITY, score=95.1),
        ),
        changes=(RuleCount(table="tickets", column=HOSTILE, rule="date-to-iso", values=17, distinct=9),),
        canary=CanaryResult(
            plan_id="0" * 16,
            rows=110,
            tables={"tickets": 110},
            verification=Verification(release="c", plan_id="0" * 16, tables=()),
            rows_per_second=54321.0,
            bytes_per_row=470.0,
            passed=True,
            queries=(QueryResult(name="open tickets", rows=1),),
        ),
        release=Release(
            name=name,
            schema="service desk",
            plan_id="0" * 16,
            source_fingerprint=FINGERPRINT,
            blueprint=Blueprint(plan_id="0" * 16, tables=()),
            rows={"tickets": 1090},
        ),
        verification=Verification(
            release=name,
            plan_id="0" * 16,
            tables=(
                TableVerification(
                    table="tickets",
                    target="tickets",
                    expected=digest,
                    actual=digest,
                    verdict="changed",
                    examples=(f"row 7: {SECRET}",),
                ),
            ),
        ),
        cutover=Switch(schema="service desk", release=name, previous="service desk__r0", milliseconds=12.4),
    )


def refused() -> RunStory:
    story = released()
    return replace(
        story,
        finished=replace(
            story.finished,
            outcome="refused",
            exit_code=1,
            release=None,
            previous=None,
            stages=(*story.finished.stages, StageSummary(name="clean", status="refused", seconds=1.0)),
        ),
        stopped_by="The quality gate says no: quality is 70.0.",
        hint="Look at the findings.",
        cutover=None,
        release=None,
        verification=None,
    )
