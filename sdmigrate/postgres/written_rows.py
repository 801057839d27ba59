"""The rows of a release that were written since it was published: by other transactions than the run's own.

Invariant: no row that an application wrote is missed. Rows that an earlier one of several replays brought in
may be among them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping, RecordedRelease
from sdmigrate.postgres.connect import Connection, connect
from sdmigrate.postgres.live_writes import live_writes

_ROWS_AT_ONCE = 1_000
_STORED = {
    **dict.fromkeys(("smallint", "integer", "bigint"), ("INTEGER", "{}")),
    **dict.fromkeys(("real", "double precision"), ("REAL", "{}")),
    "boolean": ("INTEGER", "{}::int"),
    "bytea": ("BLOB", "{}"),
}
"""By the server's type: the SQLite type that keeps its values as they are, and how they are asked for."""
_AS_TEXT = ("TEXT", "{}::text")


@dataclass(frozen=True)
class WrittenTable:
    """What was written into one table."""

    name: str
    columns: tuple[tuple[str, str], ...]
    """Name, and the SQLite type of the values."""
    missing: int
    """Rows that were published and are not there any more, or not as they were."""
    rows: Iterator[tuple[Any, ...]]
    """Read from the server as they are asked for; all of them before the next table's."""


@contextmanager
def written_since(
    endpoint: Endpoint, stable: str, named: str | None, bookkeeping: Bookkeeping
) -> Iterator[tuple[RecordedRelease, Iterator[WrittenTable]]]:
    """The release of that name, by default the live one, and each table that is not as it was published.

    All of it is read at one instant.

    Raises:
        UsageProblem: there is no such release, it was never live, or what it was cannot be told.
        TargetUnreachable: the target cannot be reached.
    """
    with connect(endpoint, purpose="export") as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        known = bookkeeping.exists(connection)
        releases = bookkeeping.releases(connection, stable) if known else ()
        wanted = [one for one in releases if (one.name == named if named else one.state == "live")]
        if not wanted or wanted[0].state not in ("live", "kept") or not wanted[0].digests:
            raise UsageProblem(
                f"What was written into {named or f'live {stable!r}'} since its publication cannot be told.",
                "It takes a release of sdmigrate's that is live or kept: 'sdmigrate releases list'.",
            )
        yield wanted[0], _tables(connection, bookkeeping, wanted[0])


def _tables(
    connection: Connection, bookkeeping: Bookkeeping, release: RecordedRelease
) -> Iterator[WrittenTable]:
    schema = release.stable if release.state == "live" else release.name
    own = bookkeeping.transactions(connection, release.name)
    for write in live_writes(connection, schema, release):
        columns = _columns(connection, schema, write.table)
        if not columns:
            yield WrittenTable(write.table, (), write.rows_published, iter(()))
            continue
        published = write.table in release.digests
        foreign = sql.SQL("NOT xmin = ANY ({}::xid[])").format(sql.Literal(list(own)))
        condition = foreign if published else sql.SQL("true")
        table = sql.Identifier(schema, write.table)
        counted = connection.execute(
            sql.SQL("SELECT count(*) FILTER (WHERE NOT ({})) FROM {}").format(condition, table)
        ).fetchone()
        asked = sql.SQL(", ").join(sql.SQL(how).format(sql.Identifier(name)) for name, _, how in columns)
        yield WrittenTable(
            name=write.table,
            columns=tuple((name, stored) for name, stored, _ in columns),
            missing=write.rows_published - (int(counted[0]) if counted else 0) if published else 0,
            rows=_rows(connection, sql.SQL("SELECT {} FROM {} WHERE {}").format(asked, table, condition)),
        )


def _columns(connection: Connection, schema: str, table: str) -> list[tuple[str, str, str]]:
    """Name, SQLite type and how it is asked for, of each column."""
    found = connection.execute(
        "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = %s AND relname = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (schema, table),
    )
    return [(name, *_STORED.get(type_, _AS_TEXT)) for name, type_ in found]


def _rows(connection: Connection, query: sql.Composed) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="written") as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        cursor.execute(query)
        yield from cursor
