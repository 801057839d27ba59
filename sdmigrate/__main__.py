"""``python -m sdmigrate`` is the ``sdmigrate`` command."""

from sdmigrate.cli.main import main

if __name__ == "__main__":
    main()
