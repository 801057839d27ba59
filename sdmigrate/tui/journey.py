"""The journey as the screen knows it: one frozen value, folded from what the child process said.

Invariant: pure. "Stopped" is only ever reached through a message of the child, never through the wish.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from sdmigrate.model.events import (
    ColumnSeen,
    Event,
    FindingSeen,
    GateJudged,
    Progress,
    RunFinished,
    StageFinished,
    StageName,
    StageStarted,
)
from sdmigrate.model.gate import GateName
from sdmigrate.model.record import Record
from sdmigrate.model.settings import Request
from sdmigrate.model.so_far import TableSoFar
from sdmigrate.pipeline.messages import Ended, Seen, Tried, Waiting
from sdmigrate.pipeline.told import StageTold
from sdmigrate.tui.steps import STAGE_ORDER, STEPS, Step, in_mode, step_of

StageState: TypeAlias = Literal["pending", "running", "done", "skipped", "refused", "failed", "aborted"]
StepState: TypeAlias = Literal[
    "pending",
    "running",
    "stopping",
    "done",
    "rolled_back",
    "needs_you",
    "refused",
    "failed",
    "stopped",
    "skipped",
    "not_in_mode",
    "lost",
]
MOST_FINDINGS = 1000
"""Findings kept of one stage while it runs; its result has all of them."""


@dataclass(frozen=True)
class Gone:
    """The child process ended without a word."""


@dataclass(frozen=True)
class Results:
    """What was read from the run directory."""

    records: dict[StageName, Record]
    told: tuple[StageTold, ...] = ()
    """How those stages ended that another process ran."""


Item: TypeAlias = Event | Seen | Waiting | Tried | Ended | Gone | Results


@dataclass(frozen=True)
class StageView:
    """One stage as far as it is known."""

    state: StageState = "pending"
    seconds: float | None = None
    """Wall clock; None before it ended."""
    findings: tuple[FindingSeen, ...] = ()
    gates: tuple[GateJudged, ...] = ()


@dataclass(frozen=True)
class Journey:
    """One journey; ``fold`` makes the next."""

    request: Request
    resumed: bool = False
    stages: dict[StageName, StageView] = field(default_factory=dict)
    results: dict[StageName, Record] = field(default_factory=dict)
    seen: dict[str, TableSoFar] = field(default_factory=dict)
    """What is known of each table while the profile is made, by name."""
    running: StageName | None = None
    latest: StageName | None = None
    """The stage that ran last in this session; None before the first."""
    began: float = 0.0
    """When the running stage began, by the wizard's clock."""
    progress: Progress | None = None
    waiting: Waiting | None = None
    stop_asked: bool = False
    run_directory: str | None = None
    ended: Ended | None = None
    lost: bool = False
    """The child process ended without a word."""

    def stage(self, name: StageName) -> StageView:
        """What is known of the stage."""
        return self.stages.get(name, StageView())

    @property
    def finished(self) -> RunFinished | None:
        """The journey's last line; None while it goes on."""
        return self.ended.finished if self.ended else None

    @property
    def busy(self) -> bool:
        """Whether the child works, or is about to."""
        return self.waiting is None and self.ended is None and not self.lost


def fold(journey: Journey, item: Item, now: float) -> Journey:
    """The journey after one more thing was heard."""
    match item:
        case StageStarted(stage=stage):
            return _started(journey, stage, now)
        case StageFinished(stage=stage, status=status, seconds=seconds):
            view = replace(journey.stage(stage), state=status, seconds=seconds)
            return replace(_with_stage(journey, stage, view), running=None, progress=None)
        case Progress():
            return replace(journey, progress=item)
        case FindingSeen():
            return _with_finding(journey, item)
        case GateJudged():
            return _with_gate(journey, item)
        case Results(records=records, told=told):
            views = {stage.ended.name: _view(stage) for stage in told}
            return replace(journey, results=journey.results | records, stages=journey.stages | views)
        case Seen(tables=tables):
            return replace(journey, seen=journey.seen | {table.profile.name: table for table in tables})
        case Waiting():
            return _waiting(journey, item)
        case Ended():
            return replace(_settled(journey), ended=item, waiting=None)
        case Gone():
            return replace(_settled(journey), lost=journey.ended is None, waiting=None)
        case ColumnSeen():
            return journey
        case _:
            return journey


def _view(told: StageTold) -> StageView:
    return StageView(state=told.ended.status, seconds=told.ended.seconds, gates=told.gates)


def _with_stage(journey: Journey, stage: StageName, view: StageView) -> Journey:
    return replace(journey, stages=journey.stages | {stage: view})


def _started(journey: Journey, stage: StageName, now: float) -> Journey:
    place = STAGE_ORDER.index(stage)
    earlier = STAGE_ORDER[:place]
    seen = journey.seen
    if stage == "preflight":
        seen = {}
    elif stage == "profile" and stage in journey.stages:
        # What an earlier count said may be of another snapshot.
        seen = {name: table for name, table in seen.items() if table.known == "sampled"}
    return replace(
        journey,
        seen=seen,
        stages={name: view for name, view in journey.stages.items() if name in earlier}
        | {stage: StageView(state="running")},
        results={name: record for name, record in journey.results.items() if name in earlier},
        running=stage,
        latest=stage,
        began=now,
        progress=None,
        waiting=None,
    )


def _with_finding(journey: Journey, finding: FindingSeen) -> Journey:
    if journey.latest is None:
        return journey
    view = journey.stage(journey.latest)
    if len(view.findings) >= MOST_FINDINGS:
        return journey
    return _with_stage(journey, journey.latest, replace(view, findings=(*view.findings, finding)))


def _with_gate(journey: Journey, gate: GateJudged) -> Journey:
    if journey.latest is None:
        return journey
    view = journey.stage(journey.latest)
    others = tuple(seen for seen in view.gates if seen.name != gate.name)
    return _with_stage(journey, journey.latest, replace(view, gates=(*others, gate)))


def _settled(journey: Journey) -> Journey:
    return replace(journey, running=None, progress=None, stop_asked=False)


def _waiting(journey: Journey, waiting: Waiting) -> Journey:
    stages = dict(journey.stages)
    for stage in waiting.finished:
        if journey.stage(stage).state not in ("done", "skipped"):
            stages[stage] = replace(journey.stage(stage), state="done")
    for stage, view in journey.stages.items():
        if view.state == "running" and stage not in waiting.finished:
            stages[stage] = replace(view, state="aborted" if journey.stop_asked else "failed")
        elif view.state == "done" and stage not in waiting.finished:
            stages[stage] = StageView()
    return replace(_settled(journey), stages=stages, waiting=waiting, run_directory=waiting.run_directory)


def gates_of(journey: Journey, step: Step) -> dict[GateName, GateJudged]:
    """The verdicts that belong to the step, whichever stage they were heard in."""
    found: dict[GateName, GateJudged] = {}
    for view in journey.stages.values():
        found |= {gate.name: gate for gate in view.gates if gate.name in step.gates}
    return found


def step_state(journey: Journey, step: Step) -> StepState:
    """The step's state, for its word and glyph."""
    if not in_mode(step, journey.request.mode):
        return "not_in_mode"
    states = {stage: journey.stage(stage).state for stage in step.stages}
    if "running" in states.values():
        return "lost" if journey.lost else "stopping" if journey.stop_asked else "running"
    for state in ("refused", "failed"):
        if state in states.values():
            return state
    if "aborted" in states.values():
        return "stopped"
    waiting = journey.waiting
    if waiting and waiting.asks == "confirm_cutover" and step is STEPS[-1]:
        return "needs_you"
    if waiting and waiting.following in step.stages and waiting.following != step.stages[0]:
        return "needs_you"
    if not any(state in ("done", "skipped") for state in states.values()):
        return "pending"
    if journey.busy and journey.latest in step.stages and _goes_on_within(journey, step):
        return "running"
    if journey.request.mode == "migrate" and states.get("rollback") == "done":
        return "rolled_back"
    return "skipped" if all(state == "skipped" for state in states.values()) else "done"


def _goes_on_within(journey: Journey, step: Step) -> bool:
    """Between two stages of one step nothing runs for a moment; the step has not ended for that."""
    expected = step.stages if journey.request.mode != "inspect" else step.stages[:1]
    if step is STEPS[-1]:
        expected = ("load", "verify")
    return any(journey.stage(stage).state == "pending" for stage in expected)


def active_step(journey: Journey) -> Step:
    """The step where the journey stands; of an inspection, the profile as soon as tables are seen."""
    if journey.request.mode == "inspect" and journey.seen and _nothing_wrong(journey):
        return step_of("profile")
    if journey.latest is not None:
        return step_of(journey.latest)
    if journey.waiting is not None:
        if journey.waiting.following is not None:
            return step_of(journey.waiting.following)
        if journey.waiting.finished:
            return step_of(journey.waiting.finished[-1])
    return STEPS[0]


def _nothing_wrong(journey: Journey) -> bool:
    return all(view.state not in ("refused", "failed") for view in journey.stages.values())


def goes_on_by_itself(journey: Journey) -> bool:
    """Whether the next stage needs no key: it belongs to the step the operator already started.

    An inspection has nothing to decide between its steps, and goes on to its end.
    """
    waiting = journey.waiting
    if waiting is None or waiting.asks != "proceed" or waiting.following is None or waiting.stopped_by:
        return False
    if journey.latest is None:
        return not waiting.finished
    begun = journey.request.mode == "inspect" or waiting.following in step_of(journey.latest).stages
    return begun and _last_went_well(journey)


def _last_went_well(journey: Journey) -> bool:
    return journey.latest is not None and journey.stage(journey.latest).state in ("done", "skipped")
