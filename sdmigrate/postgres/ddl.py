"""A blueprint as SQL: one statement for each table, key, index, check, foreign key, default and comment.

Invariant: names are quoted by psycopg and types pass the strict reader; expressions are the translator's own
PostgreSQL SQL. Names within them are unqualified: the session's search_path is the schema being made.
"""

from collections.abc import Iterator
from typing import Literal, TypeAlias, get_args

from psycopg import sql

from sdmigrate.model.blueprint import (
    TargetCheck,
    TargetColumn,
    TargetForeignKey,
    TargetIndex,
    TargetKey,
    TargetTable,
    TargetView,
)
from sdmigrate.model.errors import InternalFault
from sdmigrate.postgres.types import type_name

Action: TypeAlias = Literal["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"]

_COMMA = sql.SQL(", ")


def create_schema(schema: str) -> sql.Composed:
    """CREATE SCHEMA."""
    return sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema))


def create_table(schema: str, table: TargetTable) -> sql.Composed:
    """CREATE TABLE with columns, NOT NULL, identity and generated columns; all else comes later."""
    columns = _COMMA.join(_column(column) for column in table.columns)
    return sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(schema, table.name), columns)


def set_default(schema: str, table: TargetTable, column: TargetColumn) -> sql.Composed:
    """ALTER COLUMN SET DEFAULT; a statement of its own, so that one that is refused costs no table."""
    return sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}").format(
        sql.Identifier(schema, table.name), sql.Identifier(column.name), _expression(column.default or "NULL")
    )


def add_key(
    schema: str, table: TargetTable, key: TargetKey, kind: Literal["PRIMARY KEY", "UNIQUE"]
) -> sql.Composed:
    """ADD CONSTRAINT of a primary key or unique constraint."""
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} " + kind + " ({})").format(
        sql.Identifier(schema, table.name), sql.Identifier(key.name), _names(key.columns)
    )


def create_index(schema: str, table: TargetTable, index: TargetIndex) -> sql.Composed:
    """CREATE INDEX, with its condition where it is partial."""
    where = sql.SQL(" WHERE {}").format(_expression(index.where)) if index.where else sql.SQL("")
    return sql.SQL("CREATE {}INDEX {} ON {} ({}){}").format(
        sql.SQL("UNIQUE " if index.unique else ""),
        sql.Identifier(index.name),
        sql.Identifier(schema, table.name),
        _COMMA.join(sql.SQL(term) for term in index.terms),
        where,
    )


def add_check(schema: str, table: TargetTable, check: TargetCheck) -> sql.Composed:
    """ADD CONSTRAINT CHECK, NOT VALID; ``validate`` looks at the rows that are there."""
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} CHECK {} NOT VALID").format(
        sql.Identifier(schema, table.name), sql.Identifier(check.name), _expression(check.expression)
    )


def add_foreign_key(schema: str, table: TargetTable, key: TargetForeignKey) -> sql.Composed:
    """ADD CONSTRAINT FOREIGN KEY, NOT VALID; ``validate`` looks at the rows that are there."""
    deferrable = " DEFERRABLE" if key.deferrable else ""
    deferred = " INITIALLY DEFERRED" if key.deferrable and key.initially_deferred else ""
    return sql.SQL(
        "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({})"
        f" ON UPDATE {_action(key.on_update)} ON DELETE {_action(key.on_delete)}"
        f"{deferrable}{deferred} NOT VALID"
    ).format(
        sql.Identifier(schema, table.name),
        sql.Identifier(key.name),
        _names(key.columns),
        sql.Identifier(schema, key.parent),
        _names(key.parent_columns),
    )


def validate(schema: str, table: str, constraint: str) -> sql.Composed:
    """VALIDATE CONSTRAINT."""
    return sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {}").format(
        sql.Identifier(schema, table), sql.Identifier(constraint)
    )


def set_identity(schema: str, table: TargetTable, column: TargetColumn) -> sql.Composed:
    """SELECT setval(…) that makes ``identity_next`` the next value, or leaves no next one."""
    following = column.identity_next or 1
    return sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), {}, {})").format(
        sql.Literal(sql.Identifier(schema, table.name).as_string()),
        sql.Literal(column.name),
        sql.Literal(2**63 - 1 if column.identity_exhausted else max(following, 1)),
        sql.Literal(column.identity_exhausted),
    )


def create_view(schema: str, view: TargetView) -> sql.Composed:
    """CREATE VIEW."""
    return sql.SQL("CREATE VIEW {} AS {}").format(sql.Identifier(schema, view.name), sql.SQL(view.sql))


def comments(schema: str, table: TargetTable) -> Iterator[sql.Composed]:
    """COMMENT ON for the table, and for each column that has another name than in the source."""
    yield sql.SQL("COMMENT ON TABLE {} IS {}").format(
        sql.Identifier(schema, table.name), _literal(f"From SQLite table {table.source}")
    )
    for column in table.columns:
        if column.name != column.source:
            yield sql.SQL("COMMENT ON COLUMN {} IS {}").format(
                sql.Identifier(schema, table.name, column.name),
                _literal(f"From SQLite column {column.source}"),
            )


def analyze(schema: str, table: TargetTable, *, columns: bool) -> sql.Composed:
    """ANALYZE; with ``columns`` each is named, which leaves the table waiting for autovacuum's own."""
    named = sql.SQL(" ({})").format(_names(tuple(column.name for column in table.columns)))
    return sql.SQL("ANALYZE {}{}").format(
        sql.Identifier(schema, table.name), named if columns else sql.SQL("")
    )


def _column(column: TargetColumn) -> sql.Composed:
    parts: list[sql.Composable] = [sql.Identifier(column.name), type_name(column.type).as_sql()]
    if column.not_null:
        parts.append(sql.SQL("NOT NULL"))
    if column.identity_next is not None or column.identity_exhausted:
        parts.append(sql.SQL("GENERATED BY DEFAULT AS IDENTITY"))
        if column.identity_sequence is not None:
            parts.append(sql.SQL("(SEQUENCE NAME {})").format(sql.Identifier(column.identity_sequence)))
    if column.generated is not None:
        parts.append(sql.SQL("GENERATED ALWAYS AS {} STORED").format(_expression(column.generated)))
    return sql.SQL(" ").join(parts)


def _names(columns: tuple[str, ...]) -> sql.Composed:
    return _COMMA.join(sql.Identifier(column) for column in columns)


def _expression(text: str) -> sql.SQL:
    """The expression in brackets; line breaks, so that a comment at its end hides nothing."""
    return sql.SQL(f"(\n{text}\n)")


def _action(action: str) -> str:
    if action.upper() not in get_args(Action):
        raise InternalFault(f"{action!r} is no action of a foreign key.", "Report this with the table's SQL.")
    return action.upper()


def _literal(text: str) -> sql.Literal:
    return sql.Literal(text.encode("utf-8", "backslashreplace").decode().replace("\0", ""))
