"""Where in a plan's text a key stands, for messages that name a line.

Invariant: the line is found by the same parser that read the text, whatever way the key is spelled (quoted,
dotted, in an inline table): it is the first line of the statement that brings the key in.
"""

import tomllib
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple


def parse(text: str) -> dict[str, Any]:
    """The TOML document.

    Raises:
        tomllib.TOMLDecodeError: the text is no TOML; the message names line and column.
    """
    return tomllib.loads(text)


class _Piece(NamedTuple):
    """Whole statements that are TOML by themselves."""

    first: int
    """Line, from 0."""
    lines: list[str]
    document: dict[str, Any]


class Places:
    """The keys of one valid TOML text."""

    def __init__(self, text: str) -> None:
        # TOML and editors know one line break; splitlines() knows more, which may stand inside a string.
        self._lines = [line + "\n" for line in text.split("\n")]

    def line_of(self, path: tuple[str, ...]) -> int:
        """The line, from 1, of the statement that first brings in the key; 1 where there is none."""
        for piece in self._tables:
            if _holds(piece.document, path):
                return 1 + piece.first + _line_within(piece.lines, path)
        return 1

    @cached_property
    def _tables(self) -> list[_Piece]:
        """The text cut at its table headers, so that one key costs no reading of the whole."""
        return list(_pieces(self._lines))


def _line_within(lines: list[str], path: tuple[str, ...]) -> int:
    """The line, from 0, of the statement in one table's text."""
    before = 0
    for end in range(1, len(lines) + 1):
        try:
            document = parse("".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            # In the middle of a statement of several lines.
            continue
        if _holds(document, path):
            return before
        before = end
    return before


def _pieces(lines: list[str]) -> Iterator[_Piece]:
    """The lines cut before each table header, and never within a statement."""
    first = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and not lines[end].lstrip().startswith("["):
            continue
        piece = lines[first:end]
        try:
            document = parse("".join(piece))
        except tomllib.TOMLDecodeError:
            # The line that looked like a header is part of a text or list of several lines.
            continue
        yield _Piece(first, piece, document)
        first = end


def _holds(document: dict[str, Any], path: tuple[str, ...]) -> bool:
    here: Any = document
    for part in path:
        if not isinstance(here, dict) or part not in here:
            return False
        here = here[part]
    return True
