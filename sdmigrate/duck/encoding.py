"""How a value travels from SQLite through DuckDB: as text led by the letter of its storage class, or bare.

Invariant: exact in both directions: REAL keeps every digit that a double needs, text keeps its bytes, valid
UTF-8 or not. Bare promises one class, and a scan fails where that does not hold.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sdmigrate.model.values import Value
from sdmigrate.rules.long_values import unless_at

Classes: TypeAlias = Literal["any", "text", "integer"]


@dataclass(frozen=True)
class Carriage:
    """How a column travels."""

    classes: Classes = "any"
    """"any" with its classes told; "text" and "integer" bare, all its values being of that class or NULL."""
    left: Collection[int] = ()
    """Rowids of the values that are left behind, too long to be held; NULL travels in their place."""


Left: TypeAlias = Mapping[str, Collection[int]]
"""Columns with values that are left behind, and their rowids."""


def quoted(name: str) -> str:
    """The name as SQLite reads it between double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as DuckDB reads it between single quotes."""
    return "'" + text.replace("'", "''") + "'"


def encoded(name: str, carriage: Carriage, place: str, *, thousandths: bool = False) -> str:
    """SQLite expression of that column's value: NULL, or its text after t, i, r or b unless it is bare.

    ``place`` is SQL of the rowid. With ``thousandths`` a REAL that is a whole number of them is that number
    after m, which SQLite writes in half the time.
    """
    column = quoted(name)
    if carriage.classes != "any":
        return unless_at(carriage.left, place, column)
    real = f"'r' || {_digits(column)}"
    if thousandths:
        whole = f"CAST({column} * 1000 AS INTEGER)"
        real = f"CASE WHEN {whole} / 1000.0 = +{column} THEN 'm' || {whole} ELSE {real} END"
    lettered = (
        f"CASE typeof({column}) WHEN 'text' THEN 't' || {column} WHEN 'integer' THEN 'i' || {column}"
        f" WHEN 'real' THEN {real} WHEN 'blob' THEN 'b' || hex({column}) END"
    )
    return unless_at(carriage.left, place, lettered)


def _digits(column: str) -> str:
    """SQLite expression of a REAL's text, from which it can be read back.

    quote() takes 15 digits where SQLite reads the same number back from them; very large and small numbers
    it reads inexactly (3.38.1: 73 of 300,000 over all exponents, none of them near these bounds).
    """
    ordinary = f"abs({column}) BETWEEN 1e-20 AND 1e20 OR abs({column}) IN (0.0, 9e999)"
    return f"CASE WHEN {ordinary} THEN quote({column}) ELSE printf('%!.20e', {column}) END"


def broken(name: str, carriage: Carriage, place: str) -> str:
    """SQLite expression that is true where the column's value breaks what its carriage promises."""
    column = quoted(name)
    match carriage.classes:
        case "text":
            # Numbers sort before all text and blobs after it; the plus sign keeps affinity from converting.
            condition = f"+{column} COLLATE BINARY < '' OR +{column} >= x''"
            return unless_at(carriage.left, place, condition)
        case "integer":
            return f"typeof({column}) NOT IN ('integer', 'null')"
        case _:
            return "0"


def promised(carriages: Mapping[str, Carriage], place: str) -> str:
    """SQLite condition that is true for every row, and an error at the first that breaks a promise."""
    bare = [
        broken(name, carriage, place) for name, carriage in carriages.items() if carriage.classes != "any"
    ]
    if not bare:
        return "1"
    # abs() of the smallest integer overflows: https://www.sqlite.org/lang_corefunc.html#abs
    return f"CASE WHEN {' OR '.join(bare)} THEN abs(-9223372036854775807 - 1) ELSE 1 END"


def decoded(data: bytes, classes: Classes = "any") -> Value:
    """The value whose encoded text these bytes are."""
    match classes:
        case "text":
            return data.decode("utf-8", "surrogateescape")
        case "integer":
            return int(data)
        case _:
            return _lettered(data)


def _lettered(data: bytes) -> Value:
    body = data[1:]
    match data[:1]:
        case b"t":
            return body.decode("utf-8", "surrogateescape")
        case b"i":
            return int(body)
        case b"m":
            # The same division as SQLite's, which gave the very value.
            return int(body) / 1000.0
        case b"r":
            return float(body.replace(b"Inf", b"inf"))
        case _:
            return bytes.fromhex(body.decode("ascii"))
