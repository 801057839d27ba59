"""Writes the demo database: a service-desk export with everything real exports have, defects included.

Invariant: an equal number of rows and an equal seed give equal rows and an equal manifest; the file stands
under its name only when it is whole, and never replaces another unless told to.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

from sdmigrate.demo.columns import COLUMNS, TableName, declared_type, shared_out
from sdmigrate.demo.comments import comment_rows
from sdmigrate.demo.manifest import Manifest, Planted, encode, manifest_path
from sdmigrate.demo.planting import Planter
from sdmigrate.demo.tickets import Register, ticket_rows
from sdmigrate.demo.timesheets import timesheet_rows
from sdmigrate.demo.vocabulary import Desk, found_desk
from sdmigrate.model.errors import Interrupted, UsageProblem
from sdmigrate.model.values import Row
from sdmigrate.runtime.directory import written_whole
from sdmigrate.sqlite.connection import quote_identifier

LEAST_ROWS = 100
DEFAULT_ROWS = 26_000
FULL_ROWS = 260_130
_TELL_EVERY = 5_000

Advance = Callable[[int, int], None]


def write_demo(
    path: Path,
    *,
    rows: int = DEFAULT_ROWS,
    seed: int = 1,
    advance: Advance | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Write a demo database and, beside it, ``<path>.manifest.json``.

    Args:
        path: the file to write; its directory must exist.
        rows: all rows together, 100 or more.
        seed: equal seeds give equal files of that size.
        advance: called with rows done and rows in all, about every 5,000 rows and at the end.
        overwrite: replace what is there.

    Raises:
        UsageProblem: something is there already, the directory is missing, or there are too few rows.
        Interrupted: the file could not be written to its end (disk full, no permission).
    """
    if rows < LEAST_ROWS:
        raise UsageProblem(
            f"A demo database of {rows} rows is too small to hold its defects.",
            f"Ask for {LEAST_ROWS} rows or more.",
        )
    for file in (path, manifest_path(path)):
        if file.exists() and not overwrite:
            raise UsageProblem(f"{file} is there already.", "Name another file, or remove that one first.")
    if not path.parent.is_dir():
        raise UsageProblem(f"There is no directory {path.parent}.", "Create it, or name another file.")
    random = Random(seed)  # noqa: S311 - repeatable on purpose, and no secret
    try:
        with written_whole(path) as partial:
            manifest = _fill(partial, rows, random, advance or (lambda _done, _total: None))
            with written_whole(manifest_path(path)) as partial_manifest:
                partial_manifest.write_bytes(encode(manifest))
    except (OSError, sqlite3.Error) as error:
        raise Interrupted(
            f"{path} could not be written: {error}.",
            "See to the disk's space and permissions, then try again.",
        ) from error
    return manifest


def _fill(partial: Path, rows: int, random: Random, advance: Advance) -> Manifest:
    """Create and fill the three tables in that empty file."""
    connection = sqlite3.connect(partial, isolation_level=None)
    try:
        for setting in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "page_size=4096"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute("BEGIN")
        planted: list[Planted] = []
        done = 0
        register = Register()
        for table, count, sound in _tables(found_desk(random), random, rows, register):
            enter = register.entered if table == "tickets" else iter
            planter = Planter(table=table, rows=count, random=random)
            _insert(connection, table, _told(enter(planter.plant(sound)), done, rows, advance))
            _write_raw_text(connection, planter)
            planted += planter.planted
            done += count
        connection.execute("COMMIT")
        advance(rows, rows)
    finally:
        connection.close()
    return Manifest(
        planted=tuple(sorted(planted, key=lambda entry: (entry.table, entry.rowid, entry.column)))
    )


def _tables(
    desk: Desk, random: Random, rows: int, register: Register
) -> Iterator[tuple[TableName, int, Iterator[Row]]]:
    """Each table with its number of rows and the sound rows themselves; tickets first, others refer to it."""
    counts = shared_out(rows)
    yield "tickets", counts["tickets"], ticket_rows(random, desk, counts["tickets"], register)
    yield "comments", counts["comments"], comment_rows(random, desk, counts["comments"], register)
    yield "timesheets", counts["timesheets"], timesheet_rows(random, desk, counts["timesheets"], register)


def _insert(connection: sqlite3.Connection, table: TableName, rows: Iterable[Row]) -> None:
    """Create the table as the export declares it, without keys, and insert the rows."""
    columns = COLUMNS[table]
    declarations = ", ".join(f"{quote_identifier(name)} {declared_type(name)}" for name in columns)
    connection.execute(f"CREATE TABLE {quote_identifier(table)} ({declarations})")
    places = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {quote_identifier(table)} VALUES ({places})", rows)


def _write_raw_text(connection: sqlite3.Connection, planter: Planter) -> None:
    """Put in the texts that are not UTF-8: Python binds them as blobs only, SQLite keeps a cast's bytes."""
    for raw in planter.raw:
        connection.execute(
            f"UPDATE {quote_identifier(planter.table)} SET {quote_identifier(raw.column)} = CAST(? AS TEXT)"
            " WHERE rowid = ?",
            (raw.data, raw.rowid),
        )


def _told(rows: Iterator[Row], before: int, total: int, advance: Advance) -> Iterator[Row]:
    """The same rows; how far they are is told along the way."""
    for done, row in enumerate(rows, start=before + 1):
        if done % _TELL_EVERY == 0:
            advance(done, total)
        yield row
