"""Work in threads beside a stage, told of by whoever waits for it.

Invariant: it ends with the stage: what is not done when the block is left stops at its next sign of life, and
nothing of it is believed.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from sdmigrate.model.events import Advanced
from sdmigrate.runtime.context import Context

_SECONDS_BETWEEN_SIGNS = 1.0

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class _LeftError(Exception):
    """The stage ended before the work beside it did; nobody waits for it any more."""


@dataclass
class Aside:
    """The threads beside the stage."""

    context: Context
    worker: ThreadPoolExecutor
    _left: threading.Event = field(default_factory=threading.Event)
    _at: Advanced | None = None
    """How far one of them is."""

    def start(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Future[Result]:
        """Begin it, behind what was begun before; it is to ``beat`` every few milliseconds."""
        return self.worker.submit(work, *arguments, **named)

    def beat(self, at: Advanced) -> None:
        """A sign of life of the work.

        Raises:
            Aborted: the operator asked to stop.
            Exception: the stage has ended; for nobody but the work itself.
        """
        self.context.cancel.raise_if_set()
        if self._left.is_set():
            raise _LeftError
        # Told by whoever waits: until then the stage has its own progress to tell.
        self._at = at

    def awaited(self, future: Future[Result]) -> Result:
        """What the work gives.

        Raises:
            Aborted: the operator asked to stop.
        """
        while not wait([future], timeout=_SECONDS_BETWEEN_SIGNS).done:
            self.context.cancel.raise_if_set()
            if self._at is not None:
                self.context.events.emit(self._at)
        return future.result()

    def leave(self) -> None:
        """Stop at the next sign of life."""
        self._left.set()


@contextmanager
def aside(context: Context, threads: int = 1) -> Iterator[Aside]:
    """Threads to work in; leaving the block stops what is not done."""
    with ThreadPoolExecutor(threads) as worker:
        other = Aside(context, worker)
        try:
            yield other
        finally:
            other.leave()
            worker.shutdown(wait=True, cancel_futures=True)
