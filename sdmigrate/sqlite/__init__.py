"""The source file and its copies, through Python's sqlite3."""
