"""What the stages are held against: the least work that the same file and server allow.

Invariant: each floor reads or writes the very rows of the run, in the run's own files and tables.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from sdmigrate.model.settings import Endpoint
from sdmigrate.sqlite.connection import quote_identifier

TABLES = ("tickets", "comments", "timesheets")
_BLOCK = 1024 * 1024


def readable_copy(source: Path, directory: Path) -> Path:
    """A copy of the file that a plain read gets through: Python refuses text that is not UTF-8.

    Only such text is changed, its foreign bytes to U+FFFD; every row and every other value stays.
    """
    copy = directory / "readable.sqlite"
    shutil.copyfile(source, copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        for table in map(quote_identifier, TABLES):
            rows = connection.execute(f"SELECT * FROM {table} LIMIT 0")
            for name, *_ in rows.description:
                _replace_foreign_bytes(connection, table, quote_identifier(name))
    return copy


def _foreign(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


def _replace_foreign_bytes(connection: sqlite3.Connection, table: str, column: str) -> None:
    texts = connection.execute(f"SELECT rowid, {column} FROM {table} WHERE typeof({column}) = 'text'")
    foreign = [(rowid, text) for rowid, text in texts if not text.isascii() and _foreign(text)]
    for rowid, text in foreign:
        repaired = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (repaired, rowid))


def read_everything(source: Path, tables: Sequence[str] = TABLES) -> int:
    """A plain ``SELECT *`` of the tables through Python's sqlite3, text as str; returns the rows."""
    rows = 0
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as connection:
        for table in tables:
            for _ in connection.execute(f"SELECT * FROM {quote_identifier(table)}"):
                rows += 1
    return rows


def copy_twice(source: Path, directory: Path) -> None:
    """Two copies of the file, each synced."""
    for number in range(2):
        copy = directory / f"copy-{number}"
        shutil.copyfile(source, copy)
        descriptor = os.open(copy, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        copy.unlink()


@contextmanager
def prepared_copies(endpoint: Endpoint, schema: str, directory: Path) -> Iterator[psycopg.Connection]:
    """Binary COPY files of every table of the schema, and empty tables of the same columns to load."""
    with psycopg.connect(endpoint.conninfo, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA floor")
        for table in TABLES:
            connection.execute(
                sql.SQL("CREATE TABLE floor.{0} (LIKE {1}.{0})").format(
                    sql.Identifier(table), sql.Identifier(schema)
                )
            )
            statement = sql.SQL("COPY {}.{} TO STDOUT (FORMAT binary)").format(
                sql.Identifier(schema), sql.Identifier(table)
            )
            with (directory / table).open("wb") as file, connection.cursor().copy(statement) as copy:
                for block in copy:
                    file.write(block)
        try:
            yield connection
        finally:
            connection.execute("DROP SCHEMA floor CASCADE")


def load_prepared(connection: psycopg.Connection, directory: Path) -> None:
    """COPY the prepared files in, on one connection and in one transaction."""
    with connection.transaction():
        for table in TABLES:
            statement = sql.SQL("COPY floor.{} FROM STDIN (FORMAT binary)").format(sql.Identifier(table))
            with (directory / table).open("rb") as file, connection.cursor().copy(statement) as copy:
                while block := file.read(_BLOCK):
                    copy.write(block)


def pgloader_loads(cleaned: Path, endpoint: Endpoint, directory: Path) -> str | None:
    """Load the cleaned file with pgloader, indexes included; what went wrong, or None.

    The server listens on a socket only, which pgloader reaches by ``unix:``.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(endpoint.conninfo).items()}
    address = f"unix:{parts['host']}:{parts.get('port', '5432')}"
    database = parts.get("dbname", "postgres")
    command = directory / "bench.load"
    command.write_text(
        f"load database from sqlite://{cleaned} into postgresql://{parts['user']}@{address}/{database}\n"
        "with include drop, create tables, create indexes, reset sequences\n"
        "set search_path to 'pgloader';\n",
        "utf-8",
    )
    with psycopg.connect(endpoint.conninfo, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS pgloader")
    ended = subprocess.run(
        ["pgloader", str(command)], capture_output=True, text=True, timeout=1800, check=False
    )
    if ended.returncode == 0 and "ERROR" not in ended.stdout:
        return None
    errors = [
        line for line in (ended.stdout + ended.stderr).splitlines() if "ERROR" in line or "FATAL" in line
    ]
    return errors[0] if errors else f"exit {ended.returncode}"
