"""The operator's repairs, kept in the quarantine beside the reasons.

Invariant: the row itself stays as it is in the snapshot; every reason of a row carries the same repair.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.replay import RefusedRow, RepairedRow
from sdmigrate.model.values import Value
from sdmigrate.sqlite.connection import harden, quote_identifier
from sdmigrate.sqlite.copied_table import CopiedTable, copied_table
from sdmigrate.sqlite.exact_values import row_from_json, row_to_json
from sdmigrate.sqlite.quarantine import LONGEST_HEX, quarantine_name

_MOST_NAMED = 10


@contextmanager
def editing_quarantine(path: Path) -> Iterator[sqlite3.Connection]:
    """The quarantine, writable; leaving the block without an error commits all of it."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        harden(connection)
        connection.execute("PRAGMA synchronous=FULL")
        with connection:
            yield connection


def kept_table(quarantine: sqlite3.Connection, table: str) -> CopiedTable:
    """The quarantine's table for that source table.

    Raises:
        UsageProblem: the run has no such table.
    """
    name = quarantine_name(table)
    found = quarantine.execute(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,)
    ).fetchone()
    if found is None:
        raise UsageProblem(f"The run has no table {table!r}.", "Look at 'sdmigrate quarantine list'.")
    return copied_table(quarantine, name)


def kept_row(quarantine: sqlite3.Connection, table: CopiedTable, rowid: int) -> dict[str, Value] | None:
    """The row as it is in the snapshot; None where no row of that locator is in quarantine."""
    columns = ", ".join(quote_identifier(column) for column in table.columns)
    row = quarantine.execute(
        f"SELECT {columns} FROM {table.quoted} WHERE {table.quoted_locator} = ?", (rowid,)
    ).fetchone()
    return None if row is None else dict(zip(table.columns, row, strict=True))


def standing_row(
    quarantine: sqlite3.Connection, table: CopiedTable, source: str, rowid: int
) -> dict[str, Value] | None:
    """The row as it was repaired, or as it is in the snapshot; None where it is not in quarantine."""
    repaired = _repaired(quarantine, source, rowid)
    return row_from_json(repaired) if repaired is not None else kept_row(quarantine, table, rowid)


def repair_row(
    quarantine: sqlite3.Connection,
    table: str,
    rowid: int,
    values: Mapping[str, Value],
    *,
    as_is: bool = False,
) -> bool:
    """Put these values into the row, over what was repaired before; whether that changed anything.

    With ``as_is`` a row that stays as it was is to be replayed as well: its parent may be there now.

    Raises:
        UsageProblem: the table, the row or a column is not in the quarantine.
    """
    kept = kept_table(quarantine, table)
    row = kept_row(quarantine, kept, rowid)
    if row is None:
        raise UsageProblem(
            f"Row {rowid} of table {table!r} is not in quarantine.", "Look at 'sdmigrate quarantine show'."
        )
    unknown = [name for name in values if name not in row]
    if unknown:
        raise UsageProblem(
            f"Table {table!r} has no column {', '.join(map(repr, unknown[:_MOST_NAMED]))}.",
            f"Its columns are {', '.join(map(repr, kept.columns))}.",
        )
    repaired = _repaired(quarantine, table, rowid)
    before = repaired if repaired is not None else row_to_json(row)
    after = row_to_json(row_from_json(before) | dict(values))
    if after == before and not (as_is and repaired is None):
        return False
    quarantine.execute('UPDATE _rows SET repaired = ? WHERE "table" = ? AND rowid = ?', (after, table, rowid))
    return True


def repaired_rows(quarantine: sqlite3.Connection) -> tuple[RepairedRow, ...]:
    """Every row with a repair, in the order of the quarantine."""
    rows = quarantine.execute(
        'SELECT "table", rowid, max(repaired) FROM _rows WHERE repaired IS NOT NULL'
        ' GROUP BY "table", rowid ORDER BY min(_rowid_)'
    )
    return tuple(RepairedRow(table=table, rowid=rowid, repaired=repaired) for table, rowid, repaired in rows)


def give_new_reasons(quarantine: sqlite3.Connection, rows: Iterable[RefusedRow]) -> None:
    """Let these repaired rows' reasons be why they still do not fit."""
    for row in rows:
        repaired = _repaired(quarantine, row.table, row.rowid)
        value = None if row.column is None or repaired is None else row_from_json(repaired)[row.column]
        quarantine.execute('DELETE FROM _rows WHERE "table" = ? AND rowid = ?', (row.table, row.rowid))
        quarantine.execute(
            "INSERT INTO _rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (row.table, row.rowid, row.finding, row.column, row.reason, _hex(value), row.sqlstate, repaired),
        )


def _repaired(quarantine: sqlite3.Connection, table: str, rowid: int) -> str | None:
    """The row's repair; None where it has none."""
    found = quarantine.execute(
        'SELECT max(repaired) FROM _rows WHERE "table" = ? AND rowid = ?', (table, rowid)
    ).fetchone()
    return None if found[0] is None else str(found[0])


def _hex(value: Value) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str | bytes) else repr(value)
    octets = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return octets.hex() if len(octets) <= LONGEST_HEX else octets[: LONGEST_HEX - 1].hex() + "…"
