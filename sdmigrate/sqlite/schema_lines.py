"""What SQLite says of a file's schema, line by line: the table list, sqlite_master and the schema's pragmas.

Invariant: read only; a line is what the file has, and what to make of it is the catalog's.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any, Literal

from sdmigrate.model.record import Record
from sdmigrate.sqlite.connection import quote_identifier, readable
from sdmigrate.sqlite.declarations import folded


class Listed(Record):
    """One line of PRAGMA table_list."""

    kind: Literal["table", "view", "virtual", "shadow"]
    without_rowid: bool
    strict: bool


class Stored(Record):
    """One line of sqlite_master."""

    kind: Literal["table", "index", "view", "trigger"]
    name: str
    table: str
    sql: str
    """Valid Unicode."""
    exact: bool
    """False where ``sql`` holds escapes for bytes that are not UTF-8."""


def pragma(connection: sqlite3.Connection, name: str, argument: str | None = None) -> list[Any]:
    """The lines of a pragma of the main database."""
    brackets = "" if argument is None else f"({quote_identifier(argument)})"
    return connection.execute(f"PRAGMA main.{name}{brackets}").fetchall()


def listed_tables(connection: sqlite3.Connection) -> dict[str, Listed]:
    """Tables, views, virtual and shadow tables, by name."""
    return {
        name: Listed(kind=kind, without_rowid=bool(without_rowid), strict=bool(strict))
        for _, name, kind, _, without_rowid, strict in pragma(connection, "table_list")
    }


def stored_entries(connection: sqlite3.Connection) -> list[Stored]:
    """What sqlite_master holds, in the order of creation."""
    return [
        Stored(kind=kind, name=name, table=table, sql=readable(sql or ""), exact=is_text(sql or ""))
        for kind, name, table, sql in connection.execute(
            "SELECT type, name, tbl_name, sql FROM main.sqlite_master ORDER BY rowid"
        )
    ]


def highest_ids(connection: sqlite3.Connection, listed: Mapping[str, Listed]) -> dict[str, int]:
    """The highest id that AUTOINCREMENT gave, by folded table name; anyone may have written there."""
    if "sqlite_sequence" not in listed:
        return {}
    highest: dict[str, int] = {}
    for name, sequence in connection.execute("SELECT name, seq FROM main.sqlite_sequence"):
        if isinstance(name, str) and isinstance(sequence, int):
            highest[folded(name)] = max(sequence, highest.get(folded(name), sequence))
    return highest


def is_text(name: str) -> bool:
    """Whether a name, or the text of an entry, is valid UTF-8."""
    return readable(name) == name
