"""One connection over the four files of cleaning: cleaned (main), snapshot, audit and quarantine.

Invariant: the snapshot is attached read-only; what is written becomes visible to others by one commit at the
end, and a connection left by an error leaves new files to be removed, not repaired (they have no journal);
finished files are as they were.
"""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.errors import Interrupted
from sdmigrate.model.events import Advanced
from sdmigrate.model.protocols import CancelSignal, EventSink
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.key_values import comparable_number
from sdmigrate.sqlite.connection import harden, stand_in_for_collations
from sdmigrate.sqlite.row_order import unreadable_of

BATCH_ROWS = 10_000
"""Rows between two signs of life."""

_OPCODES_BETWEEN_CHECKS = 1_000_000
"""Some 10 to 50 ms of a running statement."""

_PAGE_BYTES = 16 * 1024
"""Of cleaned: long texts span fewer pages than in the snapshot, which halves the time of the copy."""

_CACHE_KIB = 32 * 1024


@dataclass(frozen=True)
class CleaningFiles:
    """Where the three new files are written."""

    cleaned: Path
    audit: Path
    quarantine: Path


class Pulse:
    """Tells how far cleaning is, between statements and while one runs."""

    def __init__(self, events: EventSink, cancel: CancelSignal) -> None:
        self._events = events
        self._cancel = cancel
        self._last: Advanced | None = None
        self.failure: Exception | None = None
        """What a sign of life raised while a statement ran; the statement was interrupted by it."""

    def beat(self, table: str, done: int, total: int, reason: str) -> None:
        """One sign of life.

        Raises:
            Aborted: the operator asked to stop.
            Interrupted: health no longer holds.
        """
        self._last = Advanced(stage="clean", table=table, done=done, total=total, reason=reason)
        self._cancel.raise_if_set()
        self._events.emit(self._last)

    def again(self) -> None:
        """The last sign of life once more, while something is waited for; raises as ``beat`` does."""
        self._cancel.raise_if_set()
        if self._last is not None:
            self._events.emit(self._last)

    def while_running(self) -> int:
        """The connection's progress handler: not zero interrupts the statement."""
        try:
            self.again()
        except Exception as failure:
            # SQLite cannot carry it through the statement; ``open_workbench`` raises it again.
            self.failure = failure
            return 1
        return 0


@dataclass(frozen=True)
class Workbench:
    """The connection and what every step of cleaning needs to know."""

    connection: sqlite3.Connection
    catalog: Catalog
    snapshot_path: Path
    pulse: Pulse
    unreadable: dict[str, frozenset[str]] = field(default_factory=dict)
    """Table -> generated columns whose expression fails; they are NULL in cleaned."""

    def scalar(self, sql: str, parameters: tuple[int | str, ...] = ()) -> int:
        """The one number that this SELECT gives; 0 for NULL."""
        (number,) = self.connection.execute(sql, parameters).fetchone()
        return int(number or 0)


@contextmanager
def open_workbench(
    files: CleaningFiles,
    snapshot: Snapshot,
    events: EventSink,
    cancel: CancelSignal,
    *,
    finished: bool = False,
) -> Iterator[Workbench]:
    """The four files open in one transaction, which leaving the block without an error commits.

    With ``finished`` they are the run's finished files: all of them change, or after a kill none does.

    Raises:
        Aborted: the operator asked to stop.
        Interrupted: the disk is full or health no longer holds.
    """
    connection = sqlite3.connect(
        f"{files.cleaned.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    pulse = Pulse(events, cancel)
    try:
        with telling_full_disk(files.cleaned), cancel.interrupting(connection.interrupt):
            _attach(connection, files, snapshot, finished=finished)
            connection.create_function("sdmigrate_zero", 1, zero_class, deterministic=True)
            connection.create_function("sdmigrate_number", 1, comparable_number, deterministic=True)
            connection.set_progress_handler(pulse.while_running, _OPCODES_BETWEEN_CHECKS)
            yield Workbench(
                connection=connection,
                catalog=snapshot.catalog,
                snapshot_path=Path(snapshot.path),
                pulse=pulse,
                unreadable=unreadable_of(connection, "snapshot", snapshot.catalog),
            )
            connection.execute("COMMIT")
    except sqlite3.OperationalError:
        if pulse.failure is not None:
            raise pulse.failure from None
        raise
    finally:
        connection.close()


@contextmanager
def telling_full_disk(path: Path) -> Iterator[None]:
    """Turns SQLite's "database or disk is full" into the error an operator can act on."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
            raise
        raise Interrupted(
            f"The disk is full: {path.parent} or the directory of temporary files has no space left.",
            "Make space (twice the source's size, SQLITE_TMPDIR may name another place), then"
            " 'sdmigrate resume'.",
        ) from error


def exact_class(quoted: str) -> str:
    """SQL that tells storage classes apart, and -0.0 from 0.0, which SQLite takes for equal."""
    return (
        f"CASE WHEN {quoted} = 0 AND typeof({quoted}) = 'real' THEN sdmigrate_zero({quoted})"
        f" ELSE typeof({quoted}) END"
    )


def zero_class(zero: float) -> str:
    """What ``exact_class`` calls back as ``sdmigrate_zero``."""
    return "-0.0" if math.copysign(1.0, zero) < 0 else "real"


def _attach(
    connection: sqlite3.Connection, files: CleaningFiles, snapshot: Snapshot, *, finished: bool
) -> None:
    harden(connection, trusted_schema=snapshot.catalog.trusted_schema)
    stand_in_for_collations(connection, snapshot.catalog)
    # All files of a connection share one encoding, and texts are copied between them byte by byte.
    connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
    connection.execute(f"PRAGMA encoding='{snapshot.catalog.encoding}'")
    for schema, path, mode in (
        ("snapshot", Path(snapshot.path), "ro"),
        ("audit", files.audit, "rw"),
        ("quarantine", files.quarantine, "rw"),
    ):
        connection.execute(f"ATTACH ? AS {schema}", (f"{path.absolute().as_uri()}?mode={mode}",))
    for schema in ("main", "audit", "quarantine"):
        # With rollback journals SQLite commits to all files or none (https://www.sqlite.org/atomiccommit.html,
        # section 5). Of new files written_whole syncs each once at its end.
        connection.execute(f"PRAGMA {schema}.journal_mode={'DELETE' if finished else 'OFF'}")
        connection.execute(f"PRAGMA {schema}.synchronous={'FULL' if finished else 'OFF'}")
    connection.execute(f"PRAGMA main.cache_size=-{_CACHE_KIB}")
    connection.execute("PRAGMA temp_store=FILE")
    connection.execute("BEGIN")
