"""The proof that cleaning can be undone: cleaned, audit trail and quarantine against the snapshot, by SQL.

Invariant: a table comes back only where each row of the snapshot stands in exactly one of the files, under
its locator, with every value of the same storage class and byte by byte the same: in cleaned with the audit
trail applied backwards, elsewhere whole. Values themselves are compared: no digest stands between them.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sdmigrate.model.catalog import Catalog, Column, Table
from sdmigrate.model.source import Snapshot
from sdmigrate.sqlite.audit import removed_name
from sdmigrate.sqlite.connection import harden, quote_identifier, stand_in_for_collations
from sdmigrate.sqlite.quarantine import quarantine_name
from sdmigrate.sqlite.row_order import balanced, located, locator, read_located, unreadable_columns
from sdmigrate.sqlite.workbench import CleaningFiles, exact_class, zero_class

_OPCODES_BETWEEN_BEATS = 1_000_000
_CHANGED_AT_ONCE = 50
"""Columns whose changes one statement looks at: for each subquery SQLite goes through all open cursors."""

_SCRATCH = (
    # Without the types SQLite would not search by a locator, and look through all changes of a column.
    "CREATE TEMP TABLE cells(place INTEGER, locator INTEGER, mapping INTEGER,"
    " PRIMARY KEY (place, locator, mapping)) WITHOUT ROWID",
    "CREATE TEMP TABLE touched(locator INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE missing(locator INTEGER PRIMARY KEY)",
    # A column is known by its first rule.
    "INSERT OR IGNORE INTO temp.cells WITH places AS (SELECT id, min(id) OVER (PARTITION BY table_id,"
    ' "column") AS place FROM audit.rules) SELECT places.place, changes.rowid, mappings.id FROM audit.changes'
    " CROSS JOIN audit.mappings ON mappings.id = changes.mapping_id"
    " CROSS JOIN places ON places.id = mappings.rule_id",
)
"""``cells``: every changed cell, its column as a number; ``touched``: the rows that have any in the table at
hand; ``missing``: the locators of its rows that were not found yet."""

Beat = Callable[[str, int], None]
"""Hears of the table at hand and how many are done, every few milliseconds; what it raises ends the proof."""


def silent(table: str, done: int) -> None:
    """A Beat that nobody hears."""


def lost_tables(
    files: CleaningFiles, snapshot: Snapshot, beat: Beat = silent, tables: Iterator[Table] | None = None
) -> tuple[str, ...]:
    """The tables that do not come back from the three files; none where cleaning can be undone.

    Calls in two threads that take their ``tables`` from one iterator share the work; None: all tables.
    """
    lost = []
    with attached(files, snapshot.catalog, None) as connection:
        connection.execute("ATTACH ? AS snapshot", (f"{Path(snapshot.path).absolute().as_uri()}?mode=ro",))
        connection.create_function("sdmigrate_zero", 1, zero_class, deterministic=True)
        for statement in _SCRATCH:
            connection.execute(statement)
        for number, table in enumerate(snapshot.catalog.tables if tables is None else tables):
            with _beating(connection, lambda: beat(table.name, number)):  # noqa: B023 - ends with the turn
                unreadable = unreadable_columns(connection, "snapshot", table)
                if not _comes_back(connection, table, unreadable):
                    lost.append(table.name)
    return tuple(lost)


@contextmanager
def _beating(connection: sqlite3.Connection, beat: Callable[[], None]) -> Iterator[None]:
    """Call ``beat`` while statements run; what it raised is raised in place of the interruption."""
    failures: list[Exception] = []

    def while_running() -> int:
        try:
            beat()
        except Exception as failure:
            failures.append(failure)
        return len(failures)

    beat()
    connection.set_progress_handler(while_running, _OPCODES_BETWEEN_BEATS)
    try:
        yield
    except sqlite3.OperationalError:
        if failures:
            raise failures[0] from None
        raise
    finally:
        connection.set_progress_handler(None, 0)


@contextmanager
def attached(files: CleaningFiles, catalog: Catalog, main: Path | None) -> Iterator[sqlite3.Connection]:
    """The three files of cleaning, read-only, beside a file to write to, or none."""
    name = ":memory:" if main is None else f"{main.absolute().as_uri()}?mode=rwc"
    with closing(sqlite3.connect(name, uri=True, isolation_level=None)) as connection:
        harden(connection, trusted_schema=catalog.trusted_schema)
        stand_in_for_collations(connection, catalog)
        connection.execute(f"PRAGMA encoding='{catalog.encoding}'")
        connection.execute("PRAGMA temp_store=FILE")
        for schema, path in (
            ("cleaned", files.cleaned),
            ("audit", files.audit),
            ("quarantine", files.quarantine),
        ):
            connection.execute(f"ATTACH ? AS {schema}", (f"{path.absolute().as_uri()}?mode=ro",))
        yield connection


def kept_whole(connection: sqlite3.Connection, table: Table) -> tuple[str, ...]:
    """The tables, quoted, that hold rows of this one as they were in the snapshot."""
    return _there(
        connection,
        ("audit", removed_name("excluded", table.name)),
        ("audit", removed_name("deduplicated", table.name)),
        ("quarantine", quarantine_name(table.name)),
    )


def left_in_cleaned(connection: sqlite3.Connection, table: Table) -> tuple[str, ...]:
    """The table of cleaned, quoted; none where the plan leaves the table out."""
    return _there(connection, ("cleaned", table.name))


def _there(connection: sqlite3.Connection, *places: tuple[str, str]) -> tuple[str, ...]:
    return tuple(
        f"{schema}.{quote_identifier(name)}"
        for schema, name in places
        if connection.execute(
            f"SELECT 1 FROM {schema}.sqlite_schema WHERE type = 'table' AND name = ?", (name,)
        ).fetchone()
    )


def _comes_back(connection: sqlite3.Connection, table: Table, unreadable: Collection[str]) -> bool:
    rows = _Rows.of(table, unreadable)
    in_cleaned = left_in_cleaned(connection, table)
    connection.execute("DELETE FROM temp.missing")
    places = _changed_columns(connection, table)
    connection.execute(rows.missing(in_cleaned, places))
    for kept in in_cleaned:
        for start in range(0, len(places), _CHANGED_AT_ONCE):
            some = dict(islice(places.items(), start, start + _CHANGED_AT_ONCE))
            connection.execute(rows.not_undone(kept, some))
    found = _count(connection, rows.item) - _count(connection, "temp.missing")
    # As many rows as were found, each with a locator of its own: there is none that nobody asked for.
    if found != sum(_count(connection, name) for name in in_cleaned):
        return False
    for name in kept_whole(connection, table):
        if connection.execute(rows.taken_from(name)).rowcount != _count(connection, name):
            return False
    return _count(connection, "temp.missing") == 0


def _count(connection: sqlite3.Connection, item: str) -> int:
    (rows,) = connection.execute(f"SELECT count(*) FROM {item}").fetchone()
    return int(rows)


@dataclass(frozen=True)
class _Rows:
    """SQL over the snapshot's rows of one table, as ``source``, beside those of another file, ``stands``."""

    table: Table
    unreadable: Collection[str]
    item: str
    """The snapshot's rows: the table itself, not an index over it that might say something else."""
    name: str
    """Of their locator."""

    @classmethod
    def of(cls, table: Table, unreadable: Collection[str]) -> "_Rows":
        item, name = located("snapshot", table, unreadable)
        direct = " NOT INDEXED" if table.rowid_name is not None else ""
        return cls(table, unreadable, f"{item} AS source{direct}", f"source.{name}")

    def missing(self, in_cleaned: Sequence[str], places: Collection[str]) -> str:
        """INSERT into ``temp.missing`` of the rows that cleaned does not give back, changes aside."""
        insert = f"INSERT INTO temp.missing SELECT {self.name} FROM {self.item}"
        for kept in in_cleaned:
            insert += f" LEFT JOIN temp.touched ON touched.locator = {self.name}"
            insert += f" LEFT JOIN {kept} AS stands ON stands.{locator(self.table)} = {self.name}"
            always, untouched = (
                [column for column in self.table.columns if (column.name in places) == changed]
                for changed in (False, True)
            )
            # No CASE: SQLite leaves an AND at the first term that is false only where it decides a jump.
            insert += f" WHERE stands.{locator(self.table)} IS NULL OR NOT {self._alike(always)}"
            insert += f" OR (touched.locator IS NULL AND NOT {self._alike(untouched)})"
        return insert

    def not_undone(self, kept: str, places: Mapping[str, int]) -> str:
        """INSERT into ``temp.missing`` of the touched rows where a change of these columns does not hold."""
        terms = [self._undone(place, *self._sides(self.table.column(name))) for name, place in places.items()]
        return (
            f"INSERT OR IGNORE INTO temp.missing SELECT {self.name} FROM {self._at('touched')}"
            f" CROSS JOIN {kept} AS stands ON stands.{locator(self.table)} = {self.name}"
            f" WHERE NOT {balanced(terms, 'AND')}"
        )

    def taken_from(self, kept: str) -> str:
        """DELETE from ``temp.missing`` of the rows that stand there whole."""
        return (
            f"DELETE FROM temp.missing WHERE locator IN (SELECT missing.locator FROM {self._at('missing')}"
            f" CROSS JOIN {kept} AS stands ON stands.{locator(self.table)} = missing.locator"
            f" WHERE {self._alike(self.table.columns)})"
        )

    def _at(self, few: str) -> str:
        """The snapshot's rows that ``few`` lists; where they have rowids, no other row is read."""
        if self.table.rowid_name is None:
            return f"{self.item} CROSS JOIN temp.{few} AS {few} ON {few}.locator = {self.name}"
        return f"temp.{few} AS {few} CROSS JOIN {self.item} ON {self.name} = {few}.locator"

    def _alike(self, columns: Sequence[Column]) -> str:
        """Whether those columns of the row there are the snapshot's; so are none."""
        return balanced([_same(*self._sides(column)) for column in columns], "AND") if columns else "1"

    def _sides(self, column: Column) -> tuple[str, str]:
        """The column in the snapshot, and there."""
        read = read_located(self.table, column, self.unreadable)
        before = read if column.name in self.unreadable else f"source.{read}"
        return before, f"stands.{quote_identifier(column.name)}"

    def _undone(self, place: int, before: str, stands: str) -> str:
        cells = f"temp.cells AS cell WHERE cell.place = {place} AND cell.locator = {self.name}"
        made = "(SELECT {} FROM audit.mappings AS made WHERE made.id = cell.mapping)"
        number = f"(SELECT count(*) FROM {cells})"
        return (
            f"(({number} = 0 AND {_same_once(before, stands)}) OR ({number} = 1 AND"
            f" (SELECT {made.format(_same_once(before, 'made.before'))}"
            f" AND {made.format(_same_once(stands, 'made.after'))} FROM {cells})))"
        )


def _changed_columns(connection: sqlite3.Connection, table: Table) -> dict[str, int]:
    """Column -> its place in ``temp.cells``, for those with rules; their rows are listed in ``touched``."""
    found = connection.execute(
        'SELECT "column", min(rules.id) FROM audit.rules JOIN audit.tables ON tables.id = table_id'
        ' WHERE name = ? GROUP BY "column"',
        (table.name,),
    )
    places: dict[str, int] = dict(found)
    connection.execute("DELETE FROM temp.touched")
    for place in places.values():
        connection.execute(
            "INSERT OR IGNORE INTO temp.touched SELECT locator FROM temp.cells WHERE place = ?", (place,)
        )
    return places


def _same(one: str, other: str) -> str:
    """SQL: the same value of the same storage class; never NULL.

    The signs keep a declared column from converting the other side. Most values are texts, which need no
    look at the class: equal to one is only that text.
    """
    return (
        f"(+{one} IS +{other} COLLATE BINARY AND (+{one} >= '' COLLATE BINARY OR {one} IS NULL"
        f" OR {exact_class(one)} = {exact_class(other)}))"
    )


def _same_once(one: str, other: str) -> str:
    """SQL as of ``_same``, which loads each value once: of long ones every further look holds a copy more."""
    return (
        f"(typeof({one}) = typeof({other}) AND +{one} IS +{other} COLLATE BINARY"
        f" AND (typeof({one}) <> 'real' OR {exact_class(one)} = {exact_class(other)}))"
    )
