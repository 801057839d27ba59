"""Where in a plan's text a key stands, for messages that name a line.

Invariant: the line is found by the same parser that read the text, whatever way the key is spelled (quoted,
dotted, in an inline table): it is the line at which the text, cut after it, first holds the key.
"""

import tomllib
from typing import Any


def parse(text: str) -> dict[str, Any]:
    """The TOML document.

    Raises:
        tomllib.TOMLDecodeError: the text is no TOML; the message names line and column.
    """
    return tomllib.loads(text)


def line_of(text: str, path: tuple[str, ...]) -> int:
    """The line, from 1, of the statement that first brings in the key; 1 for the empty path.

    The text must be valid TOML that holds the key.
    """
    lines = text.splitlines(keepends=True)
    lowest, highest = 1, len(lines)
    while lowest < highest:
        middle = (lowest + highest) // 2
        end, document = _whole_until(lines, middle)
        if document is not None and _holds(document, path):
            highest = min(end, middle)
        else:
            lowest = middle + 1
    # A statement of several lines is whole at its last one; its first follows the last whole text before it.
    return _whole_until(lines, lowest - 1)[0] + 1


def _whole_until(lines: list[str], count: int) -> tuple[int, dict[str, Any] | None]:
    """The longest start of at most ``count`` lines that is TOML by itself, and what it holds."""
    for end in range(count, 0, -1):
        try:
            return end, parse("".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue
    return 0, {}


def _holds(document: dict[str, Any], path: tuple[str, ...]) -> bool:
    here: Any = document
    for part in path:
        if not isinstance(here, dict) or part not in here:
            return False
        here = here[part]
    return True
