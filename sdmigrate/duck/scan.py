"""The scan of every table: each column by the method that suits it, two queries at a time.

Invariant: a sample chooses the method and no number comes from it; what DuckDB cannot read is told to the
caller, who reads it in another way.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias

import duckdb

from sdmigrate.duck import dictionary, wide
from sdmigrate.duck.connection import open_snapshot, snapshot_query
from sdmigrate.duck.dictionary import MOST_COLUMNS, rows_query
from sdmigrate.duck.encoding import quoted
from sdmigrate.model.catalog import Table
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.rules.evidence import Evidence

_WORKERS = 2
_PULSE_SECONDS = 0.5
_SAMPLE_BLOCKS = 16
_BLOCK_ROWS = 128
_MOST_WIDE_COLUMNS = 8
"""Columns held at once, so that a wide table does not fill memory."""

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
    table: Table
    columns: tuple[str, ...]
    wide: bool


def scan(
    snapshot: Path | str,
    scratch: Path,
    tables: Sequence[Table],
    make_evidence: EvidenceMaker,
    cancel: CancelSignal,
    pulse: Callable[[str, int], None],
) -> list[Scanned]:
    """Count every column of the tables.

    Args:
        snapshot: the SQLite file.
        scratch: an existing directory for spill.
        tables: what to scan.
        make_evidence: makes the evidence to which a column's values are added.
        cancel: interrupts the queries under way.
        pulse: called at least every second with the table last begun and the columns done so far.

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
            jobs = [job for table in tables for job in _jobs(connection, table)]
            return _run(jobs, cursors, make_evidence, cancel, pulse)


def _run(
    jobs: list[_Job],
    cursors: list[duckdb.DuckDBPyConnection],
    make_evidence: EvidenceMaker,
    cancel: CancelSignal,
    pulse: Callable[[str, int], None],
) -> list[Scanned]:
    free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    for cursor in cursors:
        free.put(cursor)

    def work(job: _Job) -> Scanned:
        cursor = free.get()
        try:
            return _do(job, cursor, make_evidence, cancel)
        finally:
            free.put(cursor)

    scanned: list[Scanned] = []
    with ThreadPoolExecutor(max_workers=len(cursors), thread_name_prefix="profile") as pool:
        waiting: set[Future[Scanned]] = {pool.submit(work, job) for job in jobs}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=_PULSE_SECONDS, return_when=FIRST_COMPLETED)
                scanned += [future.result() for future in done]
                table = scanned[-1].table.name if scanned else jobs[0].table.name
                pulse(table, sum(len(one.columns) for one in scanned))
                cancel.raise_if_set()
        except BaseException:
            # Leaving waits for the threads; nobody will ask for what they still do.
            for future in waiting:
                future.cancel()
            for cursor in cursors:
                cursor.interrupt()
            raise
    return scanned


def _do(
    job: _Job, cursor: duckdb.DuckDBPyConnection, make_evidence: EvidenceMaker, cancel: CancelSignal
) -> Scanned:
    cancel.raise_if_set()
    count_values = wide.count_values if job.wide else dictionary.count_values
    evidence = {name: make_evidence(job.table, name) for name in job.columns}
    try:
        count_values(cursor, job.table, evidence, cancel)
    except duckdb.Error:
        cancel.raise_if_set()
        empty = {name: make_evidence(job.table, name) for name in job.columns}
        return Scanned(table=job.table, columns=empty, readable=False)
    return Scanned(table=job.table, columns=evidence, readable=True)


def _jobs(connection: duckdb.DuckDBPyConnection, table: Table) -> list[_Job]:
    """The table's columns, those with many distinct values apart."""
    names = [column.name for column in table.columns]
    many = _many_valued(connection, table, names)
    few = [name for name in names if name not in many]
    return [
        _Job(table=table, columns=tuple(group[start : start + size]), wide=is_wide)
        for group, size, is_wide in (
            (sorted(many, key=names.index), _MOST_WIDE_COLUMNS, True),
            (few, MOST_COLUMNS, False),
        )
        for start in range(0, len(group), size)
    ]


def _many_valued(connection: duckdb.DuckDBPyConnection, table: Table, names: list[str]) -> set[str]:
    """The columns whose values in a sample are mostly different; none where the table is small."""
    blocks = _sample_conditions(connection, table)
    if not blocks:
        return set()
    sample = " UNION ALL ".join(f"SELECT * FROM ({rows_query(table, names, block)})" for block in blocks)
    values = ", ".join(f"encode(c{number})" for number in range(len(names)))
    try:
        rows = connection.execute(f"SELECT {values} FROM {snapshot_query(sample)}").fetchall()
    except duckdb.Error:
        return set()
    many = set()
    for name, column in zip(names, zip(*rows, strict=True), strict=False):
        present = [value for value in column if value is not None]
        if len(present) >= _BLOCK_ROWS and len(set(present)) * 2 > len(present):
            many.add(name)
    return many


def _sample_conditions(connection: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    """What follows FROM for each block of the sample; none where the table is small."""
    most = _SAMPLE_BLOCKS * _BLOCK_ROWS
    if not table.rowid_name:
        return [f" LIMIT {most}"]
    place, name = quoted(table.rowid_name), quoted(table.name)
    bounds_query = f"SELECT (SELECT min({place}) FROM {name}), (SELECT max({place}) FROM {name})"
    try:
        bounds = connection.execute(f"SELECT * FROM {snapshot_query(bounds_query)}").fetchone()
    except duckdb.Error:
        return []
    low, high = (int(bound) if bound is not None else 0 for bound in bounds or (None, None))
    if high - low < 2 * most:
        return []
    step = (high - low) // _SAMPLE_BLOCKS
    return [
        f" WHERE {place} >= {low + number * step} ORDER BY {place} LIMIT {_BLOCK_ROWS}"
        for number in range(_SAMPLE_BLOCKS)
    ]
