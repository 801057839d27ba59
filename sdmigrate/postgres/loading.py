"""A release's schema, and rows of cleaned into its tables, part by part.

Invariant: a part's rows and its checkpoint are one transaction, so whatever happens at any instant, what
``parts`` says is exactly what is in. A table's first part also creates it, which allows COPY FREEZE.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Protocol

import msgspec
import psycopg
from psycopg import errors, sql

from sdmigrate.model.blueprint import Blueprint, TargetTable
from sdmigrate.model.errors import InternalFault, Refused, UnsafeToContinue
from sdmigrate.model.finding import Finding
from sdmigrate.postgres import ddl
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import Connection, is_environment
from sdmigrate.postgres.copying import Cell, copy_binary, copy_text
from sdmigrate.postgres.dropping import schema_oid

PART_ROWS = 500_000
PART_OCTETS = 256 * 1024 * 1024

_BEAT_ROWS = 5_000
_BEAT_SECONDS = 1.0
_PROBE = "sdmigrate probe"
_LINE = re.compile(r", \D*(\d+)")


class Block(Protocol):
    """Whole rows as marked text (copying.py says how)."""

    @property
    def rows(self) -> int: ...  # noqa: D102
    @property
    def high(self) -> int: ...  # noqa: D102
    @property
    def data(self) -> bytes: ...  # noqa: D102


class LocatedCells(Protocol):
    """One row by cells."""

    @property
    def high(self) -> int: ...  # noqa: D102
    @property
    def octets(self) -> int: ...  # noqa: D102
    @property
    def cells(self) -> tuple[Cell, ...]: ...  # noqa: D102


class RowSource(Protocol):
    """The rows of one table, in an order that never changes."""

    def marked(self, after: int | None) -> Iterator[Block]:
        """Rows behind ``after`` up to the table's end, or up to a row that only ``rows`` can give."""
        ...

    def rows(self, after: int | None) -> Iterator[LocatedCells]:
        """Rows behind ``after``."""
        ...

    def locator_of(self, after: int | None, ordinal: int) -> int | None:
        """The locator of the row that is the ``ordinal``-th (from 1) behind ``after``."""
        ...


Beat = Callable[[str, int], None]
"""Called with the source table's name and the rows done, every 5,000 rows or second; may raise Aborted."""


@dataclass
class _Flow:
    """What passes into one COPY, and where it ends."""

    tell: Callable[[int], None]
    most_rows: int
    most_octets: int
    rows: int = 0
    octets: int = 0
    high: int | None = None
    _told_rows: int = 0
    _told_at: float = field(default_factory=time.monotonic)

    def blocks(self, source: Iterator[Block]) -> Iterator[bytes]:
        for block in source:
            yield block.data
            if self._passed(block.rows, len(block.data), block.high):
                return

    def cells(self, source: Iterator[LocatedCells]) -> Iterator[tuple[Cell, ...]]:
        for row in source:
            yield row.cells
            if self._passed(1, row.octets, row.high):
                return

    def _passed(self, rows: int, octets: int, high: int) -> bool:
        self.rows += rows
        self.octets += octets
        self.high = high
        now = time.monotonic()
        if self.rows - self._told_rows >= _BEAT_ROWS or now - self._told_at >= _BEAT_SECONDS:
            self._told_rows, self._told_at = self.rows, now
            self.tell(self.rows)
        return self.rows >= self.most_rows or self.octets >= self.most_octets


@dataclass(frozen=True)
class Loader:
    """Loads one release over one connection."""

    connection: Connection
    bookkeeping: Bookkeeping
    release: str
    beat: Beat
    part_rows: int = PART_ROWS
    part_octets: int = PART_OCTETS

    def open_release(self, *, stable: str, run: str, plan_id: str) -> None:
        """Record the release, create its schema and make it the search_path; on resume only the last.

        Raises:
            UnsafeToContinue: a schema of that name is not this run's, or is published or half dropped.
        """
        with self.connection.transaction():
            self.bookkeeping.create(self.connection)
            recorded = self.bookkeeping.release(self.connection, self.release)
            exists = schema_oid(self.connection, self.release) is not None
            if recorded is None:
                usable = not exists
            elif recorded.state == "dropped":
                usable = not exists and (recorded.run, recorded.plan_id) == (run, plan_id)
            else:
                same = (recorded.run, recorded.plan_id) == (run, plan_id)
                usable = same and recorded.state in ("loading", "loaded", "verified")
            if not usable:
                raise UnsafeToContinue(
                    f"The schema {self.release!r} is in the target already and is not this run's to load.",
                    "Look at 'sdmigrate releases list', then start a new run.",
                )
            if recorded is None:
                self.bookkeeping.register_release(
                    self.connection, name=self.release, stable=stable, run=run, plan_id=plan_id
                )
            elif recorded.state == "dropped":
                self.bookkeeping.mark(self.connection, self.release, "loading")
            if not exists:
                self.connection.execute(ddl.create_schema(self.release))
        use_schema(self.connection, self.release)

    def close_release(self, rows: int) -> None:
        """Record that every row and every object is in, durably."""
        with self.connection.transaction():
            self.connection.execute("SET LOCAL synchronous_commit = on")
            recorded = self.bookkeeping.release(self.connection, self.release)
            if recorded is not None and recorded.state == "loading":
                self.bookkeeping.mark(self.connection, self.release, "loaded", rows=rows)

    def settle(self, blueprint: Blueprint) -> tuple[Blueprint, tuple[Finding, ...]]:
        """The blueprint as this server takes it: generated columns that it refuses become plain ones."""
        tables, findings = [], []
        for table in blueprint.tables:
            if any(column.generated is not None for column in table.columns):
                refusal = self._refusal(table)
                if refusal is not None:
                    findings.append(_generated_finding(table, refusal))
                    plain = (msgspec.structs.replace(column, generated=None) for column in table.columns)
                    table = msgspec.structs.replace(table, columns=tuple(plain))
            tables.append(table)
        return msgspec.structs.replace(blueprint, tables=tuple(tables)), tuple(findings)

    def load_table(self, table: TargetTable, source: RowSource) -> int:
        """Load what is not in yet; returns the rows of the whole table.

        Raises:
            Refused: PostgreSQL does not take a row; the message names it.
            InternalFault: another number of rows arrived than was sent.
        """
        finished = [
            part
            for (name, _), part in sorted(
                self.bookkeeping.finished_parts(self.connection, self.release).items()
            )
            if name == table.name
        ]
        done = sum(part.rows for part in finished)
        after = max((part.high for part in finished if part.high is not None), default=None)
        number = len(finished)
        if number and after is None:
            return done
        while True:
            flow = _Flow(partial(self._tell, table.source, done), self.part_rows, self.part_octets)
            try:
                with self.connection.transaction():
                    self._load_part(table, source, number, after, flow)
            except (psycopg.Error, ValueError) as error:
                raise self._failure(table, source, after, flow, error) from error
            if flow.high is None:
                return done
            done, after, number = done + flow.rows, flow.high, number + 1
            self.beat(table.source, done)

    def _tell(self, table: str, before: int, rows: int) -> None:
        self.beat(table, before + rows)

    def _load_part(
        self, table: TargetTable, source: RowSource, number: int, after: int | None, flow: _Flow
    ) -> None:
        if number == 0:
            self.connection.execute(ddl.create_table(self.release, table))
            for comment in ddl.comments(self.release, table):
                self.connection.execute(comment)
        copied = self._copy(table, source, after, flow, freeze=number == 0)
        if copied != flow.rows:
            raise InternalFault(
                f"{flow.rows} rows of table {table.source!r} were sent and {copied} arrived.",
                "Report this with the run's log.",
            )
        if copied or number == 0:
            self.bookkeeping.record_part(
                self.connection,
                release=self.release,
                table=table.name,
                part=number,
                rows=copied,
                low=source.locator_of(after, 1),
                high=flow.high,
            )

    def _copy(
        self, table: TargetTable, source: RowSource, after: int | None, flow: _Flow, *, freeze: bool
    ) -> int:
        target = sql.Identifier(self.release, table.name)
        columns = [(column.name, column.type) for column in table.copied]
        if all(kind != "bytea" for _, kind in columns):
            blocks = source.marked(after)
            first_block = next(blocks, None)
            if first_block is not None:
                data = flow.blocks(chain([first_block], blocks))
                return copy_text(self.connection, target, columns, data, freeze=freeze)
        rows = source.rows(after)
        first_row = next(rows, None)
        if first_row is None:
            return 0
        cells = flow.cells(chain([first_row], rows))
        return copy_binary(self.connection, target, columns, cells, freeze=freeze)

    def _failure(
        self,
        table: TargetTable,
        source: RowSource,
        after: int | None,
        flow: _Flow,
        error: psycopg.Error | ValueError,
    ) -> Exception:
        """The error to raise: what is the environment's or the operator's doing stays as it is."""
        ordinal: int | None
        if isinstance(error, ValueError):
            ordinal, what = flow.rows + 1, f"{error}"
        elif is_environment(error, self.connection) or isinstance(error, errors.QueryCanceled):
            return error
        else:
            ordinal = _line(error, table.name)
            what = f"{error.diag.message_primary or error} (SQLSTATE {error.sqlstate})"
            if error.diag.context:
                what += f"; {error.diag.context.splitlines()[0]}"
        rowid = source.locator_of(after, ordinal) if ordinal else None
        behind = "a row" if after is None else f"a row behind row {after}"
        where = behind if rowid is None else f"row {rowid}"
        advice = "Decide it in the plan (the column's type, misfit or empty), then clean and load again."
        if isinstance(error, errors.ProgramLimitExceeded):
            advice = (
                "Such a row is beyond a limit of PostgreSQL, whatever the plan; leave it out there (where),"
                " or the table (include = false), or split the table in a copy of the source."
            )
        return Refused(f"PostgreSQL does not take {where} of table {table.source!r}: {what}", advice)

    def _refusal(self, table: TargetTable) -> str | None:
        """Why the server does not create this table with its generated columns; None: it does."""
        probe = msgspec.structs.replace(table, name=_PROBE)
        try:
            with self.connection.transaction(force_rollback=True):
                self.connection.execute(ddl.create_table(self.release, probe))
        except psycopg.Error as error:
            if is_environment(error, self.connection) or isinstance(error, errors.QueryCanceled):
                raise
            return error.diag.message_primary or str(error)
        return None


def use_schema(connection: Connection, schema: str) -> None:
    """Let unqualified names mean the schema's objects, and let the session work for a load."""
    connection.execute("SELECT set_config('search_path', %s, false)", (sql.Identifier(schema).as_string(),))
    # A part that a crash loses takes its checkpoint with it; ``close_release`` makes all durable.
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET maintenance_work_mem = '128MB'")


def schema_octets(connection: Connection, schema: str) -> int:
    """Disk that the schema's tables take, indexes and TOAST included."""
    found = connection.execute(
        "SELECT coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::bigint FROM pg_class"
        " JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = %s AND relkind = 'r'",
        (schema,),
    ).fetchone()
    return int(found[0]) if found is not None else 0


def _line(error: psycopg.Error, table: str) -> int | None:
    """The number, from 1, of the row that COPY was at; the text around it is in the server's language."""
    found = _LINE.match((error.diag.context or "").removeprefix(f"COPY {table}"))
    return None if found is None else int(found[1])


def _generated_finding(table: TargetTable, refusal: str) -> Finding:
    generated = [column for column in table.columns if column.generated is not None]
    return Finding(
        code="generated-as-values",
        severity="warning",
        table=table.source,
        column=None,
        count=len(generated),
        message=(
            f"PostgreSQL does not take the generated columns of {table.source!r}"
            f" ({', '.join(column.source for column in generated)}): {refusal}."
        ),
        advice="They are loaded as ordinary columns with their values; recompute them in the application.",
    )
