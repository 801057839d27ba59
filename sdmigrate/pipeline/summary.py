"""The last line of a run, told from its journal alone.

Invariant: what it says is what the journal holds; a stage that is not in the journal did not happen.
"""

from sdmigrate.model.events import (
    FindingSeen,
    FindingSummary,
    Outcome,
    QualityPair,
    RunFinished,
    TableSummary,
    summed,
)
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.result import Cleaned, Release, Switch, Verdict, Verification
from sdmigrate.model.settings import Mode, Request
from sdmigrate.pipeline.told import journal_events, stages_told
from sdmigrate.runtime.journal import Journal


def end_of_journey(mode: Mode, journal: Journal) -> Outcome:
    """The outcome of a journey whose stages all ended well."""
    if mode == "inspect":
        return "inspected"
    if mode == "rehearse":
        return "rehearsed"
    if journal.is_done("rollback"):
        return "rolled_back"
    return "released" if journal.is_done("cutover") else "loaded"


def unstarted(request: Request, outcome: Outcome, exit_code: int) -> RunFinished:
    """The last event of a run that could not begin."""
    return without_a_run(outcome, exit_code, schema=request.schema, target=request.target)


def without_a_run(
    outcome: Outcome,
    exit_code: int,
    *,
    schema: str | None,
    target: str | None,
    run_directory: str | None = None,
) -> RunFinished:
    """The last event of a command in which no stage ran; the directory is of the run that it looked at."""
    return RunFinished(
        outcome=outcome,
        exit_code=exit_code,
        schema=schema,
        release=None,
        previous=None,
        target=target,
        run_dir=run_directory,
        quality=QualityPair(before=None, after=None),
        stages=(),
        tables=(),
        findings=(),
    )


def summarise(
    journal: Journal,
    *,
    outcome: Outcome,
    exit_code: int,
    schema: str | None,
    target: str | None,
    run_directory: str,
) -> RunFinished:
    """The run's last event."""
    events = journal_events(journal)
    findings: dict[tuple[str, str | None, str | None], FindingSummary] = {}
    for event in events:
        if isinstance(event, FindingSeen):
            findings[event.code, event.table, event.column] = summed(event)
    profile = journal.result("profile", Profile)
    cleaned = journal.result("clean", Cleaned)
    release = journal.result("load", Release)
    switch = journal.result("rollback", Switch) or journal.result("cutover", Switch)
    return RunFinished(
        outcome=outcome,
        exit_code=exit_code,
        schema=schema,
        release=release.name if release is not None else None,
        previous=switch.previous if switch is not None else None,
        target=target,
        run_dir=run_directory,
        quality=QualityPair(
            before=profile.quality.score if profile is not None else None,
            after=cleaned.quality.score if cleaned is not None else None,
        ),
        stages=tuple(stage.ended for stage in stages_told(journal, events)),
        tables=_tables(journal, cleaned, release),
        findings=tuple(findings.values()),
    )


def _tables(journal: Journal, cleaned: Cleaned | None, release: Release | None) -> tuple[TableSummary, ...]:
    if cleaned is None:
        return ()
    plan = journal.result("plan", Plan)
    verification = journal.result("verify", Verification)
    verdicts: dict[str, Verdict] = (
        {table.table: table.verdict for table in verification.tables} if verification is not None else {}
    )
    summaries = []
    for ledger in cleaned.ledgers:
        loaded = ledger.loaded
        if release is not None:
            loaded = release.rows.get(ledger.table, 0)
        decided = plan.table(ledger.table) if plan is not None else None
        summaries.append(
            TableSummary(
                source=ledger.table,
                target=decided.target if decided is not None else ledger.table,
                read=ledger.read,
                loaded=loaded,
                quarantined=ledger.quarantined,
                deduplicated=ledger.deduplicated,
                excluded=ledger.excluded,
                changed=ledger.changed,
                verified=verdicts.get(ledger.table, "not_checked"),
            )
        )
    return tuple(summaries)
