"""The manifest beside a demo database: every planted defect and how it must end under the default plan.

Invariant: the file is a plain list in CONTRACTS.md's form, ordered by table and rowid, so that equal
databases have equal manifests.
"""

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from sdmigrate.model.record import Record

Scalar: TypeAlias = str | int | float | None
Outcome: TypeAlias = Literal["value", "quarantine", "dedupe", "finding"]


class Expected(Record):
    """How one defect must end."""

    outcome: Outcome
    """value: the row is loaded with ``value``. quarantine: the row is not loaded. dedupe: the row is
    dropped as a duplicate. finding: the row is loaded as it is and the finding tells of it."""
    value: str | None
    """The loaded value as PostgreSQL prints it; None for NULL and for rows that are not loaded."""
    finding: str | None
    """Code of the finding that tells of it; None where a silent repair is all there is."""


class Planted(Record):
    """One planted defect."""

    table: str
    rowid: int
    column: str
    kind: str
    before: Scalar | dict[str, str]
    """The value in the file; text that is not UTF-8 as ``{"class": "text", "hex": ...}``."""
    expected: Expected


class Manifest(Record):
    """Every planted defect of one demo database."""

    planted: tuple[Planted, ...]

    def of_table(self, table: str) -> tuple[Planted, ...]:
        """The defects planted in one table, by rowid."""
        return tuple(entry for entry in self.planted if entry.table == table)

    def kinds(self) -> dict[str, int]:
        """Kind of defect -> how many were planted."""
        counts: dict[str, int] = {}
        for entry in self.planted:
            counts[entry.kind] = counts.get(entry.kind, 0) + 1
        return counts


def manifest_path(database: Path) -> Path:
    """Where the manifest of a demo database lies: ``FILE.manifest.json`` beside ``FILE``."""
    return database.with_name(database.name + ".manifest.json")


def encode(manifest: Manifest) -> bytes:
    """The manifest as it is written: a JSON list, indented, with a newline at the end."""
    return msgspec.json.format(msgspec.json.encode(manifest.planted), indent=1) + b"\n"


def read_manifest(database: Path) -> Manifest:
    """The manifest beside that demo database.

    Raises:
        FileNotFoundError: there is none.
        msgspec.ValidationError: the file is no manifest.
    """
    data = manifest_path(database).read_bytes()
    return Manifest(planted=msgspec.json.decode(data, type=tuple[Planted, ...]))
