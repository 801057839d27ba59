"""What others may do: the grants of one schema given to another, by name.

Invariant: it only adds. Objects are matched by name and kind; owners' own rights are left as they are.
"""

from psycopg import sql

from sdmigrate.postgres.connect import Connection

SCHEMA_GRANTS = """
SELECT acl.privilege_type, acl.is_grantable, acl.grantee::regrole::text, acl.grantee = 0
FROM pg_namespace, aclexplode(nspacl) AS acl
WHERE nspname = %s AND acl.grantee <> nspowner
"""

RELATION_GRANTS = """
SELECT new.relname, new.relkind = 'S', NULL, acl.privilege_type, acl.is_grantable,
       acl.grantee::regrole::text, acl.grantee = 0
FROM pg_class AS old, aclexplode(old.relacl) AS acl, pg_class AS new
WHERE old.relnamespace = %(old)s::regnamespace AND new.relnamespace = %(new)s::regnamespace
  AND new.relname = old.relname AND new.relkind = old.relkind AND acl.grantee <> old.relowner
UNION ALL
SELECT new.relname, false, newcolumn.attname, acl.privilege_type, acl.is_grantable,
       acl.grantee::regrole::text, acl.grantee = 0
FROM pg_class AS old, pg_attribute AS oldcolumn, aclexplode(oldcolumn.attacl) AS acl,
     pg_class AS new, pg_attribute AS newcolumn
WHERE old.relnamespace = %(old)s::regnamespace AND new.relnamespace = %(new)s::regnamespace
  AND new.relname = old.relname AND new.relkind = old.relkind
  AND oldcolumn.attrelid = old.oid AND newcolumn.attrelid = new.oid
  AND newcolumn.attname = oldcolumn.attname AND acl.grantee <> old.relowner
"""

DEFAULT_GRANTS = """
SELECT defaclrole::regrole::text, defaclobjtype::text, acl.privilege_type, acl.is_grantable,
       acl.grantee::regrole::text, acl.grantee = 0
FROM pg_default_acl, aclexplode(defaclacl) AS acl
WHERE defaclnamespace = %s::regnamespace AND acl.grantee <> defaclrole
  AND pg_has_role(defaclrole, 'MEMBER')
"""

DEFAULT_KINDS = {"r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS", "T": "TYPES"}


def copy_grants(connection: Connection, old: str, new: str) -> None:
    """Give to the schema ``new`` and its tables, columns, views and sequences what others have on ``old``."""
    names = {"old": _quoted(connection, old), "new": _quoted(connection, new)}
    for privilege, grantable, grantee, public in connection.execute(SCHEMA_GRANTS, (old,)).fetchall():
        _grant(
            connection,
            privilege,
            sql.SQL("SCHEMA {}").format(sql.Identifier(new)),
            grantee,
            public,
            grantable,
        )
    for relation, sequence, column, privilege, grantable, grantee, public in connection.execute(
        RELATION_GRANTS, names
    ).fetchall():
        kind = sql.SQL("SEQUENCE {}" if sequence else "TABLE {}")
        what = kind.format(sql.Identifier(new, relation))
        _grant(connection, privilege, what, grantee, public, grantable, column)
    for role, kind, privilege, grantable, grantee, public in connection.execute(
        DEFAULT_GRANTS, (names["old"],)
    ).fetchall():
        connection.execute(
            sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} GRANT {} ON {} TO {}{}").format(
                sql.SQL(role),
                sql.Identifier(new),
                sql.SQL(privilege),
                sql.SQL(DEFAULT_KINDS[kind]),
                _role(grantee, public),
                sql.SQL(" WITH GRANT OPTION" if grantable else ""),
            )
        )


def _grant(
    connection: Connection,
    privilege: str,
    what: sql.Composed,
    grantee: str,
    public: bool,
    grantable: bool,
    column: str | None = None,
) -> None:
    columns = sql.SQL("") if column is None else sql.SQL(" ({})").format(sql.Identifier(column))
    connection.execute(
        sql.SQL("GRANT {}{} ON {} TO {}{}").format(
            sql.SQL(privilege),
            columns,
            what,
            _role(grantee, public),
            sql.SQL(" WITH GRANT OPTION" if grantable else ""),
        )
    )


def _role(grantee: str, public: bool) -> sql.SQL:
    # regrole's text is quoted by the server where it needs to be.
    return sql.SQL("PUBLIC") if public else sql.SQL(grantee)


def _quoted(connection: Connection, schema: str) -> str:
    return sql.Identifier(schema).as_string(connection)
