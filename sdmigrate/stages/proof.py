"""The proof that cleaning can be undone, and what PostgreSQL must hold, beside the work of the stage.

Invariant: the snapshot's digests come from the snapshot alone, those of the way back from the three written
files alone; the proof holds only where they are equal for every table. What PostgreSQL must hold is computed
from cleaned alone, before anything is loaded from it.
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
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
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.content_digest import table_digests
from sdmigrate.sqlite.copied_table import reading_cleaned
from sdmigrate.sqlite.undo import undone_digests
from sdmigrate.sqlite.value_digests import expected
from sdmigrate.sqlite.workbench import CleaningFiles

_Digests = dict[str, str]
"""Table -> digest."""

_SECONDS_BETWEEN_SIGNS = 1.0
_AT_ONCE = 2

Result = TypeVar("Result")


class _LeftError(Exception):
    """The stage ended before the proof did; nobody waits for it any more."""


@dataclass
class Proof:
    """Three sets of digests in the making: the snapshot's first, then the other two side by side."""

    context: Context
    snapshot: Snapshot
    worker: ThreadPoolExecutor
    _left: threading.Event = field(default_factory=threading.Event)
    _at: tuple[str, int] | None = None
    """Table and rows done of the digests under way."""
    _expected: Future[_Digests] | None = None
    _undone: Future[_Digests] | None = None
    _values: Future[dict[str, TableDigest]] | None = None

    def begin(self) -> None:
        """Start on the snapshot."""
        self._expected = self.worker.submit(self._digests_of_snapshot)

    def undo(self, files: CleaningFiles, tables: Sequence[TargetTable]) -> None:
        """Go on with the three files, which are complete, and with what these tables must hold."""
        self._undone = self.worker.submit(undone_digests, files, self.snapshot.catalog, self._beat)
        self._values = self.worker.submit(self._digests_of_values, files.cleaned, tables)

    def leave(self) -> None:
        """Stop at the next sign of life."""
        self._left.set()

    def digests(self, profile: Profile) -> tuple[_Digests, _Digests]:
        """The digests of the snapshot's tables, and of the same tables undone: they are equal.

        Raises:
            InternalFault: they are not.
            Aborted: the operator asked to stop.
        """
        expected = self._awaited(self._expected, profile)
        undone = self._awaited(self._undone, profile)
        different = [table for table, digest in expected.items() if undone[table] != digest]
        if different:
            raise InternalFault(
                "Cleaned with the audit trail applied backwards is not the snapshot:"
                f" {', '.join(different)}.",
                "Nothing was kept of this cleaning. Keep the run directory and report this.",
            )
        return expected, undone

    def values(self, profile: Profile) -> dict[str, TableDigest]:
        """Source table -> what PostgreSQL must hold.

        Raises:
            Aborted: the operator asked to stop.
        """
        return self._awaited(self._values, profile)

    def _digests_of_snapshot(self) -> _Digests:
        catalog = self.snapshot.catalog
        with (
            closing(open_read_only(self.snapshot.path, catalog=catalog)) as connection,
            self.context.cancel.interrupting(connection.interrupt),
        ):
            return table_digests(connection, catalog, self._beat)

    def _digests_of_values(self, cleaned: Path, tables: Sequence[TargetTable]) -> dict[str, TableDigest]:
        with (
            reading_cleaned(cleaned) as connection,
            self.context.cancel.interrupting(connection.interrupt),
        ):
            return {
                table.source: expected(
                    connection, table.source, [(column.source, column.type) for column in table.columns]
                ).digest(partial(self._beat, table.source))
                for table in tables
            }

    def _beat(self, table: str, done: int) -> None:
        self.context.cancel.raise_if_set()
        if self._left.is_set():
            raise _LeftError
        # Told by whoever waits: until then the stage has its own progress to tell.
        self._at = table, done

    def _awaited(self, digests: Future[Result] | None, profile: Profile) -> Result:
        assert digests is not None  # noqa: S101 - begun and undone before
        while not wait([digests], timeout=_SECONDS_BETWEEN_SIGNS).done:
            self.context.cancel.raise_if_set()
            if self._at is not None:
                table, done = self._at
                self.context.events.emit(
                    Advanced(
                        stage="clean",
                        table=table,
                        done=done,
                        total=profile.table(table).rows,
                        reason="proving the way back",
                    )
                )
        return digests.result()


@contextmanager
def proving(context: Context, snapshot: Snapshot) -> Iterator[Proof]:
    """A proof begun; leaving the block stops what is not done of it."""
    with ThreadPoolExecutor(_AT_ONCE) as worker:
        proof = Proof(context, snapshot, worker)
        proof.begin()
        try:
            yield proof
        finally:
            proof.leave()
            worker.shutdown(wait=True, cancel_futures=True)
