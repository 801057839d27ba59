"""The ``sdmigrate`` command and ``python -m sdmigrate``.

Invariant: importing this imports nothing else, so a child process that begins with it does so at once.
"""

import signal


def main() -> None:
    """Run the command line; a Ctrl-C before it is read ends the process without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sdmigrate.cli.main import app

    app()


if __name__ == "__main__":
    main()
