"""What each worker of the scan asks: a cursor for queries, and one for what the scanner reads by itself.

Invariant: a worker has its own; the connections behind them are shared, and the second is opened only where
something is read so, since many files have nothing for it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock

import duckdb

from sdmigrate.duck.connection import open_snapshot


class Cursors:
    """Those of one worker."""

    def __init__(
        self, query: duckdb.DuckDBPyConnection, open_native: Callable[[], duckdb.DuckDBPyConnection]
    ) -> None:
        self.query = query
        self._open_native = open_native
        self._native: duckdb.DuckDBPyConnection | None = None

    @property
    def native(self) -> duckdb.DuckDBPyConnection:
        """For what the scanner reads by itself."""
        if self._native is None:
            self._native = self._open_native()
        return self._native

    def interrupt(self) -> None:
        """End the queries under way; from any thread."""
        self.query.interrupt()
        if self._native is not None:
            self._native.interrupt()


@contextmanager
def open_cursors(snapshot: Path | str, scratch: Path, workers: int) -> Iterator[list[Cursors]]:
    """The cursors of so many workers; leaving closes the connections.

    Raises:
        InternalFault: the scanner is not installed.
        duckdb.Error: the file cannot be attached.
    """
    with ExitStack() as opened:
        asking = opened.enter_context(open_snapshot(snapshot, scratch))
        opening = Lock()
        reading: list[duckdb.DuckDBPyConnection] = []

        def open_native() -> duckdb.DuckDBPyConnection:
            with opening:
                if not reading:
                    reading.append(opened.enter_context(open_snapshot(snapshot, scratch, native=True)))
            return reading[0].cursor()

        yield [Cursors(asking.cursor(), open_native) for _ in range(workers)]
