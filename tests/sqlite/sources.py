"""Sources to read: how to make them, how another process uses them, and what can be seen of them."""

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

State = dict[bytes, tuple[int, int, int, int, str]]

WRITER = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    if line == "die\\n":
        os._exit(9)
    try:
        connection.execute(line)
        print("done", flush=True)
    except sqlite3.Error as error:
        print(error, flush=True)
connection.close()
"""


class Writer:
    """Another process that has the database open."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, os.fspath(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, statement: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(statement + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def die(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("die\n")
        self.process.stdin.flush()
        self.process.wait()


@contextmanager
def writer(path: Path) -> Iterator[Writer]:
    other = Writer(path)
    try:
        yield other
    finally:
        other.process.kill()
        other.process.communicate()


def state(directory: Path) -> State:
    """Names, sizes, times, permissions, owners and bytes of a directory's files, and its own time."""
    found: State = {b".": (0, directory.stat().st_mtime_ns, directory.stat().st_mode, 0, "")}
    for name in os.listdir(os.fsencode(directory)):
        path = os.path.join(os.fsencode(directory), name)
        facts = os.stat(path)
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        found[name] = (facts.st_size, facts.st_mtime_ns, facts.st_mode, facts.st_uid, digest)
    return found


def make(path: Path, *, wal: bool = False, rows: int = 1) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
        connection.execute("CREATE TABLE t(a)")
        connection.executemany("INSERT INTO t VALUES(?)", [(number,) for number in range(rows)])
        connection.commit()
