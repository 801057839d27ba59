"""What the machine has left: free disk and memory.

Invariant: measuring creates nothing and changes nothing.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

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
