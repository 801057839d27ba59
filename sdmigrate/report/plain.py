"""Makes any text safe for one line of output, whatever it came from.

Invariant: the result holds no control, formatting, bidirectional, surrogate or unassigned character, so it
can neither move a cursor, colour a terminal, reorder a line nor end it.
"""

import unicodedata

_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def plain(text: str, limit: int | None = None) -> str:
    """The text on one line; every character that acts instead of showing is written as its escape.

    Args:
        text: anything, surrogate escapes included.
        limit: characters after which it is cut, an ellipsis being the last; None: never.
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED_CATEGORIES:
        return character
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
