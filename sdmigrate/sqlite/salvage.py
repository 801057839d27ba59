"""Tables with damaged pages in the snapshot: which rows can be read, and the snapshot rid of the rest.

Invariant: every row that SQLite gives is kept once, value for value, and what it does not give is told by
where it stood. Pages are only added to the file: a damaged one may belong to several tables, so that none is
used again.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.record import Record
from sdmigrate.sqlite.connection import (
    harden,
    is_damage,
    open_read_only,
    quote_identifier,
    stand_in_for_collations,
)
from sdmigrate.sqlite.row_order import (
    FIRST_ROWID,
    LAST_ROWID,
    copied_columns,
    create_copy,
    own_order,
    read_column,
    unreadable_columns,
)

_FREE_PAGES = 32
"""Offset in the header of the free list's first page and its length, 4 bytes each
(https://www.sqlite.org/fileformat2.html section 1.3)."""
_AUTO_VACUUM = 52
_INCREMENTAL_VACUUM = 64
_ROWS_BETWEEN_CHECKS = 10_000


class Stretch(Record):
    """Rows that can be read one after the other."""

    start: int
    """The rowid from which they were asked for."""
    first: int
    """Rowid; of a table without a reachable one, ordinal."""
    last: int
    given: int
    """Rows that SQLite gives before the error, those out of order included."""


class Readable(Record):
    """What of one table can be read."""

    rows: int
    stretches: tuple[Stretch, ...]
    """In order."""
    whole: bool
    """Every row was read, each once and in order."""


def readable_of(path: Path, catalog: Catalog, table: Table, cancel: CancelSignal) -> Readable:
    """Read the table through, and past what cannot be read.

    Raises:
        Aborted: the operator stopped it.
        sqlite3.DatabaseError: it fails for another reason than damage.
    """
    with (
        closing(open_read_only(path, catalog=catalog)) as connection,
        cancel.interrupting(connection.interrupt),
    ):
        connection.text_factory = bytes
        found = (
            _by_rowid(connection, table, cancel) if table.rowid_name else _in_order(connection, table, cancel)
        )
        cancel.raise_if_set()
        return found


def keep_readable(
    path: Path, catalog: Catalog, found: Mapping[str, Readable]
) -> tuple[Catalog, dict[str, int]]:
    """Replace each of the tables by one of the rows that can be read; the catalog then, and their numbers.

    The table stands in the file without types and indexes, its generated values as plain ones; declared they
    are in the catalog all the same.
    """
    tables = [table for table in catalog.tables if table.name in found]
    if not tables:
        return catalog, {}
    _forget_free_pages(path)
    kept = {}
    for table, name in zip(tables, _free_names(catalog), strict=False):
        with _changing(path, catalog) as connection:
            kept[table.name] = _copy(connection, table, found[table.name], name)
            _put_in_place(connection, table, name)
    # Without its own index a table WITHOUT ROWID has no order but that of the new rows.
    changed = (
        replace(table, without_rowid=False) if table.name in found else table for table in catalog.tables
    )
    return replace(catalog, tables=tuple(changed)), kept


def _by_rowid(connection: sqlite3.Connection, table: Table, cancel: CancelSignal) -> Readable:
    """Forward, with a leap over what gives an error."""
    rows, stretches, whole = 0, list[Stretch](), True
    start: int | None = FIRST_ROWID
    while start is not None:
        first, last, given, asked = None, start - 1, 0, start
        try:
            for rowid, *_ in _rows(connection, table, start):
                given += 1
                if given % _ROWS_BETWEEN_CHECKS == 0:
                    cancel.raise_if_set()
                if rowid <= last:
                    # Out of order: a page that is not of this place.
                    whole = False
                    continue
                first, last, rows = rowid if first is None else first, rowid, rows + 1
            start = None
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            whole = False
            # Python has the error before it hands out the row that stands before it.
            rest = None if last == LAST_ROWID else _next_row(connection, table, last + 1)
            if rest is not None and rest > last:
                first, last, given, rows = rest if first is None else first, rest, given + 1, rows + 1
            start = None if last == LAST_ROWID else _beyond(connection, table, last + 1)
        if first is not None:
            stretches.append(Stretch(start=asked, first=first, last=last, given=given))
    return Readable(rows=rows, stretches=tuple(stretches), whole=whole)


def _beyond(connection: sqlite3.Connection, table: Table, failing: int) -> int | None:
    """The lowest rowid above ``failing`` from which a row, or the end, can be read again."""
    step = 1
    while not _can_read(connection, table, min(failing + step, LAST_ROWID)):
        if failing + step >= LAST_ROWID:
            return None
        step *= 2
    low, high = failing + step // 2, min(failing + step, LAST_ROWID)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _can_read(connection, table, middle) else (middle, high)
    return high


def _can_read(connection: sqlite3.Connection, table: Table, start: int) -> bool:
    try:
        _rows(connection, table, start, most=1).fetchall()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return False
    return True


def _next_row(connection: sqlite3.Connection, table: Table, start: int) -> int | None:
    """The rowid of the first row from there on; None where it cannot be read, or there is none."""
    if not _can_read(connection, table, start):
        return None
    row = _rows(connection, table, start, most=1).fetchone()
    return None if row is None else int(row[0])


def _in_order(connection: sqlite3.Connection, table: Table, cancel: CancelSignal) -> Readable:
    """Of a table without a reachable rowid, the rows up to the first that gives an error."""
    rows, whole = 0, False
    try:
        for _ in _rows(connection, table):
            rows += 1
            if rows % _ROWS_BETWEEN_CHECKS == 0:
                cancel.raise_if_set()
        whole = True
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    stretches = (Stretch(start=1, first=1, last=rows, given=rows),) if rows else ()
    return Readable(rows=rows, stretches=stretches, whole=whole)


def _rows(
    connection: sqlite3.Connection, table: Table, start: int | None = None, most: int = -1
) -> sqlite3.Cursor:
    """Rows with all that is stored of them, so that every page of theirs is read."""
    columns = [quote_identifier(column.name) for column in table.columns if column.generated != "virtual"]
    rows = f"FROM {_quoted(table)} {own_order(table)}"
    if start is None:
        return connection.execute(f"SELECT {', '.join(columns)} {rows}")
    place = _place(table)
    listed = ", ".join((place, *columns))
    return connection.execute(
        f"SELECT {listed} {rows} WHERE {place} >= ? ORDER BY {place} LIMIT ?", (start, most)
    )


def _place(table: Table) -> str:
    return quote_identifier(table.rowid_name or "rowid")


def _forget_free_pages(path: Path) -> None:
    """Leave SQLite no page of the file to use again: new ones are then added at its end."""
    with path.open("r+b") as file:
        for offset, octets in ((_FREE_PAGES, 8), (_AUTO_VACUUM, 4), (_INCREMENTAL_VACUUM, 4)):
            file.seek(offset)
            file.write(bytes(octets))


@contextmanager
def _changing(path: Path, catalog: Catalog) -> Iterator[sqlite3.Connection]:
    """A connection that can write the schema as a table.

    Each statement is a transaction: after a broken page SQLite takes no more writes in one.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        harden(connection, trusted_schema=catalog.trusted_schema)
        stand_in_for_collations(connection, catalog)
        # A statement that meets a broken page is undone by the journal.
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA writable_schema=ON")
        yield connection


def _copy(connection: sqlite3.Connection, table: Table, found: Readable, name: str) -> int:
    """Copy the rows found into a new table of that name; how many they are."""
    connection.execute(create_copy("main", name, table))
    uncomputed = _uncomputed(connection, table)
    columns = ", ".join(read_column(column, uncomputed) for column in table.columns)
    copy = f"main.{quote_identifier(name)}"
    if table.rowid_name:
        insert = f"INSERT OR IGNORE INTO {copy}({copied_columns(table)})"
        for stretch in found.stretches:
            _insert(connection, table, insert, columns, stretch)
    else:
        names = ", ".join(quote_identifier(column.name) for column in table.columns)
        connection.execute(
            f"INSERT INTO {copy}({names}) SELECT {columns} FROM {_quoted(table)} {own_order(table)} LIMIT ?",
            (found.rows,),
        )
    (rows,) = connection.execute(f"SELECT count(*) FROM {copy}").fetchone()
    return int(rows)


def _put_in_place(connection: sqlite3.Connection, table: Table, name: str) -> None:
    """Give the table of that name the name of the damaged one, which no longer is."""
    connection.execute(
        "DELETE FROM main.sqlite_master WHERE tbl_name = ? COLLATE NOCASE AND type IN ('table', 'index')",
        (table.name,),
    )
    connection.execute(
        "UPDATE main.sqlite_master SET name = ?1, tbl_name = ?1, sql = ?2 || substr(sql, instr(sql, '('))"
        " WHERE name = ?3",
        (table.name, f"CREATE TABLE {quote_identifier(table.name)}", name),
    )


def _insert(
    connection: sqlite3.Connection, table: Table, insert: str, columns: str, stretch: Stretch
) -> None:
    """Copy the rows of one stretch; row by row where a broken page now answers in another way."""
    place, rows = _place(table), f"FROM {_quoted(table)} {own_order(table)}"
    asked = f"{rows} WHERE {place} >= ?1 ORDER BY {place} LIMIT ?2"
    bounds = (stretch.start, stretch.given)
    together = f"{insert} SELECT * FROM (SELECT {place} AS place, {columns} {asked}) WHERE place >= ?1"
    if _worked(connection, together, bounds):
        return
    try:
        for (rowid,) in connection.execute(f"SELECT {place} {asked}", bounds):
            _worked(connection, f"{insert} SELECT {place}, {columns} {rows} WHERE {place} = ?", (rowid,))
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise


def _worked(connection: sqlite3.Connection, statement: str, parameters: tuple[int, ...]) -> bool:
    """Whether the statement met no damage; where it did, it has done nothing."""
    try:
        connection.execute(statement, parameters)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return False
    return True


def _uncomputed(connection: sqlite3.Connection, table: Table) -> frozenset[str]:
    """The virtual generated columns where one cannot be computed for rows that are to be kept."""
    virtual = frozenset(column.name for column in table.columns if column.generated == "virtual")
    if not virtual:
        return virtual
    try:
        return virtual if unreadable_columns(connection, "main", table) else frozenset()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        # Not known, and not worth more: nothing of them is stored.
        return virtual


def _quoted(table: Table) -> str:
    return f"main.{quote_identifier(table.name)}"


def _free_names(catalog: Catalog) -> Iterator[str]:
    """Names that nothing in the file has."""
    taken = {table.name.lower() for table in catalog.tables} | {
        other.name.lower() for other in catalog.others
    }
    names = (f"sdmigrate readable {number}" for number in count())
    return (name for name in names if name not in taken)
