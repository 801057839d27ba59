"""The scan of every table: each column by the method that suits it, two queries at a time.

Invariant: a sample chooses the method and no number comes from it: where it was wrong, columns are scanned a
second time. What DuckDB cannot read is told to the caller, who reads it in another way.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias

import duckdb

from sdmigrate.duck import dictionary, wide
from sdmigrate.duck.connection import open_snapshot, snapshot_query
from sdmigrate.duck.dictionary import MOST_COLUMNS
from sdmigrate.duck.encoding import Carriage, Classes, Left, broken, quoted
from sdmigrate.duck.sample import Sampled, sample
from sdmigrate.model.catalog import Table
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.values import Value
from sdmigrate.rules.evidence import Evidence

_WORKERS = 2
_PULSE_SECONDS = 0.5
_MOST_WIDE_COLUMNS = 8
"""Columns held at once, so that a wide table does not fill memory."""

_LONG = 100
"""Bytes of a value, on average, from which a column is held apart from shorter ones."""
_OVERHEAD = 20
"""Bytes that holding a value takes beside its own."""
_HELD_BYTES = 24 * 1024 * 1024
"""Of a table, by each worker; grouping it takes about as much again, twice."""

EvidenceMaker: TypeAlias = Callable[[Table, str], Evidence]
"""The empty evidence of that table's column."""


@dataclass(frozen=True)
class Scanned:
    """Some columns of one table."""

    table: Table
    columns: dict[str, Evidence]
    readable: bool
    """False: DuckDB could not read them; their evidence is empty."""


@dataclass(frozen=True)
class _Job:
    """One scan."""

    table: Table
    carriages: dict[str, Carriage]
    """The columns, and how each of them travels."""
    wide: bool
    rowids: range
    """Of the table, from the first to the last."""
    octets: int = 0
    """Roughly, what one row of a wide scan takes while it is held."""
    values: Mapping[str, Collection[Value]] = field(default_factory=dict)
    """Some values of each column of a wide scan."""

    @property
    def parts(self) -> list[range]:
        """The rowids, in as many equal ranges as keep what is held at once small."""
        first, stop = self.rowids.start, self.rowids.stop
        step = max(_HELD_BYTES // max(self.octets, 1), 1)
        return [range(low, min(low + step, stop)) for low in range(first, stop, step)]

    @property
    def cost(self) -> int:
        """Roughly, nanoseconds: a wide column's value has to be held and understood as well."""
        columns = len(self.carriages)
        row = 300 * columns + 12 * self.octets if self.wide else 150 * columns + 100
        return (self.rowids.stop - self.rowids.start) * row


def scan(
    snapshot: Path | str,
    scratch: Path,
    tables: Sequence[Table],
    make_evidence: EvidenceMaker,
    cancel: CancelSignal,
    pulse: Callable[[str, int], None],
    heard: Callable[[Scanned], None],
    left: Mapping[str, Left],
) -> None:
    """Count every column of the tables.

    Args:
        snapshot: the SQLite file.
        scratch: an existing directory for spill.
        tables: what to scan.
        make_evidence: makes the evidence to which a column's values are added.
        cancel: interrupts the queries under way.
        pulse: called at least every second with the table last begun and the columns done so far.
        heard: called with each part of a table as soon as it is scanned, every column once.
        left: by table the values that are not to be read, and count as NULL.

    Raises:
        Aborted: the operator asked to stop.
        InternalFault: the scanner is not installed.
        duckdb.Error: the file cannot be attached.
    """
    with open_snapshot(snapshot, scratch) as connection:
        cursors = [connection.cursor() for _ in range(_WORKERS)]

        def interrupt() -> None:
            for cursor in (connection, *cursors):
                cursor.interrupt()

        with cancel.interrupting(interrupt):
            _run(tables, cursors, make_evidence, cancel, pulse, heard, left)


def _run(
    tables: Sequence[Table],
    cursors: list[duckdb.DuckDBPyConnection],
    make_evidence: EvidenceMaker,
    cancel: CancelSignal,
    pulse: Callable[[str, int], None],
    heard: Callable[[Scanned], None],
    left: Mapping[str, Left],
) -> None:
    free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    for cursor in cursors:
        free.put(cursor)

    @contextmanager
    def lent() -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = free.get()
        try:
            yield cursor
        finally:
            free.put(cursor)

    def plan(table: Table) -> list[_Job]:
        with lent() as cursor:
            cancel.raise_if_set()
            staying = left.get(table.name, {})
            return _jobs(table, sample(cursor, table, staying), staying)

    def work(job: _Job) -> list[Scanned]:
        with lent() as cursor:
            return _do(job, cursor, make_evidence, cancel)

    done_columns = 0
    with ThreadPoolExecutor(max_workers=len(cursors), thread_name_prefix="profile") as pool:
        waiting: set[Future[list[Scanned]]] = set()
        try:
            jobs = [job for planned in pool.map(plan, tables) for job in planned]
            # The longest first, so that no worker is left alone with it at the end.
            waiting |= {
                pool.submit(work, job) for job in sorted(jobs, key=lambda job: job.cost, reverse=True)
            }
            latest = jobs[0].table.name if jobs else ""
            while waiting:
                done, waiting = wait(waiting, timeout=_PULSE_SECONDS, return_when=FIRST_COMPLETED)
                for part in (part for future in done for part in future.result()):
                    heard(part)
                    latest = part.table.name
                    done_columns += len(part.columns)
                pulse(latest, done_columns)
                cancel.raise_if_set()
        except BaseException:
            # Leaving waits for the threads; nobody will ask for what they still do.
            for future in waiting:
                future.cancel()
            for cursor in cursors:
                cursor.interrupt()
            raise


def _do(
    job: _Job, cursor: duckdb.DuckDBPyConnection, make_evidence: EvidenceMaker, cancel: CancelSignal
) -> list[Scanned]:
    """The job's columns, those whose promise was broken by a scan of their own."""
    cancel.raise_if_set()
    evidence = {name: make_evidence(job.table, name) for name in job.carriages}
    try:
        if job.wide:
            wide.count_values(cursor, job.table, evidence, job.carriages, cancel, job.parts, job.values)
        else:
            dictionary.count_values(cursor, job.table, evidence, job.carriages, cancel)
    except duckdb.Error:
        cancel.raise_if_set()
        return _again(job, cursor, make_evidence, cancel)
    return [Scanned(table=job.table, columns=evidence, readable=True)]


def _again(
    job: _Job, cursor: duckdb.DuckDBPyConnection, make_evidence: EvidenceMaker, cancel: CancelSignal
) -> list[Scanned]:
    """After a failed scan: once more without the promises that do not hold, if that is what failed."""
    promises = {name: carriage for name, carriage in job.carriages.items() if carriage.classes != "any"}
    unkept = _unkept(cursor, job.table, promises)
    if not unkept:
        empty = {name: make_evidence(job.table, name) for name in job.carriages}
        return [Scanned(table=job.table, columns=empty, readable=False)]
    carriages = {
        name: replace(carriage, classes="any") if name in unkept else carriage
        for name, carriage in job.carriages.items()
    }
    return _do(replace(job, carriages=carriages), cursor, make_evidence, cancel)


def _unkept(
    cursor: duckdb.DuckDBPyConnection, table: Table, promises: Mapping[str, Carriage]
) -> frozenset[str]:
    """The columns that hold a value which breaks their promise; all of them where that cannot be asked."""
    if not promises:
        return frozenset()
    place = quoted(table.rowid_name) if table.rowid_name else "NULL"
    asked = ", ".join(
        f"max({broken(name, carriage, place)}) AS c{number}"
        for number, (name, carriage) in enumerate(promises.items())
    )
    try:
        row = cursor.execute(
            f"SELECT * FROM {snapshot_query(f'SELECT {asked} FROM {quoted(table.name)} NOT INDEXED')}"
        ).fetchone()
    except duckdb.Error:
        return frozenset(promises)
    return frozenset(name for name, told in zip(promises, row or (), strict=True) if told == "1")


def _jobs(table: Table, sampled: Sampled, left: Left) -> list[_Job]:
    """The table's columns, those with many distinct values apart, and the long ones among these."""
    names = [column.name for column in table.columns]
    few = [name for name in names if name not in sampled.many_valued]
    short = [name for name in names if sampled.many_valued.get(name, _LONG) < _LONG]
    long = [name for name in sampled.many_valued if name not in short]
    groups = ((long, _MOST_WIDE_COLUMNS, True), (short, _MOST_WIDE_COLUMNS, True), (few, MOST_COLUMNS, False))
    return [
        _Job(
            table=table,
            carriages={
                name: Carriage(_classes(sampled.bare.get(name, "any"), is_wide), left.get(name, ()))
                for name in chosen
            },
            wide=is_wide,
            rowids=sampled.rowids,
            octets=sum(sampled.many_valued.get(name, 0) + _OVERHEAD for name in chosen),
            values=sampled.values,
        )
        for group, size, is_wide in groups
        for chosen in (group[start : start + size] for start in range(0, len(group), size))
    ]


def _classes(sampled: Classes, is_wide: bool) -> Classes:
    # Among many different texts a stray blob is likely, and a second scan costs more than the letters do.
    return "any" if is_wide and sampled == "text" else sampled
