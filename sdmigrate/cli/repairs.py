"""What ``quarantine edit`` is told, as values of rows.

Invariant: a value is what the operator wrote, in the storage class named; text where none is, which the
plan's conversion reads as it reads the source's text.
"""

import csv
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import msgspec

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.values import Value
from sdmigrate.sqlite.copied_table import CopiedTable
from sdmigrate.sqlite.exact_values import from_exact, value_of
from sdmigrate.sqlite.quarantine_export import CSV_HEAD, of_cell
from sdmigrate.sqlite.repaired_rows import kept_table, standing_row

Repair: TypeAlias = tuple[str, int, dict[str, Value]]
"""Table, locator, new values by column."""

_CLASSES = ("text", "integer", "real", "blob", "null")


class _Line(msgspec.Struct, frozen=True):
    """One line of the file; what else it holds is for the reader."""

    table: str
    rowid: int
    row: dict[str, msgspec.Raw]


def repairs_of_options(
    quarantine: sqlite3.Connection, table: str, rowid: int, given: Iterable[str]
) -> Repair:
    """``COLUMN=TEXT`` and ``COLUMN:CLASS=VALUE``; a column's own name may hold either sign.

    Raises:
        UsageProblem: no column of the table is named, or the value is none of its class.
    """
    columns = kept_table(quarantine, table).columns
    return table, rowid, dict(_assignment(each, table, columns) for each in given)


def _assignment(given: str, table: str, columns: tuple[str, ...]) -> tuple[str, Value]:
    for place in (index for index, character in enumerate(given) if character == "="):
        name, text = given[:place], given[place + 1 :]
        if name in columns:
            return name, text
        column, _, storage = name.rpartition(":")
        if column in columns and storage in _CLASSES:
            try:
                return column, value_of(storage, text)
            except ValueError as error:
                raise UsageProblem(
                    f"{text!r} is no value of class {storage}: {error}.",
                    "Write COLUMN:null=, COLUMN:integer=5, COLUMN:real=1.5 or COLUMN:blob=00ff.",
                ) from error
    raise UsageProblem(
        f"{given!r} sets no column of {table!r}.", f"COLUMN=VALUE; its columns are {', '.join(columns)}."
    )


def repairs_of_file(path: Path) -> list[Repair]:
    """The rows of a file that ``quarantine show --output FILE.jsonl`` wrote.

    A value may stay as written there, with its class, or be a plain JSON text, number or null.

    Raises:
        UsageProblem: the file cannot be read; the message names the line.
    """
    repairs: list[Repair] = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageProblem(f"The file {path} cannot be read: {error}.", "Name another file.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            read = msgspec.json.decode(line, type=_Line)
            row = {name: from_exact(msgspec.json.decode(raw)) for name, raw in read.row.items()}
        except (msgspec.DecodeError, ValueError) as error:
            raise UsageProblem(
                f"{path}, line {number}: {error}.",
                "Each line is one row as 'sdmigrate quarantine show --output FILE.jsonl' writes it.",
            ) from error
        repairs.append((read.table, read.rowid, row))
    return repairs


def repairs_of_csv(quarantine: sqlite3.Connection, path: Path, table: str) -> list[Repair]:
    """The rows of a file that ``quarantine show --table T --output FILE.csv`` wrote.

    A cell that was not touched is no repair, so its value keeps its storage class; ``of_cell`` says what the
    others mean. Columns may be left out or come in another order.

    Raises:
        UsageProblem: the file cannot be read, or is not of this table's columns; the message names the line.
    """
    kept = kept_table(quarantine, table)
    line = 1
    repairs: list[Repair] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines, _cells_of_any_length():
            reader = csv.reader(lines, strict=True)
            columns = _columns(next(reader, []), kept.columns)
            for cells in reader:
                line = reader.line_num
                if cells:
                    repairs.append((table, *_edited(quarantine, kept, table, columns, cells)))
    except OSError as error:
        raise UsageProblem(f"The file {path} cannot be read: {error}.", "Name another file.") from error
    except (csv.Error, ValueError) as error:
        raise UsageProblem(
            f"{path}, line {line}: {error}.",
            "Keep commas, quotes, header and UTF-8 as 'quarantine show --output FILE.csv' writes them.",
        ) from error
    return repairs


def _columns(header: list[str], columns: tuple[str, ...]) -> list[str]:
    ours = len(CSV_HEAD)
    if tuple(header[:ours]) != CSV_HEAD or not set(header[ours:]) <= set(columns):
        raise ValueError(f"the header is not {', '.join((*CSV_HEAD, *columns))}")
    return header[ours:]


def _edited(
    quarantine: sqlite3.Connection, kept: CopiedTable, table: str, columns: list[str], cells: list[str]
) -> tuple[int, dict[str, Value]]:
    own = cells[len(CSV_HEAD) :]
    if len(own) != len(columns):
        raise ValueError(f"{len(cells)} cells where the header has {len(columns) + len(CSV_HEAD)}")
    rowid = int(cells[0])
    stands = standing_row(quarantine, kept, table, rowid) or {}
    return rowid, {name: of_cell(text, stands.get(name)) for name, text in zip(columns, own, strict=True)}


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    """The csv module takes no cell above 131,072 characters by default; SQLite's values have up to 1e9."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)
