"""The proof that cleaning can be undone, and what PostgreSQL must hold, beside the work of the stage.

Invariant: cleaning is proven only where every table of the snapshot comes back from the three written files.
What PostgreSQL must hold is computed from cleaned alone, before anything is loaded from it.
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from sdmigrate.model.blueprint import TargetTable
from sdmigrate.model.errors import InternalFault
from sdmigrate.model.events import Advanced
from sdmigrate.model.profile import Profile
from sdmigrate.model.result import TableDigest
from sdmigrate.model.source import Snapshot
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.copied_table import reading_cleaned
from sdmigrate.sqlite.undo_proof import lost_tables
from sdmigrate.sqlite.value_digests import expected
from sdmigrate.sqlite.workbench import CleaningFiles

_SECONDS_BETWEEN_SIGNS = 1.0
_AT_ONCE = 2

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
    _lost: Future[tuple[str, ...]] | None = None
    _values: Future[dict[str, TableDigest]] | None = None

    def begin(self, files: CleaningFiles, tables: Sequence[TargetTable], profile: Profile) -> None:
        """Start on the three files, which are complete, and on what these tables must hold."""
        self._lost = self.worker.submit(lost_tables, files, self.snapshot, self._beat_of_tables)
        self._values = self.worker.submit(self._digests_of_values, files.cleaned, tables, profile)

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

    def _digests_of_values(
        self, cleaned: Path, tables: Sequence[TargetTable], profile: Profile
    ) -> dict[str, TableDigest]:
        with (
            reading_cleaned(cleaned) as connection,
            self.context.cancel.interrupting(connection.interrupt),
        ):
            return {
                table.source: expected(
                    connection, table.source, [(column.source, column.type) for column in table.columns]
                ).digest(partial(self._beat_of_rows, table.source, profile.table(table.source).rows))
                for table in tables
            }

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
