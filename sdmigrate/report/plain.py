"""Makes any text safe for one line of output, whatever it came from.

Invariant: the result holds no control, formatting, bidirectional, surrogate or unassigned character, so it
can neither move a cursor, colour a terminal, reorder a line nor end it.
"""

import re
import unicodedata

_LONGEST_WORD = 1000
"""Longer than any path or digest; a name in the source may have a million characters."""
_HEAD, _TAIL = 80, 20
_LONGEST = 50_000

_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")
_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def plain(text: str, limit: int | None = None) -> str:
    """The text on one line; every character that acts instead of showing is written as its escape.

    What is much longer than anybody reads is shown by its beginning, its end and its length.

    Args:
        text: anything, surrogate escapes included.
        limit: characters after which it is cut, an ellipsis being the last; None: never.
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if len(text) > _LONGEST_WORD:
        text = _shortened(
            _LONG_WORD.sub(lambda word: _shortened(word.group(), _LONGEST_WORD), text), _LONGEST
        )
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:_HEAD]}…({len(text):,} characters)…{text[-_TAIL:]}"


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED_CATEGORIES:
        return character
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
