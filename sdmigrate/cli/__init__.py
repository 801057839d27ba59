"""The commands. output.py owns stdout; diagnostics.py owns stderr and the exit codes."""
