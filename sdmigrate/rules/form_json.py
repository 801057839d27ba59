"""Whether a text is JSON by PostgreSQL's rules, and whether jsonb can hold it.

Invariant: never more lenient than PostgreSQL: what is accepted here casts there
(https://www.postgresql.org/docs/current/datatype-json.html).
"""

import json
import re
from typing import Any, Literal, TypeAlias

JsonForm: TypeAlias = Literal["json", "json_text_only", "other"]

_DEEPEST = 500
"""Levels; below PostgreSQL's default max_stack_depth and Python's recursion limit."""
_LARGEST_DIGITS = 16_000
"""Digits or exponent, below what numeric holds."""
_JSON_SPACES = " \t\n\r"
_SURROGATE = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def _one_level_more(inner: str) -> str:
    """The pattern of JSON one level deeper than the inner one."""
    pair = rf"{_STRING}{_SPACE}:{_SPACE}{inner}"
    return rf"(?:{inner}|\[{_listed(inner)}\]|\{{{_listed(pair)}\}})"


def _listed(item: str) -> str:
    return rf"{_SPACE}(?:{item}{_SPACE}(?:,{_SPACE}{item}{_SPACE})*)?"


_SPACE = f"[{_JSON_SPACES}]*"
_STRING = r'"[^"\\\x00-\x1f]*"'
_SCALAR = rf"(?:{_STRING}|-?(?:0|[1-9][0-9]{{0,17}})(?:\.[0-9]{{1,17}})?|true|false|null)"
CERTAIN_JSON = f"{_SPACE}{_one_level_more(_one_level_more(_SCALAR))}{_SPACE}"
"""RE2 and Python: what certainly has the form ``json``: of two levels at most, without escapes."""
JSON_SUSPECT = rf"^(?:[ \t\n\r\f\v]*$|{_SPACE}[-0-9\[{{\"tfn])"
"""RE2 and Python: a text without this beginning has the form ``other``."""


class _NotJson(ValueError):
    """A constant that Python reads and JSON has not."""


class _BeyondNumeric(ValueError):
    """A number that numeric may not hold."""


def _no_constant(name: str) -> Any:
    raise _NotJson(name)


def _number(text: str) -> int:
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > _LARGEST_DIGITS or (exponent and len(exponent.lstrip("+-0")) > 4):
        raise _BeyondNumeric(text[:20])
    return 0


def _too_deep(text: str) -> bool:
    # What opens too few brackets needs no closer look.
    return text.count("[") + text.count("{") > _DEEPEST and _depth(text) > _DEEPEST


def _depth(text: str) -> int:
    deepest = level = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "[{":
            level += 1
            deepest = max(deepest, level)
        elif first in "]}":
            level -= 1
    return deepest


def _unstorable(text: str) -> bool:
    """Whether a string in it holds what PostgreSQL's text cannot: U+0000 or a lone surrogate."""
    return "\0" in text or (not text.isascii() and _SURROGATE.search(text) is not None)


def _strings(value: Any) -> bool:
    if isinstance(value, str):
        return _unstorable(value)
    if isinstance(value, list):
        return any(_strings(item) for item in value)
    if isinstance(value, dict):
        return any(_unstorable(key) or _strings(item) for key, item in value.items())
    return False


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_int=_number, parse_float=_number)
_PAIRS_DECODER = json.JSONDecoder(
    parse_constant=_no_constant,
    parse_int=_number,
    parse_float=_number,
    object_pairs_hook=lambda pairs: [item for pair in pairs for item in pair],
)


def json_form(text: str) -> JsonForm:
    """``json`` where jsonb holds it, ``json_text_only`` where only the type json does, else ``other``."""
    if _unstorable(text) or not text.strip(_JSON_SPACES) or _too_deep(text):
        return "other"
    try:
        # Pairs are kept so that a key given twice hides nothing of what its first value holds.
        value = _DECODER.decode(text) if "\\u" not in text else _PAIRS_DECODER.decode(text)
    except _BeyondNumeric:
        return "json_text_only"
    except ValueError:
        return "other"
    if "\\u" in text and _strings(value):
        return "json_text_only"
    return "json"
