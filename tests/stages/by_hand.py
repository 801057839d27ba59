"""Cleaned files and blueprints made by hand, in the documented shape."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sdmigrate.model.blueprint import Blueprint, TargetColumn, TargetTable
from sdmigrate.model.profile import Quality
from sdmigrate.model.result import Cleaned, TableLedger
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Fingerprint
from sdmigrate.postgres.connect import connect
from sdmigrate.sqlite.connection import quote_identifier

Row = Sequence[Any]


def write_table(path: Path, name: str, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """A table of cleaned; returns its rows."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"CREATE TABLE {quote_identifier(name)}({', '.join(map(quote_identifier, columns))})"
        )
        marks = ", ".join("?" * len(columns))
        return connection.executemany(f"INSERT INTO {quote_identifier(name)} VALUES ({marks})", rows).rowcount


def cleaned_of(path: Path, rows: dict[str, int], *, plan_id: str = "plan") -> Cleaned:
    """The record of a cleaned file in which nothing was changed."""
    return Cleaned(
        path=str(path),
        audit_path=str(path.with_name("audit.sqlite")),
        quarantine_path=str(path.with_name("quarantine.sqlite")),
        source_fingerprint=Fingerprint(size=1, modified_ns=2, change_counter=3),
        plan_id=plan_id,
        ledgers=tuple(TableLedger(table=table, read=count, loaded=count) for table, count in rows.items()),
        quality=Quality(score=100.0, parts=()),
    )


def table_of(name: str, columns: dict[str, str], **fields: Any) -> TargetTable:
    """A target table whose names are the source's."""
    return TargetTable(
        source=name,
        name=name,
        columns=tuple(
            TargetColumn(source=column, name=column, type=kind) for column, kind in columns.items()
        ),
        **fields,
    )


def blueprint_of(*tables: TargetTable, plan_id: str = "plan", **fields: Any) -> Blueprint:
    return Blueprint(plan_id=plan_id, tables=tables, **fields)


def ask(endpoint: Endpoint, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What PostgreSQL answers."""
    with connect(endpoint, purpose="test") as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []
