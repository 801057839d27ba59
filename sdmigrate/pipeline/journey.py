"""One journey, a stage at a time: control returns to the caller after each.

Invariant: a stage runs only when all before it are done and none refused; its result is on disk before it is
called done; and nothing is switched without an Approval in hand.
"""

import dataclasses
import time
from collections.abc import Callable

from msgspec.structs import replace

from sdmigrate.model.blueprint import Blueprint
from sdmigrate.model.errors import Refused, UnsafeToContinue, UsageProblem
from sdmigrate.model.events import GateJudged, StageFinished, StageName, StageStarted, seen
from sdmigrate.model.finding import Finding, in_order
from sdmigrate.model.gate import GateVerdict
from sdmigrate.model.outcome import stage_status_of
from sdmigrate.model.plan import Plan, TablePlan
from sdmigrate.model.profile import Profile
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.record import Record, RecordType
from sdmigrate.model.replay import BegunReplay, Replay
from sdmigrate.model.result import Approval, Cleaned, Release, Verification
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.model.trial import Trial
from sdmigrate.pipeline.columns import columns_seen
from sdmigrate.pipeline.facts import run_facts
from sdmigrate.pipeline.order import stages_of
from sdmigrate.postgres.facts import examine
from sdmigrate.rules import gates, plan_file
from sdmigrate.rules.blueprint import draw
from sdmigrate.rules.breaker import judge as judge_breaker
from sdmigrate.rules.planning import propose
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import written_whole
from sdmigrate.runtime.journal import Journal
from sdmigrate.sqlite.opening import fingerprint
from sdmigrate.stages.ask import ask
from sdmigrate.stages.backup import backup
from sdmigrate.stages.canary import canary
from sdmigrate.stages.clean import clean
from sdmigrate.stages.cutover import cutover, record_verification
from sdmigrate.stages.load import load
from sdmigrate.stages.meeting import met, with_dump
from sdmigrate.stages.plan import plan
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from sdmigrate.stages.replay import Replayable, replay
from sdmigrate.stages.rollback import rollback
from sdmigrate.stages.trial import try_tables
from sdmigrate.stages.verify import verify

_BEGUN_REPLAY = "replaying"
"""The journal's note of the rows that a replay is bringing in."""


def replay_is_pending(journal: Journal) -> bool:
    """Whether a replay was begun whose end is not on disk."""
    begun = journal.noted(_BEGUN_REPLAY, BegunReplay)
    return begun is not None and bool(begun.rows)


class Journey:
    """The stages of one run over its journal."""

    def __init__(self, context: Context, journal: Journal, endpoint: Endpoint | None) -> None:
        self.context = context
        self._journal = journal
        self._endpoint = endpoint
        self._stages = stages_of(context.request)
        self._runners: dict[StageName, Callable[[], tuple[Record, tuple[GateVerdict, ...]]]] = {
            "preflight": self._preflight,
            "backup": self._backup,
            "profile": self._profile,
            "plan": self._plan,
            "clean": self._clean,
            "canary": self._canary,
            "load": self._load,
            "verify": self._verify,
        }

    @property
    def stages(self) -> tuple[StageName, ...]:
        """All stages of this journey, in order."""
        return self._stages

    @property
    def finished(self) -> tuple[StageName, ...]:
        """The stages that are done."""
        return tuple(stage for stage in self._stages if self._journal.is_done(stage))

    @property
    def following(self) -> StageName | None:
        """The first stage that is not done; None at the end."""
        return next((stage for stage in self._stages if not self._journal.is_done(stage)), None)

    @property
    def can_roll_back(self) -> bool:
        """Whether this run's release is live by its own cutover, and was not taken back."""
        cut_over = self.context.request.mode == "migrate" and self._journal.is_done("cutover")
        return cut_over and not self._journal.is_done("rollback")

    def result(self, stage: StageName, record_type: type[RecordType]) -> RecordType:
        """The result of a stage that is done.

        Raises:
            UnsafeToContinue: it is not done.
        """
        record = self._journal.result(stage, record_type)
        if record is None:
            raise UnsafeToContinue(f"The stage {stage} has no result yet.", f"Run {stage} first.")
        return record

    def advance(self) -> StageName:
        """Run the next stage that needs no approval, and return its name.

        Raises:
            SdmigrateError: it did not end well; the stage's end has been told and nothing later runs.
        """
        stage = self.following
        if stage is None or stage not in self._runners:
            raise UsageProblem(f"There is no stage to run next ({stage}).", "Look at 'sdmigrate status'.")
        self._run(stage, self._runners[stage])
        return stage

    def repeat(self, stage: StageName) -> None:
        """Forget this stage's result and those after it, so that it is the next to run.

        Raises:
            UnsafeToContinue: a release of this run is live already.
        """
        if self.can_roll_back:
            raise UnsafeToContinue(
                "This run's release is live; its stages cannot be run again.",
                "Roll back first, or start a new run.",
            )
        for later in self._stages[self._stages.index(stage) :]:
            self._journal.forget_result(later)

    def try_tables(self, wanted: tuple[TablePlan, ...], cancel: CancelSignal) -> tuple[Trial, ...]:
        """What those plans would do to their tables; the run is as it was. ``cancel`` ends the trial alone.

        Raises:
            SdmigrateError: the plan would stop the run, or the trial was cancelled.
        """
        snapshot, found = self.result("backup", Snapshot), self.result("profile", Profile)
        return try_tables(self.context, snapshot, found, wanted, cancel)

    def decide(self, text: str) -> None:
        """Make the text the plan that the run reads, now and after a resume; the plan is the next to run.

        Raises:
            UsageProblem: it is no plan for this source; nothing was changed.
            UnsafeToContinue: a release of this run is live already.
        """
        request = self.context.request
        snapshot, found = self.result("backup", Snapshot), self.result("profile", Profile)
        limits = self.context.limits
        plan_file.read(
            text, snapshot.catalog, found, day_first=request.day_first, confidence=limits.confidence
        )
        place = self.context.directory.reviewed_plan
        with written_whole(place) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
        self.repeat("plan")
        facts = run_facts(self._journal)
        noted = replace(facts, request=replace(facts.request, plan_path=str(place)))
        self._journal.note("run", noted)
        self.context = dataclasses.replace(self.context, request=replace(request, plan_path=str(place)))

    def cut_over(self, approval: Approval, *, discard_live_writes: bool = False) -> None:
        """Make the verified release live.

        Raises:
            UnsafeToContinue: the source changed since the snapshot, live has new writes, or locks are held.
        """
        if self.following != "cutover":
            raise UnsafeToContinue(
                f"Cutover is not next; {self.following or 'nothing'} is.", "Run the stages before it."
            )

        def switch() -> tuple[Record, tuple[GateVerdict, ...]]:
            self._require_unchanged_source()
            release = self.result("load", Release)
            verification = self.result("verify", Verification)
            return cutover(
                self.context,
                self._reached(),
                release,
                verification,
                approval,
                discard_live_writes=discard_live_writes,
            ), ()

        self._run("cutover", switch)

    def roll_back(self, approval: Approval, *, discard_live_writes: bool = False) -> None:
        """Make what was live before this run's cutover live again."""
        if not self._journal.is_done("cutover"):
            raise UnsafeToContinue(
                "Nothing was switched; there is nothing to go back from.", "Cut over first."
            )

        def switch() -> tuple[Record, tuple[GateVerdict, ...]]:
            return rollback(
                self.context,
                self._reached(),
                approval.schema,
                None,
                approval,
                discard_live_writes=discard_live_writes,
            ), ()

        self._run("rollback", switch)

    def replay(self) -> Replay:
        """Bring the repaired rows of the quarantine into this run's release, unpublished or live.

        Raises:
            UsageProblem: the run has no verified release, or was a rehearsal, which left none.
            UnsafeToContinue: the release is neither verified nor live any more, or locks are held.
        """
        done: list[Replay] = []
        if self.context.request.mode != "migrate" or not self._journal.is_done("verify"):
            raise UsageProblem(
                "This run has no verified release to bring rows into.",
                "Go on with the run first; a rehearsal leaves nothing on its target.",
            )

        def bring() -> tuple[Record, tuple[GateVerdict, ...]]:
            base = Replayable(
                snapshot=self.result("backup", Snapshot),
                profile=self.result("profile", Profile),
                plan=self.result("plan", Plan),
                cleaned=self.result("clean", Cleaned),
                release=self.result("load", Release),
                verification=self.result("verify", Verification),
            )
            begun = self._journal.noted(_BEGUN_REPLAY, BegunReplay) or BegunReplay()
            made = replay(
                self.context,
                self._reached(),
                base,
                begun,
                lambda rows: self._journal.note(_BEGUN_REPLAY, rows),
            )
            self._journal.keep_result("clean", made.cleaned)
            self._journal.keep_result("load", made.release)
            self._journal.keep_result("verify", made.verification)
            self._journal.note(_BEGUN_REPLAY, BegunReplay())
            done.append(made.replay)
            # The rows are where they belong whatever it says.
            verdict = gates.judge_quality(base.profile, made.cleaned, self.context.limits)
            stops = verdict.verdict == "stop"
            return made.replay, (replace(verdict, verdict="warn") if stops else verdict,)

        self._run("replay", bring)
        return done[0]

    def _run(self, stage: StageName, runner: Callable[[], tuple[Record, tuple[GateVerdict, ...]]]) -> None:
        events = self.context.events
        events.emit(StageStarted(stage=stage))
        began = time.monotonic()
        try:
            self.context.cancel.raise_if_set()
            record, verdicts = runner()
            self._keep(stage, record, verdicts)
        except BaseException as error:
            seconds = round(time.monotonic() - began, 3)
            events.emit(StageFinished(stage=stage, status=stage_status_of(error), seconds=seconds))
            raise
        events.emit(StageFinished(stage=stage, status="done", seconds=round(time.monotonic() - began, 3)))

    def _keep(self, stage: StageName, record: Record, verdicts: tuple[GateVerdict, ...]) -> None:
        """Put the result on disk and tell what it says; raises Refused where a gate stops."""
        self._tell_findings(record)
        judged = tuple(gates.lowered(verdict, self.context.request) for verdict in verdicts)
        stopping = [verdict for verdict in judged if verdict.verdict == "stop"]
        self._journal.keep_result(stage, record, accepted=not stopping)
        for verdict in judged:
            self._tell_gate(verdict)
        if stopping:
            raise _refusal(stopping[0])

    def _tell_findings(self, record: Record) -> None:
        findings: tuple[Finding, ...] = getattr(record, "findings", ())
        for finding in in_order(findings):
            self.context.events.emit(seen(finding))

    def _tell_gate(self, verdict: GateVerdict) -> None:
        self.context.events.emit(
            GateJudged(
                name=verdict.name,
                verdict=verdict.verdict,
                value=verdict.value,
                limit=verdict.limit,
                advice=verdict.advice or verdict.reason,
            )
        )

    def _reached(self) -> Endpoint:
        if self._endpoint is None:
            raise UsageProblem("This stage needs a PostgreSQL target.", "Name one with --target.")
        return self._endpoint

    def _require_unchanged_source(self) -> None:
        if self.context.request.mode != "migrate":
            return
        snapshot = self.result("backup", Snapshot)
        if fingerprint(self.result("preflight", Source).path) != snapshot.source_fingerprint:
            raise UnsafeToContinue(
                f"The source {self.context.request.source} changed since its snapshot was taken.",
                "Stop the application that writes to it, then start a new run.",
            )

    def _preflight(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        request = self.context.request
        facts = examine(self._endpoint, request.schema) if self._endpoint is not None else None
        source = preflight(self.context, facts)
        return source, (gates.judge_preflight(source),)

    def _backup(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        return backup(self.context, self.result("preflight", Source), self._endpoint), ()

    def _profile(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        snapshot = self.result("backup", Snapshot)
        found = profile(self.context, snapshot, self.result("preflight", Source).target)
        if "plan" not in self._stages:
            proposal = propose(
                snapshot.catalog,
                found,
                day_first=self.context.request.day_first,
                confidence=self.context.limits.confidence,
            )
            if self.context.request.mode == "inspect":
                # No plan follows that would tell what is decided by default.
                found = replace(found, findings=in_order((*found.findings, *proposal.findings)))
            self._tell_columns(found, proposal)
            for table in proposal.tables:
                self.context.show(table)
            if self._endpoint is not None:
                blueprint = draw(snapshot.catalog, found, proposal)
                refused = ask(self.context, self._endpoint, snapshot, found, proposal, blueprint)
                found = replace(found, findings=in_order((*found.findings, *refused)))
        return found, ()

    def _plan(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        found = self.result("profile", Profile)
        snapshot = self.result("backup", Snapshot)
        decided = plan(self.context, snapshot, found)
        self._tell_columns(found, decided)
        limits = self.context.limits
        verdicts = (judge_breaker(found, decided, limits), gates.judge_confidence(decided, limits))
        integrity = gates.judge_integrity(snapshot, decided)
        # Of a file that can be read whole nothing is asked.
        return decided, verdicts if integrity.verdict == "pass" else (integrity, *verdicts)

    def _tell_columns(self, found: Profile, decided: Plan) -> None:
        for event in columns_seen(found, decided):
            self.context.events.emit(event)

    def _clean(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        found, decided = self.result("profile", Profile), self.result("plan", Plan)
        cleaned = clean(self.context, self.result("backup", Snapshot), found, decided)
        limits = self.context.limits
        return cleaned, (
            gates.judge_quality(found, cleaned, limits),
            gates.judge_quarantine(decided, cleaned, limits),
        )

    def _meet_target(self) -> None:
        """Check the target and dump a live schema, where preflight and backup ran before there was one.

        Raises:
            Refused: it is unfit; the run goes on once it is mended, or another one is named.
        """
        source, endpoint = self.result("preflight", Source), self._reached()
        if source.target is not None:
            return
        known = met(self.context, source, examine(endpoint, self.context.request.schema))
        self._tell_findings(known)
        verdict = gates.lowered(gates.judge_preflight(known), self.context.request)
        self._tell_gate(verdict)
        if verdict.verdict == "stop":
            raise _refusal(verdict)
        self._journal.keep_result(
            "backup", with_dump(self.context, known, self.result("backup", Snapshot), endpoint)
        )
        self._journal.keep_result("preflight", known)

    def _canary(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        self._meet_target()
        found = canary(self.context, self._reached(), self._drawn(), self.result("clean", Cleaned))
        return found, (gates.judge_canary(found),)

    def _load(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        self._meet_target()
        return load(self.context, self._reached(), self._drawn(), self.result("clean", Cleaned)), ()

    def _drawn(self) -> Blueprint:
        catalog = self.result("backup", Snapshot).catalog
        return draw(catalog, self.result("profile", Profile), self.result("plan", Plan))

    def _verify(self) -> tuple[Record, tuple[GateVerdict, ...]]:
        release, cleaned = self.result("load", Release), self.result("clean", Cleaned)
        verification = verify(self.context, self._reached(), release, cleaned)
        if verification.passed:
            record_verification(self.context, self._reached(), release, verification)
        return verification, (gates.judge_verification(verification),)


def _refusal(verdict: GateVerdict) -> Refused:
    return Refused(
        f"The {verdict.name} gate says no: {verdict.reason}.", verdict.advice or "Look at the findings."
    )
