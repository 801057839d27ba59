"""The run's event sink: numbers, stamps and passes on every event, and watches health while it does.

Invariant: every event gets the next number and the envelope of CONTRACTS.md exactly once; listeners see the
same line that the journal keeps, and one that fails (a full disk, a closed pipe) keeps it from no other.
Progress goes to listeners and progress.json, not into the journal.
"""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sdmigrate.model.events import Advanced, ColumnSeen, Event, FindingSeen, Progress
from sdmigrate.model.listing import Listed
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.progress import ProgressMeter

Listener = Callable[[str, Event], None]
"""Called with the JSON line and the event, in the emitting thread."""

HEALTH_SECONDS = 2.0
"""How often health is looked at while rows move."""

_PROGRESS_FILE_SECONDS = 0.25
"""How often progress.json is written at most: a file of thousands of tables has progress for each."""


def utc_now() -> datetime:
    """The clock of the run's records."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """``2026-11-23T02:15:00.123Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def event_line(event: Event | Listed, *, seq: int, at: datetime, run: str | None) -> str:
    """One line of ``--json``, without its newline."""
    envelope = {"v": 1, "seq": seq, "at": timestamp(at), "run": run}
    return json.dumps(envelope | msgspec.to_builtins(event), ensure_ascii=False, allow_nan=False)


class Recorder:
    """An EventSink for one process's part of a run; safe to emit to from any thread."""

    def __init__(
        self,
        *,
        run_id: str | None = None,
        journal: Journal | None = None,
        progress_path: Path | None = None,
        check_health: Callable[[], None] | None = None,
        listeners: tuple[Listener, ...] = (),
    ) -> None:
        self._run_id = run_id
        self._journal = journal
        self._progress_path = progress_path
        self._check_health = check_health
        self._listeners = listeners
        self._seq = journal.last_seq() if journal is not None else 0
        self._meter = ProgressMeter()
        self._lock = threading.RLock()
        self._health_seen = time.monotonic()
        self._now = self._health_seen
        self._progress_kept = float("-inf")
        self._progress_waiting: str | None = None

    def emit(self, event: Event) -> None:
        """Pass the event on; ``Advanced`` is sampled and may find health failing.

        Raises:
            Interrupted: health no longer holds.
        """
        with self._lock:
            if isinstance(event, Advanced):
                self._advance(event)
            else:
                self._tell(event)

    def _advance(self, advanced: Advanced) -> None:
        self._now = now = time.monotonic()
        progress = self._meter.measure(advanced, now)
        if progress is not None:
            self._tell(progress)
        if self._check_health is not None and now - self._health_seen >= HEALTH_SECONDS:
            self._health_seen = now
            self._check_health()

    def _tell(self, event: Event) -> None:
        self._seq += 1
        line = event_line(event, seq=self._seq, at=utc_now(), run=self._run_id)
        failure: Exception | None = None
        for hear in (self._keep, *self._listeners):
            try:
                hear(line, event)
            except Exception as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _keep(self, line: str, event: Event) -> None:
        if isinstance(event, Progress):
            self._progress_waiting = line
            if self._now - self._progress_kept >= _PROGRESS_FILE_SECONDS:
                self._keep_progress()
            return
        self._keep_progress()
        if self._journal is not None:
            self._journal.append(self._seq, line, may_wait=isinstance(event, ColumnSeen | FindingSeen))

    def _keep_progress(self) -> None:
        """Put the progress that waits into its file."""
        line, self._progress_waiting = self._progress_waiting, None
        if self._progress_path is None or line is None:
            return
        self._progress_kept = self._now
        # Rename without fsync: another process never reads half a line, and nothing depends on the newest.
        partial = self._progress_path.with_name(self._progress_path.name + ".partial")
        partial.touch(mode=0o600)
        partial.write_text(line + "\n", encoding="utf-8")
        partial.rename(self._progress_path)
