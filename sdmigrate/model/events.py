"""The events of a run: what ``--json`` prints, what the journal keeps, what the wizard draws.

Invariant: field names and values are CONTRACTS.md's, to the letter; the envelope (v, seq, at, run) is added
by the recorder in runtime/. ``Advanced`` alone is internal: the recorder turns it into ``Progress``.
"""

from typing import Literal, TypeAlias

from sdmigrate.model.finding import Finding, Severity
from sdmigrate.model.gate import GateName
from sdmigrate.model.record import Record
from sdmigrate.model.result import Verdict

StageName: TypeAlias = Literal[
    "preflight",
    "backup",
    "profile",
    "plan",
    "clean",
    "canary",
    "load",
    "verify",
    "cutover",
    "rollback",
    "replay",
]
StageStatus: TypeAlias = Literal["done", "skipped", "refused", "failed", "aborted"]
Outcome: TypeAlias = Literal[
    "released",
    "loaded",
    "rehearsed",
    "inspected",
    "rolled_back",
    "done",
    "refused",
    "failed",
    "aborted",
    "stopped",
]


class StageStarted(Record, tag_field="event", tag="stage.started"):
    """A stage begins."""

    stage: StageName


class StageFinished(Record, tag_field="event", tag="stage.finished"):
    """A stage ended; ``done`` only after its result is on disk."""

    stage: StageName
    status: StageStatus
    seconds: float


class Progress(Record, tag_field="event", tag="progress"):
    """How far a stage is with one table."""

    stage: StageName
    table: str | None
    done: int
    total: int | None
    """None where it cannot be known."""
    unit: str
    """rows, bytes, pages, columns or steps."""
    rate: float
    """Units a second, smoothed."""
    eta_seconds: float | None
    """None until at least 1 % and one second are behind."""
    reason: str
    """What it does at this moment, in words."""


class FindingSeen(Record, tag_field="event", tag="finding"):
    """A finding, without its samples."""

    code: str
    severity: Severity
    table: str | None
    column: str | None
    count: int
    message: str
    advice: str


class GateJudged(Record, tag_field="event", tag="gate"):
    """A gate's verdict."""

    name: GateName
    verdict: Literal["pass", "warn", "stop"]
    value: float | str
    limit: float | str
    advice: str


class ColumnSeen(Record, tag_field="event", tag="column"):
    """One column's evidence and decision."""

    table: str
    column: str
    declared: str
    proposed: str
    confidence: float
    reason: str
    rows: int
    nulls: int
    empties: int
    classes: dict[str, int]
    forms: dict[str, int]
    decision: str
    """The plan's type with who chose it, for example "timestamp (proposed)"; empty before the plan."""


class StageSummary(Record):
    """One stage in the last line."""

    name: StageName
    status: StageStatus
    seconds: float


class TableSummary(Record):
    """One table in the last line."""

    source: str
    target: str
    read: int
    loaded: int
    quarantined: int
    deduplicated: int
    excluded: int
    changed: int
    verified: Verdict


class FindingSummary(Record):
    """One finding in the last line."""

    code: str
    severity: Severity
    table: str | None
    column: str | None
    count: int


class QualityPair(Record):
    """Quality before and after cleaning; None where it was not computed."""

    before: float | None
    after: float | None


class RunFinished(Record, tag_field="event", tag="run.finished"):
    """The last line on every exit after argument parsing."""

    outcome: Outcome
    exit_code: int
    schema: str | None
    release: str | None
    previous: str | None
    target: str | None
    """libpq string without its password, or "embedded"."""
    run_dir: str | None
    quality: QualityPair
    stages: tuple[StageSummary, ...]
    tables: tuple[TableSummary, ...]
    findings: tuple[FindingSummary, ...]

    @property
    def has_loaded(self) -> bool:
        """Whether a load ended well; before that a table's ``loaded`` counts what is to be loaded."""
        return any(stage.name == "load" and stage.status == "done" for stage in self.stages)


class Advanced(Record, tag_field="event", tag="advanced"):
    """Raw progress from a driver; emit it at every batch, the recorder samples."""

    stage: StageName
    table: str | None
    done: int
    total: int | None
    unit: str = "rows"
    reason: str = ""


Event: TypeAlias = (
    StageStarted | StageFinished | Progress | FindingSeen | GateJudged | ColumnSeen | RunFinished | Advanced
)


def seen(finding: Finding) -> FindingSeen:
    """The finding as an event; its samples stay in the stage's result."""
    return FindingSeen(
        code=finding.code,
        severity=finding.severity,
        table=finding.table,
        column=finding.column,
        count=finding.count,
        message=finding.message,
        advice=finding.advice,
    )


def summed(event: FindingSeen) -> FindingSummary:
    """The finding as the last line has it."""
    return FindingSummary(
        code=event.code,
        severity=event.severity,
        table=event.table,
        column=event.column,
        count=event.count,
    )
