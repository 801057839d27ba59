"""What a declared type asks for, by its name and its affinity.

Invariant: no name is unknown: what no word tells, the affinity tells (https://www.sqlite.org/datatype3.html
section 3.1).
"""

import re

from sdmigrate.model.catalog import Column
from sdmigrate.rules.forms import Interest

_DIGITS = re.compile(r"\(\s*(\d{1,4})\s*(?:,\s*(\d{1,4})\s*)?\)")
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), type_)
    for pattern, type_ in (
        (r"BOOL", "boolean"),
        (r"JSON", "jsonb"),
        (r"UUID|GUID|UNIQUEIDENTIFIER", "uuid"),
        (r"TIMESTAMP.*(TZ|WITH\s+(LOCAL\s+)?TIME\s*ZONE)|DATETIMEOFFSET", "timestamptz"),
        (r"DATETIME|TIMESTAMP", "timestamp"),
        (r"DATE", "date"),
        (r"INTERVAL", "interval"),
        (r"TIME", "time"),
        (r"BINARY|BYTE|IMAGE", "bytea"),
    )
)
_BY_AFFINITY = {
    "INTEGER": "bigint",
    "REAL": "double precision",
    "NUMERIC": "numeric",
    "TEXT": "text",
    "BLOB": "bytea",
}


def interest_of(column: Column) -> Interest:
    """What the declaration says the column is about."""
    name = column.declared_type.upper()
    if "JSON" in name:
        return "json"
    if "DATE" in name or "TIMESTAMP" in name:
        return "date"
    return "any"


def declared_digits(column: Column) -> tuple[int, int] | None:
    """Precision and scale of DECIMAL(p,s) and its relatives; None where none are declared."""
    match = _DIGITS.search(column.declared_type)
    if column.affinity != "NUMERIC" or match is None or not _is_decimal(column):
        return None
    precision, scale = int(match[1]), int(match[2] or 0)
    return (precision, scale) if 1 <= precision <= 1000 and scale <= precision else None


def declared_length(column: Column) -> int | None:
    """Characters of VARCHAR(n) and its relatives; None where none are declared."""
    match = _DIGITS.search(column.declared_type)
    if column.affinity != "TEXT" or match is None or match[2] is not None:
        return None
    return int(match[1]) or None


def _is_decimal(column: Column) -> bool:
    return re.search(r"\b(?:DEC|NUM)|MONEY|FIXED", column.declared_type.upper()) is not None


def names_no_type(column: Column) -> bool:
    """Whether the declaration says nothing of the values: no type, ANY, or a NUMERIC affinity by accident."""
    name = column.declared_type.strip().upper()
    if name in ("", "ANY"):
        return True
    by_accident = column.affinity == "NUMERIC" and not _is_decimal(column)
    return by_accident and not any(pattern.search(name) for pattern, _ in _WORDS)


def declared_type(column: Column) -> str:
    """The PostgreSQL type that the declaration asks for."""
    name = column.declared_type.upper()
    # "DOUBLE PRECISION" and "POINT" hold no such word; an INTEGER affinity is the stronger word, but for
    # INTERVAL, which has it by accident.
    if column.affinity != "INTEGER" or "BOOL" in name or "INTERVAL" in name:
        for pattern, type_ in _WORDS:
            if pattern.search(name):
                return type_
    digits = declared_digits(column)
    if digits:
        return f"numeric({digits[0]},{digits[1]})"
    return _BY_AFFINITY[column.affinity]
