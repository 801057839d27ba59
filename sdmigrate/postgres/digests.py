"""Each table's digest as PostgreSQL computes it from what it holds.

Invariant: computed by the server's own SQL alone, from the stored values; ``sqlite/value_digests`` says what
a digest is made of. Both sides are compared by their numbers only.
"""

from collections.abc import Iterator, Sequence

from psycopg import errors, sql

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.result import TableDigest
from sdmigrate.postgres.connect import Connection
from sdmigrate.postgres.types import type_name

Column = tuple[str, str]
"""Name and blueprint type."""

_COLUMNS_A_CONCAT = 40
"""A function takes at most 100 arguments."""

BUCKETS = 1024

DIGEST_FORM = 2
"""Goes up with every change of what a digest is made of; two forms cannot be compared."""

_TEXTS = {
    "boolean": "CASE WHEN {column} THEN 't' WHEN NOT {column} THEN 'f' END",
    "numeric": "trim_scale({column})::text",
    "double precision": "encode(float8send({column}), 'hex')",
    "bytea": "encode(sha256({column}), 'hex')",
    "text": "{column}",
    # A cast would add /32 to a host's address.
    "inet": "abbrev({column})",
}


def table_digest(connection: Connection, schema: str, table: str, columns: Sequence[Column]) -> TableDigest:
    """The digest of that table over these columns, in this order.

    Raises:
        UnsafeToContinue: there is no such table, or it lacks a column.
    """
    statement = sql.SQL("SELECT count(*), coalesce(sum(digest), 0)::text FROM ({}) AS digests").format(
        _row_digests(connection, schema, table, columns)
    )
    try:
        rows, total = connection.execute(statement).fetchone() or (0, "0")
    except (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName) as error:
        raise UnsafeToContinue(
            f"Schema {schema!r} is not what was loaded: {error.diag.message_primary}.",
            "Somebody changed it; load again in a new run.",
        ) from error
    return TableDigest(rows=rows, sum=total)


def bucket_digests(
    connection: Connection, schema: str, table: str, columns: Sequence[Column]
) -> dict[int, TableDigest]:
    """The digest of the rows whose own digest is n modulo BUCKETS, for each n that occurs."""
    found = connection.execute(
        sql.SQL(
            "SELECT (digest & {mask})::int, count(*), sum(digest)::text FROM ({rows}) AS digests GROUP BY 1"
        ).format(mask=sql.Literal(BUCKETS - 1), rows=_row_digests(connection, schema, table, columns))
    )
    return {bucket: TableDigest(rows=rows, sum=total) for bucket, rows, total in found}


def rows_of_buckets(
    connection: Connection, schema: str, table: str, columns: Sequence[Column], buckets: Sequence[int]
) -> list[tuple[str, int]]:
    """(ctid, digest) of the rows of these buckets."""
    found = connection.execute(
        sql.SQL("SELECT place::text, digest FROM ({}) AS digests WHERE (digest & {}) = ANY ({})").format(
            _row_digests(connection, schema, table, columns),
            sql.Literal(BUCKETS - 1),
            sql.Literal(list(buckets)),
        )
    )
    return [(place, digest) for place, digest in found]


def row_digest(
    connection: Connection, schema: str, table: str, columns: Sequence[Column], place: str
) -> int | None:
    """The digest of the row at that ctid; None where there is none."""
    found = connection.execute(
        sql.SQL("SELECT digest FROM ({}) AS digests WHERE place = {}::tid").format(
            _row_digests(connection, schema, table, columns), sql.Literal(place)
        )
    ).fetchone()
    return None if found is None else int(found[0])


def cells(
    connection: Connection, schema: str, table: str, columns: Sequence[Column], place: str
) -> tuple[str | None, ...]:
    """The texts of one row's cells, found by its ctid."""
    texts = sql.SQL(", ").join(_text(column) for column in columns)
    found = connection.execute(
        sql.SQL("SELECT {} FROM {} WHERE ctid = {}::tid").format(
            texts, sql.Identifier(schema, table), sql.Literal(place)
        )
    ).fetchone()
    return tuple(found or (None for _ in columns))


def place_of(
    connection: Connection, schema: str, table: str, key: Sequence[tuple[Column, str | None]]
) -> str | None:
    """The ctid of the row with these texts in these columns; None where there is none."""
    conditions = sql.SQL(" AND ").join(
        sql.SQL("({}) IS NOT DISTINCT FROM {}").format(_text(column), sql.Literal(text))
        for column, text in key
    )
    found = connection.execute(
        sql.SQL("SELECT ctid::text FROM {} WHERE {} LIMIT 1").format(
            sql.Identifier(schema, table), conditions
        )
    ).fetchone()
    return None if found is None else str(found[0])


def _row_digests(connection: Connection, schema: str, table: str, columns: Sequence[Column]) -> sql.Composed:
    return sql.SQL(
        "SELECT ctid AS place, ('x' || left(md5({}), 16))::bit(64)::bigint AS digest FROM {}"
    ).format(_row(connection, columns), sql.Identifier(schema, table))


def _row(connection: Connection, columns: Sequence[Column]) -> sql.Composable:
    parts = []
    for start in range(0, len(columns), _COLUMNS_A_CONCAT):
        arguments = sql.SQL(", ").join(_cell(connection, columns[start : start + _COLUMNS_A_CONCAT]))
        parts.append(sql.SQL("concat_ws(':', {})").format(arguments))
    return _in_utf8(connection, sql.SQL(" || ':' || ").join(parts))


def _cell(connection: Connection, columns: Sequence[Column]) -> Iterator[sql.Composable]:
    """Length and text of each, for a function that leaves a NULL out."""
    for column in columns:
        text = _text(column)
        yield sql.SQL("coalesce(octet_length({}), -1)").format(_in_utf8(connection, text))
        yield sql.SQL("coalesce({}, '')").format(text)


def _text(column: Column) -> sql.Composed:
    name, kind = column
    text = _TEXTS.get(type_name(kind).base, "{column}::text")
    return sql.SQL(text).format(column=sql.Identifier(name))


def _in_utf8(connection: Connection, text: sql.Composable) -> sql.Composable:
    """The text's octets in UTF-8, whatever the database's encoding; octet_length and md5 take bytea too."""
    if connection.info.parameter_status("server_encoding") == "UTF8":
        return text
    return sql.SQL("convert_to({}, 'UTF8')").format(text)
