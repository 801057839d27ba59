"""SQLite without its count of the memory in use, for which all threads of the process take turns.

With the count, every allocation takes one lock of the library, and two connections in two threads can take
longer together than one after the other.

Invariant: what SQLite answers is the same; nobody here asks it how much memory it uses. Where a library
cannot be told, as one that is in use already, it stays as it is.
"""

import ctypes
from importlib.machinery import PathFinder

_CONFIG_MEMSTATUS = 9
"""https://www.sqlite.org/c3ref/c_config_covering_index_scan.html#sqliteconfigmemstatus"""


def leave_unmetered(library: str | None) -> bool:
    """Tell the SQLite in that shared library, before its first use; whether it took it.

    Args:
        library: the file, or one that is linked with SQLite; None: this program itself.
    """
    try:
        configure = ctypes.CDLL(library).sqlite3_config
    except (OSError, AttributeError):
        return False
    # What follows the declared argument is passed as to a function that takes any number of them.
    configure.argtypes = [ctypes.c_int]
    return bool(configure(_CONFIG_MEMSTATUS, ctypes.c_int(0)) == 0)


def leave_python_unmetered() -> bool:
    """The same for the SQLite of Python's sqlite3, before that is imported for the first time."""
    found = PathFinder.find_spec("_sqlite3")
    return leave_unmetered(found.origin if found is not None else None)
