"""Standard output, owned by this file alone.

Invariant: with ``--json`` stdout carries JSON Lines and nothing else; without, it carries what the operator
asked for, and never narration.
"""

import sys

from sdmigrate.model.events import Event, RunFinished
from sdmigrate.runtime.recorder import event_line, utc_now


class Output:
    """Where a command's results go."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self._last_seq = 0
        self._finished = False

    def tell(self, line: str, event: Event) -> None:
        """A recorder's listener: print the line where JSON was asked for."""
        if not self.json:
            return
        self._last_seq += 1
        self._write(line)
        self._finished = isinstance(event, RunFinished)

    def tell_outside_a_run(self, event: Event) -> None:
        """An event of a command that has no run, or none yet; numbered on from the last line."""
        self._last_seq += 1
        self.tell(event_line(event, seq=self._last_seq, at=utc_now(), run=None), event)

    @property
    def finished(self) -> bool:
        """Whether the last line has been printed."""
        return self._finished

    def text(self, text: str) -> None:
        """A result for people; nothing where JSON was asked for."""
        if not self.json:
            self._write(text)

    @staticmethod
    def _write(line: str) -> None:
        data = (line + "\n").encode("utf-8", "backslashreplace")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
