"""The operator's queries, run on a schema before it is published.

Invariant: a query can read and nothing else: each runs alone, in a read-only transaction that is rolled back,
within a time limit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from sdmigrate.model.result import QueryResult
from sdmigrate.postgres.connect import Connection, is_environment

TIMEOUT_MS = 60_000

_NAME = re.compile(r"^\s*--\s*(?:name:)?\s*(\S.*?)\s*$", re.IGNORECASE)
_TOKEN = re.compile(
    r"""
      (?P<line_comment> --[^\n]* )
    | (?P<block_comment> /\* )
    | (?P<quoted> [eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | "(?:[^"]|"")*" )
    | (?P<dollar> \$(?P<tag>[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$ .*? \$(?(tag)(?P=tag))\$ )
    | (?P<word> [A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]* )
    | (?P<end> ; )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Query:
    """One statement."""

    name: str
    """From the last comment before it (``-- open tickets``), else ``query 3``."""
    text: str


def split_queries(text: str) -> tuple[Query, ...]:
    """The statements of a file of SQL, by PostgreSQL's rules of quoting and comments."""
    queries: list[Query] = []
    for statement in _statements(text):
        name, body = f"query {len(queries) + 1}", statement.lstrip()
        while body.startswith(("--", "/*")):
            end = _comment_end(body)
            found = _NAME.match(body[:end])
            name, body = found[1] if found else name, body[end:].lstrip()
        if body:
            queries.append(Query(name=name, text=body.strip()))
    return tuple(queries)


def run_queries(
    connection: Connection, schema: str, queries: tuple[Query, ...], *, timeout_ms: int = TIMEOUT_MS
) -> Iterator[QueryResult]:
    """Each query's number of rows, or PostgreSQL's message."""
    for query in queries:
        try:
            with connection.transaction(force_rollback=True):
                rows = _run(connection, schema, query, timeout_ms)
        except psycopg.Error as error:
            cancelled = isinstance(error, errors.QueryCanceled) and "timeout" not in str(error)
            if is_environment(error, connection) or cancelled:
                raise
            yield QueryResult(name=query.name, rows=0, error=error.diag.message_primary or str(error))
        else:
            yield QueryResult(name=query.name, rows=rows)


def _run(connection: Connection, schema: str, query: Query, timeout_ms: int) -> int:
    connection.execute(
        "SELECT set_config('search_path', %s, true), set_config('statement_timeout', %s, true),"
        " set_config('transaction_read_only', 'on', true)",
        (sql.Identifier(schema).as_string(), str(timeout_ms)),
    )
    # stream() uses the extended protocol, in which a text with two statements is an error.
    with connection.cursor() as cursor:
        return sum(1 for _ in cursor.stream(sql.SQL(query.text)))


def _statements(text: str) -> Iterator[str]:
    start = place = 0
    while (found := _TOKEN.search(text, place)) is not None:
        place = found.end()
        if found.lastgroup == "block_comment":
            place = found.start() + _comment_end(text[found.start() :])
        elif found.lastgroup == "end":
            yield text[start : found.start()]
            start = place
    yield text[start:]


def _comment_end(text: str) -> int:
    """Where the comment that begins the text ends; block comments nest."""
    if text.startswith("--"):
        end = text.find("\n")
        return len(text) if end < 0 else end
    depth = 0
    for found in re.finditer(r"/\*|\*/", text):
        depth += 1 if found[0] == "/*" else -1
        if depth == 0:
            return found.end()
    return len(text)
