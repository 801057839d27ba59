"""The snapshot is consistent, private and self-contained, and the writers of the source go on."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.errors import Aborted, Interrupted, SourceUnusable
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite import snapshot
from sdmigrate.sqlite.opening import open_source
from sdmigrate.sqlite.snapshot import Advance, check_integrity, digests_of, take_snapshot
from tests.sqlite.sources import Writer, make, state, writer


def ignore(done: int, total: int, reason: str) -> None:
    """A hearer that does nothing."""


def take(source: Path, target: Path, advance: Advance = ignore, cancel: CancelToken | None = None) -> str:
    """Take a snapshot and say how the source was read."""
    target.touch()
    with open_source(source, target.parent / "scratch") as connection:
        take_snapshot(connection, target, cancel or CancelToken(), advance)
        return connection.reading


def rows(path: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT rowid, a FROM t").fetchall()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "source"
    directory.mkdir()
    return directory


@pytest.fixture
def target(tmp_path: Path) -> Path:
    directory = tmp_path / "run"
    directory.mkdir()
    return directory / "snapshot"


@pytest.mark.parametrize("wal", [False, True])
def test_snapshot_holds_rows_and_rowids_and_needs_no_side_files(home: Path, target: Path, wal: bool) -> None:
    make(home / "db", wal=wal, rows=5000)
    with closing(sqlite3.connect(home / "db")) as connection:
        connection.execute("DELETE FROM t WHERE a % 3 = 0")
        connection.commit()
    before = state(home)
    take(home / "db", target)
    assert state(home) == before
    assert target.read_bytes()[18:20] == b"\x01\x01"
    assert rows(target) == rows(home / "db")
    assert [path.name for path in target.parent.iterdir()] == ["snapshot"]


def test_snapshot_has_what_only_the_wal_has(home: Path, target: Path) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (7)")
        assert take(home / "db", target) == "live_wal"
        assert rows(target) == [(1, 0), (2, 7)]


def writes_at_every_step(
    other: Writer, told: list[str], answers: list[str], *, first: float = 0.0
) -> Advance:
    """A hearer that has the other process write once a share of the pages is copied."""

    def advance(done: int, total: int, reason: str) -> None:
        told.append(reason)
        if total * first <= done < total:
            answers.append(other.say("UPDATE t SET a = a + 1"))

    return advance


def large(path: Path, *, wal: bool, rows: int = 30) -> None:
    make(path, wal=wal)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE filling(b)")
        connection.executemany("INSERT INTO filling VALUES (?)", [(bytes(100_000),) for _ in range(rows)])
        connection.commit()


def test_busy_wal_writer_never_makes_it_start_over(home: Path, target: Path) -> None:
    large(home / "db", wal=True)
    told: list[str] = []
    answers: list[str] = []
    with writer(home / "db") as other:
        other.say("UPDATE t SET a = 1")
        take(home / "db", target, writes_at_every_step(other, told, answers))
    assert rows(target) == [(1, 1)]
    assert set(told) == {"copying the source"}
    assert len(told) == 6
    assert set(answers) == {"done"}


def test_busy_writer_is_held_after_three_restarts(home: Path, target: Path) -> None:
    large(home / "db", wal=False)
    told: list[str] = []
    answers: list[str] = []
    with writer(home / "db") as other:
        other.say("PRAGMA busy_timeout=0")
        take(home / "db", target, writes_at_every_step(other, told, answers))
        assert other.say("UPDATE t SET a = a + 1") == "done"
    first_held = told.index(
        "a busy writer made the copy start over; it is now taken in one step, and writers wait"
    )
    assert 3 <= first_held <= 4
    assert set(answers[:first_held]) == {"done"}
    assert set(answers[first_held:]) == {"database is locked"}
    assert rows(target) == [(1, first_held)]
    assert check_integrity(target, CancelToken()) == ()


def test_restart_late_in_a_large_copy(home: Path, target: Path) -> None:
    large(home / "db", wal=False, rows=80)
    told: list[str] = []
    answers: list[str] = []
    with writer(home / "db") as other:
        other.say("PRAGMA busy_timeout=0")
        take(home / "db", target, writes_at_every_step(other, told, answers, first=0.6))
    assert told[-1].startswith("a busy writer")
    assert check_integrity(target, CancelToken()) == ()
    assert rows(target) == [(1, answers.count("done"))]


def test_writer_that_keeps_the_lock_is_told(
    home: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr("sdmigrate.sqlite.opening._LOCK_SECONDS", 0.1)
    large(home / "db", wal=False)

    def lock_it(done: int, total: int, reason: str) -> None:
        other.say("BEGIN EXCLUSIVE")

    with writer(home / "db") as other, pytest.raises(SourceUnusable, match="locked by another program"):
        take(home / "db", target, lock_it)


def test_cancel_ends_it_between_steps(home: Path, target: Path) -> None:
    large(home / "db", wal=False)
    cancel, steps = CancelToken(), 0

    def stop(done: int, total: int, reason: str) -> None:
        nonlocal steps
        steps += 1
        cancel.set()

    with pytest.raises(Aborted):
        take(home / "db", target, stop, cancel)
    assert steps == 1


def test_copy_that_cannot_be_written_is_told(home: Path, tmp_path: Path) -> None:
    make(home / "db")
    (tmp_path / "full").symlink_to("/dev/full")
    with (
        open_source(home / "db", tmp_path / "scratch") as connection,
        pytest.raises(Interrupted, match="could not be taken"),
    ):
        take_snapshot(connection, tmp_path / "full", CancelToken(), ignore)


def test_leftovers_of_a_killed_run_are_cleared(home: Path, target: Path) -> None:
    make(home / "db")
    target.with_name("snapshot-wal").write_bytes(b"old" * 4000)
    target.with_name("snapshot-journal").write_bytes(b"old" * 4000)
    take(home / "db", target)
    assert rows(target) == [(1, 0)]


def test_digests_are_of_all_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 9000
    (tmp_path / "file").write_bytes(data)
    heard: list[bytes] = []
    digests = digests_of(tmp_path / "file", CancelToken(), heard.append)
    assert digests.md5 == hashlib.md5(data).hexdigest()
    assert digests.sha256 == hashlib.sha256(data).hexdigest()
    assert b"".join(heard) == data


def test_digest_of_a_lost_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Interrupted, match="cannot be read to its end"):
        digests_of(tmp_path / "nothing", CancelToken(), list[bytes]().append)


def test_integrity_of_a_sound_file(home: Path) -> None:
    make(home / "db")
    assert check_integrity(home / "db", CancelToken()) == ()


def test_integrity_of_a_damaged_page(home: Path) -> None:
    large(home / "db", wal=False)
    with (home / "db").open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xff" * 4096)
    messages = check_integrity(home / "db", CancelToken())
    assert len(messages) == snapshot.MOST_MESSAGES
    assert messages[0] == "Page 3: btreeInitPage() returns error code 11"


def test_integrity_of_a_broken_promise_and_a_stale_index(home: Path) -> None:
    with closing(sqlite3.connect(home / "db")) as connection:
        connection.executescript(
            "CREATE TABLE t(a, b); CREATE INDEX i ON t(b); INSERT INTO t VALUES (NULL, 1), (NULL, 2);"
            "PRAGMA writable_schema=ON;"
            "UPDATE sqlite_master SET sql = 'CREATE TABLE t(a NOT NULL, b)' WHERE name = 't';"
            "UPDATE sqlite_master SET sql = 'CREATE INDEX i ON t(a)' WHERE name = 'i'"
        )
    messages = check_integrity(home / "db", CancelToken())
    assert messages.count("NULL value in t.a") == 2
    assert "row 1 missing from index i" in messages


def test_table_that_cannot_be_checked_does_not_hide_the_others(home: Path) -> None:
    with closing(sqlite3.connect(home / "db")) as connection:
        connection.create_collation("LOCALIZED", lambda one, other: (one > other) - (one < other))
        connection.executescript(
            "CREATE TABLE names(a TEXT COLLATE LOCALIZED UNIQUE); INSERT INTO names VALUES ('x'), ('y');"
            "CREATE TABLE t(a, b); INSERT INTO t VALUES (NULL, 1);"
            "PRAGMA writable_schema=ON;"
            "UPDATE sqlite_master SET sql = 'CREATE TABLE t(a NOT NULL, b)' WHERE name = 't'"
        )
    assert check_integrity(home / "db", CancelToken()) == (
        "table names could not be checked: no such collation sequence: LOCALIZED",
        "NULL value in t.a",
    )


def test_index_over_json_is_checked(home: Path) -> None:
    with closing(sqlite3.connect(home / "db")) as connection:
        connection.executescript(
            "CREATE TABLE t(a); CREATE INDEX i ON t(json_extract(a, '$.x')); INSERT INTO t VALUES ('{}')"
        )
    assert check_integrity(home / "db", CancelToken()) == ()
