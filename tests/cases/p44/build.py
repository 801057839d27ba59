"""A writer that dies with its rows in the write-ahead log: nothing moves them into the file."""

import sqlite3
import subprocess
import sys

_WRITER = """
import os, sqlite3, sys
writer = sqlite3.connect(sys.argv[1], isolation_level=None)
writer.executescript('''
PRAGMA journal_mode=WAL;
CREATE TABLE p44(id INTEGER PRIMARY KEY, v TEXT);
PRAGMA wal_checkpoint(TRUNCATE);
INSERT INTO p44 VALUES (1,'in the wal');
''')
os._exit(0)
"""


def build(connection: sqlite3.Connection) -> None:
    ((_, _, path),) = connection.execute("PRAGMA database_list").fetchall()
    subprocess.run([sys.executable, "-c", _WRITER, path], check=True)
