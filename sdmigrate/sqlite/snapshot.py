"""The snapshot: a consistent copy of the source by SQLite's online backup, its digests and its integrity.

Invariant: writers of the source go on. The copy is taken in short steps; only where a busy writer made it
start over too often does it hold one read lock to the end, and that is told.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from sdmigrate.model.errors import InternalFault, Interrupted, SourceUnusable
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.source import Digests
from sdmigrate.sqlite.connection import harden, is_damage, open_read_only, quote_identifier, readable
from sdmigrate.sqlite.opening import SourceConnection

STEP_BYTES = 512 * 1024
"""Copied under one lock: below 100 ms on any disk that writes more than 5 MB a second."""
MOST_RESTARTS = 3
MOST_MESSAGES = 100
"""Integrity messages kept."""

_PATIENCE_SECONDS = 30.0
_BUSY_SLEEP_SECONDS = 0.02
_DIGEST_CHUNK = 1024 * 1024
_HOLDING = "a busy writer made the copy start over; it is now taken in one step, and writers wait"


Advance: TypeAlias = Callable[[int, int, str], None]
"""Hears pages done, pages in all and what is done; what it raises ends the copy."""


class _StartedOver(Exception):
    """The writer outran the copy once too often."""


def take_snapshot(source: SourceConnection, partial: Path, cancel: CancelSignal, advance: Advance) -> None:
    """Copy the open source into ``partial``, an empty file, as a database in rollback-journal mode.

    Raises:
        Aborted: the operator stopped it.
        SourceUnusable: the source stays locked by another program.
        Interrupted: the copy cannot be written.
    """
    # A read transaction costs a WAL writer nothing and saves starting over; under a rollback journal it
    # would keep writers waiting, so there it is the last resort.
    held = source.reading != "rollback_journal"
    try:
        try:
            _copy_anew(source, partial, cancel, advance, held=held)
        except _StartedOver:
            _copy_anew(source, partial, cancel, advance, held=True)
        _leave_wal_mode(partial)
    except (sqlite3.DatabaseError, OSError) as error:
        raise Interrupted(
            f"The snapshot could not be taken into {partial}: {error}.",
            "Check free disk space and the disk of the run directory, then resume.",
        ) from error


def digests_of(path: Path, cancel: CancelSignal, advance: Callable[[bytes], None]) -> Digests:
    """MD5 and SHA-256 in one pass; ``advance`` hears each piece, all but the last 1 MiB long.

    No SQLite connection of this process may be open on a file that others write.

    Raises:
        Aborted: the operator stopped it.
        Interrupted: the file cannot be read to its end.
    """
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_DIGEST_CHUNK):
                cancel.raise_if_set()
                md5.update(piece)
                sha256.update(piece)
                advance(piece)
    except OSError as error:
        raise Interrupted(
            f"{path} cannot be read to its end: {error.strerror}.", "Check the disk, then resume."
        ) from error
    return Digests(md5=md5.hexdigest(), sha256=sha256.hexdigest())


def check_integrity(path: Path, cancel: CancelSignal) -> tuple[str, ...]:
    """What PRAGMA integrity_check says of a snapshot, at most MOST_MESSAGES; empty where all is well.

    A read-only connection leaves CHECK constraints out of it.

    Raises:
        Aborted: the operator stopped it.
    """
    with closing(open_read_only(path)) as connection, cancel.interrupting(connection.interrupt):
        refusal = ""
        # An index over, say, json_extract() can only be compared with its table in a trusted schema.
        for trusted_schema in (False, True):
            harden(connection, trusted_schema=trusted_schema)
            try:
                return _messages(connection, f"PRAGMA integrity_check({MOST_MESSAGES})")
            except sqlite3.DatabaseError as error:
                cancel.raise_if_set()
                refusal = readable(str(error))
        return _table_by_table(connection, cancel, refusal)[:MOST_MESSAGES]


def messages_of_table(connection: sqlite3.Connection, table: str, cancel: CancelSignal) -> tuple[str, ...]:
    """What PRAGMA integrity_check says of one table and its indexes, at most MOST_MESSAGES.

    Raises:
        Aborted: the operator stopped it.
    """
    try:
        return _messages(connection, f"PRAGMA integrity_check({quote_identifier(table)})")
    except UnicodeEncodeError:
        return (f"table {readable(table)} could not be checked: its name is not valid UTF-8",)
    except sqlite3.DatabaseError as error:
        cancel.raise_if_set()
        trouble = "is damaged" if is_damage(error) else "could not be checked"
        return (f"table {readable(table)} {trouble}: {readable(str(error))}",)


def _copy_anew(
    source: SourceConnection, partial: Path, cancel: CancelSignal, advance: Advance, *, held: bool
) -> None:
    """One copy into the file, emptied first: without a journal, a copy broken off leaves half a database."""
    for suffix in ("-wal", "-shm", "-journal"):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)
    with partial.open("r+b") as file:
        file.truncate()
    with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode=OFF")
        copy.execute("PRAGMA synchronous=OFF")
        _copy(source, copy, cancel, advance, held=held)


def _copy(
    source: SourceConnection,
    copy: sqlite3.Connection,
    cancel: CancelSignal,
    advance: Advance,
    *,
    held: bool,
) -> None:
    """One copy from the first page to the last; raises _StartedOver where it is not ``held``."""
    (page_size,) = source.execute("PRAGMA page_size").fetchone()
    reason = "copying the source"
    if held and source.reading == "rollback_journal":
        reason = _HOLDING
    copied, restarts, moved_at = 0, 0, time.monotonic()

    def after_step(status: int, remaining: int, total: int) -> None:
        nonlocal copied, restarts, moved_at
        cancel.raise_if_set()
        done = total - remaining
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            _lose_patience(moved_at)
            return
        if status == sqlite3.SQLITE_OK and done <= copied:
            restarts += 1
            if restarts >= MOST_RESTARTS and not held:
                raise _StartedOver
        copied, moved_at = done, time.monotonic()
        advance(done, total, reason)

    if held:
        source.execute("BEGIN")
        source.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    try:
        source.backup(
            copy, pages=max(1, STEP_BYTES // page_size), progress=after_step, sleep=_BUSY_SLEEP_SECONDS
        )
    finally:
        if held:
            source.execute("COMMIT")


def _lose_patience(moved_at: float) -> None:
    if time.monotonic() - moved_at > _PATIENCE_SECONDS:
        raise SourceUnusable(
            f"The source was locked by another program for {_PATIENCE_SECONDS:g} seconds.",
            "Close the program that writes to it, or wait until it is done, then resume.",
        )


def _leave_wal_mode(path: Path) -> None:
    """Set the copy to a rollback journal, so that reading it leaves no files beside it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Alone with the file, SQLite needs no -shm for the change.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        (mode,) = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    if mode != "delete":
        raise InternalFault(
            f"The snapshot {path} stayed in journal mode {mode}.", "Run again; if it repeats, report it."
        )


def _messages(connection: sqlite3.Connection, pragma: str) -> tuple[str, ...]:
    lines = [line for (text,) in connection.execute(pragma) for line in str(text).splitlines()]
    # A line of asterisks is a headline.
    found = (readable(line) for line in lines if line != "ok" and not line.startswith("***"))
    return tuple(found)[:MOST_MESSAGES]


def _table_by_table(connection: sqlite3.Connection, cancel: CancelSignal, refusal: str) -> tuple[str, ...]:
    """The same for each table by itself, where one of them keeps SQLite from checking all of them."""
    try:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
        ).fetchall()
    except sqlite3.DatabaseError as error:
        return (refusal, readable(str(error)))
    return tuple(message for (table,) in tables for message in messages_of_table(connection, table, cancel))
