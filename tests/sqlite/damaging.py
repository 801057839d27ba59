"""Pages of a SQLite file (https://www.sqlite.org/fileformat2.html section 1.6), to be broken on purpose."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

PAGE = 4096
"""Bytes; the files must have been made with it."""

_INTERIOR = {0x05: 12, 0x02: 12}
"""Kind of page -> bytes of its header."""


@dataclass(frozen=True)
class Leaf:
    """One leaf of a table's tree."""

    number: int
    """From 1."""
    rowids: list[int]
    """Empty in a tree WITHOUT ROWID."""


def root_of(path: Path, table: str) -> int:
    """The number of the table's first page."""
    with closing(sqlite3.connect(path)) as connection:
        # Read as a table, whatever else of the schema does not parse.
        connection.execute("PRAGMA writable_schema=ON")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return int(page)


def leaves(path: Path, table: str) -> list[Leaf]:
    """The leaves in order."""
    data = path.read_bytes()

    def below(number: int) -> list[Leaf]:
        page = data[(number - 1) * PAGE : number * PAGE]
        cells = [_integer(page, at, 2) for at in range(*_pointers(page), 2)]
        if page[0] not in _INTERIOR:
            return [Leaf(number, [_rowid(page, cell) for cell in cells] if page[0] == 0x0D else [])]
        children = [_integer(page, cell, 4) for cell in cells]
        return [leaf for child in (*children, _integer(page, 8, 4)) for leaf in below(child)]

    return below(root_of(path, table))


def break_page(path: Path, number: int) -> None:
    """Write over the whole page what is no page."""
    with path.open("r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(b"\xa5" * PAGE)


def _pointers(page: bytes) -> tuple[int, int]:
    start = _INTERIOR.get(page[0], 8)
    return start, start + 2 * _integer(page, 3, 2)


def _integer(page: bytes, at: int, octets: int) -> int:
    return int.from_bytes(page[at : at + octets], "big")


def _rowid(page: bytes, cell: int) -> int:
    _, after = _varint(page, cell)
    return _varint(page, after)[0]


def _varint(page: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(at, at + 9):
        value = value << 7 | page[place] & 0x7F
        if page[place] < 0x80:
            return value, place + 1
    raise AssertionError("rowids of the tests are small")
