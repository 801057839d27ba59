"""What PostgreSQL itself remembers of releases: the tables releases, parts and locks.

Invariant: a row is written in the transaction whose effect it records, so after a kill at any instant the
tables say exactly what is there. Where they lie is a value: a rehearsal hands over its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg import sql

from sdmigrate.model.errors import TargetUnreachable
from sdmigrate.model.record import Record
from sdmigrate.model.result import ReleaseState, TableDigest
from sdmigrate.postgres.connect import Connection

VERSION_COMMENT = "sdmigrate bookkeeping, version 1"
"""The comment on the schema by which it is known to be ours."""

TABLES = """
CREATE TABLE {schema}.releases (
    name text PRIMARY KEY,
    stable text NOT NULL,
    state text NOT NULL CHECK (state IN ('loading', 'loaded', 'verified', 'live', 'kept', 'dropped')),
    adopted boolean NOT NULL DEFAULT false,
    run text NOT NULL,
    plan_id text NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    published timestamptz,
    previous text,
    rows bigint NOT NULL DEFAULT 0,
    digests jsonb NOT NULL DEFAULT '{{}}'
);
CREATE UNIQUE INDEX releases_live ON {schema}.releases (stable) WHERE state = 'live';
CREATE TABLE {schema}.parts (
    release text NOT NULL REFERENCES {schema}.releases ON DELETE CASCADE,
    table_name text NOT NULL,
    part integer NOT NULL,
    rows bigint NOT NULL,
    low bigint,
    high bigint,
    finished timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (release, table_name, part)
);
CREATE TABLE {schema}.locks (
    stable text PRIMARY KEY,
    run text NOT NULL,
    who text NOT NULL,
    host text NOT NULL,
    process text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    heartbeat timestamptz NOT NULL DEFAULT now()
);
"""


class FinishedPart(Record):
    """A part whose rows are committed."""

    rows: int
    low: int | None
    """First rowid of cleaned; None where the part is the whole table."""
    high: int | None
    """Last rowid of cleaned; None where the part is the whole table."""


class PublishedTable(Record):
    """A table's digest at publication, with what is needed to take it again."""

    columns: tuple[tuple[str, str], ...]
    """Name and blueprint type of each column, in the digest's order."""
    digest: TableDigest
    server_types: tuple[str, ...] = ()
    """The same types as the server writes them at publication."""
    form: int = 1
    """The digest's DIGEST_FORM; the first was not written down."""


@dataclass(frozen=True)
class RecordedRelease:
    """One row of ``releases``."""

    name: str
    stable: str
    state: ReleaseState
    adopted: bool
    run: str
    plan_id: str
    created: datetime
    published: datetime | None
    previous: str | None
    rows: int
    digests: Mapping[str, PublishedTable]
    """By target table name; empty where they were never taken (an adopted schema)."""


@dataclass(frozen=True)
class Bookkeeping:
    """The three tables in the schema of that name. Every method works in the caller's transaction."""

    schema: str = "sdmigrate"

    def create(self, connection: Connection) -> None:
        """Create schema and tables; nothing happens where they are.

        Raises:
            TargetUnreachable: a schema of that name is there and is not ours, or is of another version.
        """
        with connection.transaction():
            # Two runs may start at once: CREATE IF NOT EXISTS alone fails for the later one.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"sdmigrate {self.schema}",))
            if not self.exists(connection):
                connection.execute(self._sql("CREATE SCHEMA {schema}"))
                connection.execute(self._sql(TABLES))
                connection.execute(
                    sql.SQL("COMMENT ON SCHEMA {} IS {}").format(
                        sql.Identifier(self.schema), sql.Literal(VERSION_COMMENT)
                    )
                )

    def exists(self, connection: Connection) -> bool:
        """Whether the tables are there.

        Raises:
            TargetUnreachable: a schema of that name is there and is not ours, or is of another version.
        """
        row = connection.execute(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s",
            (self.schema,),
        ).fetchone()
        if row is None:
            return False
        if row[0] != VERSION_COMMENT:
            raise TargetUnreachable(
                f"The target holds a schema {self.schema!r} that is not this version's bookkeeping"
                f" (its comment is {row[0]!r}).",
                f"Rename that schema or use another database: sdmigrate's records go to {self.schema!r}.",
            )
        return True

    def register_release(
        self, connection: Connection, *, name: str, stable: str, run: str, plan_id: str
    ) -> None:
        """Record a release in state ``loading``; a release recorded before is left as it is."""
        connection.execute(
            self._sql(
                "INSERT INTO {schema}.releases (name, stable, state, run, plan_id)"
                " VALUES (%s, %s, 'loading', %s, %s) ON CONFLICT (name) DO NOTHING"
            ),
            (name, stable, run, plan_id),
        )

    def register_adopted(self, connection: Connection, *, name: str, stable: str) -> None:
        """Record a schema that sdmigrate did not make and that had the stable name, as kept."""
        connection.execute(
            self._sql(
                "INSERT INTO {schema}.releases (name, stable, state, adopted, run, plan_id)"
                " VALUES (%s, %s, 'kept', true, '', '')"
            ),
            (name, stable),
        )

    def publish(self, connection: Connection, name: str) -> None:
        """Set a release's state to ``live``, and the time of its publication where it is the first."""
        connection.execute(
            self._sql(
                "UPDATE {schema}.releases SET state = 'live', published = coalesce(published, now())"
                " WHERE name = %s"
            ),
            (name,),
        )

    def record_previous(self, connection: Connection, name: str, previous: str | None) -> None:
        """Record what was live before that release was: what a rollback goes back to."""
        connection.execute(
            self._sql("UPDATE {schema}.releases SET previous = %s WHERE name = %s"), (previous, name)
        )

    def mark(
        self, connection: Connection, name: str, state: ReleaseState, *, rows: int | None = None
    ) -> None:
        """Set a release's state, and its number of rows where given."""
        connection.execute(
            self._sql("UPDATE {schema}.releases SET state = %s, rows = coalesce(%s, rows) WHERE name = %s"),
            (state, rows, name),
        )

    def record_part(
        self,
        connection: Connection,
        *,
        release: str,
        table: str,
        part: int,
        rows: int,
        low: int | None = None,
        high: int | None = None,
    ) -> None:
        """Record that the part's rows are in; ``table`` is the target name, parts count from 0."""
        connection.execute(
            self._sql(
                "INSERT INTO {schema}.parts (release, table_name, part, rows, low, high)"
                " VALUES (%s, %s, %s, %s, %s, %s)"
            ),
            (release, table, part, rows, low, high),
        )

    def finished_parts(self, connection: Connection, release: str) -> dict[tuple[str, int], FinishedPart]:
        """The committed parts by target table name and part number."""
        found = connection.execute(
            self._sql("SELECT table_name, part, rows, low, high FROM {schema}.parts WHERE release = %s"),
            (release,),
        )
        return {
            (table, part): FinishedPart(rows=rows, low=low, high=high)
            for table, part, rows, low, high in found
        }

    def transactions(self, connection: Connection, release: str) -> tuple[str, ...]:
        """Ids of the transactions by which the release's rows came, and the last that changed its record.

        That is its publication, or a replay into live since.
        """
        found = connection.execute(
            self._sql(
                "SELECT xmin::text FROM {schema}.parts WHERE release = %(name)s"
                " UNION SELECT xmin::text FROM {schema}.releases WHERE name = %(name)s"
            ),
            {"name": release},
        )
        return tuple(transaction for (transaction,) in found)

    def forget(self, connection: Connection, release: str) -> None:
        """Forget the checkpoints of a release whose tables are gone, and itself if it was never live."""
        connection.execute(self._sql("DELETE FROM {schema}.parts WHERE release = %s"), (release,))
        connection.execute(
            self._sql("DELETE FROM {schema}.releases WHERE name = %s AND published IS NULL"), (release,)
        )

    def record_digests(
        self, connection: Connection, release: str, digests: Mapping[str, PublishedTable]
    ) -> None:
        """Record each table's digest, by target table name."""
        connection.execute(
            self._sql("UPDATE {schema}.releases SET digests = %s::jsonb WHERE name = %s"),
            (msgspec.json.encode(digests).decode(), release),
        )

    def release(self, connection: Connection, name: str) -> RecordedRelease | None:
        """The release of that name, or None."""
        found = self._releases(connection, "name = %s", (name,))
        return found[0] if found else None

    def releases(self, connection: Connection, stable: str) -> tuple[RecordedRelease, ...]:
        """Every release of that stable schema, the dropped ones included, oldest first."""
        return self._releases(connection, "stable = %s", (stable,))

    def live(self, connection: Connection, stable: str) -> RecordedRelease | None:
        """The release that carries the stable name, or None."""
        found = self._releases(connection, "stable = %s AND state = 'live'", (stable,))
        return found[0] if found else None

    def _releases(
        self, connection: Connection, condition: str, values: Sequence[str]
    ) -> tuple[RecordedRelease, ...]:
        found = connection.execute(
            self._sql(
                "SELECT name, stable, state, adopted, run, plan_id, created, published, previous, rows,"
                f" digests::text FROM {{schema}}.releases WHERE {condition} ORDER BY created, name"
            ),
            values,
        )
        return tuple(
            RecordedRelease(*(*row[:-1], msgspec.json.decode(row[-1], type=dict[str, PublishedTable])))
            for row in found
        )

    def _sql(self, text: str) -> sql.Composed:
        return sql.SQL(text).format(schema=sql.Identifier(self.schema))
