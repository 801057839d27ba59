"""Entries of a schema that SQLite cannot parse, taken out of our own copy so that all else can be read.

Invariant: the source is never handed to this; each entry taken out is told with its text and SQLite's reason.
"""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from sdmigrate.model.catalog import OtherKind, OtherObject
from sdmigrate.model.errors import SourceUnusable
from sdmigrate.sqlite.connection import decode_text, harden, is_distrust, readable, refusal

_MALFORMED = "malformed database schema"
_PROBE = "SELECT 1 FROM sqlite_master LIMIT 1"


def is_malformed_schema(message: str) -> bool:
    """Whether SQLite says by this that an entry of the schema cannot be parsed."""
    return message.startswith(_MALFORMED)


def take_out_unparsed(path: Path) -> tuple[OtherObject, ...]:
    """Remove from the copy at ``path`` every entry that SQLite cannot parse; what they were.

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
    """Remove the entry that the message names; None where none has that name."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        harden(connection)
        connection.execute("PRAGMA writable_schema=ON")
        entries = connection.execute(
            "SELECT rowid, type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid"
        ).fetchall()
        meant = [entry for entry in entries if message.startswith(_named(entry[2]))]
        if not meant:
            return None
        # Of several entries with one name the last is the one too many.
        rowid, *entry = max(meant, key=lambda entry: (len(_named(entry[2])), entry[0]))
        connection.execute("DELETE FROM sqlite_master WHERE rowid = ?", (rowid,))
    kind, name, table, sql = (_told(value) for value in entry)
    reason = message.removeprefix(_named(entry[1])).removeprefix(" - ")
    return OtherObject(
        name=readable(name),
        kind=_kind(kind, sql),
        table=readable(table) if kind in ("index", "trigger") else None,
        sql="" if entry[3] is None else readable(sql),
        problem=readable(reason) or "its entry in the schema is damaged",
    )


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
