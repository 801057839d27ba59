"""The way back: cleaned, audit trail and quarantine merged into the rows the snapshot had.

Invariant: what is written comes from those three files alone, proven to give the snapshot where that is still
there; each table is read back and is what was merged, or nothing is kept.
"""

import sqlite3
from pathlib import Path

from sdmigrate.model.catalog import Table
from sdmigrate.model.errors import InternalFault, UnsafeToContinue
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.result import Cleaned
from sdmigrate.model.source import Snapshot
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.content_digest import blob_mask, digest_of_rows, table_digest
from sdmigrate.sqlite.row_order import copied_columns, create_copy, locator
from sdmigrate.sqlite.undo_proof import attached, kept_whole, left_in_cleaned, lost_tables
from sdmigrate.sqlite.workbench import CleaningFiles

_CELLS = (
    'SELECT rules."column", changes.rowid, mappings.before FROM audit.rules AS rules'
    " JOIN audit.mappings AS mappings ON mappings.rule_id = rules.id"
    " JOIN audit.changes AS changes ON changes.mapping_id = mappings.id"
    " WHERE rules.table_id = (SELECT id FROM audit.tables WHERE name = ?)"
)
"""Each changed cell of one table: column, locator, value before."""
_OPCODES_BETWEEN_CHECKS = 100_000
_NOT_OF_THE_TABLE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_INTERRUPT)
"""Errors that say nothing of whether its declaration can hold its rows."""


def write_undone(
    cleaned: Cleaned, snapshot: Snapshot, out_path: Path, cancel: CancelSignal
) -> tuple[str, ...]:
    """Write the snapshot's tables back into a new, empty file: its rows, rowids, values and storage classes.

    Tables are created as they were declared, except that checks are not enforced. Indexes of their own,
    views and triggers are not written. A table whose declaration cannot hold its rows exactly as they were
    (its schema was edited over existing rows) is created without types instead. Where the snapshot is gone
    nothing is left to prove the rows by, and they are written as the three files tell them.

    Returns:
        The tables that were created without types.

    Raises:
        UnsafeToContinue: cleaned, audit trail or quarantine were changed since they were written.
        InternalFault: a table does not come back as it was.
        Aborted: the operator asked to stop; what stands in the file by then is not whole.
    """
    files = CleaningFiles(
        cleaned=Path(cleaned.path), audit=Path(cleaned.audit_path), quarantine=Path(cleaned.quarantine_path)
    )
    if Path(snapshot.path).is_file() and lost_tables(
        files, snapshot, lambda _table, _done: cancel.raise_if_set()
    ):
        raise UnsafeToContinue(
            "Cleaned, audit trail and quarantine no longer give the snapshot: one of them was changed.",
            "The snapshot itself is in the run directory, unchanged.",
        )
    plain = []
    with (
        attached(files, snapshot.catalog, out_path) as connection,
        cancel.interrupting(connection.interrupt),
    ):
        # Python hears of a signal only while it runs, and a statement may take long.
        connection.set_progress_handler(cancel.is_set, _OPCODES_BETWEEN_CHECKS)
        connection.text_factory = bytes
        connection.execute("PRAGMA main.ignore_check_constraints=ON")
        for table in snapshot.catalog.tables:
            _gather(connection, table)
            wanted = _copy_digest(connection, table, "temp.undone")
            if _written(connection, table, wanted, table.sql):
                continue
            plain.append(table.name)
            connection.execute(f"DROP TABLE IF EXISTS main.{quote_identifier(table.name)}")
            without_types = create_copy("main", table.name, table)
            if not _written(connection, table, wanted, without_types):
                raise InternalFault(
                    f"Table {table.name!r} could not be written back as it was.",
                    "Keep the run directory and report this; the snapshot itself is in it, unchanged.",
                )
    return tuple(plain)


def _gather(connection: sqlite3.Connection, table: Table) -> None:
    connection.execute("DROP TABLE IF EXISTS temp.undone")
    connection.execute("DROP TABLE IF EXISTS temp.cells")
    connection.execute(create_copy("temp", "undone", table))
    columns = copied_columns(table)
    for name in (*left_in_cleaned(connection, table), *kept_whole(connection, table)):
        connection.execute(f"INSERT INTO temp.undone({columns}) SELECT {columns} FROM {name}")
    connection.execute("CREATE TEMP TABLE cells(place, locator, before)")
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
        if error.sqlite_errorcode in _NOT_OF_THE_TABLE:
            raise
        return False
    if create == table.sql:
        return table_digest(connection, table) == wanted
    return _copy_digest(connection, table, f"main.{quote_identifier(table.name)}") == wanted


def _copy_digest(connection: sqlite3.Connection, table: Table, copy: str) -> str:
    """The digest of the table's rows in a copy without types; texts come as bytes."""
    columns = [quote_identifier(column.name) for column in table.columns]
    rows = f"SELECT {copied_columns(table)}, {blob_mask(columns)} FROM {copy} ORDER BY {locator(table)}"
    return digest_of_rows(table, connection.execute(rows))
