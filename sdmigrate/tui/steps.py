"""The six steps that the wizard shows, and the stages that each runs.

Invariant: every stage belongs to exactly one step, and steps stand in the pipeline's order.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sdmigrate.model.events import StageName
from sdmigrate.model.gate import GateName
from sdmigrate.model.settings import Mode

StepName: TypeAlias = Literal["preflight", "backup", "profile", "clean", "canary", "cutover"]


@dataclass(frozen=True)
class Step:
    """One step of the wizard."""

    name: StepName
    title: str
    stages: tuple[StageName, ...]
    gates: tuple[GateName, ...]
    """The gates whose verdicts belong here."""
    purpose: str
    """Two or three sentences: what it will do and what it leaves alone."""


STEPS: tuple[Step, ...] = (
    Step(
        "preflight",
        "Preflight",
        ("preflight",),
        ("preflight",),
        "Reads the source's header and catalog without leaving a trace, and checks disk, memory, and the "
        "target's version and privileges. Nothing is written but the run's own directory.",
    ),
    Step(
        "backup",
        "Backup",
        ("backup",),
        (),
        "Takes a consistent snapshot while others may go on writing to the source, checks its integrity and "
        "records MD5 and SHA-256. A live schema on the target is dumped first. Later steps read this.",
    ),
    Step(
        "profile",
        "Profile",
        ("profile", "plan"),
        ("breaker", "confidence"),
        "Counts every value of every column: storage classes, nulls, empties, forms of dates and numbers. "
        "Proposes a PostgreSQL type for each, scores the quality and writes the plan. The circuit breaker "
        "halts here when the source must be fixed first.",
    ),
    Step(
        "clean",
        "Clean",
        ("clean",),
        ("quality", "quarantine"),
        "Writes a new SQLite file with the plan's repairs. Changed values go to the audit trail, rows that "
        "cannot be loaded to the quarantine. Ends by proving that every change can be undone exactly.",
    ),
    Step(
        "canary",
        "Canary",
        ("canary",),
        ("canary",),
        "Loads a sample, everything odd and the parents its rows need, by the same code as the full load. "
        "Verifies it value by value, runs your queries on it, and drops it again.",
    ),
    Step(
        "cutover",
        "Cutover",
        ("load", "verify", "cutover", "rollback"),
        ("verification",),
        "Loads everything into a new release beside the live schema and compares every table on both sides. "
        "Then asks for the schema's name, and only then switches, in one transaction. What was live is kept.",
    ),
)

_INSPECTED = (
    "Counts every value of every column: storage classes, nulls, empties, forms of dates and numbers, and "
    "tells what each would become in PostgreSQL. A sample gives the first look; exact numbers follow table "
    "by table."
)
_REHEARSED = " In rehearse this happens on scratch schemas, which are dropped: the target ends as it was."

STAGE_ORDER: tuple[StageName, ...] = tuple(stage for step in STEPS for stage in step.stages)

_INSPECT: tuple[StepName, ...] = ("preflight", "backup", "profile")


def step_of(stage: StageName) -> Step:
    """The step that runs this stage."""
    return next(step for step in STEPS if stage in step.stages)


def position(step: Step) -> int:
    """Its place among the steps, from 0."""
    return STEPS.index(step)


def in_mode(step: Step, mode: Mode) -> bool:
    """Whether this mode runs the step."""
    return mode != "inspect" or step.name in _INSPECT


def purpose(step: Step, mode: Mode) -> str:
    """What the step will do in this mode."""
    if not in_mode(step, mode):
        return "Not in this mode: inspect reads the source and ends with the profile and its report."
    if mode == "inspect" and step.name == "profile":
        return _INSPECTED
    if mode == "rehearse" and step.name == "cutover":
        return step.purpose + _REHEARSED
    return step.purpose
