"""The quarantine: rows that cannot be loaded under the plan, whole, each with its reasons.

Invariant: a row stands in its table as it is in the snapshot, with the same locator, and has at least one
line in ``_rows``; the format is CONTRACTS.md's.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sdmigrate.model.catalog import Table
from sdmigrate.model.record import Record
from sdmigrate.model.values import LONGEST_SHOWN
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.row_order import copied_columns, create_copy, source_rows
from sdmigrate.sqlite.workbench import Workbench

_REASONS = "_rows"
LONGEST_HEX = LONGEST_SHOWN // 2
"""Octets of a value that ``value_hex`` tells whole."""


class QuarantinedRow(Record):
    """One reason why one row is in quarantine."""

    table: str
    """Source name."""
    rowid: int
    finding: str
    """The finding's code."""
    column: str | None
    """None where the whole row is the reason, as with a duplicate."""
    reason: str
    value_hex: str | None
    """The value's bytes as stored in lower-case hex, numbers as text; None for NULL.

    Of more than 100 bytes the first 99 and an ellipsis; the whole value is in its row.
    """
    sqlstate: str | None
    """PostgreSQL's, where the load refused the row; None from cleaning."""
    repaired: str | None
    """The repaired row as JSON; None until it is edited."""


def quarantine_name(table: str) -> str:
    """The quarantine's table for that source table, not quoted.

    It is the same name, but ``_rows`` (in any case, with any underscores after it) gets one underscore more,
    since ``_rows`` holds the reasons.
    """
    return table + "_" if table.lower().rstrip("_") == _REASONS else table


def value_hex(value_sql: str) -> str:
    """SQL of the ``value_hex`` of the value that this SQL gives."""
    octets = f"CAST({value_sql} AS BLOB)"
    return (
        f"CASE WHEN length({octets}) > {LONGEST_HEX}"
        f" THEN lower(hex(substr({octets}, 1, {LONGEST_HEX - 1}))) || '…'"
        f" WHEN {value_sql} IS NOT NULL THEN lower(hex({value_sql})) END"
    )


def create_quarantine(bench: Workbench) -> None:
    """The empty quarantine with a table for each source table."""
    bench.connection.execute(
        'CREATE TABLE quarantine._rows("table" TEXT NOT NULL, rowid INTEGER NOT NULL, finding TEXT NOT NULL,'
        ' "column" TEXT, reason TEXT NOT NULL, value_hex TEXT, sqlstate TEXT, repaired TEXT)'
    )
    for table in bench.catalog.tables:
        bench.connection.execute(create_copy("quarantine", quarantine_name(table.name), table))


def keep_quarantined(bench: Workbench, table: Table) -> None:
    """Keep the rows listed in ``temp.gone``, as they are in the snapshot; their reasons are there already."""
    rows = source_rows(
        "snapshot",
        table,
        "{locator} IN (SELECT locator FROM temp.gone)",
        bench.unreadable.get(table.name, ()),
    )
    kept = quote_identifier(quarantine_name(table.name))
    bench.connection.execute(f"INSERT INTO quarantine.{kept}({copied_columns(table)}) {rows}")


def count_quarantined(bench: Workbench, table: Table) -> int:
    """How many rows of the table are in quarantine."""
    kept = quote_identifier(quarantine_name(table.name))
    return bench.scalar(f"SELECT count(*) FROM quarantine.{kept}")


def open_quarantine(path: Path | str) -> sqlite3.Connection:
    """The quarantine, read-only."""
    return open_read_only(path)


def read_reasons(quarantine: sqlite3.Connection, table: str | None = None) -> Iterator[QuarantinedRow]:
    """Every reason of one source table or of all, in the order of tables as cleaned and of rows."""
    condition, parameters = ('WHERE "table" = ?', (table,)) if table is not None else ("", ())
    rows = quarantine.execute(
        'SELECT "table", rowid, finding, "column", reason, value_hex, sqlstate, repaired'
        f" FROM _rows {condition} ORDER BY _rowid_",
        parameters,
    )
    for name, rowid, finding, column, reason, value_hex, sqlstate, repaired in rows:
        yield QuarantinedRow(
            table=name,
            rowid=rowid,
            finding=finding,
            column=column,
            reason=reason,
            value_hex=value_hex,
            sqlstate=sqlstate,
            repaired=repaired,
        )
