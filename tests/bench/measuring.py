"""Measures one piece of work: its seconds, the processor's, and the most memory that we held meanwhile.

Invariant: memory is the resident set of this process and its children added up, PostgreSQL's left out;
processor seconds are those of this process and, where a server is given, of all its processes.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from sdmigrate.model.settings import Endpoint

EVERY_SECONDS = 0.1
"""To look at every process of the machine takes milliseconds, which the measured work has to wait for."""


@dataclass
class Measure:
    """One measurement; complete when its block has ended."""

    name: str
    seconds: float = 0.0
    peak_bytes: int = 0
    own_cpu: float = 0.0
    """Seconds of the processor that this process took and its children that ended; on a busy machine they say
    more than the clock."""
    server_cpu: float = 0.0
    """Those that PostgreSQL took."""

    @property
    def cpu(self) -> float:
        """Both."""
        return self.own_cpu + self.server_cpu


@contextmanager
def measured(name: str, server: psutil.Process | None = None) -> Iterator[Measure]:
    """Measure the block; ``server`` is PostgreSQL's first process."""
    measure = Measure(name)
    own, served = sum(os.times()[:4]), _processor(server)
    ended = threading.Event()
    sampler = threading.Thread(target=_sample, args=(measure, ended), daemon=True)
    sampler.start()
    begun = time.perf_counter()
    try:
        yield measure
    finally:
        measure.seconds = time.perf_counter() - begun
        measure.own_cpu, measure.server_cpu = sum(os.times()[:4]) - own, _processor(server) - served
        ended.set()
        sampler.join()


def _sample(measure: Measure, ended: threading.Event) -> None:
    own = psutil.Process()
    while True:
        measure.peak_bytes = max(measure.peak_bytes, resident(own))
        if ended.wait(EVERY_SECONDS):
            return


def server_of(endpoint: Endpoint) -> psutil.Process:
    """PostgreSQL's first process, whose children serve the connections."""
    with psycopg.connect(endpoint.conninfo, autocommit=True) as connection:
        (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    return psutil.Process(int((Path(data) / "postmaster.pid").read_text().split("\n", 1)[0]))


def _processor(server: psutil.Process | None) -> float:
    """Seconds that the server's processes took until now, those that ended included."""
    if server is None:
        return 0.0
    # A process that has just ended counts once its parent has heard of it.
    time.sleep(0.05)
    ended = server.cpu_times()
    total = float(ended.children_user + ended.children_system)
    for child in server.children():
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


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
