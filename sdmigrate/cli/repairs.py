"""What ``quarantine edit`` is told, as values of rows.

Invariant: a value is what the operator wrote, in the storage class named; text where none is, which the
plan's conversion reads as it reads the source's text.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import msgspec

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.values import Value
from sdmigrate.sqlite.exact_values import from_exact, value_of
from sdmigrate.sqlite.repaired_rows import kept_table

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
