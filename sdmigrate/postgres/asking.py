"""Whether PostgreSQL itself takes tables, sample rows and queries: asked in temporary tables, rolled back.

Invariant: nothing is left on the target, and nothing there is read or locked but by the operator's queries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from sdmigrate.model.blueprint import TargetTable
from sdmigrate.model.result import QueryResult
from sdmigrate.model.values import Value
from sdmigrate.postgres import ddl
from sdmigrate.postgres.connect import Connection, is_environment
from sdmigrate.postgres.queries import Query, run_queries
from sdmigrate.postgres.types import type_name

_SCHEMA = "pg_temp"

Row = Sequence[Value]


@dataclass(frozen=True)
class Refusal:
    """What PostgreSQL does not take."""

    message: str
    """PostgreSQL's own."""
    column: int | None = None
    """Which of the table's copied columns; None: the table or the row as a whole."""
    row: int | None = None
    """Which of the rows, from 0; None: the table."""


def ask_table(connection: Connection, table: TargetTable, rows: Sequence[Row]) -> Iterator[Refusal]:
    """Create the table and put the rows into it, inside the caller's transaction.

    Args:
        connection: within a transaction that the caller rolls back.
        table: what is to be created.
        rows: values of its copied columns in their final form.
    """
    refusal = _tried(connection, ddl.create_table(_SCHEMA, table))
    if refusal is not None:
        yield Refusal(message=refusal)
        return
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        _identifier(_SCHEMA, table.name),
        sql.SQL(", ").join(_identifier(column.name) for column in table.copied),
        sql.SQL(", ").join([sql.Placeholder()] * len(table.copied)),
    )
    prepared = [[_text(value) for value in row] for row in rows]
    if not table.copied or _tried(connection, insert, *prepared) is None:
        return
    for place, row in enumerate(prepared):
        refusal = _tried(connection, insert, row)
        if refusal is not None:
            yield Refusal(message=refusal, column=_culprit(connection, table, row), row=place)


def ask_queries(connection: Connection, queries: tuple[Query, ...]) -> tuple[QueryResult, ...]:
    """Run the queries over what ``ask_table`` made."""
    return tuple(run_queries(connection, _SCHEMA, queries))


def _culprit(connection: Connection, table: TargetTable, row: Sequence[str | None]) -> int | None:
    """The first column whose value by itself is refused."""
    casts = [sql.SQL("%s::{}").format(type_name(column.type).as_sql()) for column in table.copied]
    if _tried(connection, sql.SQL("SELECT {}").format(sql.SQL(", ").join(casts)), row) is None:
        return None
    for place, cast in enumerate(casts):
        if _tried(connection, sql.SQL("SELECT {}").format(cast), [row[place]]) is not None:
            return place
    return None


def _identifier(*names: str) -> sql.Identifier:
    """The name in a statement with parameters, where a percent sign is written twice."""
    return sql.Identifier(*(name.replace("%", "%%") for name in names))


def _tried(connection: Connection, statement: sql.Composed, *parameters: Sequence[str | None]) -> str | None:
    """Why the statement is refused, its effects taken back; None where it is not."""
    try:
        with connection.transaction(), connection.cursor() as cursor:
            if parameters:
                cursor.executemany(statement, parameters)
            else:
                cursor.execute(statement)
    except psycopg.Error as error:
        if is_environment(error, connection) or isinstance(error, errors.QueryCanceled):
            raise
        return error.diag.message_primary or str(error)
    return None


def _text(value: Value) -> str | None:
    """The value as PostgreSQL's input functions read it."""
    if value is None or isinstance(value, str):
        return value
    return "\\x" + value.hex() if isinstance(value, bytes) else repr(value)
