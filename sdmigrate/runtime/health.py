"""What the machine has left: free disk and memory.

Invariant: measuring creates nothing and changes nothing.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from sdmigrate.model.errors import Interrupted
from sdmigrate.model.settings import Limits

_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Memory:
    """Main memory in bytes."""

    available: int
    """What programs can still take without swapping."""
    total: int
    """Of the machine, or of the container where that has less."""


def free_bytes(path: Path) -> int:
    """Bytes that this user can still write on the file system of ``path``, which need not exist yet."""
    existing = next(
        directory for directory in (path.absolute(), *path.absolute().parents) if directory.exists()
    )
    facts = os.statvfs(existing)
    return facts.f_bavail * facts.f_frsize


def memory() -> Memory:
    """Available and total memory."""
    machine = psutil.virtual_memory()
    limit = _container_limit()
    if limit is None or limit >= machine.total:
        return Memory(available=machine.available, total=machine.total)
    return Memory(available=min(machine.available, limit), total=limit)


def _container_limit() -> int | None:
    """Bytes that a Linux container may use; None without a limit."""
    try:
        text = _CONTAINER_LIMIT.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def require_health(run_directory: Path, limits: Limits) -> None:
    """Whether a run may go on: looked at every two seconds while rows move.

    Raises:
        Interrupted: the disk or the memory is about to run out.
    """
    free = free_bytes(run_directory)
    if free < limits.health_disk_bytes:
        raise Interrupted(
            f"Only {free // 2**20:,} MiB are free for {run_directory};"
            f" {limits.health_disk_bytes // 2**20:,} MiB are kept in hand.",
            "Free some space, then go on with 'sdmigrate resume'.",
        )
    seen = memory()
    used = 1 - seen.available / seen.total
    if used > limits.health_memory_share:
        raise Interrupted(
            f"{used:.0%} of the machine's memory is in use; {limits.health_memory_share:.0%} is the limit.",
            "End other programs, then go on with 'sdmigrate resume'.",
        )
