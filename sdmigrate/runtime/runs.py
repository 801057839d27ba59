"""Runs as directories below the work directory: making one, finding them, locking one.

Invariant: a run directory belongs to one process at a time (an advisory lock that dies with it), and two
runs never share one.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.record import Record
from sdmigrate.model.settings import Request
from sdmigrate.runtime.directory import RunDirectory, make_private_directory

STAMP = "%Y%m%dT%H%M%SZ"


class RunFacts(Record):
    """What the journal keeps of a run from its first moment."""

    request: Request
    started: datetime
    """UTC."""
    version: str
    """sdmigrate's."""


def default_work_directory() -> Path:
    """The system's place for state, without creating it."""
    return Path(platformdirs.user_state_dir("sdmigrate", appauthor=False))


def new_run_directory(work_directory: Path, source: Path) -> tuple[RunDirectory, datetime]:
    """A new, empty run directory and the moment (UTC, whole seconds) that its name carries."""
    runs = work_directory / "runs"
    make_private_directory(runs)
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", source.name).strip("._")[:60] or "source"
    started = datetime.now(UTC).replace(microsecond=0)
    while True:
        path = runs / f"{started.strftime(STAMP)}-{name}"
        # The stamp also names the release, so another source's run of this second must not share it.
        if not any(runs.glob(f"{started.strftime(STAMP)}-*")):
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:
                pass
            else:
                directory = RunDirectory(path)
                make_private_directory(directory.scratch)
                return directory, started
        started = datetime.fromtimestamp(started.timestamp() + 1, UTC)


def run_directories(work_directory: Path) -> tuple[RunDirectory, ...]:
    """All run directories with a journal, newest first."""
    runs = work_directory / "runs"
    if not runs.is_dir():
        return ()
    found = [RunDirectory(path) for path in runs.iterdir() if (path / "journal.sqlite").is_file()]
    return tuple(sorted(found, key=lambda directory: directory.run_id, reverse=True))


def find_run(work_directory: Path, named: str) -> RunDirectory:
    """The run of that id, of a unique beginning of it, or at that path.

    Raises:
        UsageProblem: no run is meant by it, or more than one.
    """
    path = Path(named)
    if (path / "journal.sqlite").is_file():
        return RunDirectory(path.absolute())
    matching = [run for run in run_directories(work_directory) if run.run_id.startswith(named)]
    exact = [run for run in matching if run.run_id == named]
    if len(exact or matching) == 1:
        return (exact or matching)[0]
    found = "no run" if not matching else f"{len(matching)} runs"
    raise UsageProblem(f"{named!r} names {found}.", "List the runs with 'sdmigrate runs'.")


def is_locked(directory: RunDirectory) -> bool:
    """Whether a living process works in the run directory."""
    try:
        with locked(directory):
            return False
    except UnsafeToContinue:
        return True


@contextmanager
def locked(directory: RunDirectory) -> Iterator[None]:
    """Hold the run for this process.

    Raises:
        UnsafeToContinue: another living process holds it.
    """
    descriptor = os.open(directory.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnsafeToContinue(
                f"Another sdmigrate works on the run {directory.run_id}.",
                "Wait for it to end, or stop that process; then call again.",
            ) from error
        yield
    finally:
        os.close(descriptor)
