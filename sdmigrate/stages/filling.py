"""The one way in which a schema is made and filled: the load's and the canary's.

Invariant: the canary proves the load's own code, since there is no other.
"""

import sqlite3
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sdmigrate.model.blueprint import Blueprint, TargetTable
from sdmigrate.model.errors import InternalFault
from sdmigrate.model.events import Advanced, StageName
from sdmigrate.model.finding import Finding
from sdmigrate.model.result import Cleaned, Release
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import connect, guarding
from sdmigrate.postgres.finishing import Finisher
from sdmigrate.postgres.loading import Loader, use_schema
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.copied_table import reading_values
from sdmigrate.sqlite.row_reader import table_reader
from sdmigrate.stages.beside import beside

_REAL_TYPES = ("double precision", "numeric")


@dataclass(frozen=True)
class Filling:
    """One schema to make and to fill."""

    context: Context
    blueprint: Blueprint
    cleaned: Cleaned
    path: Path
    """Cleaned, or a file of its shape: the canary's sample."""
    stable: str
    name: str
    """The schema to make, or to go on with."""
    rows: dict[str, int]
    """Rows to find in ``path``, by source table."""
    stage: StageName
    """Whose progress is told."""

    def run(self, endpoint: Endpoint) -> Release:
        """Make it, fill it, finish it; where that was begun before, go on.

        Raises:
            Refused: PostgreSQL does not take a row, or a key does not hold.
            UnsafeToContinue: a schema of that name is not this run's.
            InternalFault: other rows arrived than ``rows`` says.
        """
        with (
            connect(endpoint, purpose=self.stage) as connection,
            connect(endpoint, purpose=f"{self.stage}, indexes") as second,
            guarding(self.context.cancel, connection),
            guarding(self.context.cancel, second),
            beside(second) as worker,
        ):
            loader = Loader(
                connection=connection,
                bookkeeping=Bookkeeping(self.context.bookkeeping),
                release=self.name,
                beat=self._beat,
            )
            loader.open_release(stable=self.stable, run=self.context.run_id, plan_id=self.cleaned.plan_id)
            blueprint, findings = loader.settle(self.blueprint)
            use_schema(second, self.name)
            loaded, more = self._fill(loader, Finisher(second, self.name, self._step), worker, blueprint)
            loader.close_release(sum(loaded.values()))
        return Release(
            name=self.name,
            schema=self.stable,
            plan_id=self.cleaned.plan_id,
            source_fingerprint=self.cleaned.source_fingerprint,
            blueprint=blueprint,
            rows={table.source: loaded[table.source] for table in blueprint.tables},
            findings=(*findings, *more),
        )

    def _fill(
        self, loader: Loader, finisher: Finisher, worker: Executor, blueprint: Blueprint
    ) -> tuple[dict[str, int], tuple[Finding, ...]]:
        """Rows by source table, and what PostgreSQL did not take."""
        finished: list[Future[tuple[Finding, ...]]] = []
        loaded = {}
        with reading_values(self.path) as source:
            # The largest first: indexes and statistics of one table are made while the rows of the next
            # are copied, and little is left to wait for at the end.
            for table in sorted(blueprint.tables, key=lambda table: -self.rows[table.source]):
                _tell_failure(finished)
                loaded[table.source] = self._copy(loader, table, source)
                finished.append(worker.submit(finisher.finish_table, table, loaded[table.source]))
        findings = tuple(chain.from_iterable(future.result() for future in finished))
        return loaded, findings + finisher.link(blueprint)

    def _copy(self, loader: Loader, table: TargetTable, source: sqlite3.Connection) -> int:
        """How many rows the table has now: all of them."""
        self._beat(table.source, 0)
        columns = [column.source for column in table.copied]
        rows = loader.load_table(table, table_reader(source, table.source, columns, may_be_real(table)))
        if rows != self.rows[table.source]:
            raise InternalFault(
                f"{rows} rows of {table.source!r} were loaded, {self.rows[table.source]} expected.",
                "Report this with the run's log.",
            )
        return rows

    def _beat(self, table: str, done: int) -> None:
        self._tell(table, done, self.rows.get(table), "rows", "copying")

    def _step(self, words: str) -> None:
        self._tell(None, 0, None, "steps", words)

    def _tell(self, table: str | None, done: int, total: int | None, unit: str, reason: str) -> None:
        self.context.cancel.raise_if_set()
        self.context.events.emit(
            Advanced(stage=self.stage, table=table, done=done, total=total, unit=unit, reason=reason)
        )


def _tell_failure(futures: list[Future[tuple[Finding, ...]]]) -> None:
    """Raise at once what a finished one raised."""
    for future in futures:
        if future.done():
            future.result()


def may_be_real(table: TargetTable) -> list[str]:
    """The source columns that may hold REAL values."""
    return [column.source for column in table.copied if column.type.startswith(_REAL_TYPES)]
