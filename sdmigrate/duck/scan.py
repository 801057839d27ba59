"""The scan of every table: each column by the method that suits it, two queries at a time.

Invariant: a sample chooses the method and no number comes from it: where it was wrong, columns are scanned a
second time. What DuckDB cannot read is told to the caller, who reads it in another way.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, islice, pairwise
from pathlib import Path
from queue import PriorityQueue, SimpleQueue
from typing import Literal, TypeAlias

import duckdb

from sdmigrate.duck import dictionary, long_texts, wide
from sdmigrate.duck.connection import snapshot_query
from sdmigrate.duck.cursors import Cursors, open_cursors
from sdmigrate.duck.dictionary import MOST_COLUMNS
from sdmigrate.duck.encoding import Carriage, Classes, Left, broken, quoted
from sdmigrate.duck.places import Places
from sdmigrate.duck.sample import Sampled, sample
from sdmigrate.model.catalog import Table
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.values import Value
from sdmigrate.rules.evidence import Evidence

_WORKERS = 2
_PULSE_SECONDS = 0.5
_WIDE_COLUMNS, _MOST_WIDE_COLUMNS = 8, 64
"""Columns held at once, so that a wide table does not fill memory; the most where its rows are few, since
each scan of a wide row looks through all of it."""

_LEAST_NATIVE = 4
"""Columns from which a scan of their own, by which others are left to a query, costs less than it saves."""

_LONG = 100
"""Bytes of a value, on average, from which a column is held apart from shorter ones."""
_OVERHEAD = 20
"""Bytes that holding a value takes beside its own."""
_HELD_BYTES = 24 * 1024 * 1024
"""Of a table, by each worker; grouping it takes about as much again, twice."""

Method: TypeAlias = Literal["long", "wide", "few", "native"]
"""Columns of many values are held, or told apart by hashes where they are long texts; those of few are
grouped: from a query, or as the scanner reads by itself."""

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
    method: Method
    places: Places | None
    """Of the table's rows; None where it has none, or they cannot be told."""
    octets: int = 0
    """Roughly, what one row of a wide scan takes while it is held."""
    values: Mapping[str, Collection[Value]] = field(default_factory=dict)
    """Some values of each column of a wide scan."""

    @property
    def parts(self) -> list[range]:
        """The rowids, in as many ranges as keep what is held at once small; none where nothing tells them."""
        return self.places.parts(_HELD_BYTES // max(self.octets, 1)) if self.places is not None else []

    @property
    def cost(self) -> int:
        """Roughly, nanoseconds: a wide column's value has to be held and understood as well."""
        columns = len(self.carriages)
        match self.method:
            case "long":
                row = 500 + 3 * self.octets
            case "wide":
                row = 300 * columns + 3 * self.octets
            case "few":
                row = 120 * columns + 100
            case "native":
                row = 50 * columns + 100
        return _rows(self.places) * row


@dataclass(frozen=True)
class _Done:
    """What a worker has done: a table planned, or a job."""

    jobs: int = 0
    """Further ones, which wait in the queue."""
    parts: Sequence[Scanned] = ()


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
    with open_cursors(snapshot, scratch, _WORKERS) as cursors:

        def interrupt() -> None:
            for each in cursors:
                each.interrupt()

        with cancel.interrupting(interrupt):
            _run(tables, cursors, make_evidence, cancel, pulse, heard, left)


def _run(
    tables: Sequence[Table],
    cursors: list[Cursors],
    make_evidence: EvidenceMaker,
    cancel: CancelSignal,
    pulse: Callable[[str, int], None],
    heard: Callable[[Scanned], None],
    left: Mapping[str, Left],
) -> None:
    free: SimpleQueue[Cursors] = SimpleQueue()
    for each in cursors:
        free.put(each)

    @contextmanager
    def lent() -> Iterator[Cursors]:
        own = free.get()
        try:
            yield own
        finally:
            free.put(own)

    ahead: PriorityQueue[tuple[int, int, _Job]] = PriorityQueue()
    numbers = count()

    def plan(table: Table) -> _Done:
        with lent() as own:
            cancel.raise_if_set()
            staying = left.get(table.name, {})
            planned = _jobs(table, sample(own.query, table, staying), staying, make_evidence)
        for job in planned:
            ahead.put((-job.cost, next(numbers), job))
        return _Done(jobs=len(planned))

    def work() -> _Done:
        # The longest first, so that no worker is left alone with it at the end.
        *_, job = ahead.get()
        with lent() as own:
            return _Done(parts=_do(job, own, make_evidence, cancel))

    done_columns = 0
    with ThreadPoolExecutor(max_workers=len(cursors), thread_name_prefix="profile") as pool:
        waiting: set[Future[_Done]] = {pool.submit(plan, table) for table in tables}
        latest = tables[0].name if tables else ""
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=_PULSE_SECONDS, return_when=FIRST_COMPLETED)
                results = [future.result() for future in done]
                waiting |= {pool.submit(work) for result in results for _ in range(result.jobs)}
                for part in (part for result in results for part in result.parts):
                    heard(part)
                    latest = part.table.name
                    done_columns += len(part.columns)
                pulse(latest, done_columns)
                cancel.raise_if_set()
        except BaseException:
            # Leaving waits for the threads; nobody will ask for what they still do.
            for future in waiting:
                future.cancel()
            for each in cursors:
                each.interrupt()
            raise


def _do(job: _Job, cursors: Cursors, make_evidence: EvidenceMaker, cancel: CancelSignal) -> list[Scanned]:
    """The job's columns, those whose promise was broken by a scan of their own."""
    cancel.raise_if_set()
    evidence = {name: make_evidence(job.table, name) for name in job.carriages}
    try:
        match job.method:
            case "long":
                ((name, carriage),) = job.carriages.items()
                long_texts.count_values(
                    cursors.query, job.table, name, evidence[name], carriage, cancel, job.values[name]
                )
            case "wide":
                wide.count_values(
                    cursors.query, job.table, evidence, job.carriages, cancel, job.parts, job.values
                )
            case "few":
                dictionary.count_values(cursors.query, job.table, evidence, job.carriages, cancel)
            case "native":
                dictionary.count_values(
                    cursors.native, job.table, evidence, job.carriages, cancel, job.places
                )
    except (duckdb.Error, UnicodeDecodeError):
        cancel.raise_if_set()
        return _again(job, cursors, make_evidence, cancel)
    return [Scanned(table=job.table, columns=evidence, readable=True)]


def _again(job: _Job, cursors: Cursors, make_evidence: EvidenceMaker, cancel: CancelSignal) -> list[Scanned]:
    """After a failed scan: once more without the promises that do not hold, if that is what failed."""
    if job.method == "long":
        return _do(replace(job, method="wide"), cursors, make_evidence, cancel)
    promises = {name: carriage for name, carriage in job.carriages.items() if carriage.classes != "any"}
    unkept = _unkept(cursors.query, job.table, promises)
    if not unkept and job.method != "native":
        empty = {name: make_evidence(job.table, name) for name in job.carriages}
        return [Scanned(table=job.table, columns=empty, readable=False)]
    parts = _natives_apart(job, unkept) if job.method == "native" else [_without_promises(job, unkept)]
    return [scanned for part in parts for scanned in _do(part, cursors, make_evidence, cancel)]


def _natives_apart(job: _Job, unkept: Collection[str]) -> Iterator[_Job]:
    """The columns that the scanner can read by itself, and those for a query: all if nothing tells which."""
    kept = {name: carriage for name, carriage in job.carriages.items() if name not in unkept}
    if kept:
        yield replace(job, carriages=kept, method="native" if unkept else "few")
    if unkept:
        others = {name: carriage for name, carriage in job.carriages.items() if name in unkept}
        yield _without_promises(replace(job, carriages=others, method="few"), unkept)


def _without_promises(job: _Job, names: Collection[str]) -> _Job:
    carriages = {
        name: replace(carriage, classes="any") if name in names else carriage
        for name, carriage in job.carriages.items()
    }
    return replace(job, carriages=carriages)


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


def _jobs(table: Table, sampled: Sampled, left: Left, make_evidence: EvidenceMaker) -> list[_Job]:
    """The table's columns, those with many distinct values apart, and the long ones among these."""
    # Among many different texts a stray blob is likely, and a second scan costs more than the letters do.
    many: dict[str, Classes] = {
        name: "integer" if sampled.bare.get(name) == "integer" else "any" for name in sampled.many_valued
    }
    short = {name: classes for name, classes in many.items() if sampled.many_valued[name] < _LONG}
    long = {name: classes for name, classes in many.items() if name not in short}
    rows = _rows(sampled.places)
    alike: dict[str, Classes] = {
        name: "any"
        for name in long
        if rows * _octets(sampled, name) > _HELD_BYTES
        and long_texts.suits(table, make_evidence(table, name), rows, sampled.values[name])
    }
    long = {name: classes for name, classes in long.items() if name not in alike}
    few = [column.name for column in table.columns if column.name not in many]
    native = {name: sampled.native[name] for name in few if name in sampled.native}
    if len(native) < min(_LEAST_NATIVE, len(few)):
        native = {}
    others = {name: sampled.bare.get(name, "any") for name in few if name not in native}
    groups: tuple[tuple[dict[str, Classes], Method, int], ...] = (
        (alike, "long", 1),
        (long, "wide", _at_once(long, sampled)),
        (short, "wide", _at_once(short, sampled)),
        (native, "native", MOST_COLUMNS),
        (others, "few", MOST_COLUMNS),
    )
    return [
        _Job(
            table=table,
            carriages={name: Carriage(kind, left.get(name, ())) for name, kind in chosen.items()},
            method=method,
            places=sampled.places,
            octets=sum(_octets(sampled, name) for name in chosen),
            values=sampled.values,
        )
        for classes, method, most in groups
        for shared in _shared(classes, most)
        for chosen in (_fitting(shared, sampled) if method == "wide" else [shared])
    ]


def _at_once(names: Collection[str], sampled: Sampled) -> int:
    """How many of these columns one scan holds: what fits, while there is work left for every worker."""
    octets = _rows(sampled.places) * sum(sampled.many_valued[name] + _OVERHEAD for name in names)
    fit = len(names) * _HELD_BYTES // max(octets, 1)
    return max(_WIDE_COLUMNS, min(fit, _MOST_WIDE_COLUMNS, len(names) // (2 * _WORKERS)))


def _shared(classes: dict[str, Classes], most: int) -> list[dict[str, Classes]]:
    """The columns in even parts of at most so many, and where one is too few, as many for each worker."""
    parts = -(-len(classes) // most)
    if parts > 1:
        parts = min(-(-parts // _WORKERS) * _WORKERS, len(classes))
    bounds = [len(classes) * part // parts for part in range(parts + 1)] if parts else []
    return [dict(islice(classes.items(), first, stop)) for first, stop in pairwise(bounds)]


def _rows(places: Places | None) -> int:
    """Of the table; none where they cannot be told."""
    return places.rows if places is not None else 0


def _octets(sampled: Sampled, name: str) -> int:
    """Roughly, what one value of the column takes while it is held."""
    return sampled.many_valued.get(name, 0) + _OVERHEAD


def _fitting(classes: dict[str, Classes], sampled: Sampled) -> list[dict[str, Classes]]:
    """The columns in parts that can be held whole: what is held piece by piece is told apart at the end.

    A column that is too much alone is a part of its own.
    """
    most = _HELD_BYTES // max(_rows(sampled.places), 1)
    parts: list[dict[str, Classes]] = []
    room = 0
    for name, kind in classes.items():
        octets = _octets(sampled, name)
        if not parts or octets > room:
            parts.append({})
            room = most
        parts[-1][name] = kind
        room -= octets
    return parts
