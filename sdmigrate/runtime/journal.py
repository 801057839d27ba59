"""The journal: a run's request, its events and its stages' results, in one SQLite file.

Invariant: append-only. A stage is done only when its result is committed here; forgetting one is a further
entry, so that what happened can always be told. No password is ever handed to it.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.events import StageName
from sdmigrate.model.record import Record, RecordType, from_json, to_json
from sdmigrate.runtime.directory import private_file

_SCHEMA = """
CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events(seq INTEGER PRIMARY KEY, line TEXT NOT NULL);
CREATE TABLE results(id INTEGER PRIMARY KEY, stage TEXT NOT NULL, accepted INTEGER NOT NULL, record TEXT);
PRAGMA user_version = 1;
"""


class Journal:
    """One run's journal, open for reading and appending."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[int, str]] = []

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new, empty journal.

        Raises:
            FileExistsError: there is one already.
        """
        private_file(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        _make_durable(connection)
        connection.executescript(_SCHEMA)
        return cls(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing journal.

        Raises:
            UnsafeToContinue: there is none, it is damaged, or another version wrote it.
        """
        if not path.exists():
            raise UnsafeToContinue(
                f"{path.parent} is not a run directory: it holds no journal.",
                "List the runs with 'sdmigrate runs'.",
            )
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            _make_durable(connection)
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            connection.close()
            raise UnsafeToContinue(
                f"The journal {path} is damaged: {error}.", "Start a new run; the source is as it was."
            ) from error
        if version != 1:
            connection.close()
            raise UnsafeToContinue(
                f"The journal {path} has version {version}, this sdmigrate reads version 1.",
                "Use the sdmigrate that began the run, or start a new one.",
            )
        return cls(connection)

    def close(self) -> None:
        """Close the file, with every event on disk."""
        try:
            self._write_waiting()
        finally:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def note(self, name: str, value: Record) -> None:
        """Keep one named fact of the run (its request, its start, scratch names before they are made)."""
        self._write_waiting()
        self._connection.execute(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
            (name, to_json(value).decode()),
        )

    def noted(self, name: str, record_type: type[RecordType]) -> RecordType | None:
        """The fact of that name; None where it was never noted.

        Raises:
            UnsafeToContinue: another version of sdmigrate noted it.
        """
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else self._read(row[0], record_type)

    def append(self, seq: int, line: str, *, may_wait: bool = False) -> None:
        """Keep one event line under its number.

        Args:
            seq: its number.
            line: the event.
            may_wait: it is on disk with the next entry that may not wait, in its transaction: where a stage
                is killed the event is told again. A wide database has thousands, and each takes a sync.
        """
        self._waiting.append((seq, line))
        if not may_wait:
            self._write_waiting()

    def _write_waiting(self) -> None:
        if self._waiting:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany("INSERT INTO events VALUES (?, ?)", self._waiting)
                self._connection.execute("COMMIT")
            except BaseException:
                # On a full disk SQLite may have rolled back already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._waiting.clear()

    def last_seq(self) -> int:
        """The highest event number; 0 where there is none."""
        self._write_waiting()
        return int(self._connection.execute("SELECT ifnull(max(seq), 0) FROM events").fetchone()[0])

    def lines(self) -> Iterator[str]:
        """All event lines in order."""
        self._write_waiting()
        for (line,) in self._connection.execute("SELECT line FROM events ORDER BY seq"):
            yield line

    def keep_result(self, stage: StageName, record: Record, *, accepted: bool = True) -> None:
        """The stage's result; from the return on, the stage is done, or refused where not accepted."""
        self._write_waiting()
        self._connection.execute(
            "INSERT INTO results(stage, accepted, record) VALUES (?, ?, ?)",
            (stage, accepted, to_json(record).decode()),
        )

    def forget_result(self, stage: StageName) -> None:
        """The stage is to run again; its earlier results stay in the file."""
        self._write_waiting()
        self._connection.execute("INSERT INTO results(stage, accepted) VALUES (?, 0)", (stage,))

    def result(self, stage: StageName, record_type: type[RecordType]) -> RecordType | None:
        """The stage's latest result, refused or not; None where it has none.

        Raises:
            UnsafeToContinue: another version of sdmigrate kept it.
        """
        row = self._latest(stage)
        return None if row is None or row[1] is None else self._read(row[1], record_type)

    def is_done(self, stage: StageName) -> bool:
        """Whether the stage's latest result is on disk and no gate refused it."""
        row = self._latest(stage)
        return row is not None and bool(row[0])

    def began(self, stage: StageName) -> bool:
        """Whether the stage was ever started in this run."""
        row = self._connection.execute(
            "SELECT 1 FROM events WHERE line ->> 'event' = 'stage.started' AND line ->> 'stage' = ? LIMIT 1",
            (stage,),
        ).fetchone()
        return row is not None

    def written_otherwise(self, error: msgspec.MsgspecError) -> UnsafeToContinue:
        """The error of an entry that is none of this version's."""
        (path,) = self._connection.execute("SELECT file FROM pragma_database_list").fetchone()
        return UnsafeToContinue(
            f"The journal {path} was written by another version of sdmigrate: {error}.",
            "Use the sdmigrate that began the run, or start a new one; the source is as it was.",
        )

    def _read(self, text: str, record_type: type[RecordType]) -> RecordType:
        try:
            return from_json(text, record_type)
        except msgspec.MsgspecError as error:
            raise self.written_otherwise(error) from error

    def _latest(self, stage: StageName) -> tuple[int, str | None] | None:
        row: tuple[int, str | None] | None = self._connection.execute(
            "SELECT accepted, record FROM results WHERE stage = ? ORDER BY id DESC LIMIT 1", (stage,)
        ).fetchone()
        return row


def _make_durable(connection: sqlite3.Connection) -> None:
    # FULL: an entry must survive a power cut, since PostgreSQL may already hold what it speaks of.
    connection.execute("PRAGMA synchronous=FULL")
