"""The run: its directory, journal, cancel, progress, health, logging and metrics."""
