"""LIKE and GLOB of SQLite as PostgreSQL patterns (https://www.sqlite.org/lang_expr.html section 5).

Invariant: a pattern is a constant, or the expression is refused; only ASCII letters are alike to LIKE in
either case.
"""

import re

from sdmigrate.rules.sql_comparisons import as_text, without_case
from sdmigrate.rules.sql_terms import Term, refuse, text_literal

_SPECIAL = frozenset(".^$*+?()[]{}|\\")
_CLASS = re.compile(r"\[(\^?)((?:[A-Za-z0-9_ ,;@#%&]|[A-Z]-[A-Z]|[a-z]-[a-z]|[0-9]-[0-9])+-?)\]")


def like(value: Term, pattern: Term, escape: str | None) -> str:
    """``value LIKE pattern [ESCAPE escape]``."""
    if not isinstance(pattern.literal, str):
        refuse("LIKE with a computed pattern")
    if escape is not None and (len(escape) != 1 or escape.isalpha()):
        refuse("LIKE with a letter to escape")
    text, ending = pattern.literal, f"ESCAPE {text_literal(escape or '')}"
    if not re.search("[A-Za-z]", text):
        return f"({as_text(value)} LIKE {text_literal(text)} {ending})"
    lower = re.sub("[A-Z]", lambda letter: letter[0].lower(), text)
    return f"({without_case(as_text(value))} LIKE {text_literal(lower)} {ending})"


def glob(value: Term, pattern: Term) -> str:
    """``value GLOB pattern`` as a regular expression."""
    if not isinstance(pattern.literal, str):
        refuse("GLOB with a computed pattern")
    return f"({as_text(value)} ~ {text_literal(glob_expression(pattern.literal))})"


def glob_expression(pattern: str) -> str:
    """The regular expression that matches what the GLOB pattern matches."""
    parts = ["^"]
    place = 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "[":
            found = _CLASS.match(pattern, place)
            if found is None:
                refuse("GLOB with an unusual set of characters")
            parts.append(found[0])
            place = found.end()
            continue
        parts.append({"*": ".*", "?": "."}.get(letter, "\\" + letter if letter in _SPECIAL else letter))
        place += 1
    if parts[-1] == ".*":
        return "".join(parts[:-1])
    return "".join(parts) + "$"
