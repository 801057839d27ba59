"""The operator's wish to stop, as drivers see it.

Invariant: "stopped" is only ever said after the work under way has been rolled back; this object only
carries the wish and interrupts what blocks.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sdmigrate.model.errors import Aborted, SdmigrateError


def aborted() -> Aborted:
    """The error of a run that its operator stopped."""
    return Aborted(
        "Stopped on request; what was under way was rolled back.",
        "Continue with 'sdmigrate resume', or remove what is left with 'sdmigrate abort'.",
    )


class CancelToken:
    """A CancelSignal that a signal handler, a message or another thread sets."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], None]] = []

    def set(self) -> None:
        """Ask to stop and interrupt whatever blocks now; further calls interrupt again."""
        self._asked.set()
        with self._lock:
            interrupts = tuple(self._interrupts)
        for interrupt in interrupts:
            # A driver may refuse to be interrupted (its connection just closed); the wish stands.
            with suppress(Exception):
                interrupt()

    def reset(self) -> None:
        """Forget the wish, once what it stopped has been rolled back and told."""
        self._asked.clear()

    def is_set(self) -> bool:
        """Whether the operator asked to stop."""
        return self._asked.is_set()

    def raise_if_set(self) -> None:
        """Raise Aborted once the operator asked to stop."""
        if self.is_set():
            raise aborted()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While the block runs, a cancel calls ``interrupt``; a driver's error after it becomes Aborted."""
        self.raise_if_set()
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            yield
        except Exception as error:
            if self.is_set() and not isinstance(error, SdmigrateError):
                raise aborted() from error
            raise
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)
        self.raise_if_set()
