"""Removal of schemas that sdmigrate made: object by object, RESTRICT, never CASCADE.

Invariant: nothing is dropped before it is known that nobody else's object hangs on it; each object goes in a
transaction of its own, so a server's lock table is never filled and a kill leaves a smaller rest.
"""

from psycopg import errors, sql

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.postgres.connect import Connection, guarding

OUTSIDE_DEPENDENTS = """
WITH ours AS (
    SELECT 'pg_class'::regclass::oid AS catalog, oid FROM pg_class WHERE relnamespace = %(schema)s
    UNION ALL
    SELECT 'pg_type'::regclass::oid, oid FROM pg_type WHERE typnamespace = %(schema)s
    UNION ALL
    SELECT 'pg_proc'::regclass::oid, oid FROM pg_proc WHERE pronamespace = %(schema)s
    UNION ALL
    SELECT 'pg_namespace'::regclass::oid, %(schema)s::oid
), hanging AS (
    SELECT DISTINCT
        CASE WHEN depend.classid = 'pg_rewrite'::regclass THEN 'pg_class'::regclass::oid
             WHEN depend.classid = 'pg_attrdef'::regclass THEN 'pg_class'::regclass::oid
             ELSE depend.classid END AS catalog,
        CASE WHEN depend.classid = 'pg_rewrite'::regclass
             THEN (SELECT ev_class FROM pg_rewrite WHERE oid = depend.objid)
             WHEN depend.classid = 'pg_attrdef'::regclass
             THEN (SELECT adrelid FROM pg_attrdef WHERE oid = depend.objid)
             ELSE depend.objid END AS oid
    FROM pg_depend AS depend
    JOIN ours ON depend.refclassid = ours.catalog AND depend.refobjid = ours.oid
    WHERE depend.deptype IN ('n', 'a')
)
SELECT identity.type || ' ' || identity.identity
FROM hanging, pg_identify_object(hanging.catalog, hanging.oid, 0) AS identity
WHERE identity.schema IS DISTINCT FROM quote_ident(%(name)s)
  AND hanging.catalog IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_constraint'::regclass,
                          'pg_publication_rel'::regclass, 'pg_type'::regclass,
                          to_regclass('pg_publication_namespace'))
  AND NOT EXISTS (
      SELECT FROM pg_constraint
      WHERE hanging.catalog = 'pg_constraint'::regclass AND pg_constraint.oid = hanging.oid
        AND connamespace = %(schema)s)
ORDER BY 1
"""
"""What other schemas, or publications, have that hangs on objects of this schema."""


def schema_oid(connection: Connection, schema: str) -> int | None:
    """The schema's oid, None where there is none of that name."""
    found = connection.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone()
    return None if found is None else int(found[0])


def outside_dependents(connection: Connection, schema: str) -> tuple[str, ...]:
    """Other people's objects that hang on the schema's tables, in words."""
    oid = schema_oid(connection, schema)
    found = connection.execute(OUTSIDE_DEPENDENTS, {"schema": oid, "name": schema})
    return tuple(row[0] for row in found)


def drop_schema(connection: Connection, schema: str, cancel: CancelSignal | None = None) -> bool:
    """Drop the schema with the tables, views and sequences in it; False where it is not there.

    Raises:
        UnsafeToContinue: others' objects hang on it, or it holds what sdmigrate does not make; told by
            name, and where it was known beforehand nothing was dropped.
    """
    if schema_oid(connection, schema) is None:
        return False
    others = outside_dependents(connection, schema)
    if others:
        raise UnsafeToContinue(
            f"Schema {schema!r} is not dropped: {len(others)} other objects depend on it"
            f" ({', '.join(others[:5])}).",
            "Drop or repoint them, then prune again.",
        )
    try:
        for statement in _statements(connection, schema):
            if cancel is not None:
                cancel.raise_if_set()
                with guarding(cancel, connection):
                    connection.execute(statement)
            else:
                connection.execute(statement)
    except (errors.DependentObjectsStillExist, errors.InsufficientPrivilege) as error:
        detail = error.diag.message_detail or error.diag.message_primary
        raise UnsafeToContinue(
            f"Schema {schema!r} could not be dropped whole: {detail}",
            "Remove what is named there, then prune again.",
        ) from error
    return True


def _statements(connection: Connection, schema: str) -> list[sql.Composed]:
    """Views, the last made first; foreign keys; tables; sequences of no table; the schema."""
    oid = schema_oid(connection, schema)
    relations = connection.execute(
        "SELECT relkind::text, relname FROM pg_class WHERE relnamespace = %s"
        " AND (relkind IN ('v', 'r') OR relkind = 'S' AND NOT EXISTS ("
        "   SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid"
        "   AND deptype IN ('a', 'i')))"
        " ORDER BY oid DESC",
        (oid,),
    ).fetchall()
    foreign_keys = connection.execute(
        "SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid"
        " WHERE connamespace = %s AND contype = 'f'",
        (oid,),
    ).fetchall()

    def dropped(kind: str, word: str) -> list[sql.Composed]:
        drop = sql.SQL(f"DROP {word} {{}} RESTRICT")
        return [drop.format(sql.Identifier(schema, name)) for found, name in relations if found == kind]

    return [
        *dropped("v", "VIEW"),
        *(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {} RESTRICT").format(
                sql.Identifier(schema, table), sql.Identifier(constraint)
            )
            for table, constraint in foreign_keys
        ),
        *dropped("r", "TABLE"),
        *dropped("S", "SEQUENCE"),
        sql.SQL("DROP SCHEMA {} RESTRICT").format(sql.Identifier(schema)),
    ]
