"""A thread that works on a connection of its own beside the stage.

Invariant: when the stage fails, what the thread runs is stopped and what waits is dropped, so that an error
is told at once and not after the longest statement.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sdmigrate.postgres.connect import Connection


@contextmanager
def beside(connection: Connection) -> Iterator[ThreadPoolExecutor]:
    """One thread that alone uses the connection; leaving the block waits for it."""
    with ThreadPoolExecutor(1) as worker:
        try:
            yield worker
        except BaseException:
            worker.shutdown(wait=False, cancel_futures=True)
            if not connection.closed:
                connection.cancel_safe()
            raise
