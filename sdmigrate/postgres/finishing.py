"""What a table gets once its rows are in: keys, indexes, checks, foreign keys, defaults, views, statistics.

Invariant: each is a step of its own, asked of pg_catalog first, so a second call does only what is missing.
What PostgreSQL refuses costs no rows: it becomes a finding. Two rows with one key do stop the load.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import psycopg
from psycopg import errors, sql

from sdmigrate.model.blueprint import Blueprint, TargetCheck, TargetForeignKey, TargetTable, TargetView
from sdmigrate.model.errors import Refused
from sdmigrate.model.finding import Finding, Severity
from sdmigrate.postgres import ddl
from sdmigrate.postgres.connect import Connection, is_environment

_EXISTING = """
SELECT 'relation', '', relname::text, relkind::text FROM pg_class
    WHERE relnamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'constraint', relname::text, conname::text, convalidated::text FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid WHERE connamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'default', relname::text, attname::text, '' FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum AND attgenerated = ''
    JOIN pg_class ON pg_class.oid = adrelid WHERE relnamespace = %(schema)s::regnamespace
UNION ALL
SELECT DISTINCT 'statistics', '', tablename::text, '' FROM pg_stats WHERE schemaname = %(name)s
"""

_COARSE_TARGET = 10
_SAMPLED_A_TARGET = 300
"""Rows that ANALYZE samples for each unit of the statistics target."""

Beat = Callable[[str], None]
"""Called with a few words before each step; may raise Aborted."""


@dataclass(frozen=True)
class Finisher:
    """Finishes the tables of one schema over one connection, whose search_path is that schema."""

    connection: Connection
    schema: str
    beat: Beat

    def finish_table(self, table: TargetTable, rows: int) -> tuple[Finding, ...]:
        """Defaults, identity, keys, indexes, checks and statistics of one table whose ``rows`` are in.

        Raises:
            Refused: two rows share a key, or a key column holds NULL.
        """
        return tuple(self._finish_table(table, rows))

    def link(self, blueprint: Blueprint) -> tuple[Finding, ...]:
        """Foreign keys and views, once every table is finished."""
        links = chain.from_iterable(self._foreign_keys(table) for table in blueprint.tables)
        return (*links, *self._views(blueprint.views))

    def _finish_table(self, table: TargetTable, rows: int) -> Iterator[Finding]:
        yield from self._defaults(table)
        for column in table.columns:
            if column.identity_next is not None or column.identity_exhausted:
                self._run(ddl.set_identity(self.schema, table, column))
        yield from self._keys(table)
        yield from self._indexes(table)
        for check in table.checks:
            yield from self._constraint(
                table, check, ddl.add_check(self.schema, table, check), "check-refused", check.expression
            )
        if ("statistics", "", table.name) not in self._existing:
            self.beat(f"statistics of {table.name}")
            self._analyze(table, rows)

    def _analyze(self, table: TargetTable, rows: int) -> None:
        """Statistics that serve at once; those of a large table autovacuum refines within its minute.

        As in ``vacuumdb --analyze-in-stages``: the full sample of some wide tables takes as long as their
        COPY. Naming the columns keeps the count of changed rows that makes autovacuum analyze the table.
        """
        coarse = rows > _SAMPLED_A_TARGET * _COARSE_TARGET and self._autovacuum
        with self.connection.transaction():
            if coarse:
                self._run(sql.SQL("SET LOCAL default_statistics_target = {}").format(_COARSE_TARGET))
            self._run(ddl.analyze(self.schema, table, columns=coarse))

    @cached_property
    def _autovacuum(self) -> bool:
        """Whether the server analyzes tables by itself."""
        found = self.connection.execute(
            "SELECT current_setting('autovacuum')::bool AND current_setting('track_counts')::bool"
        ).fetchone()
        return found is not None and bool(found[0])

    def _foreign_keys(self, table: TargetTable) -> Iterator[Finding]:
        for key in table.foreign_keys:
            yield from self._constraint(
                table,
                key,
                ddl.add_foreign_key(self.schema, table, key),
                "foreign-key-refused",
                f"({', '.join(key.columns)}) to {key.parent} ({', '.join(key.parent_columns)})",
            )

    def _views(self, views: tuple[TargetView, ...]) -> Iterator[Finding]:
        """Views in whatever order they need each other; those that PostgreSQL refuses are told."""
        waiting = [view for view in views if ("relation", "", view.name) not in self._existing]
        refused: dict[str, str] = {}
        while waiting:
            again = []
            for view in waiting:
                self.beat(f"view {view.name}")
                refusal = self._attempt(ddl.create_view(self.schema, view))
                if refusal is not None:
                    refused[view.name] = _primary(refusal)
                    again.append(view)
            if len(again) == len(waiting):
                break
            waiting = again
        for view in waiting:
            yield _finding(
                "view-refused",
                "warning",
                None,
                f"PostgreSQL does not take the view {view.name!r}: {refused[view.name]}. Its SQL: {view.sql}",
                "Rewrite it for PostgreSQL and create it after the cutover.",
            )

    @cached_property
    def _existing(self) -> dict[tuple[str, str, str], str]:
        """(kind, table, name) -> state, as it was before the first step."""
        names = {"schema": sql.Identifier(self.schema).as_string(), "name": self.schema}
        found = self.connection.execute(_EXISTING, names)
        return {(kind, table, name): state for kind, table, name, state in found}

    def _defaults(self, table: TargetTable) -> Iterator[Finding]:
        for column in table.columns:
            if column.default is None or ("default", table.name, column.name) in self._existing:
                continue
            refusal = self._attempt(ddl.set_default(self.schema, table, column))
            if refusal is not None:
                yield _finding(
                    "default-refused",
                    "warning",
                    table,
                    f"PostgreSQL does not take the default {column.default} of"
                    f" {table.source}.{column.source}: {_primary(refusal)}.",
                    "The column has no default; set one after the cutover.",
                    column=column.source,
                )

    def _keys(self, table: TargetTable) -> Iterator[Finding]:
        primary = [table.primary_key] if table.primary_key else []
        keys = [*((key, "PRIMARY KEY") for key in primary), *((key, "UNIQUE") for key in table.uniques)]
        for key, kind in keys:
            if ("constraint", table.name, key.name) in self._existing:
                continue
            self.beat(f"{kind.lower()} {key.name}")
            statement = (
                ddl.add_key(self.schema, table, key, "PRIMARY KEY")
                if kind == "PRIMARY KEY"
                else ddl.add_key(self.schema, table, key, "UNIQUE")
            )
            yield from self._index_outcome(table, key.name, statement, f"({', '.join(key.columns)})")

    def _indexes(self, table: TargetTable) -> Iterator[Finding]:
        for index in table.indexes:
            if ("relation", "", index.name) in self._existing:
                continue
            self.beat(f"index {index.name}")
            text = f"({', '.join(index.terms)})" + (f" WHERE {index.where}" if index.where else "")
            yield from self._index_outcome(
                table, index.name, ddl.create_index(self.schema, table, index), text
            )

    def _index_outcome(
        self, table: TargetTable, name: str, statement: sql.Composed, text: str
    ) -> Iterator[Finding]:
        refusal = self._attempt(statement)
        if refusal is None:
            return
        if isinstance(refusal, errors.UniqueViolation | errors.NotNullViolation):
            detail = refusal.diag.message_detail or _primary(refusal)
            raise Refused(
                f"The key {name!r} of table {table.source!r} does not hold: {detail}",
                "Decide the duplicates of this table in the plan, then clean and load again.",
            ) from refusal
        if isinstance(refusal, errors.ProgramLimitExceeded):
            yield _finding(
                "index-too-large",
                "warning",
                table,
                f"The index {name!r} on {table.source!r} {text} cannot be built:"
                f" {_primary(refusal)}. All rows are loaded.",
                "Index md5() of the long column instead, UNIQUE where it was; or load without it.",
            )
        else:
            yield _finding(
                "index-refused",
                "warning",
                table,
                f"PostgreSQL does not take the index {name!r} on {table.source!r} {text}:"
                f" {_primary(refusal)}.",
                "Create one that PostgreSQL takes after the cutover.",
            )

    def _constraint(
        self,
        table: TargetTable,
        constraint: TargetCheck | TargetForeignKey,
        statement: sql.Composed,
        code: str,
        text: str,
    ) -> Iterator[Finding]:
        """Add it NOT VALID and, where wanted, validate it."""
        name = constraint.name
        state = self._existing.get(("constraint", table.name, name))
        self.beat(f"constraint {name}")
        refusal = None if state is not None else self._attempt(statement)
        if refusal is not None:
            yield _finding(
                code,
                "warning",
                table,
                f"PostgreSQL does not take the constraint {name!r} on {table.source!r}, {text}:"
                f" {_primary(refusal)}.",
                "It is not there; all rows are loaded. Add one that PostgreSQL takes after the cutover.",
            )
        elif constraint.validate and state != "true":
            refusal = self._attempt(ddl.validate(self.schema, table.name, name))
            if refusal is not None:
                detail = refusal.diag.message_detail or _primary(refusal)
                yield _finding(
                    "constraint-left-not-valid",
                    "warning",
                    table,
                    f"Rows of {table.source!r} violate {name!r}, {text}: {detail}",
                    "It is NOT VALID: it holds for new rows. Mend the old ones, then VALIDATE CONSTRAINT.",
                )

    def _attempt(self, statement: sql.Composed) -> psycopg.Error | None:
        """Run it in a transaction of its own; what PostgreSQL says against it, or None."""
        try:
            self._run(statement)
        except psycopg.Error as error:
            if is_environment(error, self.connection) or isinstance(error, errors.QueryCanceled):
                raise
            return error
        return None

    def _run(self, statement: sql.Composed) -> None:
        self.connection.execute(statement)


def _primary(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error)


def _finding(
    code: str,
    severity: Severity,
    table: TargetTable | None,
    message: str,
    advice: str,
    *,
    column: str | None = None,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        table=None if table is None else table.source,
        column=column,
        count=1,
        message=message,
        advice=advice,
    )
