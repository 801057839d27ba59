"""DuckDB with its SQLite scanner over one snapshot.

Invariant: nothing is downloaded (the extension is loaded by path from its wheel), nothing is written but
spill in the run's scratch directory, and the snapshot is attached read-only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import duckdb

from sdmigrate.duck.encoding import literal
from sdmigrate.model.errors import InternalFault
from sdmigrate.unmetered import leave_unmetered

MEMORY_LIMIT = "160MB"
"""DuckDB's share of the 300 MB that all our processes may take."""

_OPTIMIZERS = ("column_lifetime", "filter_pushdown", "top_n", "unused_columns")
"""Those that a query gains from; to let the others look at it takes as long as a tenth of the answer."""


def _load_scanner(connection: duckdb.DuckDBPyConnection) -> None:
    version = f"v{duckdb.__version__}"
    wheel = files("duckdb_extension_sqlite_scanner") / "extensions" / version
    with as_file(wheel / "sqlite_scanner.duckdb_extension") as path:
        if not path.is_file():
            raise InternalFault(
                f"The SQLite scanner for DuckDB {version} is not installed.",
                "Install sdmigrate again, with the versions of constraints.txt.",
            )
        # The scanner has an SQLite of its own.
        leave_unmetered(str(path))
        connection.load_extension(str(path))


def _keep_optimizers(connection: duckdb.DuckDBPyConnection) -> None:
    known = [name for (name,) in connection.execute("SELECT name FROM duckdb_optimizers()").fetchall()]
    needless = ",".join(name for name in known if name not in _OPTIMIZERS)
    connection.execute(f"SET disabled_optimizers = {literal(needless)}")


@contextmanager
def open_snapshot(
    snapshot: Path | str, scratch: Path, *, native: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the snapshot attached as ``snapshot``; its queries run in the caller's thread.

    Args:
        snapshot: a SQLite file of the run directory.
        scratch: an existing directory for spill; what is written there is removed on closing.
        native: whether it is to read tables rather than to query, which takes another number of threads.

    Raises:
        InternalFault: the scanner is not installed in DuckDB's version.
        duckdb.Error: the file cannot be attached.
    """
    # With one thread the scanner reads a table through the connection that queries share, under SQLite's
    # lock; with several DuckDB groups everything twice. It starts none of those that are called external.
    threads = 2 if native else 1
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "external_threads": threads,
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(scratch / ("native" if native else "duckdb")),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # To verify the extension's signature takes 0.1 s; its wheel was verified when it was installed.
            "allow_unsigned_extensions": "true",
        },
    )
    try:
        _load_scanner(connection)
        connection.execute("SET preserve_insertion_order = false")
        if not native:
            _keep_optimizers(connection)
        connection.execute(f"ATTACH {literal(str(snapshot))} AS snapshot (TYPE sqlite, READ_ONLY)")
        yield connection
    finally:
        connection.close()


def snapshot_query(sql: str) -> str:
    """A table function over what the SQL, run by SQLite itself, gives; every column is VARCHAR."""
    return f"sqlite_query('snapshot', {literal(sql)})"
