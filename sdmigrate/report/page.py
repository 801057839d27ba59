"""What a report consists of, whatever it is printed on: sections of a few kinds of blocks.

Invariant: blocks hold text as it is, hostile or not; each printer (terminal, Markdown, HTML) makes every
text safe in its own way, so that what is told is decided once and how it looks three times.
"""

from typing import Literal, TypeAlias

from sdmigrate.model.record import Record

Tone: TypeAlias = Literal["plain", "good", "warn", "bad", "dim"]


class Line(Record, tag=True):
    """One sentence."""

    text: str
    tone: Tone = "plain"


class Facts(Record, tag=True):
    """Names with their values."""

    pairs: tuple[tuple[str, str], ...]


class Grid(Record, tag=True):
    """A table; columns whose title is in ``numbers`` stand to the right."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()
    tones: tuple[Tone, ...] = ()
    """One for each row; empty: all plain."""
    optional: frozenset[str] = frozenset()
    """Titles that a narrow terminal may leave out."""


class Note(Record, tag=True):
    """Something with a head line, a sentence, advice, and values that show it."""

    head: str
    tone: Tone
    text: str
    advice: str = ""
    samples: tuple[str, ...] = ()


class Command(Record, tag=True):
    """Something to type, exactly."""

    text: str
    purpose: str


Block: TypeAlias = Line | Facts | Grid | Note | Command


class Section(Record):
    """One chapter; nothing is printed of a section without blocks."""

    title: str
    blocks: tuple[Block, ...]


class Page(Record):
    """A whole report."""

    title: str
    sentence: str
    """What happened, first and in one sentence."""
    tone: Tone
    sections: tuple[Section, ...]
    remark: str = ""
    """How to read it; empty where nothing needs saying."""
