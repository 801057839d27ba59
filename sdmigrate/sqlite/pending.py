"""Which rows of the snapshot have a value that may need a repair, listed while others are copied.

Invariant: a row that is not listed needs none in that column. What is listed is looked at once more, so one
too many does no harm: one that the plan's condition leaves out, or one listed twice.
"""

import sqlite3
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from queue import Empty, Full, Queue

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.rules.canonical import sqlite_guard
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.row_order import FIRST_ROWID, LAST_ROWID, located, read_located

_BLOCK_ROWS = 256
"""Texts that are looked at as one."""
_BLOCK_BYTES = 4 * 1024**2
_ROWS_A_PART = 4_096
_PARTS_AHEAD = 256
_SECONDS_BETWEEN_SIGNS = 0.05


@dataclass(frozen=True)
class Asked:
    """One column of the snapshot, and what is known of it."""

    table: Table
    column: ColumnPlan
    profile: ColumnProfile
    """Texts are looked at one by one only where it found some that are not sound."""
    unreadable: frozenset[str]
    """Of the table's columns."""


@dataclass
class PendingRows:
    """The answers, found in a thread of its own."""

    found: Queue[Sequence[int] | Exception | None] = field(default_factory=lambda: Queue(_PARTS_AHEAD))
    """Locators, part by part; None behind the last of a column."""
    left: threading.Event = field(default_factory=threading.Event)
    """Set when nobody takes them any more."""

    def of_next(self, beat: Callable[[], None]) -> Iterator[int]:
        """The locators of the next column's rows, once for each time they were listed.

        ``beat`` is called while they are waited for, every few milliseconds; what it raises ends the wait.

        Raises:
            sqlite3.Error: the snapshot cannot be read.
        """
        while (part := self._taken(beat)) is not None:
            yield from part

    def _taken(self, beat: Callable[[], None]) -> Sequence[int] | None:
        while True:
            try:
                part = self.found.get(timeout=_SECONDS_BETWEEN_SIGNS)
            except Empty:
                beat()
                continue
            if isinstance(part, Exception):
                raise part
            return part

    def find(self, connection: sqlite3.Connection, columns: Sequence[Asked]) -> None:
        """Find them all, column by column; a failure is handed on to who takes them."""
        try:
            for asked in columns:
                rows = _rows(connection, asked)
                while part := array("q", islice(rows, _ROWS_A_PART)):
                    self._give(part)
                self._give(None)
        except Exception as failure:
            self._give(failure)

    def _give(self, part: Sequence[int] | Exception | None) -> None:
        while not self.left.is_set():
            try:
                self.found.put(part, timeout=_SECONDS_BETWEEN_SIGNS)
            except Full:
                continue
            return


@contextmanager
def pending_rows(
    snapshot: Path, catalog: Catalog, columns: Sequence[Asked], cancel: CancelSignal
) -> Iterator[PendingRows]:
    """The rows of these columns, to be taken in this order; leaving the block ends the search."""
    with closing(open_read_only(snapshot, catalog=catalog)) as connection:
        connection.text_factory = bytes
        pending = PendingRows()
        thread = threading.Thread(target=pending.find, args=(connection, columns), name="pending")
        with cancel.interrupting(connection.interrupt):
            thread.start()
            try:
                yield pending
            finally:
                pending.left.set()
                connection.interrupt()
                thread.join()


def _rows(connection: sqlite3.Connection, asked: Asked) -> Iterator[int]:
    source = _Source.of(asked)
    condition = f"{sqlite_guard(asked.column, source.value, sound_text=True)} = 0"
    if not asked.column.default:
        condition += f" AND {source.value} IS NOT NULL"
    for (place,) in connection.execute(f"SELECT {source.place} FROM {source.item} WHERE {condition}"):
        yield place
    if asked.profile.invalid_utf8 or asked.profile.nul_texts:
        yield from _unsound(connection, source, asked.profile.longest_bytes)


@dataclass(frozen=True)
class _Source:
    """SQL over one column of the table itself, not of an index over it that might say something else."""

    item: str
    place: str
    """The locator."""
    value: str
    """As a column without type and collation would hold it."""
    by_rowid: bool

    @classmethod
    def of(cls, asked: Asked) -> "_Source":
        table = asked.table
        item, place = located("main", table, asked.unreadable)
        column = read_located(table, table.column(asked.column.source), asked.unreadable)
        by_rowid = table.rowid_name is not None
        return cls(
            item=f"{item} NOT INDEXED" if by_rowid else item,
            place=place,
            value=f"(+{column} COLLATE BINARY)",
            by_rowid=by_rowid,
        )


def _unsound(connection: sqlite3.Connection, source: _Source, longest_bytes: int) -> Iterator[int]:
    """The rows whose text is not UTF-8 or holds a NUL."""
    texts = (
        f"SELECT {source.place} AS place, {source.value} AS text FROM {source.item}"
        f" WHERE typeof({source.value}) = 'text'"
    )
    # To join long ones would copy them, and only by rowid a block is found without those before it.
    rows = min(_BLOCK_ROWS, _BLOCK_BYTES // (longest_bytes + 1)) if source.by_rowid else 0
    if not rows:
        yield from _one_by_one(connection, texts)
        return
    # Line feeds set the texts apart: joined they are UTF-8 only where each of them is.
    blocks = (
        "SELECT max(place), group_concat(text, char(10)), sum(length(CAST(text AS BLOB))) + count(*) - 1"
        f" FROM ({texts} AND {source.place} >= ? ORDER BY {source.place} LIMIT ?)"
    )
    start = FIRST_ROWID
    while start <= LAST_ROWID:
        last, joined, octets = connection.execute(blocks, (start, rows)).fetchone()
        if last is None:
            return
        # Some versions of SQLite cut what they join at the first NUL.
        if len(joined) != octets or not _is_sound(joined):
            yield from _one_by_one(connection, f"{texts} AND {source.place} BETWEEN ? AND ?", start, last)
        start = last + 1


def _one_by_one(connection: sqlite3.Connection, texts: str, *rowids: int) -> Iterator[int]:
    return (place for place, text in connection.execute(texts, rowids) if not _is_sound(text))


def _is_sound(text: bytes) -> bool:
    """Whether it is UTF-8 without a NUL."""
    if b"\0" in text:
        return False
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
