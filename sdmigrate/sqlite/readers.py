"""Several connections to one file, for questions that are asked side by side.

Invariant: a connection serves one question at a time; SQLite answers without holding the interpreter.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from queue import SimpleQueue
from typing import TypeVar

from sdmigrate.model.protocols import CancelSignal

_AT_ONCE = 2

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Readers:
    """The connections that are free, and the threads that ask."""

    def __init__(
        self, pool: ThreadPoolExecutor, cancel: CancelSignal, connections: Iterable[sqlite3.Connection]
    ) -> None:
        self._pool = pool
        self._cancel = cancel
        self._free: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for connection in connections:
            self._free.put(connection)

    def answers(
        self, ask: Callable[[sqlite3.Connection, Question], Answer], questions: Iterable[Question]
    ) -> Iterator[Answer]:
        """The answers in the order of the questions, all of which are under way at once.

        Raises:
            Aborted: the operator asked to stop.
            Exception: whatever ``ask`` raises.
        """

        def answered(question: Question) -> Answer:
            self._cancel.raise_if_set()
            connection = self._free.get()
            try:
                return ask(connection, question)
            finally:
                self._free.put(connection)

        return self._pool.map(answered, questions)


@contextmanager
def readers(connect: Callable[[], sqlite3.Connection], cancel: CancelSignal) -> Iterator[Readers]:
    """Two connections that ``connect`` opens; leaving waits for the questions under way and closes them."""
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(connect())) for _ in range(_AT_ONCE)]
        for connection in connections:
            stack.enter_context(cancel.interrupting(connection.interrupt))
        pool = stack.enter_context(ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="reader"))
        yield Readers(pool, cancel, connections)
