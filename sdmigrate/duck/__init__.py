"""DuckDB and its SQLite scanner: the profile's scans, over a snapshot only."""
