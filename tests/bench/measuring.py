"""Measures one piece of work: its seconds and the most memory that our processes held meanwhile.

Invariant: memory is the resident set of this process and its children added up, PostgreSQL's left out.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

EVERY_SECONDS = 0.02


@dataclass
class Measure:
    """One measurement; complete when its block has ended."""

    name: str
    seconds: float = 0.0
    peak_bytes: int = 0


@contextmanager
def measured(name: str) -> Iterator[Measure]:
    """Measure the block."""
    measure = Measure(name)
    ended = threading.Event()
    sampler = threading.Thread(target=_sample, args=(measure, ended), daemon=True)
    sampler.start()
    begun = time.perf_counter()
    try:
        yield measure
    finally:
        measure.seconds = time.perf_counter() - begun
        ended.set()
        sampler.join()


def _sample(measure: Measure, ended: threading.Event) -> None:
    own = psutil.Process()
    while True:
        measure.peak_bytes = max(measure.peak_bytes, resident(own))
        if ended.wait(EVERY_SECONDS):
            return


def resident(own: psutil.Process) -> int:
    """Bytes resident in that process and its children, PostgreSQL's left out."""
    total = own.memory_info().rss
    for child in own.children(recursive=True):
        try:
            if not child.name().startswith(("postgres", "pg_")):
                total += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return int(total)
