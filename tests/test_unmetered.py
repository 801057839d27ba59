"""SQLite without its count of memory, where that can still be told."""

import subprocess
import sys
from pathlib import Path

from sdmigrate.unmetered import leave_python_unmetered, leave_unmetered

_ASKED = """
import sdmigrate, ctypes, _sqlite3, sqlite3
connection = sqlite3.connect(":memory:")
connection.execute("CREATE TABLE t(v)")
# Where SQLite is built into the program, it need not show its functions.
library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
print(library.sqlite3_memory_highwater(0) if hasattr(library, "sqlite3_memory_highwater") else 0)
"""


def test_python_s_sqlite_counts_no_memory() -> None:
    done = subprocess.run([sys.executable, "-c", _ASKED], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_the_scanner_s_sqlite_counts_no_memory(tmp_path: Path) -> None:
    asked = f"""
import ctypes, sqlite3
from importlib.resources import files
from pathlib import Path
import duckdb
from sdmigrate.duck.connection import open_snapshot
place = {str(tmp_path)!r}
made = sqlite3.connect(place + "/s.sqlite")
made.execute("CREATE TABLE t(v)")
made.commit()
with open_snapshot(place + "/s.sqlite", Path(place)) as connection:
    connection.execute("SELECT * FROM snapshot.t").fetchall()
    versions = files("duckdb_extension_sqlite_scanner") / "extensions" / f"v{{duckdb.__version__}}"
    print(ctypes.CDLL(str(versions / "sqlite_scanner.duckdb_extension")).sqlite3_memory_highwater(0))
"""
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_a_library_in_use_or_none_at_all_stays_as_it_is(tmp_path: Path) -> None:
    import sqlite3

    sqlite3.connect(":memory:").close()
    assert not leave_python_unmetered()
    assert not leave_unmetered(str(tmp_path / "no such library"))
