"""A file that is no usable SQLite database is explained; one that is gives its header."""

import bz2
import gzip
import lzma
import os
import random
import socket
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from sdmigrate.model.errors import SourceUnusable
from sdmigrate.sqlite.header import read_header, shown


def make(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in (*statements, "CREATE TABLE t(a)", "INSERT INTO t VALUES (1)"):
            connection.execute(statement)
        connection.commit()


def as_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.sqlite", b"x")


def as_duckdb(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t(a INTEGER)")


def as_truncated(path: Path) -> None:
    make(path, "PRAGMA page_size=4096")
    with path.open("r+b") as file:
        file.truncate(4096)


def written(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


random_pages = random.Random(7).randbytes(8192)
cases: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (written(b""), r"is empty \(0 bytes\)"),
    "directory": (lambda path: path.mkdir(), "is a directory"),
    "pipe": (os.mkfifo, "is a device, pipe or socket"),
    "gzip": (written(gzip.compress(b"x" * 900)), "compressed with gzip"),
    "xz": (written(lzma.compress(b"x" * 900)), "compressed with xz"),
    "bzip2": (written(bz2.compress(b"x" * 900)), "compressed with bzip2"),
    "zstd": (written(b"\x28\xb5\x2f\xfd" + b"x" * 50), "compressed with zstd"),
    "zip": (as_zip, "is a zip archive"),
    "dump": (written(b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n"), "SQL statements"),
    "dump with comments": (written(b"-- made by x\n/* y */\nCREATE TABLE t(a);"), "SQL statements"),
    "dump in UTF-16": (written("CREATE TABLE t(a);".encode("utf-16")), "SQL statements"),
    "dump with a byte order mark": (written("\ufeffINSERT INTO t".encode()), "SQL statements"),
    "sqlite 2": (written(b"** This file contains an SQLite 2.1 database **\0" + b"\0" * 900), "SQLite 2"),
    "duckdb": (as_duckdb, "DuckDB database"),
    "access": (written(b"\0\x01\0\0Standard Jet DB\0" + b"\0" * 900), "Microsoft Access"),
    "postgres dump": (written(b"PGDMP\x01\x0e\0"), "pg_dump"),
    "csv": (written(b"id,name\n1,a\n"), r"a table as text \(CSV\)"),
    "csv in latin-1": (written("id;stra\u00dfe\n".encode("latin-1") * 90), r"a table as text \(CSV\)"),
    "json": (written(b'{"a": 1}'), "is JSON"),
    "web page": (written(b"<!DOCTYPE html><html>"), "is a web page"),
    "plain text": (written(b"hello\n"), "is plain text"),
    "lfs": (written(b"version https://git-lfs.github.com/spec/v1\noid"), "Git LFS pointer"),
    "wal": (written(b"\x37\x7f\x06\x82" + b"\0" * 90), "the -wal file"),
    "journal": (written(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 90), "the -journal file"),
    "encrypted": (written(random_pages), "looks encrypted"),
    "zeroes": (written(b"\0" * 8192), "zero bytes only"),
    "something": (written(b"\x01\x02\x03" * 100), "is not a SQLite database"),
    "header cut": (written(b"SQLite format 3\0" + b"\0" * 40), "ends after 56 bytes"),
    "header damaged": (written(b"SQLite format 3\0" + random_pages), "the rest of its header is not one"),
    "truncated": (as_truncated, r"truncated: its header says 2 pages of 4096 bytes"),
}


@pytest.mark.parametrize("name", cases)
def test_what_is_no_database_is_explained(tmp_path: Path, name: str) -> None:
    make_file, expected = cases[name]
    path = tmp_path / "file.sqlite"
    make_file(path)
    with pytest.raises(SourceUnusable, match=expected) as caught:
        read_header(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_missing_path_is_told_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="There is no file"):
        read_header(tmp_path / "nothing.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_circle_of_links_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(SourceUnusable, match="cannot be reached"):
        read_header(tmp_path / "a")


def test_socket_is_told(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(tmp_path / "s"))
        with pytest.raises(SourceUnusable, match="is a device, pipe or socket"):
            read_header(tmp_path / "s")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_unreadable_file_is_told(tmp_path: Path) -> None:
    make(tmp_path / "db")
    (tmp_path / "db").chmod(0)
    with pytest.raises(SourceUnusable, match="permission denied"):
        read_header(tmp_path / "db")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_unreadable_file_is_told_to_another_user(tmp_path: Path) -> None:
    make(tmp_path / "db")
    (tmp_path / "db").chmod(0)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from sdmigrate.model.errors import SourceUnusable; from sdmigrate.sqlite.header import _read_head\n"
        "directory = os.open(sys.argv[1], os.O_RDONLY); os.fchdir(directory); os.setuid(65534)\n"
        "try: _read_head(Path('db'))\n"
        "except SourceUnusable as error: print(error.message)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert told.stdout == "db cannot be read: permission denied.\n"


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
def test_header_of_a_database(tmp_path: Path, page_size: int) -> None:
    make(tmp_path / "db", f"PRAGMA page_size={page_size}", "PRAGMA user_version=7")
    header = read_header(tmp_path / "db")
    assert header.page_size == page_size
    assert header.page_count == 2
    assert header.wal is False
    assert header.encoding == "UTF-8"
    assert header.user_version == 7
    assert header.written_by == sqlite3.sqlite_version_info[0] * 1_000_000 + (
        sqlite3.sqlite_version_info[1] * 1000 + sqlite3.sqlite_version_info[2]
    )


def test_header_of_a_utf16_wal_database(tmp_path: Path) -> None:
    make(tmp_path / "db", "PRAGMA encoding='UTF-16be'", "PRAGMA journal_mode=WAL")
    header = read_header(tmp_path / "db")
    assert header.encoding == "UTF-16be"
    assert header.wal is True


def test_change_counter_grows(tmp_path: Path) -> None:
    make(tmp_path / "db")
    before = read_header(tmp_path / "db").change_counter
    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        connection.execute("INSERT INTO t VALUES (2)")
        connection.commit()
    assert read_header(tmp_path / "db").change_counter == before + 1


def test_stale_page_count_is_none(tmp_path: Path) -> None:
    make(tmp_path / "db")
    data = bytearray((tmp_path / "db").read_bytes())
    data[92:96] = b"\0\0\0\0"
    (tmp_path / "db").write_bytes(data)
    assert read_header(tmp_path / "db").page_count is None


def test_short_file_with_a_wal_is_no_truncated_one(tmp_path: Path) -> None:
    as_truncated(tmp_path / "db")
    (tmp_path / "db-wal").write_bytes(b"x")
    assert read_header(tmp_path / "db").page_count == 2


def test_names_are_shown_in_one_line() -> None:
    assert shown(Path(os.fsdecode(b"a\nb\x1b\xff"))) == "a\\nb\\x1b\\xff"
