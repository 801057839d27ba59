"""The source is read in every mode and nothing of it or beside it changes."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.errors import SourceUnusable, UnsafeToContinue
from sdmigrate.sqlite.opening import fingerprint, open_source
from tests.sqlite.sources import make, state, writer


def read(path: Path, scratch: Path) -> tuple[str, int]:
    """How it was read, and the number of rows seen."""
    with open_source(path, scratch) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM t").fetchone()
        return connection.reading, rows


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "source"
    directory.mkdir()
    return directory


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


@pytest.mark.parametrize(("wal", "reading"), [(False, "rollback_journal"), (True, "immutable_wal")])
def test_closed_database_is_read_without_a_trace(home: Path, scratch: Path, wal: bool, reading: str) -> None:
    make(home / "db", wal=wal)
    before = state(home)
    assert read(home / "db", scratch) == (reading, 1)
    assert state(home) == before
    assert not scratch.exists()


def test_live_wal_is_read_with_what_is_not_yet_in_the_database(home: Path, scratch: Path) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        assert other.say("INSERT INTO t VALUES (2)") == "done"
        before = state(home)
        assert set(before) == {b".", b"db", b"db-wal", b"db-shm"}
        assert read(home / "db", scratch) == ("live_wal", 2)
        assert state(home) == before
        assert other.say("INSERT INTO t VALUES (3)") == "done"
    assert not scratch.exists()


def test_writer_goes_on_while_the_source_is_open(home: Path, scratch: Path) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
        with open_source(home / "db", scratch) as connection:
            connection.execute("BEGIN")
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)
            assert other.say("INSERT INTO t VALUES (3)") == "done"
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)
            connection.execute("COMMIT")
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (3,)


def test_wal_of_a_dead_writer_is_read_without_a_trace(home: Path, scratch: Path) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
        other.die()
    before = state(home)
    assert set(before) == {b".", b"db", b"db-wal", b"db-shm"}
    assert read(home / "db", scratch) == ("live_wal", 2)
    assert state(home) == before


def test_wal_without_shm_is_copied(home: Path, scratch: Path) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
        other.die()
    (home / "db-shm").unlink()
    before = state(home)
    assert read(home / "db", scratch) == ("copied", 2)
    assert state(home) == before
    assert list(scratch.iterdir()) == []


def test_unusable_shm_is_copied(home: Path, scratch: Path) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
        other.die()
    (home / "db-shm").write_bytes(b"")
    before = state(home)
    assert read(home / "db", scratch)[1] == 2
    assert state(home) == before


@pytest.mark.parametrize("wal", [False, True])
def test_empty_wal_is_no_wal(home: Path, scratch: Path, wal: bool) -> None:
    make(home / "db", wal=wal)
    (home / "db-wal").touch()
    before = state(home)
    assert read(home / "db", scratch) == ("immutable_wal" if wal else "rollback_journal", 1)
    assert state(home) == before


def test_empty_wal_of_a_live_writer(home: Path, scratch: Path) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
        other.say("PRAGMA wal_checkpoint(TRUNCATE)")
        assert (home / "db-wal").stat().st_size == 0
        before = state(home)
        assert read(home / "db", scratch) == ("live_wal", 2)
        assert state(home) == before


def test_stray_wal_beside_a_rollback_database_is_copied(home: Path, scratch: Path) -> None:
    make(home / "db")
    (home / "db-wal").write_bytes(b"not a write-ahead log" * 500)
    before = state(home)
    assert read(home / "db", scratch) == ("copied", 1)
    assert state(home) == before


def test_hot_journal_is_rolled_back_in_a_copy(home: Path, scratch: Path) -> None:
    make(home / "db", rows=1000)
    with writer(home / "db") as other:
        other.say("PRAGMA cache_size=1")
        other.say("BEGIN")
        other.say("UPDATE t SET a = zeroblob(900)")
        other.die()
    before = state(home)
    assert b"db-journal" in before
    with open_source(home / "db", scratch) as connection:
        assert connection.reading == "copied"
        assert connection.execute("SELECT sum(a) FROM t").fetchone() == (499_500,)
    assert state(home) == before


def test_journal_of_a_live_transaction_is_not_hot(home: Path, scratch: Path) -> None:
    make(home / "db", rows=1000)
    with writer(home / "db") as other:
        other.say("BEGIN IMMEDIATE")
        other.say("UPDATE t SET a = a + 1")
        before = state(home)
        assert b"db-journal" in before
        with open_source(home / "db", scratch) as connection:
            assert connection.reading == "rollback_journal"
            assert connection.execute("SELECT sum(a) FROM t").fetchone() == (499_500,)
        assert state(home) == before
        assert other.say("COMMIT") == "done"


def test_locked_database_is_told(home: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdmigrate.sqlite.opening._LOCK_SECONDS", 0.1)
    make(home / "db")
    with writer(home / "db") as other:
        other.say("BEGIN EXCLUSIVE")
        before = state(home)
        with pytest.raises(SourceUnusable, match="locked by another program"):
            read(home / "db", scratch)
        assert state(home) == before


def test_change_in_immutable_reading_is_told(home: Path, scratch: Path) -> None:
    make(home / "db", wal=True)
    with (
        pytest.raises(UnsafeToContinue, match="changed while it was read"),
        open_source(home / "db", scratch),
        writer(home / "db") as other,
    ):
        other.say("INSERT INTO t VALUES (2)")


@pytest.mark.parametrize("wal", [False, True])
def test_read_only_directory(home: Path, scratch: Path, wal: bool) -> None:
    make(home / "db", wal=wal)
    (home / "db").chmod(0o444)
    home.chmod(0o555)
    try:
        before = state(home)
        assert read(home / "db", scratch)[1] == 1
        assert state(home) == before
    finally:
        home.chmod(0o755)


def test_read_only_directory_with_a_live_writer(home: Path, scratch: Path) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
        home.chmod(0o555)
        try:
            before = state(home)
            assert read(home / "db", scratch) == ("live_wal", 2)
            assert state(home) == before
        finally:
            home.chmod(0o755)


def test_symbolic_link_is_followed_to_its_side_files(home: Path, scratch: Path, tmp_path: Path) -> None:
    make(home / "db", wal=True)
    links = tmp_path / "links"
    links.mkdir()
    (links / "one").symlink_to(home / "db")
    (links / "two").symlink_to("one")
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
        before = state(home), os.listdir(links)
        assert read(links / "two", scratch) == ("live_wal", 2)
        assert (state(home), os.listdir(links)) == before


NAMES = [
    b"with space.db",
    b"question?mode=rw&x=1.db",
    b"hash#tag.db",
    b"100%41.db",
    b"new\nline.db",
    b"back\\slash'\"quote.db",
    b"latin-\xe9.db",
    "ünïcödé-🙂.db".encode(),
    b"-dash",
    b"file:x.db",
]


@pytest.mark.parametrize("name", NAMES, ids=repr)
@pytest.mark.parametrize("wal", [False, True])
def test_names_of_any_kind(home: Path, scratch: Path, name: bytes, wal: bool) -> None:
    make(home / "plain", wal=wal)
    path = home / os.fsdecode(name)
    (home / "plain").rename(path)
    before = state(home)
    assert read(path, scratch) == ("immutable_wal" if wal else "rollback_journal", 1)
    fingerprint(path)
    assert state(home) == before


def test_fingerprint_sees_a_commit_that_is_only_in_the_wal(home: Path) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
        before = fingerprint(home / "db")
        assert fingerprint(home / "db") == before
        other.say("INSERT INTO t VALUES (3)")
        after = fingerprint(home / "db")
    assert after != before
    assert after.size == before.size
    assert after.wal_size > before.wal_size


def test_nothing_can_be_written_through_the_connection(home: Path, scratch: Path) -> None:
    make(home / "db")
    with (
        open_source(home / "db", scratch) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("INSERT INTO t VALUES (1)")


@pytest.mark.parametrize("wal", [False, True])
def test_schema_that_sqlite_cannot_parse_is_read_without_that_part(
    home: Path, scratch: Path, wal: bool
) -> None:
    make(home / "db", wal=wal)
    with closing(sqlite3.connect(home / "db")) as connection:
        connection.execute("CREATE TABLE fancy(a)")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE TABLE fancy(a) FANCY' WHERE name = 'fancy'"
        )
        connection.commit()
    before = state(home)
    with open_source(home / "db", scratch) as connection:
        assert connection.reading == "without_unparsed"
        assert [(other.name, other.kind, other.problem) for other in connection.unparsed] == [
            ("fancy", "table", "unknown table option: FANCY")
        ]
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1,)
    assert state(home) == before
    assert list(scratch.iterdir()) == []
