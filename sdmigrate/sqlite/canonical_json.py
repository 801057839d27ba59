"""JSON as PostgreSQL's jsonb prints it, computed without PostgreSQL.

Invariant: equal to ``value::jsonb::text`` for every text that jsonb takes (tested against a server): keys by
length and then by octets, the last of equal keys kept, numbers as numeric with their scale, no other escapes
than JSON needs.
"""

import json
from decimal import Decimal
from typing import Any

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPES |= {chr(code): f"\\u{code:04x}" for code in range(32) if chr(code) not in _ESCAPES}
_TABLE = str.maketrans(_ESCAPES)


LONGEST_EXPONENT = 150_000
"""No number that numeric holds has as many digits on either side of its point."""


def jsonb_text(text: str) -> str:
    """The text that PostgreSQL shows of this JSON as jsonb.

    Raises:
        ValueError: it is no JSON.
    """
    pieces: list[str] = []
    _write(json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_refuse), pieces)
    return "".join(pieces)


class _Numeric(str):
    """A number, already as numeric prints it."""

    __slots__ = ()


def _number(text: str) -> _Numeric:
    _, digits, exponent = Decimal(text).as_tuple()
    shown = "".join(map(str, digits))
    if not isinstance(exponent, int) or abs(exponent) > LONGEST_EXPONENT:
        raise ValueError(f"{text} is no JSON number")
    if exponent >= 0:
        shown += "0" * exponent
        return _Numeric(_signed(text, shown.lstrip("0") or "0"))
    shown = shown.rjust(1 - exponent, "0")
    whole, fraction = shown[:exponent], shown[exponent:]
    return _Numeric(_signed(text, f"{whole.lstrip('0') or '0'}.{fraction}"))


def _signed(text: str, shown: str) -> str:
    return f"-{shown}" if text.startswith("-") and shown.strip("0.") else shown


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _write(value: Any, pieces: list[str]) -> None:
    match value:
        case None:
            pieces.append("null")
        case bool():
            pieces.append("true" if value else "false")
        case _Numeric():
            pieces.append(value)
        case str():
            pieces.append(_quoted(value))
        case list():
            pieces.append("[")
            for place, item in enumerate(value):
                pieces.append(", " if place else "")
                _write(item, pieces)
            pieces.append("]")
        case _:
            pieces.append("{")
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            for place, key in enumerate(keys):
                pieces.append(f"{', ' if place else ''}{_quoted(key)}: ")
                _write(value[key], pieces)
            pieces.append("}")


def _quoted(text: str) -> str:
    return f'"{text.translate(_TABLE)}"'
