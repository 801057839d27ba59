"""Standard output, owned by this file alone.

Invariant: with ``--json`` stdout carries JSON Lines and nothing else, numbered upwards, and ``run.finished``
is the last; without, it carries what the operator asked for, and never narration.
"""

import contextlib
import os
import sys

import msgspec

from sdmigrate.model.errors import Interrupted
from sdmigrate.model.events import Event, RunFinished
from sdmigrate.model.listing import Listed
from sdmigrate.report.plain import plain
from sdmigrate.runtime.recorder import event_line, utc_now


class Output:
    """Where a command's results go."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self._seq = 0
        self._finished: RunFinished | None = None
        self._readable = True

    def tell(self, line: str, event: Event | Listed) -> None:
        """A recorder's listener: print the line where JSON was asked for.

        Raises:
            Interrupted: it cannot be told any more, and the run is not at its end yet.
        """
        if isinstance(event, RunFinished):
            self._finished = event
        if not self.json:
            return
        self._seq = msgspec.json.decode(line, type=_Numbered).seq
        trouble = self._write(line)
        if trouble is not None and not isinstance(event, RunFinished):
            raise trouble

    def tell_outside_a_run(self, event: Event | Listed, *, run: str | None = None) -> None:
        """What a command tells that works without a run, its end included; numbered on from the last line.

        Args:
            event: what to tell.
            run: the run that it is about.
        """
        self.tell(event_line(event, seq=self._seq + 1, at=utc_now(), run=run), event)

    def thing(self, text: str, event: Event | Listed, *, run: str | None = None) -> None:
        """One thing of a list: its line for people, made plain, or its event where JSON was asked for."""
        self.text(plain(text))
        if self.json:
            self.tell_outside_a_run(event, run=run)

    def tell_at_once(self, event: RunFinished, *, run: str | None) -> None:
        """The end from inside a signal handler, where the buffered stream may be in use."""
        if self.json and self._finished is None and self._readable:
            line = event_line(event, seq=self._seq + 1, at=utc_now(), run=run)
            with contextlib.suppress(OSError):
                os.write(sys.stdout.fileno(), line.encode() + b"\n")

    @property
    def finished(self) -> RunFinished | None:
        """The end that was told; None before."""
        return self._finished

    def text(self, text: str) -> None:
        """A result for people; nothing where JSON was asked for, or where they have read enough.

        Raises:
            Interrupted: standard output leads to where it cannot be written.
        """
        trouble = None if self.json else self._write(text)
        if trouble is not None and not isinstance(trouble.__cause__, BrokenPipeError):
            raise trouble

    def _write(self, line: str) -> Interrupted | None:
        """Why the line could not be written; once one could not, nothing is tried again."""
        if not self._readable:
            return None
        try:
            sys.stdout.buffer.write((line + "\n").encode("utf-8", "backslashreplace"))
            sys.stdout.buffer.flush()
        except OSError as error:
            self._readable = False
            _discard_the_rest()
            closed = isinstance(error, BrokenPipeError)
            why = "was closed by its reader" if closed else f"cannot be written: {error.strerror}"
            trouble = Interrupted(
                f"Standard output {why}, so that nothing more can be told.",
                "Send it to a file that can be written; a run is gone on with by 'sdmigrate resume'.",
            )
            trouble.__cause__ = error
            return trouble
        return None


class _Numbered(msgspec.Struct):
    seq: int


def _discard_the_rest() -> None:
    """Point stdout at nothing, so that what is still buffered is no error when Python leaves."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
