"""What is proven of a release beside its values: the next id, and which constraints hold for every row.

Invariant: what is tried is rolled back, and a sequence is set back to where it was.
"""

from collections.abc import Iterator, Sequence

import psycopg
from psycopg import errors, sql

from sdmigrate.model.blueprint import TargetColumn, TargetTable
from sdmigrate.model.errors import InternalFault
from sdmigrate.model.finding import Finding
from sdmigrate.postgres import ddl
from sdmigrate.postgres.connect import Connection, is_environment
from sdmigrate.postgres.types import type_name

_PLAIN = {
    "boolean": "false",
    "smallint": "0",
    "integer": "0",
    "bigint": "0",
    "numeric": "0",
    "double precision": "0",
    "date": "'2000-01-01'",
    "time": "'00:00'",
    "timestamp": "'2000-01-01'",
    "timestamptz": "'2000-01-01'",
    "interval": "'0'",
    "uuid": "'00000000-0000-0000-0000-000000000000'",
    "json": "'null'",
    "jsonb": "'null'",
    "inet": "'::'",
}
"""A value of each type that is not text or bytea, as SQL."""


def prove_identities(connection: Connection, schema: str, tables: Sequence[TargetTable]) -> Iterator[Finding]:
    """Insert a row into each table with an identity and take it back; where none can be made, a finding.

    Raises:
        InternalFault: the next id is not the one that was meant, or is taken.
    """
    for table in tables:
        for column in table.columns:
            if column.identity_next is None or column.identity_exhausted:
                continue
            refusal = _prove(connection, schema, table, column)
            connection.execute(ddl.set_identity(schema, table, column))
            if refusal is not None:
                yield Finding(
                    code="identity-not-proven",
                    severity="info",
                    table=table.source,
                    column=column.source,
                    count=1,
                    message=(
                        f"The next {column.name!r} of {table.name!r} is {column.identity_next}; no row could"
                        f" be inserted to try it: {refusal}."
                    ),
                    advice="Insert a row after the cutover.",
                )


def unvalidated(connection: Connection, schema: str, tables: Sequence[TargetTable]) -> Iterator[Finding]:
    """One finding for each table with constraints that old rows need not satisfy."""
    found = connection.execute(
        "SELECT relname, array_agg(conname::text ORDER BY conname) FROM pg_constraint"
        " JOIN pg_class ON pg_class.oid = conrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = %s AND NOT convalidated GROUP BY relname",
        (schema,),
    )
    names: dict[str, list[str]] = dict(found.fetchall())
    for table in tables:
        if table.name in names:
            yield Finding(
                code="constraint-not-valid",
                severity="warning",
                table=table.source,
                column=None,
                count=len(names[table.name]),
                message=(
                    f"Constraints of {table.name!r} hold for new rows only (NOT VALID):"
                    f" {', '.join(names[table.name])}."
                ),
                advice="Mend the old rows, then ALTER TABLE … VALIDATE CONSTRAINT.",
            )


def _prove(connection: Connection, schema: str, table: TargetTable, column: TargetColumn) -> str | None:
    """Why no row could be inserted; None: one was, and got the right id."""
    refusal = ""
    for statement in _insertions(schema, table, column):
        connection.execute(ddl.set_identity(schema, table, column))
        try:
            with connection.transaction(force_rollback=True):
                row = connection.execute(statement).fetchone()
        except psycopg.Error as error:
            if is_environment(error, connection) or isinstance(error, errors.QueryCanceled):
                raise
            refusal = error.diag.message_primary or str(error)
            if _is_of(error, table, column):
                raise InternalFault(
                    f"The next {column.name!r} of {table.name!r} is taken: {error.diag.message_detail}",
                    "Report this with the run's log.",
                ) from error
            continue
        if row is not None and row[0] != column.identity_next:
            raise InternalFault(
                f"The next {column.name!r} of {table.name!r} is {row[0]}, not {column.identity_next}.",
                "Report this with the run's log.",
            )
        if row is not None:
            return None
    return refusal or "the table is empty and its columns need values"


def _insertions(schema: str, table: TargetTable, column: TargetColumn) -> Iterator[sql.Composed]:
    """A row of defaults; one with plain values where NULL is not taken; one that takes these from a row."""
    name = sql.Identifier(schema, table.name)
    identity = sql.Identifier(column.name)
    yield sql.SQL("INSERT INTO {} DEFAULT VALUES RETURNING {}").format(name, identity)
    needed = [
        other
        for other in table.copied
        if other.not_null and other.default is None and other.name != column.name
    ]
    if needed:
        columns = sql.SQL(", ").join(sql.Identifier(other.name) for other in needed)
        plain = sql.SQL(", ").join(sql.SQL(_PLAIN.get(type_name(other.type).base, "''")) for other in needed)
        yield sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}").format(name, columns, plain, identity)
        yield sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} LIMIT 1 RETURNING {}").format(
            name, columns, columns, name, identity
        )


def _is_of(error: psycopg.Error, table: TargetTable, column: TargetColumn) -> bool:
    """Whether the id itself was refused as taken."""
    if not isinstance(error, errors.UniqueViolation):
        return False
    keys = [*table.uniques, *([table.primary_key] if table.primary_key else [])]
    return any(key.name == error.diag.constraint_name and key.columns == (column.name,) for key in keys)
