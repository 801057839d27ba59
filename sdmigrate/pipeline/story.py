"""The run's story for the reports, put together from its journal.

Invariant: what it tells is what the journal and the audit trail hold.
"""

from sdmigrate.model.errors import SdmigrateError
from sdmigrate.model.events import GateJudged, RunFinished
from sdmigrate.model.profile import Profile
from sdmigrate.model.result import CanaryResult, Cleaned, Release, Switch, Verification
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.pipeline.facts import run_facts
from sdmigrate.pipeline.planned import plan_of
from sdmigrate.pipeline.told import journal_events
from sdmigrate.report.story import RunStory
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.recorder import timestamp, utc_now
from sdmigrate.sqlite.audit import RuleCount, count_rules, open_audit


def tell_story(
    directory: RunDirectory, journal: Journal, finished: RunFinished, error: BaseException | None
) -> RunStory:
    """The story of a run that has just ended, by ``error`` where there was one."""
    facts = run_facts(journal)
    cleaned = journal.result("clean", Cleaned)
    stopped_by = None if error is None else str(error)
    hint = error.hint if isinstance(error, SdmigrateError) else None
    return RunStory(
        run=directory.run_id,
        version=facts.version,
        request=facts.request,
        started=timestamp(facts.started),
        ended=timestamp(utc_now()),
        finished=finished,
        stopped_by=stopped_by,
        hint=hint,
        gates=tuple(event for event in journal_events(journal) if isinstance(event, GateJudged)),
        source=journal.result("preflight", Source),
        snapshot=journal.result("backup", Snapshot),
        profile=journal.result("profile", Profile),
        plan=plan_of(journal),
        cleaned=cleaned,
        changes=_changes(directory) if cleaned is not None and directory.audit.exists() else (),
        canary=journal.result("canary", CanaryResult),
        release=journal.result("load", Release),
        verification=journal.result("verify", Verification),
        cutover=journal.result("cutover", Switch),
        rollback=journal.result("rollback", Switch),
    )


def _changes(directory: RunDirectory) -> tuple[RuleCount, ...]:
    audit = open_audit(directory.audit)
    try:
        return count_rules(audit)
    finally:
        audit.close()
