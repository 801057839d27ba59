"""What PostgreSQL must hold of a table, told from the snapshot and set right by what cleaning did to it.

Invariant: the same digest as computed from cleaned. A row that cleaning left alone is the same in both, which
``undo_proof`` says, and its digest is the same whatever file it is read from.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from sdmigrate.model.catalog import Table
from sdmigrate.model.profile import TableProfile
from sdmigrate.model.result import TableDigest
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE
from sdmigrate.sqlite.row_order import locator
from sdmigrate.sqlite.undo_proof import kept_whole
from sdmigrate.sqlite.value_digests import expected, is_printed

_ONLY = "sdmigrate_touched"
_CHANGED_ROWS = (
    "SELECT changes.rowid FROM audit.changes JOIN audit.mappings ON mappings.id = mapping_id"
    " JOIN audit.rules ON rules.id = rule_id JOIN audit.tables ON tables.id = table_id WHERE tables.name = ?"
)


def is_foretold(
    table: Table, profile: TableProfile, columns: Iterable[tuple[str, str]], *, utf8: bool
) -> bool:
    """Whether the snapshot's rows can be read as cleaned's: by rowid, none generated, large or unprintable.

    Args:
        table: as declared.
        profile: its counts.
        columns: source column and blueprint type.
        utf8: whether the snapshot's texts are stored so.
    """
    unsound = {column.name for column in profile.columns if column.invalid_utf8}
    return (
        table.rowid_name is not None
        and all(column.generated is None for column in table.columns)
        and all(column.longest_bytes <= LONGEST_WHOLE for column in profile.columns)
        and all(is_printed(kind, utf8=utf8) for column, kind in columns if column in unsound)
    )


def touched_rows(files: sqlite3.Connection, table: Table) -> tuple[int, ...]:
    """The rowids of the snapshot's rows that were changed or taken out.

    Args:
        files: of ``undo_proof.attached``.
        table: included in the plan.
    """
    places = "".join(
        f" UNION SELECT {quote_identifier(locator(table))} FROM {kept}" for kept in kept_whole(files, table)
    )
    return tuple(rowid for (rowid,) in files.execute(_CHANGED_ROWS + places, (table.name,)))


def set_right(
    foretold: TableDigest,
    snapshot: sqlite3.Connection,
    cleaned: sqlite3.Connection,
    table: str,
    columns: Sequence[tuple[str, str]],
    touched: Iterable[int],
    beat: Callable[[int], None],
) -> TableDigest:
    """The digest of cleaned's table.

    Args:
        foretold: the digest of the snapshot's table.
        snapshot: of ``reading_values``.
        cleaned: the same.
        table: source name.
        columns: source column and blueprint type, in the blueprint's order.
        touched: the rows that may differ between the two.
        beat: hears of the rows done.
    """
    touched = tuple(touched)
    rows, total = foretold.rows, int(foretold.sum)
    for connection, sign in ((snapshot, -1), (cleaned, 1)):
        connection.execute(f"CREATE TEMP TABLE {_ONLY}(locator INTEGER PRIMARY KEY)")
        connection.executemany(f"INSERT INTO temp.{_ONLY} VALUES (?)", ((place,) for place in touched))
        part = expected(connection, table, columns, only=f"temp.{_ONLY}").digest(beat)
        rows, total = rows + sign * part.rows, total + sign * int(part.sum)
        connection.execute(f"DROP TABLE temp.{_ONLY}")
    return TableDigest(rows=rows, sum=str(total))
