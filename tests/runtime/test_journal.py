"""The journal keeps what happened, whole, and tells it back."""

import re
import resource
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.result import Approval, TableLedger
from sdmigrate.runtime.journal import Journal


def test_a_result_is_there_after_reopening(tmp_path: Path) -> None:
    ledger = TableLedger(table="a", read=3, loaded=2, quarantined=1)
    with Journal.create(tmp_path / "journal.sqlite") as journal:
        journal.keep_result("clean", ledger)
    with Journal.open(tmp_path / "journal.sqlite") as journal:
        assert journal.result("clean", TableLedger) == ledger
        assert journal.is_done("clean")
        assert journal.result("load", TableLedger) is None
        assert not journal.is_done("load")


def test_a_refused_result_can_be_read_but_is_not_done(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "journal.sqlite") as journal:
        journal.keep_result("clean", Approval(schema="app"), accepted=False)
        assert journal.result("clean", Approval) == Approval(schema="app")
        assert not journal.is_done("clean")


def test_forgetting_appends_and_erases_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal.create(path) as journal:
        journal.keep_result("plan", Approval(schema="one"))
        journal.forget_result("plan")
        assert journal.result("plan", Approval) is None
        assert not journal.is_done("plan")
        journal.keep_result("plan", Approval(schema="two"))
        assert journal.result("plan", Approval) == Approval(schema="two")
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM results").fetchone() == (3,)
    connection.close()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    Journal.create(tmp_path / "journal.sqlite").close()
    assert (tmp_path / "journal.sqlite").stat().st_mode & 0o777 == 0o600


def test_began_knows_the_started_stages(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "journal.sqlite") as journal:
        journal.append(1, '{"event":"stage.started","stage":"load"}')
        assert journal.began("load")
        assert not journal.began("cutover")
        assert journal.last_seq() == 1


def test_a_directory_without_a_journal_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnsafeToContinue, match="no journal"):
        Journal.open(tmp_path / "journal.sqlite")


def test_a_damaged_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    with pytest.raises(UnsafeToContinue, match="damaged"):
        Journal.open(tmp_path / "journal.sqlite")


def test_a_journal_of_another_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    Journal.create(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(UnsafeToContinue, match="version 9"):
        Journal.open(path)


def test_an_entry_of_another_version_is_told(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "journal.sqlite") as journal:
        journal.note("run", Approval(schema="app"))
        journal.keep_result("clean", Approval(schema="app"))
        with pytest.raises(UnsafeToContinue, match="another version of sdmigrate"):
            journal.noted("run", TableLedger)
        with pytest.raises(UnsafeToContinue, match=re.escape(str(tmp_path / "journal.sqlite"))):
            journal.result("clean", TableLedger)


def test_events_that_may_wait_are_on_disk_with_the_next_entry(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"

    def on_disk() -> list[str]:
        with closing(sqlite3.connect(path)) as connection:
            return [line for (line,) in connection.execute("SELECT line FROM events ORDER BY seq")]

    with Journal.create(path) as journal:
        journal.append(1, "one", may_wait=True)
        journal.append(2, "two", may_wait=True)
        assert on_disk() == []
        journal.append(3, "three")
        assert on_disk() == ["one", "two", "three"]
        journal.append(4, "four", may_wait=True)
        assert list(journal.lines()) == ["one", "two", "three", "four"]
        journal.append(5, "five", may_wait=True)
        journal.keep_result("plan", Approval(schema="app"))
        assert on_disk()[-1] == "five"
        journal.append(6, "six", may_wait=True)
    assert on_disk()[-1] == "six"


def test_what_a_full_disk_refused_is_kept_once_there_is_room(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk, which a test may not make."""
    with Journal.create(tmp_path / "journal.sqlite") as journal:
        journal.append(1, "{}")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            with pytest.raises(sqlite3.OperationalError, match="disk") as first:
                journal.append(2, '{"long": "' + "x" * 2_000_000 + '"}')
            with pytest.raises(sqlite3.OperationalError, match="disk") as again:
                journal.append(3, "{}")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        assert first.value.sqlite_errorcode == again.value.sqlite_errorcode
        journal.append(4, "{}")
        assert len(list(journal.lines())) == journal.last_seq() == 4
