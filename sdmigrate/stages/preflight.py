"""Preflight: is the source readable, is there room; it only writes scratch copies. The target is met later.

Invariant: every check is made, whatever the ones before it said; only a source that cannot be read at all
ends the stage early.
"""

import os
import sqlite3
from pathlib import Path

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.errors import SourceUnusable
from sdmigrate.model.finding import Finding, in_order
from sdmigrate.model.settings import Limits
from sdmigrate.model.source import Fingerprint, PreflightCheck, Reading, Source
from sdmigrate.rules import plan_keys
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.health import memory
from sdmigrate.sqlite.catalog import read_catalog
from sdmigrate.sqlite.connection import readable
from sdmigrate.sqlite.header import Header, read_header, resolve, shown
from sdmigrate.sqlite.opening import fingerprint, open_source
from sdmigrate.stages.first_look import first_look
from sdmigrate.stages.inventory import inventory
from sdmigrate.stages.plan import text_of_plan
from sdmigrate.stages.room import check_disk, in_units

OLDEST_SQLITE = (3, 37, 0)
"""The first with PRAGMA table_list and STRICT tables."""

_CODES = {
    "side files": "source-in-use",
    "disk space": "disk-space-low",
    "memory": "memory-low",
}
"""The code of the finding that a check gives where it does not pass."""

_READING_MESSAGES: dict[Reading, str] = {
    "rollback_journal": "No write-ahead log; it is read under SQLite's own locks.",
    "immutable_wal": "WAL mode, closed cleanly; it is read as it lies.",
    "live_wal": "It has a write-ahead log, in use or left by a program that died; both are read together.",
    "copied": "A write-ahead log or journal was left beside it; copies of the files are read.",
    "without_unparsed": "Entries of its schema cannot be parsed; a copy without them is read.",
}


def preflight(context: Context) -> Source:
    """Look at the source and its surroundings.

    Raises:
        UsageProblem: the operator's plan cannot be read, or can be meant for no source.
        SourceUnusable: the source is no readable SQLite database.
        UnsafeToContinue: it changed while it was read.
        Interrupted: there is no room for the copy that reading it takes.
        Aborted: the operator stopped it.
    """
    if context.request.plan_path is not None:
        # What is wrong with it by itself need not wait until every value has been looked at.
        plan_keys.check(text_of_plan(Path(context.request.plan_path)))
    path = resolve(Path(context.request.source))
    header = read_header(path)
    library = _library_check()
    if library.verdict == "fail":
        raise SourceUnusable(library.message, library.hint)
    seen = fingerprint(path)
    reading, catalog = _read(context, path)
    checks = [
        _file_check(path, header, seen, catalog),
        _reading_check(reading, seen),
        library,
        check_disk(context, seen.size + seen.wal_size),
        _memory_check(context.limits),
    ]
    findings = [_as_finding(check) for check in checks if check.verdict != "pass"]
    return Source(
        # As named: a link with a plain name is the way to a file whose own name no record can hold.
        path=os.path.abspath(context.request.source),
        fingerprint=seen,
        reading=reading,
        catalog=catalog,
        target=None,
        findings=in_order((*findings, *inventory(catalog))),
        checks=tuple(checks),
    )


def _read(context: Context, path: Path) -> tuple[Reading, Catalog]:
    try:
        with open_source(path, context.directory.scratch, context.cancel) as connection:
            catalog = read_catalog(connection)
            first_look(context, connection, catalog)
            return connection.reading, replace(catalog, others=(*catalog.others, *connection.unparsed))
    except sqlite3.DatabaseError as error:
        raise SourceUnusable(
            f"The schema of {shown(path)} cannot be read: {readable(str(error))}.",
            "Recover what is there with 'sqlite3 FILE .recover', then name the result.",
        ) from error


def _file_check(path: Path, header: Header, seen: Fingerprint, catalog: Catalog) -> PreflightCheck:
    mode = "WAL" if header.wal else "rollback journal"
    return PreflightCheck(
        name="source file",
        verdict="pass",
        message=f"{shown(path)}: {in_units(seen.size + seen.wal_size)}, {len(catalog.tables)} tables, "
        f"{catalog.encoding}, pages of {catalog.page_size} bytes, {mode}.",
    )


def _reading_check(reading: Reading, seen: Fingerprint) -> PreflightCheck:
    quiet = reading in ("rollback_journal", "immutable_wal", "without_unparsed") and not seen.wal_size
    log = f" The log has {in_units(seen.wal_size)}." if seen.wal_size else ""
    return PreflightCheck(
        name="side files",
        verdict="pass" if quiet else "warn",
        message=_READING_MESSAGES[reading] + log,
        hint=""
        if quiet
        else "Stop the application before a migration, so that nothing is written after the snapshot.",
    )


def _library_check() -> PreflightCheck:
    oldest = ".".join(map(str, OLDEST_SQLITE))
    if sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return PreflightCheck(
            name="SQLite library", verdict="pass", message=f"SQLite {sqlite3.sqlite_version}."
        )
    return PreflightCheck(
        name="SQLite library",
        verdict="fail",
        message=f"Python's SQLite is {sqlite3.sqlite_version}; at least {oldest} is needed.",
        hint="Use a Python that is built with a newer SQLite.",
    )


def _memory_check(limits: Limits) -> PreflightCheck:
    found, recommended = memory(), limits.memory_recommended_bytes
    enough = found.total >= recommended
    return PreflightCheck(
        name="memory",
        verdict="pass" if enough else "warn",
        message=f"{in_units(found.total)}, {in_units(found.available)} available; "
        f"{in_units(recommended)} recommended.",
        hint="" if enough else "It works with less, more slowly; close what else runs.",
    )


def _as_finding(check: PreflightCheck) -> Finding:
    return Finding(
        code=_CODES[check.name],
        severity="error" if check.verdict == "fail" else "warning",
        table=None,
        column=None,
        count=0,
        message=check.message,
        advice=check.hint,
    )
