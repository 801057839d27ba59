"""The run directory: where everything of one run lies.

Invariant: directories are 0700 and files 0600 from the moment they exist, since they hold people's data; a
file stands under its final name only when it is whole.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sdmigrate.model.errors import UsageProblem


@dataclass(frozen=True)
class RunDirectory:
    """The paths of one run; nothing here creates or reads a file."""

    path: Path

    @property
    def run_id(self) -> str:
        """The directory's name: ``<UTC stamp>-<source name>``."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """Append-only events and stage results."""
        return self.path / "journal.sqlite"

    @property
    def snapshot(self) -> Path:
        """The consistent copy of the source."""
        return self.path / "snapshot.sqlite"

    @property
    def cleaned(self) -> Path:
        """The cleaned file."""
        return self.path / "cleaned.sqlite"

    @property
    def plan(self) -> Path:
        """The plan that ran."""
        return self.path / "plan.toml"

    @property
    def reviewed_plan(self) -> Path:
        """The plan as the operator last decided it in the wizard; the plan stage reads it."""
        return self.path / "plan.reviewed.toml"

    @property
    def audit(self) -> Path:
        """Every changed value."""
        return self.path / "audit.sqlite"

    @property
    def quarantine(self) -> Path:
        """Rows that cannot be loaded under the plan."""
        return self.path / "quarantine.sqlite"

    @property
    def dump(self) -> Path:
        """pg_dump (custom format) of the live schema as it was."""
        return self.path / "live.dump"

    @property
    def log(self) -> Path:
        """JSON log."""
        return self.path / "log.jsonl"

    @property
    def metrics(self) -> Path:
        """Prometheus text."""
        return self.path / "metrics.prom"

    @property
    def progress(self) -> Path:
        """The latest progress, for other processes."""
        return self.path / "progress.json"

    @property
    def scratch(self) -> Path:
        """Temporary files: DuckDB's spill, the canary's sample, the throw-away server."""
        return self.path / "scratch"

    def report(self, suffix: str) -> Path:
        """The report as ``json``, ``md`` or ``html``."""
        return self.path / f"report.{suffix}"


def make_private_directory(path: Path) -> None:
    """Create the directory and what is missing above it, each 0700; what exists keeps its permissions.

    Raises:
        UsageProblem: it cannot be made there, or something else is in its place.
        OSError: the disk is full.
    """
    try:
        missing = [directory for directory in (path, *path.parents) if not directory.exists()]
        for directory in reversed(missing):
            directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UsageProblem(
            f"The directory {path} cannot be made: {error.strerror}.",
            "Name another work directory with --work-dir.",
        ) from error
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        raise UsageProblem(
            f"{path} is no directory that can be written to.", "Name another work directory with --work-dir."
        )


def private_file(path: Path) -> None:
    """Create an empty 0600 file there, so that no later writer decides its permissions.

    Raises:
        FileExistsError: something is there already.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def sync(path: Path) -> None:
    """Wait until the disk has what anybody wrote: a file's content, or the renames inside a directory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A 0600 path beside ``path`` to write to; on leaving it is synced and renamed, on an error removed."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    private_file(partial)
    try:
        yield partial
        sync(partial)
        partial.rename(path)
        sync(path.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
