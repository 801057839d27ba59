"""One journey, a stage at a time: control returns to the caller after each.

Invariant: a stage runs only when all before it are done and none refused; its result is on disk before it is
called done; and nothing is switched without an Approval in hand.
"""

import dataclasses
import time

from msgspec.structs import replace

from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.events import StageFinished, StageName, StageStarted
from sdmigrate.model.gate import GateVerdict
from sdmigrate.model.outcome import stage_status_of
from sdmigrate.model.plan import Plan, TablePlan
from sdmigrate.model.profile import Profile
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.record import Record, RecordType
from sdmigrate.model.replay import Replay
from sdmigrate.model.result import Approval, Cleaned, Release, Verification
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.model.trial import Trial
from sdmigrate.pipeline.facts import run_facts
from sdmigrate.pipeline.needs import require_files
from sdmigrate.pipeline.order import stages_of
from sdmigrate.pipeline.replaying import into_cleaned, into_release, require_none_pending
from sdmigrate.pipeline.stage_calls import StageCall, StageCalls
from sdmigrate.pipeline.target import Target
from sdmigrate.pipeline.telling import refusal, tell_findings, tell_gate
from sdmigrate.rules import gates, plan_file
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import written_whole
from sdmigrate.runtime.journal import Journal
from sdmigrate.sqlite.opening import fingerprint
from sdmigrate.stages.cutover import cutover
from sdmigrate.stages.rollback import rollback
from sdmigrate.stages.trial import try_tables

_AFTER_CLEAN: tuple[StageName, ...] = ("canary", "load", "verify", "cutover")


class Journey:
    """The stages of one run over its journal."""

    def __init__(self, context: Context, journal: Journal, target: Target | None) -> None:
        self.context = context
        self._journal = journal
        self._target = target
        self._stages = stages_of(context.request)

    @property
    def stages(self) -> tuple[StageName, ...]:
        """All stages of this journey, in order."""
        return self._stages

    @property
    def finished(self) -> tuple[StageName, ...]:
        """The stages that are done, a way back that the operator chose among them."""
        stages = dict.fromkeys((*self._stages, "rollback"))
        return tuple(stage for stage in stages if self._journal.is_done(stage))

    @property
    def following(self) -> StageName | None:
        """The first stage that is not done; None at the end."""
        return next((stage for stage in self._stages if not self._journal.is_done(stage)), None)

    @property
    def can_roll_back(self) -> bool:
        """Whether this run's release is live by its own cutover, and was not taken back."""
        cut_over = self.context.request.mode == "migrate" and self._journal.is_done("cutover")
        return cut_over and not self._journal.is_done("rollback")

    @property
    def _calls(self) -> StageCalls:
        return StageCalls(self.context, self._journal, self._target)

    def result(self, stage: StageName, record_type: type[RecordType]) -> RecordType:
        """The result of a stage that is done.

        Raises:
            UnsafeToContinue: it is not done.
        """
        return self._calls.result(stage, record_type)

    def advance(self) -> StageName:
        """Run the next stage that needs no approval, and return its name.

        Raises:
            SdmigrateError: it did not end well; the stage's end has been told and nothing later runs.
        """
        stage = self.following
        call = None if stage is None else self._calls.of(stage)
        if stage is None or call is None:
            raise UsageProblem(f"There is no stage to run next ({stage}).", "Look at 'sdmigrate status'.")
        self._run(stage, call)
        return stage

    def repeat(self, stage: StageName) -> None:
        """Forget this stage's result and those after it, so that it is the next to run.

        Raises:
            UnsafeToContinue: a release of this run is live already.
        """
        self._require_not_live()
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

        Where it decides what the plan in force does, what was made under that stands.

        Raises:
            UsageProblem: it is no plan for this source; nothing was changed.
            UnsafeToContinue: a release of this run is live already.
        """
        request = self.context.request
        snapshot, found = self.result("backup", Snapshot), self.result("profile", Profile)
        limits = self.context.limits
        decided = plan_file.read(
            text, snapshot.catalog, found, day_first=request.day_first, confidence=limits.confidence
        )
        self._require_not_live()
        place = self.context.directory.reviewed_plan
        with written_whole(place) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
        in_force = self._journal.result("plan", Plan)
        if in_force is not None and in_force.plan_id == decided.plan_id:
            # It may agree to more, and so be judged otherwise.
            self._journal.forget_result("plan")
        else:
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
                self._calls.reached(),
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
                self._calls.reached(),
                approval.schema,
                None,
                approval,
                discard_live_writes=discard_live_writes,
            ), ()

        self._run("rollback", switch)

    def replay(self) -> Replay:
        """Bring the repaired rows of the quarantine into cleaned before the load, else into the release.

        A load that was begun is finished and verified first. Where the rows went into cleaned its gates are
        judged again, and the run stands refused or not by what they say now.

        Raises:
            UsageProblem: the run has not cleaned, or was a rehearsal that left nothing.
            UnsafeToContinue: the release is neither verified nor live any more, or locks are held.
        """
        before_load = self._stands_before_load()
        while not before_load and self.following in ("load", "verify"):
            self.advance()
        done: list[Replay] = []

        def bring() -> tuple[Record, tuple[GateVerdict, ...]]:
            readmission = self._calls.readmission()
            if before_load:
                made, verdicts = into_cleaned(self._journal, readmission)
            else:
                release, verification = self.result("load", Release), self.result("verify", Verification)
                made, verdicts = into_release(
                    self._journal, readmission, self._calls.reached(), release, verification
                )
            done.append(made)
            for verdict in verdicts:
                tell_gate(self.context.events, verdict)
            return made, ()

        self._run("replay", bring)
        return done[0]

    def _stands_before_load(self) -> bool:
        """Whether repaired rows go into cleaned.

        Raises:
            UsageProblem: there is nothing that they could go into.
        """
        begun = self._journal.began("load")
        if self.following in ("clean", "canary", "load") and self._journal.result("clean", Cleaned):
            before_load = self.following != "load" or not begun
        elif self._journal.is_done("load"):
            before_load = False
        else:
            raise UsageProblem(
                "This run has nothing cleaned to bring rows into.", "Go on with the run first."
            )
        if begun and self.context.request.mode != "migrate":
            raise UsageProblem(
                "This rehearsal has loaded already, and leaves nothing on its target to bring rows into.",
                "Rehearse again with the source mended, or migrate.",
            )
        return before_load

    def _run(self, stage: StageName, call: StageCall) -> None:
        events = self.context.events
        events.emit(StageStarted(stage=stage))
        began = time.monotonic()
        try:
            self.context.cancel.raise_if_set()
            if stage in _AFTER_CLEAN:
                require_none_pending(self._journal, self.context.run_id)
            require_files(self.context.directory, stage)
            record, verdicts = call()
            self._keep(stage, record, verdicts)
        except BaseException as error:
            seconds = round(time.monotonic() - began, 3)
            events.emit(StageFinished(stage=stage, status=stage_status_of(error), seconds=seconds))
            raise
        events.emit(StageFinished(stage=stage, status="done", seconds=round(time.monotonic() - began, 3)))

    def _keep(self, stage: StageName, record: Record, verdicts: tuple[GateVerdict, ...]) -> None:
        """Put the result on disk and tell what it says; raises Refused where a gate stops."""
        tell_findings(self.context.events, record)
        judged = tuple(gates.lowered(verdict, self.context.request) for verdict in verdicts)
        stopping = [verdict for verdict in judged if verdict.verdict == "stop"]
        self._journal.keep_result(stage, record, accepted=not stopping)
        for verdict in judged:
            tell_gate(self.context.events, verdict)
        if stopping:
            raise refusal(stopping[0])

    def _require_not_live(self) -> None:
        if self.can_roll_back:
            raise UnsafeToContinue(
                "This run's release is live; its stages cannot be run again.",
                "Roll back first, or start a new run.",
            )

    def _require_unchanged_source(self) -> None:
        if self.context.request.mode != "migrate":
            return
        snapshot = self.result("backup", Snapshot)
        if fingerprint(self.result("preflight", Source).path) != snapshot.source_fingerprint:
            raise UnsafeToContinue(
                f"The source {self.context.request.source} changed since its snapshot was taken.",
                "Stop the application that writes to it, then start a new run.",
            )
