"""The start screen's answers while they are being given, and what is still missing in them.

Invariant: pure; a journey can begin only when ``missing`` returns None.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from sdmigrate.model.settings import Mode

FieldName: TypeAlias = Literal["source", "target", "schema"]
FIELDS: tuple[FieldName, ...] = ("source", "target", "schema")

MODE_WORDS: dict[Mode, str] = {
    "inspect": "Reads the source and reports. Writes to no target.",
    "rehearse": "Does everything on scratch schemas, and leaves nothing behind.",
    "migrate": "Does everything; before the switch it asks for the schema's name.",
}


@dataclass(frozen=True)
class Verdict:
    """What a check of one field said."""

    value: str
    """The text that was checked; a verdict on another text does not count."""
    usable: bool
    words: str

    def __repr__(self) -> str:
        """Without the text, which may hold a password."""
        return f"Verdict(usable={self.usable!r})"


@dataclass(frozen=True)
class Missing:
    """What must be mended before a journey can begin."""

    field: FieldName
    words: str


def needed(field: FieldName, mode: Mode, value: str) -> bool:
    """Whether the field must be filled and usable in this mode; inspect may have a target, not a schema."""
    if mode != "inspect" or field == "source":
        return True
    return field == "target" and bool(value)


def missing(mode: Mode, values: dict[FieldName, str], verdicts: dict[FieldName, Verdict]) -> Missing | None:
    """The first thing that keeps the journey from beginning; None where nothing does."""
    for field in FIELDS:
        value = values[field]
        if not needed(field, mode, value):
            continue
        if not value:
            return Missing(field, f"Name the {field} first.")
        verdict = verdicts.get(field)
        if verdict is None or verdict.value != value:
            return Missing(field, f"The {field} is still being checked.")
        if not verdict.usable:
            return Missing(field, f"The {field} cannot be used; what is wrong stands below it.")
    return None


def suggested_schema(source: str) -> str:
    """A schema name from the file's name: lower case, words joined by underscores; empty where none fits."""
    name = re.sub(r"[^a-z0-9]+", "_", Path(source).stem.casefold()).strip("_")[:40]
    return f"s_{name}" if name[:1].isdigit() else name
