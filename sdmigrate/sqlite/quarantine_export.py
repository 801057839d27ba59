r"""The quarantine's rows, whole, for other programs: JSON Lines and CSV, which ``edit`` reads again.

Invariant: JSON Lines keep every byte and storage class. CSV has no classes: NULL is ``\N``, a blob or a text
that is not UTF-8 its hex after ``hex:``, and whoever reads it back asks ``of_cell``.
"""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, TextIO

import msgspec

from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.values import Value, storage_class
from sdmigrate.sqlite.exact_pieces import write_fields
from sdmigrate.sqlite.exact_values import exact, row_from_json, value_of
from sdmigrate.sqlite.quarantine import QuarantinedRow, read_reasons
from sdmigrate.sqlite.repaired_rows import kept_table, standing_row

CSV_HEAD = ("rowid", "reasons")
"""The columns before the table's own."""

_NULL, _HEX = "\\N", "hex:"
_encode = msgspec.json.Encoder().encode


def export_lines(
    quarantine: sqlite3.Connection, out: BinaryIO, cancel: CancelSignal, table: str | None = None
) -> int:
    """One row a line: table, rowid, reasons, and the row as it is or as it was repaired; how many.

    No long value is held, but where it is part of a repair.

    Raises:
        Aborted: the operator asked to stop.
    """
    written = 0
    for (name, rowid), reasons in _reasons_by_row(quarantine, table):
        cancel.raise_if_set()
        kept = kept_table(quarantine, name)
        told = [_told(reason) for reason in reasons]
        out.write(_encode({"table": name, "rowid": rowid, "reasons": told})[:-1] + b',"row":{')
        if reasons[0].repaired is not None:
            cells = row_from_json(reasons[0].repaired)
            out.write(_encode({column: exact(value) for column, value in cells.items()})[1:-1])
        else:
            write_fields(out, quarantine, kept, rowid)
        out.write(b"}}\n")
        written += 1
    return written


def _told(reason: QuarantinedRow) -> dict[str, str | None]:
    return {
        "finding": reason.finding,
        "column": reason.column,
        "reason": reason.reason,
        "sqlstate": reason.sqlstate,
    }


def export_csv(quarantine: sqlite3.Connection, out: TextIO, cancel: CancelSignal, table: str) -> int:
    """Rowid, reasons and the columns of one table, with a header; how many rows.

    Raises:
        Aborted: the operator asked to stop.
    """
    writer = csv.writer(out)
    columns = kept_table(quarantine, table).columns
    writer.writerow([*CSV_HEAD, *columns])
    written = 0
    for (name, rowid), reasons in _reasons_by_row(quarantine, table):
        cancel.raise_if_set()
        cells = standing_row(quarantine, kept_table(quarantine, name), name, rowid)
        if cells is None:
            continue
        told = "; ".join(
            f"{each.column}: {each.reason}" if each.column is not None else each.reason for each in reasons
        )
        writer.writerow([rowid, told, *(cell(cells[column]) for column in columns)])
        written += 1
    return written


def _reasons_by_row(
    quarantine: sqlite3.Connection, table: str | None
) -> Iterator[tuple[tuple[str, int], list[QuarantinedRow]]]:
    """Source table and rowid of each row that is there, with its reasons."""
    reasons: dict[tuple[str, int], list[QuarantinedRow]] = {}
    for reason in read_reasons(quarantine, table):
        reasons.setdefault((reason.table, reason.rowid), []).append(reason)
    yield from reasons.items()


def cell(value: Value) -> str:
    """The value as CSV has it."""
    if value is None:
        return _NULL
    told = exact(value)
    return f"{_HEX}{told['hex']}" if "hex" in told else str(told["value"])


def of_cell(text: str, stands: Value) -> Value:
    r"""The value that an edited cell means, where ``stands`` was written out.

    A cell that is as it was written is the value itself, with its class and bytes. Of what was changed,
    ``\N`` is NULL, ``hex:`` a blob, a number that stands for one of the same class is one, and anything else
    is text.

    Raises:
        ValueError: what follows ``hex:`` is no hex.
    """
    if text == cell(stands):
        return stands
    if text == _NULL:
        return None
    if text.startswith(_HEX):
        return bytes.fromhex(text.removeprefix(_HEX))
    if isinstance(stands, int | float):
        with suppress(ValueError):
            number = value_of(storage_class(stands), text)
            return number if cell(number) == text else text
    return text
