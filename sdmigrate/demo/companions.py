"""The files that come with the demo: its rule pack and its dashboards' queries.

Invariant: both are package data, found wherever the package is installed.
"""

from importlib.resources import files
from pathlib import Path


def rules_path() -> Path:
    """The service desk's forty rules, TOML."""
    return Path(str(files("sdmigrate.demo") / "pack.toml"))


def queries_path() -> Path:
    """The dashboards' queries for PostgreSQL; each begins with ``-- name: ...``."""
    return Path(str(files("sdmigrate.demo") / "queries.sql"))
