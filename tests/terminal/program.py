"""The real program in a pseudo-terminal, read through a terminal emulator."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from types import TracebackType
from typing import Self

import pyte

KEYS = {
    "tab": "\t",
    "backtab": "\x1b[Z",
    "enter": "\r",
    "escape": "\x1b",
    "home": "\x1b[H",
    "ctrl+home": "\x1b[1;5H",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "ctrl+g": "\x07",
    "ctrl+q": "\x11",
}


class Program:
    """``sdmigrate`` with those arguments on a screen of that size; keys in, text out."""

    def __init__(
        self, arguments: list[str], *, columns: int, lines: int, environment: dict[str, str]
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._written = bytearray()
        child, self._terminal = pty.fork()
        if child == 0:
            # They would win over the terminal's own size, and whoever runs tests in parallel may set them.
            own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
            os.execve(
                sys.executable,
                [sys.executable, "-m", "sdmigrate", *arguments],
                own | environment | {"TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"},
            )
        self._child = child
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)
        os.kill(child, signal.SIGWINCH)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        if self._terminal >= 0:
            os.close(self._terminal)

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self._screen.display)

    @property
    def written(self) -> bytes:
        """Every byte that was read by now, as the program wrote it."""
        return bytes(self._written)

    def press(self, *keys: str) -> None:
        """Press named keys, or type text as it is."""
        for key in keys:
            self.send(KEYS.get(key, key).encode())

    def send(self, octets: bytes) -> None:
        """Give these to the program as its terminal's input."""
        os.write(self._terminal, octets)
        self._read(0.15)

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Read until the screen shows the text."""
        until = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < until, f"{text!r} did not appear on:\n{self.text}"
            self._read(0.1)

    def wait_for_other(self, shown: str, seconds: float = 60) -> None:
        """Read until the screen shows something else."""
        until = time.monotonic() + seconds
        while self.text == shown:
            assert time.monotonic() < until, f"nothing changed on:\n{self.text}"
            self._read(0.1)

    def go_on(self, step: str) -> None:
        """Go on to that step, such as ``2  Backup``.

        A key that comes while the pipeline is still at work is not heard, so it may take more than one.
        """
        until = time.monotonic() + 60
        while step not in self.text:
            assert time.monotonic() < until, f"{step!r} did not begin on:\n{self.text}"
            self.wait_for(f"Go on to {step.split()[-1]}")
            self.press("n")
            heard = time.monotonic() + 2
            while step not in self.text and time.monotonic() < heard:
                self._read(0.1)

    def leave(self, text: str, seconds: float = 60) -> None:
        """Escape, and read until the text is gone: with a key straight behind it, it would be another key."""
        self.press("escape")
        until = time.monotonic() + seconds
        while text in self.text:
            assert time.monotonic() < until, f"{text!r} stays on:\n{self.text}"
            self._read(0.1)

    def answer(self, schema: str) -> None:
        """Type the schema's name where it is asked for, and switch."""
        self.wait_for(f"Type {schema} to go on")
        self.settle()
        self.press(schema)
        self.wait_for(f"▌ {schema}")
        self.press("enter")
        self.settle(0.3)
        self.press("enter")

    def settle(self, seconds: float = 1.0) -> None:
        """Read until nothing has been drawn for that long: a dialog takes keys once it stands."""
        shown = ""
        while shown != self.text:
            shown = self.text
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                self._read(0.1)

    def exit_code(self, seconds: float = 60) -> int:
        """Wait for the end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._read(0.1)
            ended, status = os.waitpid(self._child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"the program did not end:\n{self.text}")

    def hang_up(self) -> None:
        """Take the terminal away, as a connection that breaks does."""
        os.close(self._terminal)
        self._terminal = -1

    def _read(self, seconds: float) -> None:
        if self._terminal < 0:
            time.sleep(seconds)
            return
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        if not ready:
            return
        try:
            data = os.read(self._terminal, 1 << 16)
        except OSError:
            # Linux answers EIO once the program has closed its side.
            return
        self._written += data
        self._stream.feed(data)
