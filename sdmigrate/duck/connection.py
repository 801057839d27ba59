"""DuckDB with its SQLite scanner over one snapshot.

Invariant: nothing is downloaded (the extension is loaded by path from its wheel), nothing is written but
spill in the run's scratch directory, and the snapshot is attached read-only, every value as text.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import duckdb

from sdmigrate.duck.encoding import literal
from sdmigrate.model.errors import InternalFault

THREADS = 1
"""Of each query; a scan of SQLite uses one anyway, and two queries run at a time."""
MEMORY_LIMIT = "160MB"
"""DuckDB's share of the 300 MB that all our processes may take."""


def _load_scanner(connection: duckdb.DuckDBPyConnection) -> None:
    version = f"v{duckdb.__version__}"
    wheel = files("duckdb_extension_sqlite_scanner") / "extensions" / version
    with as_file(wheel / "sqlite_scanner.duckdb_extension") as path:
        if not path.is_file():
            raise InternalFault(
                f"The SQLite scanner for DuckDB {version} is not installed.",
                "Install sdmigrate again, with the versions of constraints.txt.",
            )
        connection.load_extension(str(path))


@contextmanager
def open_snapshot(snapshot: Path | str, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the snapshot attached as ``snapshot``.

    Args:
        snapshot: a SQLite file of the run directory.
        scratch: an existing directory for spill; what is written there is removed on closing.

    Raises:
        InternalFault: the scanner is not installed in DuckDB's version.
        duckdb.Error: the file cannot be attached.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": THREADS,
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(scratch / "duckdb"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    try:
        _load_scanner(connection)
        connection.execute("SET preserve_insertion_order = false")
        # Global to the connection and read when the file is attached.
        connection.execute("SET GLOBAL sqlite_all_varchar = true")
        connection.execute(f"ATTACH {literal(str(snapshot))} AS snapshot (TYPE sqlite, READ_ONLY)")
        yield connection
    finally:
        connection.close()


def snapshot_query(sql: str) -> str:
    """A table function over what the SQL, run by SQLite itself, gives; every column is VARCHAR."""
    return f"sqlite_query('snapshot', {literal(sql)})"
