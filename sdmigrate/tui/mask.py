"""Where the password stands in a connection string that is being typed.

Invariant: a character that may belong to a password is masked; what is masked by mistake (a port before the
slash after it is typed) costs nothing.
"""

import re
from urllib.parse import unquote

MASK = "•"

_KEYWORD = re.compile(r"(?i)(\w*(?:passw|pwd|secret)\w*)\s*=\s*('(?:\\.|[^'\\])*'?|(?:\\.|[^\s&])*)")
_SCHEME = re.compile(r"(?i)\s*postgres(?:ql)?://")


def masked(text: str) -> str:
    """The text with every character of a password replaced; its length is kept."""
    characters = list(text)
    for start, end in (*_in_user_information(text), *_in_parameters(text)):
        characters[start:end] = MASK * (end - start)
    return "".join(characters)


def _in_user_information(text: str) -> list[tuple[int, int]]:
    scheme = _SCHEME.match(text)
    if scheme is None:
        return []
    begin = scheme.end()
    end = text.rfind("@")
    if end < begin:
        end = min((place for place in (text.find(mark, begin) for mark in "/?") if place >= 0), default=-1)
        if end >= 0:
            return []
        end = len(text)
    colon = text.find(":", begin, end)
    return [] if colon < 0 else [(colon + 1, end)]


def _in_parameters(text: str) -> list[tuple[int, int]]:
    spans = [match.span(2) for match in _KEYWORD.finditer(text)]
    if _SCHEME.match(text) and "?" in text:
        place = text.index("?") + 1
        for pair in text[place:].split("&"):
            name, equals, _ = pair.partition("=")
            if equals and "passw" in unquote(name).lower():
                spans.append((place + len(name) + 1, place + len(pair)))
            place += len(pair) + 1
    return spans
