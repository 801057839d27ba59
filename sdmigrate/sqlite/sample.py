"""The canary's sample: some rows of each table of cleaned, everything odd among them, in a file of its own.

Invariant: the same cleaned gives the same sample, of cleaned's own shape; where a row is in it, so are the
rows its foreign keys point at, and theirs.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sdmigrate.sqlite.connection import harden, open_read_only, quote_identifier
from sdmigrate.sqlite.copied_table import CopiedTable, copied_table
from sdmigrate.sqlite.row_order import LAST_ROWID, ROWID_NAMES, balanced

WHOLE_BELOW = 200
"""A table with fewer rows is sampled whole."""

_CHANGES_A_RULE = 20
"""Rows taken for each rule that changed values of a column."""

_COLUMNS_A_SCAN = 200
_SCANS = 2
"""Tables scanned at once."""

_PLACE_BITS = 33
"""Bits left beside a length, which is below 2^30 as SQLite is built."""


@dataclass(frozen=True)
class Link:
    """One foreign key, by source names."""

    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


def write_sample(
    cleaned: Path | str,
    audit: Path | str | None,
    sample: Path,
    tables: Sequence[str],
    links: Sequence[Link],
    share: float,
    beat: Callable[[str], None],
) -> dict[str, int]:
    """Write the sample; returns rows by table.

    Args:
        cleaned: what to sample.
        audit: the audit trail, whose changed rows are odd; None: there is none.
        sample: the file to write, empty or not there.
        tables: the tables to sample.
        links: the foreign keys between them.
        share: of each table's rows, spread evenly; above 0, 1 is all.
        beat: called with a table's name before each piece of work; may raise.
    """
    with (
        closing(sqlite3.connect(sample, isolation_level=None, check_same_thread=False)) as connection,
        ThreadPoolExecutor(_SCANS) as scans,
    ):
        sampler = _Sampler(connection, beat)
        sampler.attach(cleaned, audit)
        connection.execute("BEGIN")
        # SQLite scans without holding the interpreter, so two tables take the time of the longer one.
        longer = {}
        for name in tables:
            beat(name)
            in_part = sampler.rows(name) >= WHOLE_BELOW and share < 1
            sampler.choose(name, max(1, int(1 / share)) if in_part else 1)
            if in_part:
                if audit is not None:
                    sampler.choose_changed(name)
                longer[name] = scans.submit(_longer, cleaned, name, sampler.lengths(name), beat)
        for name, found in longer.items():
            sampler.add(name, found.result())
        sampler.follow(links)
        rows = {name: sampler.copy(name) for name in tables}
        connection.execute("COMMIT")
    return rows


@dataclass(frozen=True)
class _Sampler:
    """One connection over the sample (main), cleaned and audit; ``temp.<table>`` lists chosen locators."""

    connection: sqlite3.Connection
    beat: Callable[[str], None]

    def attach(self, cleaned: Path | str, audit: Path | str | None) -> None:
        harden(self.connection)
        # Texts of attached files are copied octet by octet: all have one encoding.
        with closing(sqlite3.connect(f"{Path(cleaned).absolute().as_uri()}?mode=ro", uri=True)) as other:
            (encoding,) = other.execute("PRAGMA encoding").fetchone()
        self.connection.execute(f"PRAGMA encoding='{encoding}'")
        for schema, path in (("cleaned", cleaned), ("audit", audit)):
            if path is not None:
                uri = f"{Path(path).absolute().as_uri()}?mode=ro"
                self.connection.execute(f"ATTACH ? AS {schema}", (uri,))
        self.connection.execute("PRAGMA main.journal_mode=OFF")
        self.connection.execute("PRAGMA main.synchronous=OFF")
        self.connection.execute("PRAGMA temp_store=MEMORY")

    def rows(self, name: str) -> int:
        """How many rows the table of cleaned has."""
        (total,) = self.connection.execute(
            f"SELECT count(*) FROM cleaned.{self._table(name).quoted}"
        ).fetchone()
        return int(total)

    def choose(self, name: str, step: int) -> None:
        """List every ``step``-th row."""
        table = self._table(name)
        self.connection.execute(f"CREATE TEMP TABLE {_chosen(name)}(locator INTEGER PRIMARY KEY)")
        place, rows = f"stands.{table.quoted_locator}", f"cleaned.{table.quoted} AS stands"
        following = (
            f"SELECT {place} FROM {rows} WHERE {place} > each.locator ORDER BY {place}"
            f" LIMIT 1 OFFSET {step - 1}"
        )
        self.connection.execute(
            f"INSERT INTO temp.{_chosen(name)} WITH RECURSIVE each(locator) AS"
            f" (SELECT min({place}) FROM {rows}"
            f" UNION ALL SELECT ({following}) FROM each WHERE each.locator IS NOT NULL)"
            " SELECT locator FROM each WHERE locator IS NOT NULL"
        )

    def lengths(self, name: str) -> list[int]:
        """The length of the longest value of each column among the listed rows; -1 where all are NULL."""
        table = self._table(name)
        found: list[int] = []
        for some in _in_scans(table.columns):
            found += self.connection.execute(
                f"SELECT {', '.join(f'coalesce(max({length}), -1)' for length in _lengths(some))}"
                f" FROM cleaned.{table.quoted}"
                f" WHERE {table.quoted_locator} IN (SELECT locator FROM temp.{_chosen(name)})"
            ).fetchone()
        return found

    def add(self, name: str, locators: Iterable[int]) -> None:
        """List these as well."""
        self.connection.executemany(
            f"INSERT OR IGNORE INTO temp.{_chosen(name)} VALUES (?)", ((locator,) for locator in locators)
        )

    def choose_changed(self, name: str) -> None:
        """List some rows of each rule that changed the table."""
        table = self._table(name)
        self.connection.execute(
            f"INSERT OR IGNORE INTO temp.{_chosen(table.name)} SELECT locator FROM"
            " (SELECT changes.rowid AS locator, row_number() OVER (PARTITION BY rules.id) AS place"
            " FROM audit.changes JOIN audit.mappings ON mappings.id = mapping_id"
            " JOIN audit.rules ON rules.id = rule_id JOIN audit.tables ON tables.id = table_id"
            " WHERE tables.name = ?) WHERE place <= ?"
            f" AND locator IN (SELECT {table.quoted_locator} FROM cleaned.{table.quoted})",
            (table.name, _CHANGES_A_RULE),
        )

    def follow(self, links: Sequence[Link]) -> None:
        """List the parents of what is listed, until nothing is added."""
        waiting = list(links)
        while waiting:
            grown = {link.parent for link in waiting if self._follow(link)}
            waiting = [link for link in links if link.child in grown]

    def copy(self, name: str) -> int:
        """Write the listed rows; how many they are."""
        table = self._table(name)
        quoted = [quote_identifier(column) for column in table.columns]
        extra = table.locator not in ROWID_NAMES
        created = [f"{table.quoted_locator} INTEGER PRIMARY KEY", *quoted] if extra else quoted
        self.connection.execute(f"CREATE TABLE main.{table.quoted}({', '.join(created)})")
        names = ", ".join((table.quoted_locator, *quoted))
        return self.connection.execute(
            f"INSERT INTO main.{table.quoted}({names}) SELECT {names} FROM cleaned.{table.quoted}"
            f" WHERE {table.quoted_locator} IN (SELECT locator FROM temp.{_chosen(name)})"
            f" ORDER BY {table.quoted_locator}"
        ).rowcount

    def _follow(self, link: Link) -> bool:
        """Whether a row of the parent was added."""
        self.beat(link.parent)
        child, parent = self._table(link.child), self._table(link.parent)
        own = ", ".join(quote_identifier(column) for column in link.columns)
        theirs = ", ".join(quote_identifier(column) for column in link.parent_columns)
        added = self.connection.execute(
            f"INSERT OR IGNORE INTO temp.{_chosen(link.parent)} SELECT {parent.quoted_locator}"
            f" FROM cleaned.{parent.quoted} WHERE ({theirs}) IN (SELECT {own} FROM cleaned.{child.quoted}"
            f" WHERE {child.quoted_locator} IN (SELECT locator FROM temp.{_chosen(link.child)}))"
        )
        return added.rowcount > 0

    def _table(self, name: str) -> CopiedTable:
        return copied_table(self.connection, name, "cleaned")


def _chosen(name: str) -> str:
    return quote_identifier(f"chosen {name}")


def _in_scans(columns: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(columns), _COLUMNS_A_SCAN):
        yield columns[start : start + _COLUMNS_A_SCAN]


def _lengths(columns: Sequence[str]) -> list[str]:
    return [f"length({quote_identifier(column)})" for column in columns]


def _longer(cleaned: Path | str, name: str, known: Sequence[int], beat: Callable[[str], None]) -> list[int]:
    """The locator of the row with the longest value of each column, of equals the first.

    Columns that have none longer than ``known`` are left out.
    """
    with closing(open_read_only(cleaned)) as connection:
        table = copied_table(connection, name)
        place = table.quoted_locator
        low, high = connection.execute(f"SELECT min({place}), max({place}) FROM {table.quoted}").fetchone()
        # One scan gives length and place together: the length in front, then how far the place is from the
        # end. Places further apart than 33 bits tell are rounded, and looked for among their neighbours.
        rounding = max(0, (high - low).bit_length() - _PLACE_BITS)
        last = (1 << _PLACE_BITS) - 1
        ahead = f"{last} - (({place} >> {rounding}) - {low >> rounding})"
        locators, limits = [], iter(known)
        for some in _in_scans(table.columns):
            beat(name)
            lengths = dict(zip(_lengths(some), limits, strict=False))
            # To compare takes half as long as to look for the most; few rows are longer than all of a sample.
            longer = balanced([f"{length} > {limit}" for length, limit in lengths.items()], "OR")
            longest = connection.execute(
                f"SELECT {', '.join(f'max({length} << {_PLACE_BITS} | {ahead})' for length in lengths)}"
                f" FROM {table.quoted} WHERE {longer}"
            ).fetchone()
            for (length, limit), found in zip(lengths.items(), longest, strict=True):
                if found is None or found >> _PLACE_BITS <= limit:
                    continue
                near = last - (found & last) + (low >> rounding) << rounding
                (locator,) = connection.execute(
                    f"SELECT min({place}) FROM {table.quoted} WHERE {place} BETWEEN ? AND ? AND {length} = ?",
                    (near, min(near + (1 << rounding) - 1, LAST_ROWID), found >> _PLACE_BITS),
                ).fetchone()
                locators.append(locator)
    return locators
