"""``inspect``: the report as asked for, and the source as it was, its neighbours too."""

import hashlib
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from sdmigrate.model.settings import Endpoint
from tests.cli.calling import call

SECRET = "Zebra7731"


def state_of(directory: Path) -> dict[str, tuple[int, int, int, int, str]]:
    """The directory and each of its files: inode, mode, time of change, size and digest.

    The content of a -shm file is left out: it is memory that the readers of a database in use share, and
    where each says that it reads.
    """
    found = {}
    for path in (directory, *sorted(directory.iterdir())):
        facts = path.stat()
        digest = (
            hashlib.sha256(path.read_bytes()).hexdigest()
            if path.is_file() and path.suffix != ".db-shm"
            else ""
        )
        found[path.name] = (facts.st_ino, facts.st_mode, facts.st_mtime_ns, facts.st_size, digest)
    return found


def people(path: Path, *, journal: str = "delete") -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute("CREATE TABLE people(id INTEGER PRIMARY KEY, mail TEXT)")
    connection.execute("CREATE TABLE notes(text TEXT)")
    connection.executemany("INSERT INTO people(mail) VALUES (?)", [(SECRET,)] * 40)
    connection.commit()
    return connection


@contextmanager
def rollback_journal(path: Path) -> Iterator[None]:
    people(path).close()
    yield


@contextmanager
def closed_wal(path: Path) -> Iterator[None]:
    people(path, journal="wal").close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    yield


@contextmanager
def wal_in_use(path: Path) -> Iterator[None]:
    with closing(people(path, journal="wal")):
        assert len(list(path.parent.iterdir())) == 3
        yield


@contextmanager
def wal_of_the_dead(path: Path) -> Iterator[None]:
    """A -wal file without its -shm, as a copied directory has it."""
    elsewhere = path.parent.parent / "elsewhere.db"
    with closing(people(elsewhere, journal="wal")):
        path.write_bytes(elsewhere.read_bytes())
        path.with_name(path.name + "-wal").write_bytes(
            elsewhere.with_name(elsewhere.name + "-wal").read_bytes()
        )
    yield


@pytest.mark.parametrize("made", [rollback_journal, closed_wal, wal_in_use, wal_of_the_dead])
@pytest.mark.parametrize("mode", [0o755, 0o555], ids=["writable", "read-only"])
def test_the_source_and_its_neighbours_stay_as_they_were(
    made: Callable[[Path], AbstractContextManager[None]], mode: int, work: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "theirs"
    directory.mkdir()
    with made(directory / "app.db"):
        directory.chmod(mode)
        before = state_of(directory)
        called = call("inspect", directory / "app.db", "--json", "--work-dir", work)
        assert state_of(directory) == before
        directory.chmod(0o755)
    assert (called.code, called.last["outcome"]) == (0, "inspected"), called.err
    columns = {
        (event["table"], event["column"]): event["rows"]
        for event in called.events
        if event["event"] == "column"
    }
    assert columns == {("people", "id"): 40, ("people", "mail"): 40, ("notes", "text"): 0}


def test_exported_files_mask_values(work: Path, tmp_path: Path) -> None:
    source, page, text = tmp_path / "app.db", tmp_path / "report.html", tmp_path / "report.md"
    people(source).close()
    asked = ("inspect", source, "--html", page, "--markdown", text, "--work-dir", work)
    told = call(*asked)
    assert told.code == 0, told.err
    # The operator's own terminal shows values; files that leave the machine do not.
    for path in (page, text):
        assert "people" in path.read_text("utf-8")
        assert SECRET not in path.read_text("utf-8")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert call(*asked, "--show-values").code == 0
    for path in (page, text):
        assert SECRET in path.read_text("utf-8")
    for report in work.glob("runs/*/report.*"):
        assert SECRET not in report.read_text("utf-8")


def test_one_table_is_told_of(work: Path, tmp_path: Path) -> None:
    source, text = tmp_path / "app.db", tmp_path / "report.md"
    people(source).close()
    told = call("inspect", source, "--table", "notes", "--markdown", text, "--work-dir", work)
    assert told.code == 0
    for shown in (told.out, text.read_text("utf-8")):
        assert "notes" in shown
        assert "mail" not in shown


def test_a_report_never_replaces_the_source(work: Path, tmp_path: Path) -> None:
    source, link = tmp_path / "app.db", tmp_path / "link.html"
    people(source).close()
    os.link(source, link)
    before = source.read_bytes()
    for path in (source, link, tmp_path, tmp_path / "missing" / "page.html"):
        called = call("inspect", source, "--html", path, "--json", "--work-dir", work)
        assert (called.code, called.last["exit_code"]) == (2, 2)
    assert source.read_bytes() == before
    assert not work.exists()


def test_a_target_is_asked_and_left_alone(work: Path, tmp_path: Path, postgres: Endpoint) -> None:
    source = tmp_path / "app.db"
    people(source).close()
    called = call("inspect", source, "--target", postgres.conninfo, "--json", "--work-dir", work)
    assert (called.code, called.last["outcome"]) == (0, "inspected"), called.err
    assert called.last["target"] is not None
