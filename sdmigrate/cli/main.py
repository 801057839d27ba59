"""The ``sdmigrate`` command."""


def main() -> None:
    """Run the command line."""
