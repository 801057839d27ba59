"""Each stage called with what the journal holds for it, and judged by its gates.

Invariant: a stage gets the results of the stages before it as they are on disk, and no other; whether its own
is kept, and what a gate that stops means, is the journey's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from sdmigrate.model.blueprint import Blueprint
from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.events import StageName
from sdmigrate.model.finding import in_order
from sdmigrate.model.gate import GateVerdict
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.record import Record, RecordType
from sdmigrate.model.result import CanaryResult, Cleaned, Release
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.pipeline.loaded import begin_anew, is_outdated, outdate_loaded
from sdmigrate.pipeline.order import stages_of
from sdmigrate.pipeline.replaying import forget_begun, require_none_pending
from sdmigrate.pipeline.target import Target
from sdmigrate.pipeline.telling import refusal, tell_columns, tell_findings, tell_gate
from sdmigrate.postgres.facts import examine
from sdmigrate.rules import gates
from sdmigrate.rules.blueprint import draw
from sdmigrate.rules.breaker import judge as judge_breaker
from sdmigrate.rules.planning import propose
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.journal import Journal
from sdmigrate.stages.ask import ask
from sdmigrate.stages.backup import backup
from sdmigrate.stages.canary import canary
from sdmigrate.stages.clean import clean
from sdmigrate.stages.cutover import record_verification
from sdmigrate.stages.load import drop_loaded, load
from sdmigrate.stages.meeting import met, with_dump
from sdmigrate.stages.plan import plan
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from sdmigrate.stages.readmission import Readmission, following_ids
from sdmigrate.stages.verify import verify

StageCall: TypeAlias = Callable[[], tuple[Record, tuple[GateVerdict, ...]]]
"""Runs one stage; its result, and what its gates say of it."""


@dataclass(frozen=True)
class StageCalls:
    """The stages of one run."""

    context: Context
    journal: Journal
    target: Target | None

    def of(self, stage: StageName) -> StageCall | None:
        """The call of that stage; None for one that needs an approval."""
        calls: dict[StageName, StageCall] = {
            "preflight": self._preflight,
            "backup": self._backup,
            "profile": self._profile,
            "plan": self._plan,
            "clean": self._clean,
            "canary": self._canary,
            "load": self._load,
            "verify": self._verify,
        }
        return calls.get(stage)

    def result(self, stage: StageName, record_type: type[RecordType]) -> RecordType:
        """The result of a stage that is done.

        Raises:
            UnsafeToContinue: it is not done.
        """
        record = self.journal.result(stage, record_type)
        if record is None:
            raise UnsafeToContinue(f"The stage {stage} has no result yet.", f"Run {stage} first.")
        return record

    def reached(self) -> Endpoint:
        """The target.

        Raises:
            UsageProblem: none is named.
            TargetUnreachable: it cannot be started.
        """
        if self.target is None:
            raise UsageProblem("This stage needs a PostgreSQL target.", "Name one with --target.")
        return self.target.endpoint

    def readmission(self) -> Readmission:
        """The run's quarantine and the files that its rows go back to."""
        return Readmission(
            context=self.context,
            snapshot=self.result("backup", Snapshot),
            profile=self.result("profile", Profile),
            plan=self.result("plan", Plan),
            cleaned=self.result("clean", Cleaned),
        )

    def _preflight(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        source = preflight(self.context)
        if self.target is not None:
            # After the source, whose first look shall not wait for a server.
            source = met(self.context, source, examine(self.reached(), self.context.request.schema))
        return source, (gates.judge_preflight(source),)

    def _backup(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        endpoint = None if self.target is None else self.reached()
        return backup(self.context, self.result("preflight", Source), endpoint), ()

    def _profile(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        snapshot = self.result("backup", Snapshot)
        found = profile(self.context, snapshot, self.result("preflight", Source).target)
        if "plan" not in stages_of(self.context.request):
            proposal = propose(
                snapshot.catalog,
                found,
                day_first=self.context.request.day_first,
                confidence=self.context.limits.confidence,
            )
            if self.context.request.mode == "inspect":
                # No plan follows that would tell what is decided by default.
                found = replace(found, findings=in_order((*found.findings, *proposal.findings)))
            tell_columns(self.context.events, found, proposal)
            if self.target is not None:
                blueprint = draw(snapshot.catalog, found, proposal)
                refused = ask(self.context, self.reached(), snapshot, found, proposal, blueprint)
                found = replace(found, findings=in_order((*found.findings, *refused)))
        return found, ()

    def _plan(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        found = self.result("profile", Profile)
        snapshot = self.result("backup", Snapshot)
        decided = plan(self.context, snapshot, found)
        tell_columns(self.context.events, found, decided)
        limits = self.context.limits
        verdicts = (judge_breaker(found, decided, limits), gates.judge_confidence(decided, limits))
        integrity = gates.judge_integrity(snapshot, decided)
        # Of a file that can be read whole nothing is asked.
        return decided, verdicts if integrity.verdict == "pass" else (integrity, *verdicts)

    def _clean(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        found, decided = self.result("profile", Profile), self.result("plan", Plan)
        cleaned = self._cleaned_before(decided)
        if cleaned is None:
            forget_begun(self.journal)
            outdate_loaded(self.journal)
            cleaned = clean(self.context, self.result("backup", Snapshot), found, decided)
        limits = self.context.limits
        return cleaned, (
            gates.judge_quality(found, cleaned, limits),
            gates.judge_quarantine(decided, cleaned, limits),
        )

    def _cleaned_before(self, decided: Plan) -> Cleaned | None:
        """What a gate refused, to be judged again: with the rows that were replayed into it since.

        Another rule pack than at that time counts as well, since the score is taken again.
        """
        cleaned = self.journal.result("clean", Cleaned)
        if cleaned is None or cleaned.plan_id != decided.plan_id:
            return None
        require_none_pending(self.journal, self.context.run_id)
        files = (cleaned.path, cleaned.audit_path, cleaned.quarantine_path)
        if not all(Path(path).exists() for path in files):
            return None
        return self.readmission().scored_again()

    def _meet_target(self) -> None:
        """Check the target and dump a live schema, where preflight and backup ran before there was one.

        Raises:
            Refused: it is unfit; the run goes on once it is mended, or another one is named.
        """
        source, endpoint = self.result("preflight", Source), self.reached()
        if source.target is not None:
            return
        known = met(self.context, source, examine(endpoint, self.context.request.schema))
        tell_findings(self.context.events, known)
        verdict = gates.lowered(gates.judge_preflight(known), self.context.request)
        tell_gate(self.context.events, verdict)
        if verdict.verdict == "stop":
            raise refusal(verdict)
        self.journal.keep_result(
            "backup", with_dump(self.context, known, self.result("backup", Snapshot), endpoint)
        )
        self.journal.keep_result("preflight", known)

    def _canary(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        self._meet_target()
        found = canary(self.context, self.reached(), self._drawn(), self.result("clean", Cleaned))
        return found, (gates.judge_canary(found),)

    def _load(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        self._meet_target()
        cleaned = self.result("clean", Cleaned)
        if is_outdated(self.journal):
            drop_loaded(self.context, self.reached())
            begin_anew(self.journal)
        return load(self.context, self.reached(), self._drawn(), cleaned), ()

    def _drawn(self) -> Blueprint:
        catalog, cleaned = self.result("backup", Snapshot).catalog, self.result("clean", Cleaned)
        blueprint = draw(catalog, self.result("profile", Profile), self.result("plan", Plan))
        return following_ids(blueprint, Path(cleaned.path)) if cleaned.replayed else blueprint

    def _verify(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        release, cleaned = self.result("load", Release), self.result("clean", Cleaned)
        must_hold = self.result("canary", CanaryResult).must_hold
        verification = verify(self.context, self.reached(), release, cleaned, must_hold)
        if verification.passed:
            record_verification(self.context, self.reached(), release, verification)
        return verification, (gates.judge_verification(verification),)
