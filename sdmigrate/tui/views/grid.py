"""A table to be shown, and what opens when one of its rows is chosen.

Invariant: values only; texts are as they came and become safe where a widget shows them (``format.cell``).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Tone: TypeAlias = Literal["", "good", "warn", "bad", "muted", "strong"]
"""How a text is weighed; its words say the same, so that colour carries nothing alone."""


@dataclass(frozen=True)
class Heading:
    """One column of a grid."""

    label: str
    right: bool = False
    """Aligned to the right, as numbers are."""
    widest: int = 40
    """Terminal cells beyond which its texts are cut, unless the other columns leave room."""
    name: bool = False
    """Cut within, as names differ at both ends."""
    spare: bool = False
    """Left out where it holds nothing but zeros, and a name would be cut for it."""
    flexible: bool = False
    """Takes the room that the other columns leave."""


@dataclass(frozen=True)
class Shown:
    """One cell."""

    text: str
    tone: Tone = ""
    order: float | None = None
    """What it is sorted by; None: its text."""


@dataclass(frozen=True)
class Detail:
    """What opens for a row."""

    title: str
    facts: tuple[tuple[str, str], ...]
    """Label and text, in order."""
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """A heading, and lines below it."""


@dataclass(frozen=True)
class GridRow:
    """One row; its cells stand below the headings."""

    cells: tuple[Shown, ...]
    detail: Detail | None = None
    preview: str = ""
    """Shown below the table while the row is pointed at; lines are separated by newlines."""
    place: tuple[str, str | None] | None = None
    """The table and column it stands for, where it can be decided on."""


@dataclass(frozen=True)
class Grid:
    """One view of a step's result."""

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[GridRow, ...]
    empty: str = "Nothing to show."
    """Shown in place of a table without rows."""
    tone: Tone = ""
    """Of the number beside its title."""
    numbered: bool = True
    """Whether the number of rows tells anything."""


def numeric(number: int, tone: Tone = "") -> Shown:
    """A count as a cell; zero is muted, so that the others stand out."""
    return Shown(f"{number:,}", tone if number else "muted", float(number))


def ordered(rows: tuple[GridRow, ...], column: int, *, descending: bool) -> tuple[GridRow, ...]:
    """The rows sorted by one column; texts without regard to case, numbers before texts."""

    def key(row: GridRow) -> tuple[bool, float, str]:
        shown = row.cells[column]
        if shown.order is not None:
            return (False, shown.order, "")
        return (True, 0.0, shown.text.casefold())

    return tuple(sorted(rows, key=key, reverse=descending))


def matching(rows: tuple[GridRow, ...], wanted: str) -> tuple[GridRow, ...]:
    """The rows with the wanted text in any cell, without regard to case; all of them for an empty text."""
    folded = wanted.casefold()
    return tuple(row for row in rows if any(folded in shown.text.casefold() for shown in row.cells))
