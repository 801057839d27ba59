"""sdmigrate: from a SQLite file to a live PostgreSQL schema, proven, and back."""

__version__ = "0.1.0"
