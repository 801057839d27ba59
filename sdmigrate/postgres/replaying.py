"""Repaired rows into a release that is loaded already, unpublished or live.

Invariant: in one transaction under the schema's lock: the rows, a part for each, and the release's digests
as they would be had the rows been there at publication; so what the application wrote since is still told.
A row counts only where PostgreSQL's own digest of it is what the plan made of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import psycopg
from psycopg import errors, sql

from sdmigrate.model.blueprint import TargetTable
from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.result import TableDigest
from sdmigrate.postgres import ddl
from sdmigrate.postgres.bookkeeping import Bookkeeping, RecordedRelease
from sdmigrate.postgres.connect import Connection, is_environment
from sdmigrate.postgres.copying import Cell, copy_binary
from sdmigrate.postgres.digests import row_digest
from sdmigrate.postgres.locks import require

_STAGING = "sdmigrate replay"


@dataclass(frozen=True)
class Refusal:
    """Why PostgreSQL does not hold the row as the plan has it."""

    reason: str
    sqlstate: str | None = None
    """None where PostgreSQL took it and holds another row, or the value cannot be sent."""
    column: str | None = None
    """Target name."""

    @property
    def waits(self) -> bool:
        """Whether a row that comes later may be what is missing: its parent."""
        return self.sqlstate == errors.ForeignKeyViolation.sqlstate


@dataclass
class Replayer:
    """Brings rows into one release; every method works in the caller's transaction."""

    connection: Connection
    bookkeeping: Bookkeeping
    recorded: RecordedRelease
    schema: str
    """Where its tables are: the release's own name, or the stable name while it is live."""
    lock_timeout_ms: int
    _parts: int = 0
    _staged: dict[str, sql.Identifier] = field(default_factory=dict)
    _added: dict[str, list[int]] = field(default_factory=dict)

    def begin(self, run: str) -> None:
        """Make sure that nobody switches meanwhile, and that each refusal is told at its row."""
        require(self.connection, self.bookkeeping, self.recorded.stable, run)
        _limit_waiting(self.connection, self.lock_timeout_ms)
        self.connection.execute("SET LOCAL synchronous_commit = on")
        self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self._parts = len(replayed_rows(self.connection, self.bookkeeping, self.recorded.name))

    def insert(self, table: TargetTable, rowid: int, cells: Sequence[Cell], expected: int) -> Refusal | None:
        """Insert one row; None: it is in, and is what it should be.

        Args:
            table: its table.
            rowid: its locator in cleaned.
            cells: the copied columns' values.
            expected: the row's digest, computed from cleaned's side.
        """
        columns = [(column.name, column.type) for column in table.columns]
        staging = self._stage(table)
        refusal: Refusal | None = Refusal("PostgreSQL stores it otherwise (a trigger or a generated column)")
        try:
            with self.connection.transaction() as attempt:
                place = self._insert(table, staging, cells)
                if place is None or expected != row_digest(
                    self.connection, self.schema, table.name, columns, place
                ):
                    raise psycopg.Rollback(attempt)
                self._record(table.name, rowid, expected)
                refusal = None
        except ValueError as error:
            return Refusal(str(error))
        except psycopg.Error as error:
            if is_environment(error, self.connection) or isinstance(error, errors.QueryCanceled):
                raise
            told = (error.diag.message_primary, error.diag.message_detail)
            reason = ": ".join(text.rstrip(".") for text in told if text)
            return Refusal(reason, error.sqlstate, error.diag.column_name)
        return refusal

    def _record(self, table: str, rowid: int, digest: int) -> None:
        self._parts += 1
        self.bookkeeping.record_part(
            self.connection,
            release=self.recorded.name,
            table=table,
            part=-self._parts,
            rows=1,
            low=rowid,
            high=rowid,
        )
        self._added.setdefault(table, []).append(digest)

    def follow_identity(self, table: TargetTable) -> None:
        """Let the next id be behind the table's highest, where a row brought a higher one."""
        for column in table.columns:
            if column.identity_next is None or column.identity_exhausted:
                continue
            found = self.connection.execute(
                sql.SQL(
                    "SELECT (SELECT max({column}) FROM {table}),"
                    " coalesce(pg_sequence_last_value(pg_get_serial_sequence({name}, {text})::regclass), 0)"
                ).format(
                    column=sql.Identifier(column.name),
                    table=sql.Identifier(self.schema, table.name),
                    name=sql.Literal(sql.Identifier(self.schema, table.name).as_string()),
                    text=sql.Literal(column.name),
                )
            ).fetchone()
            if found is not None and found[0] is not None and found[0] > found[1]:
                following = msgspec.structs.replace(column, identity_next=found[0] + 1)
                if found[0] + 1 > column.identity_next:
                    self.connection.execute(ddl.set_identity(self.schema, table, following))

    def finish(self) -> None:
        """Record rows and digests as if the new rows had been there at publication."""
        digests = dict(self.recorded.digests)
        for name, added in self._added.items():
            before = digests[name].digest
            after = TableDigest(rows=before.rows + len(added), sum=str(int(before.sum) + sum(added)))
            digests[name] = msgspec.structs.replace(digests[name], digest=after)
        rows = self.recorded.rows + sum(map(len, self._added.values()))
        self.bookkeeping.record_digests(self.connection, self.recorded.name, digests)
        self.bookkeeping.mark(self.connection, self.recorded.name, self.recorded.state, rows=rows)

    def _stage(self, table: TargetTable) -> sql.Identifier:
        """A table of this transaction with the copied columns of that table and no constraint."""
        if table.name not in self._staged:
            name = f"{_STAGING} {len(self._staged)}"
            self.connection.execute(
                sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                    sql.Identifier(name), _names(table), sql.Identifier(self.schema, table.name)
                )
            )
            self._staged[table.name] = sql.Identifier("pg_temp", name)
        return self._staged[table.name]

    def _insert(self, table: TargetTable, staging: sql.Identifier, cells: Sequence[Cell]) -> str | None:
        """The new row's ctid; None where something kept it out without a word.

        COPY, which cannot say where a row is, fills the staging table; INSERT takes it from there.
        """
        copied = [(column.name, column.type) for column in table.copied]
        self.connection.execute(sql.SQL("DELETE FROM {}").format(staging))
        copy_binary(self.connection, staging, copied, [cells], freeze=False)
        found = self.connection.execute(
            sql.SQL(
                "INSERT INTO {} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {} RETURNING ctid::text"
            ).format(sql.Identifier(self.schema, table.name), staging, names=_names(table))
        ).fetchone()
        return None if found is None else str(found[0])


def _names(table: TargetTable) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in table.copied)


def validate_references(
    connection: Connection, schema: str, tables: Sequence[TargetTable], lock_timeout_ms: int
) -> dict[str, list[str]]:
    """Validate the foreign keys that rows broke until now; source table -> names of those that hold.

    One that is still broken, or whose table is locked for too long, stays NOT VALID.
    """
    found = connection.execute(
        "SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid"
        " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = %s AND contype = 'f' AND NOT convalidated",
        (schema,),
    )
    waiting = set(found.fetchall())
    valid: dict[str, list[str]] = {}
    for table in tables:
        for key in table.foreign_keys:
            if (table.name, key.name) not in waiting:
                continue
            try:
                with connection.transaction():
                    _limit_waiting(connection, lock_timeout_ms)
                    connection.execute(ddl.validate(schema, table.name, key.name))
            except psycopg.Error as error:
                if is_environment(error, connection) or isinstance(error, errors.QueryCanceled):
                    raise
                continue
            valid.setdefault(table.source, []).append(key.name)
    return valid


def _limit_waiting(connection: Connection, lock_timeout_ms: int) -> None:
    timeout = sql.Literal(f"{lock_timeout_ms}ms")
    connection.execute(sql.SQL("SELECT set_config('lock_timeout', {}, true)").format(timeout))


def release_to_repair(connection: Connection, bookkeeping: Bookkeeping, name: str) -> RecordedRelease:
    """The release, where it can take repaired rows: verified, or live.

    Raises:
        UnsafeToContinue: it is not there, or it is only kept.
        UsageProblem: it was not verified yet.
    """
    recorded = bookkeeping.release(connection, name) if bookkeeping.exists(connection) else None
    if recorded is None or recorded.state in ("dropped", "kept"):
        raise UnsafeToContinue(
            f"The release {name!r} is {recorded.state if recorded else 'not in the target'};"
            " repaired rows go into a release before its cutover, or into live.",
            "Look at 'sdmigrate releases list'.",
        )
    if recorded.state not in ("verified", "live"):
        raise UsageProblem(
            f"The release {name!r} is {recorded.state}, not verified.", "Go on with the run first."
        )
    return recorded


def replayed_rows(connection: Connection, bookkeeping: Bookkeeping, release: str) -> set[tuple[str, int]]:
    """Target table and locator of every row that was replayed into the release."""
    parts = bookkeeping.finished_parts(connection, release)
    return {
        (table, part.low) for (table, number), part in parts.items() if number < 0 and part.low is not None
    }
