"""What a run did, as the reports are told it: its records, read from its journal.

Invariant: values only; a stage that did not happen is None, and nothing is told that is not in here.
"""

from sdmigrate.model.events import GateJudged, RunFinished
from sdmigrate.model.finding import Finding, told_once
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.record import Record
from sdmigrate.model.result import CanaryResult, Cleaned, Release, Switch, Verification
from sdmigrate.model.settings import Request
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.sqlite.audit import RuleCount


class RunStory(Record):
    """One run, finished or stopped."""

    run: str
    """The run directory's name."""
    version: str
    """sdmigrate's own."""
    request: Request
    started: str
    """UTC, ISO 8601."""
    ended: str
    """UTC, ISO 8601."""
    finished: RunFinished
    """Outcome, exit code, stages with seconds, tables with their ledgers."""
    stopped_by: str | None = None
    """The error's message where the run did not reach its end."""
    hint: str | None = None
    """What to do about it."""
    gates: tuple[GateJudged, ...] = ()
    """In the order in which they judged."""
    source: Source | None = None
    snapshot: Snapshot | None = None
    profile: Profile | None = None
    plan: Plan | None = None
    """The one that ran; of an inspection, the one with which a migration would begin."""
    cleaned: Cleaned | None = None
    changes: tuple[RuleCount, ...] = ()
    """How often each rule changed which column, from the audit trail."""
    canary: CanaryResult | None = None
    release: Release | None = None
    verification: Verification | None = None
    cutover: Switch | None = None
    rollback: Switch | None = None
    masked: bool = False
    """Whether the data's values stand in it by their shape only."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every stage's findings, errors first, each told once."""
        return told_once(self._all_findings())

    def _all_findings(self) -> tuple[Finding, ...]:
        records = (
            self.source,
            self.snapshot,
            self.profile,
            self.plan,
            self.cleaned,
            self.canary,
            self.release,
            self.verification,
            self.cutover,
            self.rollback,
        )
        return tuple(finding for record in records if record is not None for finding in record.findings)
