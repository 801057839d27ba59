"""The ``sdmigrate`` command and ``python -m sdmigrate``.

Invariant: importing this imports nothing else, so a child process that begins with it does so at once.
"""

import os
import signal
import sys


def main() -> None:
    """Run the command line; a Ctrl-C before it is read ends the process without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _open_what_was_closed()
    from sdmigrate.cli.main import app

    app()


def _open_what_was_closed() -> None:
    """What the caller closed leads nowhere; else the next file opened would get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process


if __name__ == "__main__":
    main()
