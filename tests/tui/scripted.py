"""A pilot that answers as the child process does, from records in hand, and services around it."""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sdmigrate.model.errors import SourceUnusable, TargetUnreachable, UsageProblem
from sdmigrate.model.events import (
    Event,
    GateJudged,
    Outcome,
    Progress,
    StageFinished,
    StageName,
    StageStarted,
    StageStatus,
    StageSummary,
    seen,
)
from sdmigrate.model.finding import Finding
from sdmigrate.model.record import Record
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import TargetFacts
from sdmigrate.pipeline.messages import (
    Begin,
    Command,
    Confirm,
    Decide,
    Ended,
    EventLine,
    Finish,
    Message,
    Proceed,
    Repeat,
    Seen,
    Stop,
    Tried,
    Try,
    Waiting,
)
from sdmigrate.pipeline.order import stages_of
from sdmigrate.pipeline.told import StageTold
from sdmigrate.runtime.recorder import event_line
from sdmigrate.tui.session import EMBEDDED, Services, TargetReport, UnfinishedRun
from sdmigrate.tui.steps import STAGE_ORDER
from tests.tui import records

_PLAN = STAGE_ORDER.index("plan")
_AT = datetime(2026, 11, 23, 2, 15, 0, tzinfo=UTC)
_SECONDS: dict[StageName, float] = {
    "preflight": 0.4,
    "backup": 1.2,
    "profile": 2.6,
    "plan": 0.1,
    "clean": 3.9,
    "canary": 1.8,
    "load": 4.4,
    "verify": 2.0,
    "cutover": 0.1,
    "rollback": 0.1,
}
GATES: dict[StageName, tuple[GateJudged, ...]] = {
    "preflight": (
        GateJudged(
            name="preflight",
            verdict="warn",
            value=1.0,
            limit=0.0,
            advice="Close other programs, or expect the profile to spill to disk.",
        ),
    ),
    "plan": (
        GateJudged(
            name="breaker",
            verdict="pass",
            value=0.0,
            limit=0.1,
            advice="no column holds values that nothing converts",
        ),
        GateJudged(
            name="confidence",
            verdict="warn",
            value=0.68,
            limit=0.95,
            advice="Look at their evidence and set their type in the plan.",
        ),
    ),
    "clean": (
        GateJudged(
            name="quality",
            verdict="pass",
            value=96.2,
            limit=80.0,
            advice="quality went from 91.4 to 96.2",
        ),
        GateJudged(
            name="quarantine",
            verdict="pass",
            value=0.0011,
            limit=0.01,
            advice="no table has more than its share of rows in quarantine",
        ),
    ),
    "canary": (
        GateJudged(
            name="canary",
            verdict="pass",
            value=0.0,
            limit=0.0,
            advice="every check passed on 26,011 rows",
        ),
    ),
    "verify": (
        GateJudged(name="verification", verdict="pass", value=0.0, limit=0.0, advice="3 tables proven equal"),
    ),
}


@dataclass
class Script:
    """How the scripted child behaves."""

    results: dict[StageName, Record] = field(default_factory=records.results)
    gates: dict[StageName, tuple[GateJudged, ...]] = field(default_factory=lambda: dict(GATES))
    seen: dict[StageName, Seen] = field(default_factory=dict)
    """Stage -> what is known of the tables while it runs."""
    refuses: dict[StageName, tuple[str, str]] = field(default_factory=dict)
    """Stage -> message and hint of its refusal."""
    holds: set[StageName] = field(default_factory=set)
    """Stages that go on until ``go`` or a stop."""
    dies_in: StageName | None = None
    already: tuple[StageName, ...] = ()
    """Stages that a resumed run finished before."""
    refused_before: StageName | None = None
    """The one that a gate refused then."""
    slow_to_stop: bool = False
    """A stop is heard and not finished until ``rolled_back``."""


class ScriptedPilot:
    """Stands for the child process; every message it gives is a real record."""

    def __init__(self, begin: Begin, script: Script) -> None:
        self.begin = begin
        self.commands: list[Command] = [begin]
        self.killed = False
        self.closed = False
        self._script = script
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._stages = stages_of(begin.request)
        self.finished: list[StageName] = list(script.already)
        before = (script.refused_before,) if script.refused_before else ()
        self._judged: set[StageName] = {*script.already, *before}
        """Stages that came to a result, whatever their gates said of it."""
        self._running: StageName | None = None
        self.rolled_back_stage: StageName | None = None
        """What a stop ended last, and so has left no result."""
        self._trouble: tuple[str, str] | None = None
        self._seq = 0
        self._wait()

    def receive(self, timeout: float) -> Message | None:
        try:
            message = self._messages.get(timeout=min(timeout, 0.02))
        except queue.Empty:
            return None
        if message is None:
            raise EOFError
        return message

    def send(self, command: Command) -> None:
        self.commands.append(command)
        self._trouble = None
        match command:
            case Proceed():
                self._run(self._following())
            case Try(number=number, plans=plans):
                self._messages.put(Tried(number=number, trials=tuple(map(records.trial, plans))))
            case Decide(plan=plan):
                later = records.decides_otherwise(plan)
                self.finished = [
                    stage
                    for stage in self.finished
                    if STAGE_ORDER.index(stage) < _PLAN or (stage != "plan" and not later)
                ]
                self._run("plan")
            case Repeat(stage=stage):
                self.finished = self.finished[: self.finished.index(stage)]
                self._run(stage)
            case Confirm(typed=typed) if typed != self.begin.request.schema:
                self._trouble = ("The name typed is not the schema's name.", "Type it exactly.")
                self._wait()
            case Confirm():
                self._run("cutover" if "cutover" not in self.finished else "rollback")
            case Stop() if self._running and not self._script.slow_to_stop:
                self.rolled_back()
            case Finish():
                self._end()

    def kill(self) -> None:
        self.killed = True
        self._messages.put(None)

    def close(self) -> None:
        self.closed = True

    def rolled_back(self) -> None:
        """What ran has been rolled back after a stop."""
        assert self._running is not None
        self._tell(StageFinished(stage=self._running, status="aborted", seconds=1.0))
        self.rolled_back_stage = self._running
        self._running = None
        self._trouble = (
            "Stopped on request; what was under way was rolled back.",
            "Continue with 'sdmigrate resume', or remove what is left with 'sdmigrate abort'.",
        )
        self._wait()

    @property
    def planned(self) -> bool:
        """Whether there is a plan; an inspection has one once its profile is made."""
        made_by: StageName = "profile" if self.begin.request.mode == "inspect" else "plan"
        return made_by in self._judged

    def see(self, seen: Seen) -> None:
        """More is known of the tables."""
        self._messages.put(seen)

    def go(self) -> None:
        """Let the held stage end."""
        assert self._running is not None
        self._script.holds.discard(self._running)
        self._complete(self._running)

    def tell_many(self, number: int) -> None:
        """A storm of progress."""
        assert self._running is not None
        for done in range(number):
            self._tell(_progress(self._running, done))

    def _following(self) -> StageName | None:
        return next((stage for stage in self._stages if stage not in self.finished), None)

    def _run(self, stage: StageName | None) -> None:
        assert stage is not None
        self._running = stage
        self.rolled_back_stage = None
        self._tell(StageStarted(stage=stage))
        if stage in self._script.seen:
            self._messages.put(self._script.seen[stage])
        if stage == self._script.dies_in:
            self._messages.put(None)
        elif stage in self._script.holds:
            self._tell(_progress(stage, 161_280))
        else:
            self._complete(stage)

    def _complete(self, stage: StageName) -> None:
        record = self._script.results[stage]
        found: Sequence[Finding] = getattr(record, "findings", ())
        for finding in found:
            self._tell(seen(finding))
        for gate in self._script.gates.get(stage, ()):
            self._tell(gate)
        refusal = self._script.refuses.get(stage)
        self._judged.add(stage)
        status: StageStatus = "done" if refusal is None else "refused"
        self._tell(StageFinished(stage=stage, status=status, seconds=_SECONDS[stage]))
        self._running = None
        if refusal is None:
            self.finished.append(stage)
        self._trouble = refusal
        self._wait()

    def _wait(self) -> None:
        following = self._following()
        asks: Literal["proceed", "confirm_cutover", "offer_rollback", "nothing"] = "proceed"
        if self.begin.request.mode == "migrate" and following == "cutover":
            asks = "confirm_cutover"
        elif following is None:
            live = "cutover" in self.finished and "rollback" not in self.finished
            asks = "offer_rollback" if live else "nothing"
        message, hint = self._trouble or (None, None)
        self._messages.put(
            Waiting(
                run_directory=records.RUN_DIRECTORY,
                finished=tuple(self.finished),
                following=following,
                asks=asks,
                stopped_by=message,
                hint=hint,
            )
        )

    def _end(self) -> None:
        outcome: Outcome = "aborted"
        code = 5
        if self._following() is None:
            code = 0
            outcome = {"inspect": "inspected", "rehearse": "rehearsed"}.get(  # type: ignore[assignment]
                self.begin.request.mode, "rolled_back" if "rollback" in self.finished else "released"
            )
        self._messages.put(Ended(finished=records.finished(outcome, code, tuple(self.finished))))

    def _tell(self, event: Event) -> None:
        self._seq += 1
        line = event_line(event, seq=self._seq, at=_AT, run="20261123T021500Z-servicedesk.sqlite")
        self._messages.put(EventLine(line=line))


def _told(stage: StageName, status: StageStatus, gates: dict[StageName, tuple[GateJudged, ...]]) -> StageTold:
    ended = StageSummary(name=stage, status=status, seconds=_SECONDS[stage])
    return StageTold(ended=ended, gates=gates.get(stage, ()))


def _progress(stage: StageName, done: int) -> Progress:
    return Progress(
        stage=stage,
        table="comments",
        done=done,
        total=260_130,
        unit="rows",
        rate=412_300.0,
        eta_seconds=14.0,
        reason="counting forms of dates",
    )


@dataclass
class Stage:
    """Services over a script, and what was started through them."""

    script: Script = field(default_factory=Script)
    runs: tuple[UnfinishedRun, ...] = ()
    pilots: list[ScriptedPilot] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    written: dict[Path, str] = field(default_factory=dict)
    started: threading.Event = field(default_factory=threading.Event)
    examine: Callable[[str, str | None], TargetReport] | None = None

    @property
    def pilot(self) -> ScriptedPilot:
        assert self.started.wait(5)
        return self.pilots[-1]

    def services(self) -> Services:
        return Services(
            start=self._start,
            read_result=self._read,
            read_stages=self._read_stages,
            describe_source=self._describe,
            examine_target=self.examine or _examine,
            check_schema=_check_schema,
            unfinished_runs=lambda _: self.runs,
            write_plan=self._write_plan,
            clock=lambda: 100.0,
        )

    def _start(self, begin: Begin) -> ScriptedPilot:
        self.pilots.append(ScriptedPilot(begin, self.script))
        self.started.set()
        return self.pilots[-1]

    def _read(self, _directory: Path, stage: StageName) -> Record | None:
        if self.pilots and stage == self.pilots[-1].rolled_back_stage:
            return None
        if stage == "plan" and not (self.pilots and self.pilots[-1].planned):
            return None
        return self.script.results.get(stage)

    def _read_stages(self, _directory: Path) -> tuple[StageTold, ...]:
        script = self.script
        told = (
            [_told(stage, "done", script.gates) for stage in self.pilots[-1].finished] if self.pilots else []
        )
        if script.refused_before:
            told.append(_told(script.refused_before, "refused", script.gates))
        return tuple(told)

    def _write_plan(self, path: Path, text: str) -> None:
        if path in self.written:
            raise UsageProblem(f"{path} is there already.", "Name another file.")
        self.written[path] = text

    def _describe(self, path: str) -> str:
        self.checked.append(path)
        if not path.endswith(".sqlite"):
            raise SourceUnusable(f"{path} is compressed with gzip.", "Unpack it first.")
        return "SQLite database, 12.0 MiB"


def _examine(target: str, schema: str | None) -> TargetReport:
    if target == EMBEDDED:
        return TargetReport(Endpoint(conninfo="", described=EMBEDDED, embedded=True), None)
    if "nowhere" in target:
        raise TargetUnreachable("The server at nowhere does not answer.", "Check the host and the port.")
    facts = TargetFacts(described="host=db user=ops", version=170004, live_exists=True, live_is_ours=False)
    return TargetReport(Endpoint(conninfo=target, described="host=db user=ops"), facts)


def _check_schema(name: str) -> None:
    if name == "public":
        raise UsageProblem("The schema 'public' cannot be switched.", "Choose a schema of its own.")
