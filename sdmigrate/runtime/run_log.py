"""The run's JSON log: log.jsonl in the run directory.

Invariant: one JSON object a line; errors with their traceback go here and never to the terminal; no
connection string and no value of the data gets into it, by a variable of a traceback's frame neither.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import structlog
from structlog.tracebacks import ExceptionDictTransformer

from sdmigrate.model.events import Event, FindingSeen, GateJudged, Progress, StageFinished

_SEVERITY_LEVEL = {"error": "error", "warning": "warning", "info": "info"}
_VERDICT_LEVEL = {"stop": "error", "warn": "warning", "pass": "info"}


class RunLog:
    """An open log; appends across resumes."""

    def __init__(self, path: Path, *, run_id: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
        self._logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
            structlog.WriteLogger(self._file),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                # Without the frames' variables, which hold connection strings and values of the data.
                structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(0),
            run=run_id,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def tell(self, _line: str, event: Event) -> None:
        """A recorder's listener; progress is left out, progress.json holds the newest."""
        if isinstance(event, Progress):
            return
        level = "info"
        if isinstance(event, FindingSeen):
            level = _SEVERITY_LEVEL[event.severity]
        elif isinstance(event, GateJudged):
            level = _VERDICT_LEVEL[event.verdict]
        elif isinstance(event, StageFinished) and event.status not in ("done", "skipped"):
            level = "error"
        fields = msgspec.to_builtins(event)
        getattr(self._logger, level)(fields.pop("event"), **fields)

    def failure(self, error: BaseException) -> None:
        """An error that ended the run, with its traceback."""
        self._logger.error("run.failed", error=str(error), exc_info=error)
