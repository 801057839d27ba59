"""Standard error and the process's exit code, owned by this file alone.

Invariant: an operator's mistake never shows a traceback; every error says what happened and what to do next;
text from data is shown with its control characters escaped.
"""

import contextlib
import sys
import time

from sdmigrate.model.environment import of_environment
from sdmigrate.model.errors import SdmigrateError
from sdmigrate.model.events import (
    Event,
    FindingSeen,
    GateJudged,
    Progress,
    RunFinished,
    StageFinished,
    StageStarted,
)
from sdmigrate.report.plain import plain

PROGRESS_SECONDS = 1.0
"""How often progress is narrated at most."""


def warn(message: str) -> None:
    """One line of warning."""
    _write(f"warning: {message}")


def fail(error: BaseException, *, verbose: bool) -> None:
    """What happened and what to do next; with ``verbose`` the cause's type as well."""
    error = of_environment(error) or error
    if isinstance(error, SdmigrateError):
        _write(f"error: {error.message}")
        if error.hint:
            _write(f"  {error.hint}")
        if verbose and error.__cause__ is not None:
            _write(f"  cause: {type(error.__cause__).__name__}: {error.__cause__}")
    else:
        _write(f"internal error: {type(error).__name__}: {error}")
        _write(
            "  This is a defect of sdmigrate. The source is as it was; the run's log.jsonl has the details."
        )


class Narrator:
    """Tells a run in lines on standard error."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._told = 0.0

    def tell(self, _line: str, event: Event) -> None:
        """A recorder's listener."""
        match event:
            case StageStarted():
                _write(f"{event.stage} …")
                self._told = time.monotonic()
            case StageFinished():
                _write(f"{event.stage} {event.status} in {event.seconds:.1f} s")
            case GateJudged():
                advice = f": {event.advice}" if event.advice else ""
                if event.verdict != "pass" or self._verbose:
                    _write(
                        f"  gate {event.name}: {event.verdict} ({event.value}, limit {event.limit}){advice}"
                    )
            case FindingSeen():
                if event.severity != "info" or self._verbose:
                    where = ".".join(filter(None, (event.table, event.column)))
                    _write(
                        f"  {event.severity} {event.code}{' in ' if where else ''}{where}: {event.message}"
                    )
            case Progress():
                self._narrate_progress(event)
            case RunFinished():
                _write(f"{event.outcome} (exit {event.exit_code})")

    def _narrate_progress(self, event: Progress) -> None:
        now = time.monotonic()
        if now - self._told < PROGRESS_SECONDS:
            return
        self._told = now
        _write(f"  {progress_line(event)}")


def progress_line(event: Progress) -> str:
    """How far it is, in words."""
    total = f" of {event.total:,}" if event.total is not None else ""
    eta = f", {event.eta_seconds:.0f} s left" if event.eta_seconds is not None else ""
    where = f" {event.table}" if event.table else ""
    return f"{event.stage}{where}: {event.done:,}{total} {event.unit}, {event.rate:,.0f}/s{eta}"


def _write(line: str) -> None:
    # Narration that nobody can read is no reason to stop a run; its events are in the journal.
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(plain(line) + "\n")
        sys.stderr.flush()


def note(message: str) -> None:
    """One line of narration."""
    _write(message)
