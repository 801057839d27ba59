"""Who works on a stable schema: one run at a time, known by its heartbeat.

Invariant: a lock is a row, since session locks do not survive poolers; the cutover checks it inside its own
transaction. One is only taken over when its run is dead, and that is said.
"""

import getpass
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import psycopg
from psycopg import sql

from sdmigrate.model.errors import SdmigrateError, UnsafeToContinue
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import Connection, connect

BEAT_SECONDS = 5
STALE_SECONDS = 30
"""A run whose heartbeat is older may be dead; on this host its process is looked for as well."""


@dataclass(frozen=True)
class Holder:
    """The run that holds a lock."""

    run: str
    who: str
    host: str
    process: str
    """Process id and start time, so that a number given to another process is not taken for it."""
    since: str
    silent_seconds: float

    @property
    def is_dead(self) -> bool:
        """Silent for too long, and not a process of this host that still runs."""
        here = self.host == platform.node() and _runs(self.process)
        return self.silent_seconds > STALE_SECONDS and not here


@dataclass(frozen=True)
class Taken:
    """A lock in hand."""

    taken_over_from: str | None
    """The dead run that held it, to be told; None where nobody did."""


@contextmanager
def held(endpoint: Endpoint, bookkeeping: Bookkeeping, stable: str, run: str) -> Iterator[Taken]:
    """Hold the lock on the stable schema while the block runs, its heart beating in a thread.

    A lock that this run holds already is used and left to whoever took it.

    Raises:
        UnsafeToContinue: another run holds it and is not known to be dead.
    """
    with connect(endpoint, purpose="lock") as connection:
        bookkeeping.create(connection)
        before = _take(connection, bookkeeping, stable, run)
        if before is not None and before.run == run and _runs(before.process):
            yield Taken(taken_over_from=None)
            return
        over = threading.Event()
        heart = threading.Thread(target=_beat, args=(endpoint, bookkeeping, stable, run, over), daemon=True)
        heart.start()
        try:
            yield Taken(taken_over_from=before.run if before and before.run != run else None)
        finally:
            over.set()
            heart.join()
            if not connection.closed:
                connection.execute(
                    _sql(bookkeeping, "DELETE FROM {} WHERE stable = %s AND run = %s"), (stable, run)
                )


def require(connection: Connection, bookkeeping: Bookkeeping, stable: str, run: str) -> None:
    """Check in the caller's transaction that the lock is this run's, and keep it so until its end.

    Raises:
        UnsafeToContinue: it is not.
    """
    found = connection.execute(
        _sql(bookkeeping, "SELECT run FROM {} WHERE stable = %s FOR UPDATE"), (stable,)
    ).fetchone()
    if found is None or found[0] != run:
        raise UnsafeToContinue(
            f"The lock on schema {stable!r} is no longer held by run {run}.",
            "Another run took it over while this one was silent; look at 'sdmigrate runs'.",
        )


def _take(connection: Connection, bookkeeping: Bookkeeping, stable: str, run: str) -> Holder | None:
    with connection.transaction():
        connection.execute(
            _sql(bookkeeping, "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE"),
        )
        before = holder(connection, bookkeeping, stable)
        if before is not None and before.run != run and not before.is_dead:
            raise UnsafeToContinue(
                f"Schema {stable!r} is locked by run {before.run} of {before.who} on {before.host}"
                f" since {before.since}, last heard of {before.silent_seconds:.0f} s ago.",
                f"Wait for it or abort it; a dead run's lock can be taken {STALE_SECONDS} s after its end.",
            )
        if before is None or before.run != run or not _runs(before.process):
            connection.execute(
                _sql(
                    bookkeeping,
                    "INSERT INTO {} (stable, run, who, host, process) VALUES (%s, %s, %s, %s, %s)"
                    " ON CONFLICT (stable) DO UPDATE SET run = excluded.run, who = excluded.who,"
                    " host = excluded.host, process = excluded.process, since = now(), heartbeat = now()",
                ),
                (stable, run, _who(), platform.node(), _this_process()),
            )
    return before


def holder(connection: Connection, bookkeeping: Bookkeeping, stable: str) -> Holder | None:
    """The run that holds the lock on the stable schema, dead or alive; None where none does."""
    found = connection.execute(
        _sql(
            bookkeeping,
            "SELECT run, who, host, process, since::text,"
            " extract(epoch FROM clock_timestamp() - heartbeat)::float8 FROM {} WHERE stable = %s",
        ),
        (stable,),
    ).fetchone()
    return None if found is None else Holder(*found)


def _beat(endpoint: Endpoint, bookkeeping: Bookkeeping, stable: str, run: str, over: threading.Event) -> None:
    statement = _sql(bookkeeping, "UPDATE {} SET heartbeat = now() WHERE stable = %s AND run = %s")
    while not over.wait(BEAT_SECONDS):
        # A missed beat is no fault of the run: the cutover asks for the lock in its own transaction.
        try:
            with connect(endpoint, purpose="heartbeat") as connection:
                connection.execute("SET lock_timeout = '1s'")
                connection.execute(statement, (stable, run))
        except (SdmigrateError, psycopg.Error):
            continue


def _this_process() -> str:
    return f"{os.getpid()} {psutil.Process().create_time():.2f}"


def _runs(process: str) -> bool:
    number, _, started = process.partition(" ")
    try:
        return f"{psutil.Process(int(number)).create_time():.2f}" == started
    except (ValueError, psutil.Error):
        return False


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"


def _sql(bookkeeping: Bookkeeping, text: str) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier(bookkeeping.schema, "locks"))
