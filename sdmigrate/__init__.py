"""sdmigrate: from a SQLite file to a live PostgreSQL schema, proven, and back."""

from sdmigrate.unmetered import leave_python_unmetered

__version__ = "0.1.0"

# Before anything here imports sqlite3: that begins to use the library.
leave_python_unmetered()
