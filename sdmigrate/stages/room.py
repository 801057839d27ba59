"""Preflight's check of free disk, for each file system that a run writes to.

Invariant: needs on one file system add up, whichever directories they belong to.
"""

import os
from pathlib import Path
from typing import Literal

from sdmigrate.model.source import PreflightCheck
from sdmigrate.postgres.unprivileged import recorded_place
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.health import free_bytes

LEAST_DISK_FACTOR = 2.0
"""Snapshot and cleaned file: below this no run can end, whatever the settings say."""


def check_disk(context: Context, source_bytes: int) -> PreflightCheck:
    """Free disk against what the run needs; ``source_bytes`` is the source with its write-ahead log."""
    spare = context.limits.health_disk_bytes
    verdict: Literal["pass", "warn", "fail"] = "pass"
    hint, messages = "", []
    for place, needed in _needs(context, source_bytes):
        free = free_bytes(place)
        messages.append(f"{in_units(free)} free and {in_units(needed)} needed in {place}")
        if free < needed:
            verdict, hint = "fail", "Free some space, or put the run elsewhere with --work-dir."
        elif free - needed < spare and verdict == "pass":
            verdict = "warn"
            hint = f"A run stops where less than {in_units(spare)} is left; free some space."
    return PreflightCheck(name="disk space", verdict=verdict, message="; ".join(messages) + ".", hint=hint)


def in_units(octets: int) -> str:
    """Bytes as people read them, for example ``1.5 MiB``."""
    if octets < 1024:
        return f"{octets} bytes"
    size = float(octets)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _needs(context: Context, source_bytes: int) -> list[tuple[Path, int]]:
    """A place on each file system, and the bytes to be written there."""
    limits, run = context.limits, context.directory.path
    needs = [(run, max(limits.disk_factor, LEAST_DISK_FACTOR))]
    if context.request.target == "embedded":
        homes = (context.directory.scratch / "server", run.parent.parent / "postgres")
        places = [place for place in map(recorded_place, homes) if place is not None]
        needs.append((places[0] if places else run, limits.embedded_disk_factor))
    by_device: dict[int, tuple[Path, float]] = {}
    for place, factor in needs:
        device = _device(place)
        first, sum_before = by_device.get(device, (place, 0.0))
        by_device[device] = (first, sum_before + factor)
    return [(place, int(source_bytes * factor)) for place, factor in by_device.values()]


def _device(place: Path) -> int:
    """The file system of the place, or of what will hold it."""
    existing = next(directory for directory in (place, *place.parents) if directory.exists())
    return os.stat(existing).st_dev
