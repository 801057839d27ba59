"""A snapshot, its profile and a plan by the shortest way: what the tests of cleaning start from.

It reads no more of the schema than cleaning needs, so that these tests fail for cleaning's faults only.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog, Column, Table
from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan
from sdmigrate.model.profile import ClassCounts, ColumnProfile, Profile, Quality, TableProfile
from sdmigrate.model.source import Digests, Fingerprint, Snapshot
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.row_order import ROWID_NAMES, locator

FINGERPRINT = Fingerprint(size=1, modified_ns=2, change_counter=3)
Build = Callable[[sqlite3.Connection], None] | str


def make_snapshot(path: Path, build: Build, encoding: str = "UTF-8") -> Snapshot:
    """A database built by that script or function, described as backup would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA encoding='{encoding}'")
        if isinstance(build, str):
            connection.executescript(build)
        else:
            build(connection)
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
        ).fetchall()
        tables = tuple(_table(connection, name) for (name,) in names)
    digests = Digests(md5="", sha256="")
    return Snapshot(
        path=str(path),
        source_fingerprint=FINGERPRINT,
        source_digests=digests,
        snapshot_digests=digests,
        catalog=Catalog(tables=tables, encoding=encoding),  # type: ignore[arg-type]
    )


def _table(connection: sqlite3.Connection, name: str) -> Table:
    (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    rows = connection.execute(f"PRAGMA table_xinfo({quote_identifier(name)})").fetchall()
    without_rowid = "WITHOUT ROWID" in sql.upper()
    key = tuple(row[1] for row in sorted(rows, key=lambda row: row[5]) if row[5])
    integer_key = len(key) == 1 and any(row[1] == key[0] and row[2].upper() == "INTEGER" for row in rows)
    taken = {row[1].lower() for row in rows}
    return Table(
        name=name,
        columns=tuple(
            Column(
                name=row[1],
                declared_type=row[2],
                affinity="BLOB",
                not_null=bool(row[3]),
                generated={2: "virtual", 3: "stored"}.get(row[6]),  # type: ignore[arg-type]
            )
            for row in rows
        ),
        primary_key=key,
        without_rowid=without_rowid,
        rowid_alias=key[0] if integer_key and not without_rowid else None,
        rowid_name=None if without_rowid else next((name for name in ROWID_NAMES if name not in taken), None),
        sql=sql,
    )


def make_profile(snapshot: Snapshot) -> Profile:
    """A profile with the counts that cleaning looks at and nothing proven settled."""
    with closing(sqlite3.connect(snapshot.path)) as connection:
        tables = tuple(_table_profile(connection, table) for table in snapshot.catalog.tables)
    return Profile(
        source_fingerprint=snapshot.source_fingerprint,
        tables=tables,
        findings=(),
        quality=Quality(score=100.0, parts=()),
    )


def _table_profile(connection: sqlite3.Connection, table: Table) -> TableProfile:
    (rows,) = connection.execute(f"SELECT count(*) FROM {quote_identifier(table.name)}").fetchone()
    return TableProfile(
        name=table.name,
        rows=rows,
        columns=tuple(
            ColumnProfile(
                name=column.name,
                declared_type=column.declared_type,
                rows=rows,
                nulls=rows,
                empties=rows,
                blanks=rows,
                classes=ClassCounts(integer=rows, real=rows, text=rows, blob=rows),
                distinct=rows,
                distinct_exact=False,
                proposed="text",
                confidence=0.0,
                reason="",
                invalid_utf8=rows,
                nul_texts=rows,
            )
            for column in table.columns
        ),
    )


def make_plan(snapshot: Snapshot, types: dict[str, str], **columns: ColumnPlan) -> Plan:
    """A plan: ``types`` gives "table.column" its type, bytea for what is not in it.

    The declared key is the key; columns declared NOT NULL or in the key are not_null.
    """
    tables = []
    for table in snapshot.catalog.tables:
        planned = tuple(
            ColumnPlan(
                source=column.name,
                target=column.name,
                type=types.get(f"{table.name}.{column.name}", "text"),
                empty="null",
                not_null=column.not_null or column.name in table.primary_key,
            )
            for column in table.columns
        )
        tables.append(TablePlan(source=table.name, target=table.name, columns=planned, key=table.primary_key))
    return Plan(source_fingerprint=snapshot.source_fingerprint, tables=tuple(tables), plan_id="0" * 16)


def with_table(plan: Plan, table: str, **fields: object) -> Plan:
    """The plan with fields of one table replaced."""
    return replace(
        plan,
        tables=tuple(replace(each, **fields) if each.source == table else each for each in plan.tables),
    )


def with_column(plan: Plan, table: str, column: str, **fields: object) -> Plan:
    """The plan with fields of one column replaced."""
    columns = tuple(
        replace(each, **fields) if each.source == column else each for each in plan.table(table).columns
    )
    return with_table(plan, table, columns=columns)


def as_snapshot(snapshot: Snapshot, path: str) -> Snapshot:
    """Cleaned in the place of the snapshot: its tables, without types, keys or an excluded table."""
    with closing(open_read_only(path)) as connection:
        sql = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
    tables = tuple(
        replace(table, sql=sql[table.name], rowid_alias=None, without_rowid=False, rowid_name=locator(table))
        for table in snapshot.catalog.tables
        if table.name in sql
    )
    return replace(snapshot, path=path, catalog=replace(snapshot.catalog, tables=tables))
