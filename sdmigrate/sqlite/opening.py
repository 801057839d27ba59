"""Opening the source without leaving a trace: no byte, time, owner or neighbour of it changes.

Invariant: nothing is ever written beside the source, and no other descriptor of it is open in this process
while a connection is (closing one would drop SQLite's locks).

What was measured: a plain read-only connection to a WAL database creates missing -wal and -shm files, and
writes into a -shm that is there; with ``readonly_shm`` it does not. Run as root, SQLite sets the owner of the
-wal to that of the database, so files of several owners are copied.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sdmigrate.model.catalog import OtherObject
from sdmigrate.model.errors import Interrupted, SdmigrateError, SourceUnusable, UnsafeToContinue
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.source import Fingerprint, Reading
from sdmigrate.sqlite.connection import harden, is_distrust, readable, refusal
from sdmigrate.sqlite.header import read_header, resolve, shown, size_beside
from sdmigrate.sqlite.unparsed import is_malformed_schema, take_out_unparsed

_LOCK_SECONDS = 5.0
_COPY_ATTEMPTS = 5
_COPY_CHUNK = 8 * 1024 * 1024
_OPTIONS: dict[Reading, str] = {
    "rollback_journal": "mode=ro",
    "immutable_wal": "mode=ro&immutable=1",
    "live_wal": "mode=ro&readonly_shm=1",
}
_NEEDS_RECOVERY = frozenset(
    (
        sqlite3.SQLITE_READONLY_ROLLBACK,
        sqlite3.SQLITE_READONLY_RECOVERY,
        sqlite3.SQLITE_READONLY_CANTINIT,
        sqlite3.SQLITE_READONLY_CANTLOCK,
        sqlite3.SQLITE_CANTOPEN,
    )
)
"""SQLite says by these that reading takes writing: a hot journal, or a -shm that it cannot use."""


class SourceConnection(sqlite3.Connection):
    """A connection to the source, or to the copy that had to be made of it."""

    reading: Reading
    unparsed: tuple[OtherObject, ...] = ()
    """Entries of the schema that SQLite cannot parse; the copy that is read is without them."""


def fingerprint(path: Path | str) -> Fingerprint:
    """What tells whether the source is still the same; not to be called while it is open in this process.

    Raises:
        SourceUnusable: it is not there or cannot be read.
    """
    path = resolve(Path(path))
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            file.seek(24)
            change_counter = int.from_bytes(file.read(4), "big")
    except OSError as error:
        raise SourceUnusable(
            f"{shown(path)} cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from error
    wal = _facts(_beside(path, "-wal"))
    return Fingerprint(
        size=facts.st_size,
        modified_ns=facts.st_mtime_ns,
        change_counter=change_counter,
        wal_size=wal.st_size if wal else 0,
        wal_modified_ns=wal.st_mtime_ns if wal else 0,
    )


@contextmanager
def open_source(
    path: Path | str, scratch: Path, cancel: CancelSignal | None = None
) -> Iterator[SourceConnection]:
    """A read-only connection to the source; ``reading`` on it says how. ``scratch`` takes a copy if need be.

    Raises:
        SourceUnusable: it is no usable database, or another program keeps it locked.
        UnsafeToContinue: it changed while it was read in a mode without locks.
        Interrupted: there is no room for the copy.
    """
    path = resolve(Path(path))
    reading = _reading(path)
    before = fingerprint(path)
    connection = None if reading == "copied" else _connect(path, reading)
    if connection is None:
        with _copy(path, scratch, cancel) as copy, closing(_connect_to_copy(path, copy)) as connection:
            yield connection
        return
    with closing(connection):
        yield connection
    if reading == "immutable_wal" and fingerprint(path) != before:
        raise UnsafeToContinue(
            f"{shown(path)} changed while it was read.",
            "Another program began to write to it; start again, it is then read with its write-ahead log.",
        )


def _reading(path: Path) -> Reading:
    """How to read it, by its header and the files beside it."""
    header = read_header(path)
    wal, shm = _facts(_beside(path, "-wal")), _facts(_beside(path, "-shm"))
    # SQLite takes a -wal with content for one whatever the header says, and an empty one for none.
    if wal is not None and (wal.st_size > 0 or (header.wal and shm is not None)):
        return "live_wal" if shm is not None and _same_owner(path, wal, shm) else "copied"
    if not header.wal:
        return "rollback_journal"
    # Immutable reading would not look at a journal; one is left where a change of mode was cut short.
    return "copied" if size_beside(path, "-journal") else "immutable_wal"


def _same_owner(path: Path, *neighbours: os.stat_result) -> bool:
    if os.geteuid() != 0:
        return True
    own = path.stat()
    return all((other.st_uid, other.st_gid) == (own.st_uid, own.st_gid) for other in neighbours)


def _connect(path: Path, reading: Reading) -> SourceConnection | None:
    """The connection, proven to read; None where SQLite could only read by writing, or after mending."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?{_OPTIONS[reading]}",
        uri=True,
        timeout=_LOCK_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=SourceConnection,
    )
    try:
        _prove(connection, reading)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        connection.close()
        if is_malformed_schema(refusal(error)):
            return None
        if isinstance(error, UnicodeDecodeError) or error.sqlite_errorcode not in _NEEDS_RECOVERY:
            raise _refused(path, error) from error
        return None
    return connection


def _connect_to_copy(path: Path, copy: Path) -> SourceConnection:
    """A connection to our own copy, which SQLite may recover, rid of what it cannot parse."""
    connection = sqlite3.connect(
        copy, isolation_level=None, check_same_thread=False, factory=SourceConnection
    )
    try:
        connection.unparsed = take_out_unparsed(copy)
        _prove(connection, "without_unparsed" if connection.unparsed else "copied")
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        connection.close()
        raise _refused(path, error) from error
    return connection


def _prove(connection: SourceConnection, reading: Reading) -> None:
    """Harden it and read one page, which takes the locks and any recovery that reading needs."""
    connection.reading = reading
    harden(connection)
    probe = "SELECT 1 FROM sqlite_master LIMIT 1"
    try:
        connection.execute(probe).fetchall()
    except sqlite3.DatabaseError as error:
        if not is_distrust(error):
            raise
        harden(connection, trusted_schema=True)
        connection.execute(probe).fetchall()
    connection.execute("PRAGMA query_only=ON")


def _refused(path: Path, error: sqlite3.DatabaseError | UnicodeDecodeError) -> SdmigrateError:
    """SQLite's refusal in the operator's words."""
    message = readable(refusal(error))
    primary = (
        sqlite3.SQLITE_CORRUPT if isinstance(error, UnicodeDecodeError) else error.sqlite_errorcode & 0xFF
    )
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return SourceUnusable(
            f"{shown(path)} is locked by another program, for more than {_LOCK_SECONDS:g} seconds.",
            "Close the program that writes to it, or wait until it is done, then try again.",
        )
    if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return SourceUnusable(
            f"{shown(path)} is damaged or encrypted: {message}.",
            "Recover what is there with 'sqlite3 FILE .recover', or export it with its key.",
        )
    return SourceUnusable(
        f"{shown(path)} cannot be read: {message}.", "Check the disk, the mount and its permissions."
    )


@contextmanager
def _copy(path: Path, scratch: Path, cancel: CancelSignal | None) -> Iterator[Path]:
    """A copy of the database with its -wal or -journal, taken while nobody wrote; removed afterwards."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="source-", dir=scratch) as directory:
        copy = Path(directory) / "source.sqlite"
        for _ in range(_COPY_ATTEMPTS):
            before = _states(path)
            try:
                for suffix in ("", "-wal", "-journal"):
                    _copy_file(_beside(path, suffix), _beside(copy, suffix), cancel)
            except OSError as error:
                raise Interrupted(
                    f"{shown(path)} could not be copied into {scratch}: {error.strerror}.",
                    "Free some space or check the disk, then try again.",
                ) from error
            if _states(path) == before:
                break
        else:
            raise SourceUnusable(
                f"{shown(path)} is written all the time by a program that keeps it to itself.",
                "Close that program, then try again.",
            )
        yield copy


def _copy_file(source: Path, target: Path, cancel: CancelSignal | None) -> None:
    """Copy one file, 0600, in pieces; where there is no source, leave no target."""
    target.unlink(missing_ok=True)
    try:
        reader = source.open("rb")
    except FileNotFoundError:
        return
    with reader, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writer:
        while piece := reader.read(_COPY_CHUNK):
            if cancel is not None:
                cancel.raise_if_set()
            writer.write(piece)


def _states(path: Path) -> tuple[tuple[int, int, int] | None, ...]:
    """Identity, size and time of the database and its side files."""
    found = (_facts(_beside(path, suffix)) for suffix in ("", "-wal", "-journal"))
    return tuple((facts.st_ino, facts.st_size, facts.st_mtime_ns) if facts else None for facts in found)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _facts(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
