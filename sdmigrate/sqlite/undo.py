"""The way back: cleaned, audit trail and quarantine merged into the rows the snapshot had.

Invariant: it reads those three files alone, in the order of locators, one row in memory at a time, so what
it proves is what a later reader of the files can rely on.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.errors import InternalFault, UnsafeToContinue
from sdmigrate.model.result import Cleaned
from sdmigrate.sqlite.audit import removed_name
from sdmigrate.sqlite.connection import harden, quote_identifier, stand_in_for_collations
from sdmigrate.sqlite.content_digest import (
    Beat,
    blob_mask,
    combined,
    digest_of_rows,
    silent,
    table_digest,
)
from sdmigrate.sqlite.quarantine import quarantine_name
from sdmigrate.sqlite.row_order import copied_columns, create_copy, locator
from sdmigrate.sqlite.workbench import CleaningFiles

_NO_BLOB, _BLOB = b"01"
"""The characters of a blob mask."""

_CELLS = (
    "SELECT rules.\"column\", changes.rowid, mappings.before, mappings.before >= x'',"
    " mappings.after, mappings.after >= x'' FROM audit.rules AS rules"
    " JOIN audit.mappings AS mappings ON mappings.rule_id = rules.id"
    " JOIN audit.changes AS changes ON changes.mapping_id = mappings.id"
    " WHERE rules.table_id = (SELECT id FROM audit.tables WHERE name = ?)"
)
"""Each changed cell of one table: column, locator, then before and after, each with whether it is a blob."""


def undone_digests(files: CleaningFiles, catalog: Catalog, beat: Beat = silent) -> dict[str, str]:
    """Table -> digest of its rows with the audit trail applied backwards."""
    with _attached(files, catalog, None) as connection:
        connection.text_factory = bytes
        return {
            table.name: digest_of_rows(table, _undone_rows(connection, table), beat)
            for table in catalog.tables
        }


def _undone_rows(connection: sqlite3.Connection, table: Table) -> Iterator[Any]:
    """The snapshot's rows of that table as ``digest_of_rows`` takes them."""
    rows = connection.execute(_merged(connection, table, (blob_mask(table),)))
    cells = connection.execute(f"{_CELLS} ORDER BY changes.rowid", (table.name,))
    cell = cells.fetchone()
    if cell is None:
        yield from rows
        return
    place = {column.name.encode(): number for number, column in enumerate(table.columns, start=1)}
    for row in rows:
        if cell is None or cell[1] != row[0]:
            yield row
            continue
        undone = list(row)
        blobs = bytearray(row[-1] or b"0" * len(table.columns))
        while cell is not None and cell[1] == row[0]:
            name, _, before, before_is_blob, after, after_is_blob = cell
            column = place[name]
            # What is not the value after was not made by this change, and stays to be noticed.
            if _same(row[column], after) and (blobs[column - 1] == _BLOB) == bool(after_is_blob):
                undone[column] = before
                blobs[column - 1] = _BLOB if before_is_blob else _NO_BLOB
            cell = cells.fetchone()
        undone[-1] = bytes(blobs) if _BLOB in blobs else None
        yield undone


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def write_undone(cleaned: Cleaned, catalog: Catalog, out_path: Path) -> tuple[str, ...]:
    """Write the snapshot's tables back into a new, empty file: its rows, rowids, values and storage classes.

    Tables are created as they were declared, except that checks are not enforced. Indexes of their own,
    views and triggers are not written. A table whose declaration cannot hold its rows exactly as they were
    (its schema was edited over existing rows) is created without types instead.

    Returns:
        The tables that were created without types.

    Raises:
        UnsafeToContinue: cleaned, audit trail or quarantine were changed since they were written.
        InternalFault: a table does not come back as it was.
    """
    files = CleaningFiles(
        cleaned=Path(cleaned.path), audit=Path(cleaned.audit_path), quarantine=Path(cleaned.quarantine_path)
    )
    wanted = undone_digests(files, catalog)
    if combined(wanted) != cleaned.snapshot_digest:
        raise UnsafeToContinue(
            "Cleaned, audit trail and quarantine no longer give the snapshot: one of them was changed.",
            "The snapshot itself is in the run directory, unchanged.",
        )
    plain = []
    with _attached(files, catalog, out_path) as connection:
        connection.execute("PRAGMA main.ignore_check_constraints=ON")
        for table in catalog.tables:
            _gather(connection, table)
            if _written(connection, table, wanted[table.name], table.sql):
                continue
            plain.append(table.name)
            connection.execute(f"DROP TABLE IF EXISTS main.{quote_identifier(table.name)}")
            without_types = create_copy("main", table.name, table)
            if not _written(connection, table, wanted[table.name], without_types):
                raise InternalFault(
                    f"Table {table.name!r} could not be written back as it was.",
                    "Keep the run directory and report this; the snapshot itself is in it, unchanged.",
                )
    return tuple(plain)


@contextmanager
def _attached(files: CleaningFiles, catalog: Catalog, main: Path | None) -> Iterator[sqlite3.Connection]:
    name = ":memory:" if main is None else f"{main.absolute().as_uri()}?mode=rwc"
    with closing(sqlite3.connect(name, uri=True, isolation_level=None)) as connection:
        harden(connection, trusted_schema=catalog.trusted_schema)
        stand_in_for_collations(connection, catalog)
        connection.execute(f"PRAGMA encoding='{catalog.encoding}'")
        connection.execute("PRAGMA temp_store=FILE")
        for schema, path in (
            ("cleaned", files.cleaned),
            ("audit", files.audit),
            ("quarantine", files.quarantine),
        ):
            connection.execute(f"ATTACH ? AS {schema}", (f"{path.absolute().as_uri()}?mode=ro",))
        yield connection


def _merged(connection: sqlite3.Connection, table: Table, more: tuple[str, ...] = ()) -> str:
    columns = ", ".join((copied_columns(table), *more))
    places = (
        ("cleaned", table.name),
        ("audit", removed_name("excluded", table.name)),
        ("audit", removed_name("deduplicated", table.name)),
        ("quarantine", quarantine_name(table.name)),
    )
    selects = [
        f"SELECT {columns} FROM {schema}.{quote_identifier(name)}"
        for schema, name in places
        if connection.execute(
            f"SELECT 1 FROM {schema}.sqlite_schema WHERE type = 'table' AND name = ?", (name,)
        ).fetchone()
    ]
    # Each part comes in the order of its rowid, so SQLite merges them as they stream.
    return " UNION ALL ".join(selects) + " ORDER BY 1"


def _gather(connection: sqlite3.Connection, table: Table) -> None:
    connection.execute("DROP TABLE IF EXISTS temp.undone")
    connection.execute("DROP TABLE IF EXISTS temp.cells")
    connection.execute(create_copy("temp", "undone", table))
    connection.execute(f"INSERT INTO temp.undone({copied_columns(table)}) {_merged(connection, table)}")
    connection.execute(
        "CREATE TEMP TABLE cells(place, locator, before, before_is_blob, after, after_is_blob)"
    )
    connection.execute(f"INSERT INTO temp.cells {_CELLS}", (table.name,))
    connection.execute("CREATE INDEX temp.cells_of_column ON cells(place)")
    for column in table.columns:
        connection.execute(
            f"UPDATE temp.undone AS target SET {quote_identifier(column.name)} = cell.before"
            f" FROM temp.cells AS cell WHERE cell.place = ? AND target.{locator(table)} = cell.locator",
            (column.name,),
        )


def _written(connection: sqlite3.Connection, table: Table, wanted: str, create: str) -> bool:
    columns = [quote_identifier(column.name) for column in table.columns if column.generated is None]
    if create != table.sql:
        names = copied_columns(table)
        values = names
    elif table.rowid_name is not None and table.rowid_alias is None:
        names = ", ".join((quote_identifier(table.rowid_name), *columns))
        values = ", ".join((locator(table), *columns))
    else:
        names = values = ", ".join(columns)
    try:
        connection.execute(create)
        connection.execute(
            f"INSERT INTO main.{quote_identifier(table.name)}({names})"
            f" SELECT {values} FROM temp.undone ORDER BY {locator(table)}"
        )
    except (sqlite3.OperationalError, sqlite3.IntegrityError) as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
            raise
        return False
    connection.text_factory = bytes
    if create == table.sql:
        return table_digest(connection, table) == wanted
    rows = (
        f"SELECT {copied_columns(table)}, {blob_mask(table)} FROM main.{quote_identifier(table.name)}"
        f" ORDER BY {locator(table)}"
    )
    return digest_of_rows(table, connection.execute(rows)) == wanted
