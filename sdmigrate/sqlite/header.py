"""The first 100 bytes of the source: what SQLite needs to know of it, or what the file is instead.

Invariant: the file is read with plain read-only I/O; no SQLite connection of this process may be open on it
meanwhile, since closing any descriptor of a file drops the process's POSIX locks on it
(https://www.sqlite.org/howtocorrupt.html section 2.2).
"""

import math
import os
import re
import stat
from collections import Counter
from pathlib import Path
from typing import Literal

from sdmigrate.model.errors import SourceUnusable
from sdmigrate.model.record import Record

HEADER_BYTES = 100
MAGIC = b"SQLite format 3\0"
WAL_MAGICS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"

_LOOKED_AT = 4096
_NEWEST_READ_VERSION = 2
_RANDOM_BITS = 7.0
"""Bits per byte above which 512 bytes or more are compressed or encrypted; text stays below 6."""

_ANOTHER_FILE = "Name the SQLite database file itself."
_UNPACK = "Unpack it first and name the database inside."
_USE_SQLITE3 = "Make a database of it with 'sqlite3 new.sqlite < dump.sql', then name that file."


class _Other(Record):
    """A format that is not ours, told by bytes at a fixed place."""

    offset: int
    magic: bytes
    what: str
    hint: str = _ANOTHER_FILE


_OTHERS = (
    _Other(offset=0, magic=b"\x1f\x8b", what="is compressed with gzip", hint=_UNPACK),
    _Other(
        offset=0, magic=b"PK\x03\x04", what="is a zip archive (or a spreadsheet, which is one)", hint=_UNPACK
    ),
    _Other(offset=0, magic=b"\xfd7zXZ\0", what="is compressed with xz", hint=_UNPACK),
    _Other(offset=0, magic=b"\x28\xb5\x2f\xfd", what="is compressed with zstd", hint=_UNPACK),
    _Other(offset=0, magic=b"BZh", what="is compressed with bzip2", hint=_UNPACK),
    _Other(offset=0, magic=b"7z\xbc\xaf\x27\x1c", what="is a 7z archive", hint=_UNPACK),
    _Other(offset=0, magic=b"\x04\x22\x4d\x18", what="is compressed with lz4", hint=_UNPACK),
    _Other(offset=257, magic=b"ustar", what="is a tar archive", hint=_UNPACK),
    _Other(
        offset=0,
        magic=b"** This file contains an SQLite 2",
        what="is a database of SQLite 2",
        hint="Dump it with 'sqlite FILE .dump' of SQLite 2 and load that with sqlite3.",
    ),
    _Other(
        offset=8,
        magic=b"DUCK",
        what="is a DuckDB database",
        hint="Copy its tables into a SQLite file with DuckDB, then name that.",
    ),
    _Other(offset=4, magic=b"Standard Jet DB", what="is a Microsoft Access database"),
    _Other(offset=4, magic=b"Standard ACE DB", what="is a Microsoft Access database"),
    _Other(
        offset=0,
        magic=b"PGDMP",
        what="is a dump by pg_dump, of a PostgreSQL database",
        hint="Restore it with pg_restore; there is nothing to migrate from SQLite.",
    ),
    _Other(offset=0, magic=b"PAR1", what="is a Parquet file"),
    _Other(offset=0, magic=WAL_MAGICS[0], what="is the -wal file beside a database"),
    _Other(offset=0, magic=WAL_MAGICS[1], what="is the -wal file beside a database"),
    _Other(offset=0, magic=JOURNAL_MAGIC, what="is the -journal file beside a database"),
    _Other(
        offset=0,
        magic=b"version https://git-lfs",
        what="is a Git LFS pointer, not the file itself",
        hint="Fetch the file with 'git lfs pull'.",
    ),
)


class Header(Record):
    """The database header (https://www.sqlite.org/fileformat2.html section 1.3)."""

    page_size: int
    """Bytes, 512 to 65536."""
    page_count: int | None
    """Pages as the header says; None where a SQLite before 3.7.0 wrote last and the number is stale."""
    change_counter: int
    wal: bool
    """The database is in WAL mode."""
    encoding: Literal["UTF-8", "UTF-16le", "UTF-16be"]
    user_version: int
    application_id: int
    written_by: int
    """SQLITE_VERSION_NUMBER of the last writer, 0 where an old one did not say."""


def resolve(path: Path) -> Path:
    """The absolute path with symbolic links followed, since SQLite looks for side files beside the target.

    Raises:
        SourceUnusable: nothing is there, or the links lead in a circle.
    """
    try:
        return Path(os.path.realpath(path, strict=True))
    except FileNotFoundError as error:
        raise SourceUnusable(
            f"There is no file {shown(path)}.", "Check the path; nothing was created."
        ) from error
    except OSError as error:
        raise SourceUnusable(
            f"{shown(path)} cannot be reached: {error.strerror}.", "Check the path and its permissions."
        ) from error


def read_header(path: Path) -> Header:
    """The header of a file that looks like a usable SQLite database.

    Raises:
        SourceUnusable: it is missing, not a regular file, unreadable, empty, another format, encrypted,
            truncated, or of a newer format; each with what it seems to be and what to do.
    """
    path = resolve(path)
    head, size = _read_head(path)
    if size == 0:
        raise SourceUnusable(
            f"{shown(path)} is empty (0 bytes): a database that nothing was ever written to.",
            "Check that it is the right file; an application may keep its data elsewhere.",
        )
    if not head.startswith(MAGIC):
        raise _explained(path, head, size)
    if len(head) < HEADER_BYTES:
        raise SourceUnusable(
            f"{shown(path)} ends after {size} bytes, inside the database header.",
            "The copy broke off; copy the file again.",
        )
    header = _parse(path, head)
    _require_whole(path, header, size)
    return header


def shown(path: Path) -> str:
    """The path as it can be printed: bytes that are not UTF-8 and control characters as escapes."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def size_beside(path: Path, suffix: str) -> int:
    """Bytes of the side file (``-wal``, ``-shm``, ``-journal``); 0 where there is none."""
    try:
        return os.stat(os.fspath(path) + suffix).st_size
    except OSError:
        return 0


def _read_head(path: Path) -> tuple[bytes, int]:
    """The first bytes of the file and its size."""
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise SourceUnusable(f"{shown(path)} is a directory.", "Name the database file inside it.")
        if not stat.S_ISREG(facts.st_mode):
            raise SourceUnusable(f"{shown(path)} is a device, pipe or socket, not a file.", _ANOTHER_FILE)
        with path.open("rb") as file:
            return file.read(_LOOKED_AT), facts.st_size
    except PermissionError as error:
        raise SourceUnusable(
            f"{shown(path)} cannot be read: permission denied.",
            "Run as a user who may read it; sdmigrate changes no permissions.",
        ) from error
    except OSError as error:
        raise SourceUnusable(
            f"{shown(path)} cannot be read: {error.strerror}.", "Check the disk or the mount, then try again."
        ) from error


def _parse(path: Path, head: bytes) -> Header:
    """The fields; raises where no SQLite of today could read such a file."""
    page_size = int.from_bytes(head[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    if page_size < 512 or page_size & (page_size - 1) or head[21:24] != b"\x40\x20\x20":
        raise SourceUnusable(
            f"{shown(path)} begins like a SQLite database, but the rest of its header is not one.",
            "It is damaged, or encrypted by an extension that leaves the first bytes readable; "
            "export it with the application that wrote it.",
        )
    if head[19] > _NEWEST_READ_VERSION:
        raise SourceUnusable(
            f"{shown(path)} has a format newer than this SQLite can read (read version {head[19]}).",
            "Open it with the application that wrote it and export it.",
        )
    encodings: dict[int, Literal["UTF-8", "UTF-16le", "UTF-16be"]] = {2: "UTF-16le", 3: "UTF-16be"}
    change_counter = _number(head, 24)
    return Header(
        page_size=page_size,
        page_count=_number(head, 28) if change_counter == _number(head, 92) and _number(head, 28) else None,
        change_counter=change_counter,
        wal=head[19] == _NEWEST_READ_VERSION,
        encoding=encodings.get(_number(head, 56), "UTF-8"),
        user_version=_number(head, 60),
        application_id=_number(head, 68),
        written_by=_number(head, 96),
    )


def _number(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 4], "big")


def _require_whole(path: Path, header: Header, size: int) -> None:
    """Refuse a file that ends before its last page, unless a -wal or -journal beside it may complete it."""
    if header.page_count is None or size >= header.page_count * header.page_size:
        return
    if any(size_beside(path, suffix) for suffix in ("-wal", "-journal")):
        return
    raise SourceUnusable(
        f"{shown(path)} is truncated: its header says {header.page_count} pages of {header.page_size} bytes "
        f"({header.page_count * header.page_size} bytes), the file has {size} bytes.",
        "The copy broke off; copy it again, with its -wal file, or recover what is there with "
        "'sqlite3 FILE .recover'.",
    )


def _explained(path: Path, head: bytes, size: int) -> SourceUnusable:
    """What the file is, since it is no SQLite 3 database."""
    for other in _OTHERS:
        if head.startswith(other.magic, other.offset):
            return SourceUnusable(f"{shown(path)} {other.what}, not a SQLite database.", other.hint)
    if not any(head):
        return SourceUnusable(
            f"{shown(path)} begins with zero bytes only.", "It was never written whole; copy it again."
        )
    text = _as_text(head)
    if text is not None:
        what, hint = _kind_of_text(text)
        return SourceUnusable(f"{shown(path)} {what}, not a SQLite database.", hint)
    if _bits_per_byte(head) > _RANDOM_BITS and len(head) >= 512 and size % 512 == 0:
        return SourceUnusable(
            f"{shown(path)} looks encrypted: it has whole pages of random bytes and no SQLite header.",
            "If SQLCipher or the like wrote it, export a plain copy with its key (sqlcipher_export) "
            "and name that.",
        )
    return SourceUnusable(
        f"{shown(path)} is not a SQLite database: it does not begin with 'SQLite format 3'.", _ANOTHER_FILE
    )


def _as_text(head: bytes) -> str | None:
    """The head as text, where it is text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head):
        return None
    # A character may be cut at the end of what was read.
    for cut in range(4):
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    return head.decode("latin-1") if _bits_per_byte(head) < _RANDOM_BITS - 1 else None


def _kind_of_text(text: str) -> tuple[str, str]:
    """What kind of text it is, and what to do with it."""
    without_comments = re.sub(r"\A(\s+|--[^\n]*(\n|\Z)|/\*.*?(\*/|\Z))*", "", text, flags=re.DOTALL)
    first = without_comments.lstrip()[:200].lower()
    if re.match(
        r"(pragma|begin|create|insert|drop|set|start|select|update|delete|alter|attach|copy)\b", first
    ):
        return "is a text of SQL statements (a dump)", _USE_SQLITE3
    if text.lstrip().startswith("--"):
        return "is a text of SQL comments (an empty dump)", _USE_SQLITE3
    if first.startswith(("<!doctype", "<html")):
        return "is a web page", "The download brought an error or login page; download it again."
    if first.startswith("<"):
        return "is XML", _ANOTHER_FILE
    if first.startswith(("{", "[")):
        return "is JSON", "Import it into SQLite first, or name the database."
    if re.search(r"[,;\t|]", text.partition("\n")[0]):
        return (
            "is a table as text (CSV)",
            "Make a database of it with sqlite3's '.import --csv', then name that.",
        )
    return "is plain text", _ANOTHER_FILE


def _bits_per_byte(data: bytes) -> float:
    """Shannon entropy."""
    total = len(data)
    return -sum(count / total * math.log2(count / total) for count in Counter(data).values())
