"""How a run ended: exit codes and outcomes, and which error means which.

Invariant: the numbers are CONTRACTS.md's and frozen; an error class that is not named here is an internal
fault.
"""

from enum import IntEnum

from sdmigrate.model.environment import of_environment
from sdmigrate.model.errors import (
    Aborted,
    Interrupted,
    Refused,
    SourceUnusable,
    TargetUnreachable,
    UnsafeToContinue,
    UsageProblem,
)
from sdmigrate.model.events import Outcome, StageStatus


class ExitCode(IntEnum):
    """What the process returns."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    CANNOT_OPEN = 3
    UNSAFE = 4
    ABORTED = 5
    STOPPED = 6
    INTERNAL = 70


_ENDINGS: tuple[tuple[type[Exception], Outcome, ExitCode, StageStatus], ...] = (
    (Refused, "refused", ExitCode.REFUSED, "refused"),
    (UnsafeToContinue, "refused", ExitCode.UNSAFE, "refused"),
    (UsageProblem, "failed", ExitCode.USAGE, "failed"),
    (SourceUnusable, "failed", ExitCode.CANNOT_OPEN, "failed"),
    (TargetUnreachable, "failed", ExitCode.CANNOT_OPEN, "failed"),
    (Aborted, "aborted", ExitCode.ABORTED, "aborted"),
    (Interrupted, "stopped", ExitCode.STOPPED, "failed"),
)


def outcome_of(error: BaseException) -> tuple[Outcome, ExitCode]:
    """The run's outcome and exit code after this error."""
    known = of_environment(error) or error
    for kind, outcome, code, _ in _ENDINGS:
        if isinstance(known, kind):
            return outcome, code
    return "failed", ExitCode.INTERNAL


def stage_status_of(error: BaseException) -> StageStatus:
    """The stage's status after this error."""
    for kind, _, _, status in _ENDINGS:
        if isinstance(error, kind):
            return status
    return "failed"
