"""PostgreSQL types as a plan may name them, and the families that PostgreSQL compares with each other.

Invariant: a plan's type is always the canonical spelling given here.
"""

import re
from typing import Literal, TypeAlias

Family: TypeAlias = Literal[
    "boolean",
    "integer",
    "numeric",
    "float",
    "text",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "json",
    "jsonb",
    "bytea",
    "inet",
]

_FAMILIES: dict[str, Family] = {
    "boolean": "boolean",
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "numeric",
    "double precision": "float",
    "text": "text",
    "varchar": "text",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "interval": "interval",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "jsonb",
    "bytea": "bytea",
    "inet": "inet",
}
TYPE_NAMES = ", ".join(_FAMILIES).replace("numeric", "numeric, numeric(p,s)").replace("varchar", "varchar(n)")
"""For messages."""
INTEGER_RANGES = {
    "smallint": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
MOMENTS: frozenset[Family] = frozenset({"date", "timestamp", "timestamptz"})
"""The families whose values name a day."""

NUMBERS: frozenset[Family] = frozenset({"integer", "numeric", "float"})
"""The families whose values are numbers."""

_NUMERIC = re.compile(r"numeric\((\d{1,4}),(\d{1,4})\)")
_VARCHAR = re.compile(r"varchar\((\d{1,8})\)")
_LONGEST_VARCHAR = 10_485_760
_LARGEST_PRECISION = 1000


def canonical_type(text: str) -> str | None:
    """The type in its canonical spelling (lower case, no needless spaces); None where it is no type."""
    words = " ".join(text.lower().split())
    if words in _FAMILIES and words != "varchar":
        return words
    packed = words.replace(" ", "")
    if match := _NUMERIC.fullmatch(packed):
        precision, scale = int(match[1]), int(match[2])
        valid = 1 <= precision <= _LARGEST_PRECISION and scale <= precision
        return f"numeric({precision},{scale})" if valid else None
    if match := _VARCHAR.fullmatch(packed):
        length = int(match[1])
        return f"varchar({length})" if 1 <= length <= _LONGEST_VARCHAR else None
    return None


def family(canonical: str) -> Family:
    """The family of a canonical type.

    Raises:
        KeyError: it is no canonical type.
    """
    return _FAMILIES[canonical.partition("(")[0]]


def is_number(canonical: str) -> bool:
    """Whether a canonical type is one of numbers.

    Raises:
        KeyError: it is no canonical type.
    """
    return family(canonical) in NUMBERS


def can_reference(child: str, parent: str) -> bool:
    """Whether PostgreSQL accepts a foreign key from a column of type ``child`` to one of type ``parent``."""
    families = family(child), family(parent)
    if families[0] == families[1]:
        return families[0] != "json"
    return families == ("integer", "numeric")


def holds_empty_text(type_name: str) -> bool:
    """Whether empty text may be a value of the type."""
    return family(type_name) in ("text", "bytea")
