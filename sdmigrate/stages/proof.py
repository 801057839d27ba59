"""The proof that cleaning can be undone, and what PostgreSQL must hold, beside the work of the stage.

Invariant: cleaning is proven only where every table of the snapshot comes back from the three written files.
What PostgreSQL must hold is what cleaned holds, computed before anything is loaded from it: of rows that
cleaning leaves alone it is told from the snapshot, while cleaned is being written.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from sdmigrate.model.blueprint import TargetTable
from sdmigrate.model.catalog import Catalog
from sdmigrate.model.errors import InternalFault
from sdmigrate.model.events import Advanced
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile, TableProfile
from sdmigrate.model.result import TableDigest
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.canonical import surely_changed
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.copied_table import reading_values
from sdmigrate.sqlite.foretold_digests import is_foretold, set_right, touched_rows
from sdmigrate.sqlite.undo_proof import attached, lost_tables
from sdmigrate.sqlite.value_digests import expected
from sdmigrate.sqlite.workbench import CleaningFiles

_SECONDS_BETWEEN_SIGNS = 1.0
_AT_ONCE = 2
_FEW_ROWS = 1_000
_MOST_TOUCHED = 1 / 8

Result = TypeVar("Result")


class _LeftError(Exception):
    """The stage ended before the proof did; nobody waits for it any more."""


@dataclass
class Proof:
    """The way back and what PostgreSQL must hold, side by side."""

    context: Context
    snapshot: Snapshot
    worker: ThreadPoolExecutor
    _left: threading.Event = field(default_factory=threading.Event)
    _at: Advanced | None = None
    """How far they are."""
    _foretold: Future[dict[str, TableDigest]] | None = None
    _lost: Future[tuple[str, ...]] | None = None
    _values: Future[dict[str, TableDigest]] | None = None

    def foretell(self, tables: Sequence[TargetTable], profile: Profile, plan: Plan) -> None:
        """Start on what these tables must hold, before cleaned is written."""
        self._foretold = self.worker.submit(self._digests_of_snapshot, tables, profile, plan)

    def begin(self, files: CleaningFiles, tables: Sequence[TargetTable], profile: Profile) -> None:
        """Start on the three files, which are complete, and on what these tables must hold."""
        self._lost = self.worker.submit(lost_tables, files, self.snapshot, self._beat_of_tables)
        self._values = self.worker.submit(self._digests_of_values, files, tables, profile)

    def leave(self) -> None:
        """Stop at the next sign of life."""
        self._left.set()

    def require(self) -> None:
        """Wait for the way back.

        Raises:
            InternalFault: a table does not come back.
            Aborted: the operator asked to stop.
        """
        if lost := self._awaited(self._lost):
            raise InternalFault(
                f"Cleaned with the audit trail applied backwards is not the snapshot: {', '.join(lost)}.",
                "Nothing was kept of this cleaning. Keep the run directory and report this.",
            )

    def values(self) -> dict[str, TableDigest]:
        """Source table -> what PostgreSQL must hold.

        Raises:
            Aborted: the operator asked to stop.
        """
        return self._awaited(self._values)

    def _digests_of_snapshot(
        self, tables: Sequence[TargetTable], profile: Profile, plan: Plan
    ) -> dict[str, TableDigest]:
        """Of the tables in which most rows may be left alone."""
        catalog = self.snapshot.catalog
        found = {}
        with self._reading(self.snapshot.path, catalog) as connection:
            for table in tables:
                counts = profile.table(table.source)
                changed = surely_changed(plan.table(table.source), counts)
                source, utf8 = catalog.table(table.source), catalog.encoding == "UTF-8"
                told = is_foretold(source, counts, _columns(table), utf8=utf8)
                if told and changed <= _most(counts):
                    found[table.source] = self._digest(connection, table, counts)
        return found

    def _digests_of_values(
        self, files: CleaningFiles, tables: Sequence[TargetTable], profile: Profile
    ) -> dict[str, TableDigest]:
        foretold = self._foretold.result() if self._foretold is not None else {}
        found = {}
        with (
            self._reading(files.cleaned) as cleaned,
            self._reading(self.snapshot.path, self.snapshot.catalog) as snapshot,
            attached(files, self.snapshot.catalog, None) as trail,
        ):
            for table in tables:
                counts, source = profile.table(table.source), self.snapshot.catalog.table(table.source)
                touched = touched_rows(trail, source) if table.source in foretold else ()
                if table.source not in foretold or len(touched) > _most(counts):
                    found[table.source] = self._digest(cleaned, table, counts)
                else:
                    columns, beat = _columns(table), self._beat_for(counts)
                    before = foretold[table.source]
                    found[table.source] = set_right(
                        before, snapshot, cleaned, table.source, columns, touched, beat
                    )
        return found

    @contextmanager
    def _reading(self, path: Path | str, catalog: Catalog | None = None) -> Iterator[sqlite3.Connection]:
        with (
            reading_values(path, catalog) as connection,
            self.context.cancel.interrupting(connection.interrupt),
        ):
            yield connection

    def _digest(
        self, connection: sqlite3.Connection, table: TargetTable, counts: TableProfile
    ) -> TableDigest:
        return expected(connection, table.source, _columns(table)).digest(self._beat_for(counts))

    def _beat_for(self, counts: TableProfile) -> Callable[[int], None]:
        return partial(self._beat_of_rows, counts.name, counts.rows)

    def _beat_of_tables(self, table: str, done: int) -> None:
        total = len(self.snapshot.catalog.tables)
        self._beat(
            Advanced(
                stage="clean",
                table=table,
                done=done,
                total=total,
                unit="tables",
                reason="proving the way back",
            )
        )

    def _beat_of_rows(self, table: str, total: int, done: int) -> None:
        reason = "telling what PostgreSQL must hold"
        self._beat(Advanced(stage="clean", table=table, done=done, total=total, reason=reason))

    def _beat(self, at: Advanced) -> None:
        self.context.cancel.raise_if_set()
        if self._left.is_set():
            raise _LeftError
        # Told by whoever waits: until then the stage has its own progress to tell.
        self._at = at

    def _awaited(self, future: Future[Result] | None) -> Result:
        assert future is not None  # noqa: S101 - begun before
        while not wait([future], timeout=_SECONDS_BETWEEN_SIGNS).done:
            self.context.cancel.raise_if_set()
            if self._at is not None:
                self.context.events.emit(self._at)
        return future.result()


def _columns(table: TargetTable) -> list[tuple[str, str]]:
    return [(column.source, column.type) for column in table.columns]


def _most(counts: TableProfile) -> float:
    """Touched rows beyond which to read all of cleaned takes no longer than to set the snapshot's right."""
    return max(_FEW_ROWS, counts.rows * _MOST_TOUCHED)


@contextmanager
def proving(context: Context, snapshot: Snapshot) -> Iterator[Proof]:
    """A proof to begin; leaving the block stops what is not done of it."""
    with ThreadPoolExecutor(_AT_ONCE) as worker:
        proof = Proof(context, snapshot, worker)
        try:
            yield proof
        finally:
            proof.leave()
            worker.shutdown(wait=True, cancel_futures=True)
