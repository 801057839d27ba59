"""What the target is, may do and has: asked before anything is done.

Invariant: reads only, and asks everything before it says anything: a problem does not hide the next.
"""

import re

from sdmigrate.model.errors import TargetUnreachable
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import TargetFacts
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import Connection, connect
from sdmigrate.postgres.dropping import outside_dependents, schema_oid
from sdmigrate.postgres.dump import find_pg_dump

OLDEST_VERSION = 130000
"""The oldest server with all the functions that verification uses (trim_scale)."""

MENTIONING_FUNCTIONS = """
SELECT 'function ' || pg_proc.oid::regprocedure::text
FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname <> %(schema)s
  AND (strpos(prosrc, %(plain)s) > 0 OR strpos(prosrc, %(quoted)s) > 0)
ORDER BY 1
"""

STAYING_BEHIND = """
SELECT 'policy ' || polname || ' on ' || relname FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
WHERE relnamespace = %(schema)s
UNION ALL
SELECT 'trigger ' || tgname || ' on ' || relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = %(schema)s AND NOT tgisinternal
UNION ALL
SELECT 'statistics ' || stxname FROM pg_statistic_ext WHERE stxnamespace = %(schema)s
UNION ALL
SELECT CASE relkind WHEN 'm' THEN 'materialized view ' WHEN 'f' THEN 'foreign table '
    ELSE 'partitioned table ' END || relname FROM pg_class
WHERE relnamespace = %(schema)s AND relkind IN ('m', 'f', 'p')
UNION ALL
SELECT 'function ' || oid::regprocedure::text FROM pg_proc WHERE pronamespace = %(schema)s
UNION ALL
SELECT 'type ' || typname FROM pg_type
WHERE typnamespace = %(schema)s AND (typtype IN ('d', 'e', 'r')
    OR typtype = 'c' AND (SELECT relkind FROM pg_class WHERE pg_class.oid = typrelid) = 'c')
ORDER BY 1
"""

CLOSED_BOOKS = """
SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = %(schema)s AND relkind = 'r'
  AND NOT (has_schema_privilege(pg_namespace.oid, 'USAGE')
           AND has_table_privilege(pg_class.oid, 'SELECT') AND has_table_privilege(pg_class.oid, 'INSERT')
           AND has_table_privilege(pg_class.oid, 'UPDATE') AND has_table_privilege(pg_class.oid, 'DELETE'))
"""

LIVE_TYPES = """
SELECT relname, attname, format_type(atttypid, atttypmod)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = %(schema)s AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
ORDER BY relname, attnum
"""

_SHORTER = {
    "character varying": "varchar",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
}
_SPELLINGS = re.compile("|".join(_SHORTER))
"""As format_type writes types that a plan writes shorter."""

NOT_OWNED = """
SELECT 'schema ' || nspname FROM pg_namespace
WHERE oid = %(schema)s AND NOT pg_has_role(nspowner, 'USAGE')
UNION ALL
SELECT 'table ' || relname FROM pg_class
WHERE relnamespace = %(schema)s AND relkind IN ('r', 'p') AND NOT pg_has_role(relowner, 'USAGE')
"""


def examine(endpoint: Endpoint, schema: str | None, *, bookkeeping: Bookkeeping | None = None) -> TargetFacts:
    """Everything that preflight wants to know of the target; ``schema`` is the stable name.

    Raises:
        TargetUnreachable: no connection can be made.
    """
    with connect(endpoint, purpose="preflight") as connection:
        problems = [*_server_problems(connection)]
        oid = None if schema is None else schema_oid(connection, schema)
        ours = False
        books = bookkeeping or Bookkeeping()
        try:
            known = books.exists(connection)
        except TargetUnreachable as problem:
            problems.append(problem.message)
            known = False
        if known and _words(connection, CLOSED_BOOKS, {"schema": books.schema}):
            problems.append(f"The role may not write to {books.schema!r}, where releases are recorded.")
        elif known and schema is not None:
            ours = oid is not None and books.live(connection, schema) is not None
        dependents: tuple[str, ...] = ()
        types: dict[str, dict[str, str]] = {}
        staying: tuple[str, ...] = ()
        if schema is not None and oid is not None:
            problems += _live_problems(connection, oid, schema)
            dependents = (*outside_dependents(connection, schema), *_mentioning(connection, schema))
            staying = _words(connection, STAYING_BEHIND, {"schema": oid})
            types = {} if ours else _types(connection, oid)
        return TargetFacts(
            described=endpoint.described,
            version=connection.info.server_version,
            live_exists=oid is not None,
            live_is_ours=ours,
            live_types=types,
            collations=_words(
                connection,
                "SELECT DISTINCT collname FROM pg_collation"
                " WHERE collencoding IN (-1, pg_char_to_encoding('UTF8')) ORDER BY 1",
            ),
            extensions=_words(connection, "SELECT name FROM pg_available_extensions ORDER BY 1"),
            problems=tuple(problems),
            dependents=dependents,
            staying_behind=staying,
        )


def _types(connection: Connection, schema: int) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, column, type_ in connection.execute(LIVE_TYPES.encode(), {"schema": schema}):
        found.setdefault(table, {})[column] = _SPELLINGS.sub(lambda match: _SHORTER[match[0]], type_)
    return found


def _server_problems(connection: Connection) -> list[str]:
    found = connection.execute(
        "SELECT current_setting('server_encoding'), pg_is_in_recovery(),"
        " current_setting('default_transaction_read_only') = 'on', current_database(), current_user,"
        " has_database_privilege(current_database(), 'CREATE')"
    ).fetchone()
    if found is None:
        return []
    encoding, standby, read_only, database, role, may_create = found
    version = connection.info.server_version
    problems = []
    if version < OLDEST_VERSION:
        problems.append(f"PostgreSQL {version // 10000} is too old; {OLDEST_VERSION // 10000} is the oldest.")
    if encoding != "UTF8":
        problems.append(f"The database {database!r} is encoded in {encoding}, not in UTF8.")
    if standby or read_only:
        problems.append("The server is a read-only standby or set to read only; name the primary.")
    if not may_create:
        problems.append(f"The role {role!r} lacks CREATE on the database {database!r}.")
    return problems


def _live_problems(connection: Connection, oid: int, schema: str) -> list[str]:
    problems = []
    not_owned = _words(connection, NOT_OWNED, {"schema": oid})
    if not_owned:
        problems.append(f"The role does not own {', '.join(not_owned[:5])}, so live cannot be switched.")
    extensions = _words(connection, "SELECT extname FROM pg_extension WHERE extnamespace = %s", (oid,))
    if extensions:
        problems.append(
            f"The extension {', '.join(extensions)} lives in schema {schema!r} and would go with it;"
            " move it with ALTER EXTENSION … SET SCHEMA."
        )
    try:
        find_pg_dump(connection.info.server_version, encrypted=connection.pgconn.ssl_in_use)
    except TargetUnreachable as problem:
        problems.append(f"The live schema must be dumped first. {problem.message}")
    return problems


def _mentioning(connection: Connection, schema: str) -> tuple[str, ...]:
    quoted = '"' + schema.replace('"', '""') + '".'
    return _words(
        connection, MENTIONING_FUNCTIONS, {"schema": schema, "plain": f"{schema}.", "quoted": quoted}
    )


def _words(
    connection: Connection, statement: str, values: dict[str, object] | tuple[object, ...] | None = None
) -> tuple[str, ...]:
    return tuple(str(row[0]) for row in connection.execute(statement.encode(), values))
