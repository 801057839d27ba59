"""The two protocols through which a driver hears of cancel and tells of its progress.

Invariant: a driver (sqlite, duck, postgres) knows nothing of the run beyond these.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from sdmigrate.model.events import Event


class CancelSignal(Protocol):
    """The operator's wish to stop, seen from any thread."""

    def is_set(self) -> bool:
        """Whether the operator asked to stop."""
        ...

    def raise_if_set(self) -> None:
        """Call it between batches (every 10,000 rows or 2 s at least).

        Raises:
            Aborted: the operator asked to stop.
        """
        ...

    def interrupting(self, interrupt: Callable[[], None]) -> AbstractContextManager[None]:
        """While the block runs, ``interrupt`` (say ``connection.interrupt``) is called on cancel.

        It is called from another thread; leaving the block with a driver's own "interrupted" error
        after a cancel raises Aborted instead.
        """
        ...


class EventSink(Protocol):
    """Where events go. Emitting is cheap: the sink samples, the caller need not."""

    def emit(self, event: Event) -> None:
        """Hand over one event.

        Raises:
            Interrupted: on ``Advanced``, where health no longer holds (disk, memory).
        """
        ...
