"""Entries of a schema that SQLite cannot parse, taken out of our own copy so that all else can be read.

A table whose name an earlier entry has is read under another one.

Invariant: the source is never handed to this; each entry taken out or renamed is told with its text, and with
SQLite's reason where something of it is lost.
"""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import count, takewhile
from pathlib import Path
from typing import NamedTuple

from sdmigrate.model.catalog import OtherKind, OtherObject
from sdmigrate.model.errors import SourceUnusable
from sdmigrate.sqlite.connection import (
    decode_text,
    harden,
    is_distrust,
    readable,
    refusal,
)
from sdmigrate.sqlite.declarations import DeclarationUnreadable, folded, renamed_table


class _Entry(NamedTuple):
    """One line of sqlite_master; a field may hold anything."""

    rowid: int
    kind: object
    name: object
    table: object
    root: object
    sql: object


class _NewName(NamedTuple):
    """Under which name a table is read whose own an earlier entry has."""

    name: str
    sql: str
    indexes: Sequence[tuple[str, int]]
    """The names of its keys' indexes then, and the rowids of their entries."""


_MALFORMED = "malformed database schema"
_PROBE = "SELECT 1 FROM sqlite_master LIMIT 1"


def is_malformed_schema(message: str) -> bool:
    """Whether SQLite says by this that an entry of the schema cannot be parsed."""
    return message.startswith(_MALFORMED)


def take_out_unparsed(path: Path) -> tuple[OtherObject, ...]:
    """Remove or rename in the copy at ``path`` every entry that SQLite cannot parse; what they were.

    An entry that hangs on another one (an index of a table) goes with it, and is told as well.

    Raises:
        SourceUnusable: SQLite complains of an entry that is not there.
        sqlite3.DatabaseError: the schema cannot be read even as a table.
    """
    found = []
    while (message := _complaint(path)) is not None:
        taken_out = _take_out(path, message)
        if taken_out is None:
            raise SourceUnusable(
                f"The schema cannot be read by SQLite {sqlite3.sqlite_version}: {readable(message)}.",
                "A newer SQLite may have written it, or it is damaged; "
                "'sqlite3 FILE .recover' of the newest version shows which.",
            )
        found.append(taken_out)
    return tuple(found)


def _complaint(path: Path) -> str | None:
    """What SQLite says of the first entry that it cannot parse; None where it parses all."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Trusted, since only the parser is asked and nothing runs: distrust would be told instead.
        harden(connection, trusted_schema=True)
        try:
            connection.execute(_PROBE)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            message = refusal(error)
            if is_malformed_schema(message):
                return message
            if isinstance(error, sqlite3.DatabaseError) and is_distrust(error):
                return None
            raise
    return None


def _take_out(path: Path, message: str) -> OtherObject | None:
    """Remove or rename the entry that the message names; None where none has that name."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        harden(connection)
        connection.execute("PRAGMA writable_schema=ON")
        entries = [
            _Entry(*fields)
            for fields in connection.execute(
                "SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_master ORDER BY rowid"
            )
        ]
        meant = [entry for entry in entries if message.startswith(_named(entry.name))]
        if not meant:
            return None
        # Of several entries with one name the last is the one too many.
        entry = max(meant, key=lambda entry: (len(_named(entry.name)), entry.rowid))
        if (new := _renamed(entry, entries)) is not None:
            rename = "UPDATE sqlite_master SET name = ?, tbl_name = ?, sql = ? WHERE rowid = ?"
            connection.execute(rename, (new.name, new.name, new.sql, entry.rowid))
            connection.executemany(rename, [(index, new.name, None, rowid) for index, rowid in new.indexes])
            return _object(entry, "renamed", new.name)
        connection.execute("DELETE FROM sqlite_master WHERE rowid = ?", (entry.rowid,))
    if any(_is_repeated(entry, other) for other in entries):
        return _object(entry, "repeated", None)
    kind, table = _told(entry.kind), _told(entry.table)
    reason = message.removeprefix(_named(entry.name)).removeprefix(" - ")
    return _object(
        entry,
        _kind(kind, _told(entry.sql)),
        readable(table) if kind in ("index", "trigger") else None,
        readable(reason) or "its entry in the schema is damaged",
    )


def _object(entry: _Entry, kind: OtherKind, table: str | None, problem: str | None = None) -> OtherObject:
    return OtherObject(
        name=readable(_told(entry.name)),
        kind=kind,
        table=table,
        sql="" if entry.sql is None else readable(_told(entry.sql)),
        problem=problem,
    )


def _is_repeated(entry: _Entry, other: _Entry) -> bool:
    """Whether the other entry names the same rows by the same name, or says the same where there are none."""
    same = other.rowid != entry.rowid and (other.kind, other.root) == (entry.kind, entry.root)
    return same and _same_name(entry, other) and (bool(entry.root) or other.sql == entry.sql)


def _same_name(entry: _Entry, other: _Entry) -> bool:
    return folded(_told(entry.name)) == folded(_told(other.name))


def _renamed(entry: _Entry, entries: Sequence[_Entry]) -> _NewName | None:
    """A free name for a table whose own an earlier entry has; None where it has none.

    Its keys have indexes that are named after it, and without those it cannot be read.
    """
    others = [other for other in entries if other.rowid != entry.rowid]
    if entry.kind != "table" or not isinstance(entry.name, str) or not isinstance(entry.sql, str):
        return None
    if not any(_same_name(entry, other) for other in others) or entry.root in [one.root for one in others]:
        return None
    taken = {folded(_told(other.name)) for other in entries}
    name = next(free for place in count(2) if folded(free := f"{entry.name}_{place}") not in taken)
    try:
        sql = renamed_table(entry.sql, name)
        with closing(sqlite3.connect(":memory:")) as trial:
            harden(trial)
            trial.execute(sql)
            of_keys = [
                str(key) for (key,) in trial.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
            ]
    except (DeclarationUnreadable, sqlite3.DatabaseError):
        return None
    # SQLite writes them behind their table, whatever they are called by now.
    behind = takewhile(_is_of_key, (other for other in others if other.rowid > entry.rowid))
    rowids = [other.rowid for other in behind]
    return (
        _NewName(name, sql, tuple(zip(of_keys, rowids, strict=True))) if len(of_keys) == len(rowids) else None
    )


def _is_of_key(entry: _Entry) -> bool:
    """Whether it is of the index of a key, which has no text of its own."""
    return entry.kind == "index" and entry.sql is None


def _named(name: object) -> str:
    """How SQLite's message begins that complains of the entry of that name."""
    return f"{_MALFORMED} ({_told(name)})"


def _told(value: object) -> str:
    """A field of the entry as SQLite prints it; it may hold anything."""
    if value is None:
        return "?"
    return (decode_text(value) if isinstance(value, bytes) else str(value)).partition("\0")[0]


def _kind(kind: str, sql: str) -> OtherKind:
    match kind:
        case "view":
            return "view"
        case "trigger":
            return "trigger"
        case "index":
            return "index"
        case "table":
            return "virtual" if re.match(r"\s*CREATE\s+VIRTUAL\b", sql, re.IGNORECASE) else "table"
        case _:
            return "entry"
