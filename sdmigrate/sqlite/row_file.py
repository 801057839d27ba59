"""Rows of somewhere else put into a new SQLite file, as they are.

Invariant: no value is changed by where it goes; of names that SQLite takes for one, all but the first get a
number.
"""

import math
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Self

from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.declarations import folded


class RowFile:
    """A new file, until ``close``."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("BEGIN")
        self._tables: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with closing(self._connection):
            self._connection.execute("COMMIT")

    def add(self, table: str, columns: Iterable[tuple[str, str]], rows: Iterable[tuple[Any, ...]]) -> int:
        """Make a table of these columns (name and type) with these rows; how many they are."""
        name, taken = quote_identifier(_free(table, self._tables)), set[str]()
        declared = [f"{quote_identifier(_free(column, taken))} {kind}" for column, kind in columns]
        self._connection.execute(f"CREATE TABLE {name}({', '.join(declared)})")
        marks = ", ".join("?" * len(declared))
        return self._connection.executemany(f"INSERT INTO {name} VALUES ({marks})", _storable(rows)).rowcount


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number; noted as taken."""
    free = next(one for number in count(1) if folded(one := _numbered(name, number)) not in taken)
    taken.add(folded(free))
    return free


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def _storable(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    # SQLite has no NaN, and would keep NULL in its place.
    for row in rows:
        yield tuple("NaN" if isinstance(value, float) and math.isnan(value) else value for value in row)
