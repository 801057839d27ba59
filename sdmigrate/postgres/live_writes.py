"""What was written into the live schema since it was published, and who is still at it.

Invariant: what is told while the live tables are locked against writers is all there is. The long reading is
done before the lock; under it only what happened since is looked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from psycopg import sql

from sdmigrate.postgres.bookkeeping import PublishedTable, RecordedRelease
from sdmigrate.postgres.connect import Connection
from sdmigrate.postgres.digests import DIGEST_FORM, table_digest


@dataclass(frozen=True)
class LiveWrite:
    """One live table that is not as it was published."""

    table: str
    rows_published: int
    rows_now: int
    what: str
    """For example ``3 rows more``, ``rows changed``, ``columns changed``."""
    certain: bool = True
    """False where the two states cannot be compared."""

    def __str__(self) -> str:
        """In words, with the table's name."""
        return f"{self.table}: {self.what}"


@dataclass(frozen=True)
class Watched:
    """What was read of live at one instant, and what tells whether it still is so."""

    writes: tuple[LiveWrite, ...]
    columns: Mapping[str, frozenset[tuple[str, str]]]
    rows: Mapping[str, int]
    horizon: str
    """Transaction id: rows of this one and of later ones may have come since."""


@dataclass(frozen=True)
class Blocker:
    """A transaction that holds a lock on a live table."""

    process: int
    virtual_transaction: str
    description: str
    """Who, from which program, for how long."""


def live_writes(connection: Connection, schema: str, release: RecordedRelease) -> tuple[LiveWrite, ...]:
    """The tables of the live schema that differ from ``release`` as it was published, by name.

    A release without digests (an adopted schema) cannot be compared: nothing is returned.
    """
    if not release.digests:
        return ()
    columns = _columns(connection, schema)
    found = []
    for table in sorted(columns.keys() | release.digests.keys()):
        write = _compare(connection, schema, table, columns.get(table), release.digests.get(table))
        if write is not None:
            found.append(write)
    return tuple(found)


def watch(connection: Connection, schema: str, release: RecordedRelease) -> Watched:
    """Read all of live in one snapshot, without a lock that anyone waits for."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # As a 32-bit id, since that is what a row carries.
        horizon = connection.execute(
            "SELECT mod(pg_snapshot_xmin(pg_current_snapshot())::text::numeric, 4294967296)::text"
        ).fetchone()
        columns = _columns(connection, schema)
        return Watched(
            writes=live_writes(connection, schema, release),
            columns=columns,
            rows={table: _rows(connection, schema, table) for table in columns},
            horizon=str(horizon[0]) if horizon else "3",
        )


def is_unchanged(connection: Connection, schema: str, watched: Watched) -> bool:
    """Whether nothing was written since ``watch``, asked in one quick reading; no is said when in doubt.

    A row that came or changed carries a transaction id from the horizon on, a row that went changes the
    number of rows.
    """
    if _columns(connection, schema) != watched.columns:
        return False
    for table, rows in watched.rows.items():
        found = connection.execute(
            sql.SQL("SELECT count(*), count(*) FILTER (WHERE age(xmin) <= age({}::xid)) FROM {}").format(
                sql.Literal(watched.horizon), sql.Identifier(schema, table)
            )
        ).fetchone()
        if found != (rows, 0):
            return False
    return True


def _rows(connection: Connection, schema: str, table: str) -> int:
    statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
    found = connection.execute(statement).fetchone()
    return int(found[0]) if found else 0


def _compare(
    connection: Connection,
    schema: str,
    table: str,
    columns: frozenset[tuple[str, str]] | None,
    published: PublishedTable | None,
) -> LiveWrite | None:
    if published is None:
        return LiveWrite(table=table, rows_published=0, rows_now=0, what="a table that was not published")
    before = published.digest
    if columns is None:
        return LiveWrite(table=table, rows_published=before.rows, rows_now=0, what="the table is gone")
    names = (name for name, _ in published.columns)
    if columns != frozenset(zip(names, published.server_types, strict=True)):
        return LiveWrite(
            table=table, rows_published=before.rows, rows_now=before.rows, what="columns changed"
        )
    if published.form != DIGEST_FORM:
        what = "published by another version of sdmigrate, whether rows changed cannot be told"
        return LiveWrite(
            table=table, rows_published=before.rows, rows_now=before.rows, what=what, certain=False
        )
    now = table_digest(connection, schema, table, published.columns)
    if now == before:
        return None
    difference = now.rows - before.rows
    what = "rows changed"
    if difference:
        what = f"{abs(difference)} {'row' if abs(difference) == 1 else 'rows'}"
        what += " more" if difference > 0 else " fewer"
    return LiveWrite(table=table, rows_published=before.rows, rows_now=now.rows, what=what)


def _columns(connection: Connection, schema: str) -> dict[str, frozenset[tuple[str, str]]]:
    """Each table's columns with their types as the server writes them."""
    found = connection.execute(
        "SELECT relname, coalesce(array_agg(attname::text ORDER BY attnum)"
        "  FILTER (WHERE attname IS NOT NULL), '{}'),"
        " coalesce(array_agg(format_type(atttypid, atttypmod) ORDER BY attnum)"
        "  FILTER (WHERE attname IS NOT NULL), '{}')"
        " FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped"
        " WHERE nspname = %s AND relkind IN ('r', 'p') GROUP BY relname",
        (schema,),
    )
    return {table: frozenset(zip(names, types, strict=True)) for table, names, types in found}


def with_server_types(
    connection: Connection, schema: str, digests: Mapping[str, PublishedTable]
) -> dict[str, PublishedTable]:
    """The digests with every column's type as the server writes it now, to be compared with later."""
    columns = {table: dict(found) for table, found in _columns(connection, schema).items()}
    return {
        table: msgspec.structs.replace(
            published, server_types=tuple(columns[table][name] for name, _ in published.columns)
        )
        for table, published in digests.items()
    }


def blockers(connection: Connection, schema: str) -> tuple[Blocker, ...]:
    """The other transactions that hold a lock on a table of the schema now."""
    found = connection.execute(
        "SELECT DISTINCT coalesce(locks.pid, 0), locks.virtualtransaction,"
        " CASE WHEN locks.pid IS NULL THEN 'a prepared transaction (pg_prepared_xacts)' ELSE"
        "  coalesce(nullif(activity.application_name, ''), 'a program without a name') || ' of '"
        "  || coalesce(activity.usename, 'an unknown role') || ' (process ' || locks.pid || ', '"
        "  || coalesce(activity.state, 'state hidden') || ', open for '"
        "  || coalesce(extract(epoch FROM clock_timestamp() - activity.xact_start)::int::text, '?')"
        "  || ' s)' END"
        " FROM pg_locks AS locks"
        " JOIN pg_class ON pg_class.oid = locks.relation"
        " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " LEFT JOIN pg_stat_activity AS activity ON activity.pid = locks.pid"
        " WHERE locks.granted AND locks.locktype = 'relation' AND nspname = %s"
        " AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND locks.pid IS DISTINCT FROM pg_backend_pid()"
        " AND coalesce(activity.backend_type, '') NOT LIKE 'autovacuum%%'",
        (schema,),
    )
    return tuple(
        Blocker(process=pid, virtual_transaction=transaction, description=text)
        for pid, transaction, text in found
    )
