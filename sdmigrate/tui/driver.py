"""The terminal's keys as they come, also from a terminal that does not speak UTF-8 or goes away.

Invariant: bytes that are no character are no key; those behind them are. There is one reader at a time.
"""

from textual.drivers.linux_driver import LinuxDriver


class SteadyDriver(LinuxDriver):
    """Textual's, which goes on reading."""

    def run_input_thread(self) -> None:
        """Read keys until the app ends."""
        while not self.exit_event.is_set():
            try:
                super().run_input_thread()
            except UnicodeDecodeError:
                # What was read with them is lost: a key pressed twice is better than a wizard that is deaf.
                continue

    def _sigcont_application(self, *_: object) -> None:
        # A terminal that goes away sends SIGCONT behind its SIGHUP. What was not stopped is not to be begun
        # again: a second reader would outlive the wizard, at a terminal that answers each read at once.
        if self._must_signal_resume:
            super()._sigcont_application()
