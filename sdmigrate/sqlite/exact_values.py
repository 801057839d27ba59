"""Stored values as JSON, for machines and for the quarantine's repaired rows.

Invariant: storage class and every byte are there; ``from_exact`` gives back what ``exact`` was given.
"""

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from sdmigrate.model.values import Value, storage_class

ExactValue: TypeAlias = dict[str, str | int | float | None]


def exact(value: Value) -> ExactValue:
    """``{"class": ..., "value": ...}``, or ``"hex"`` for blobs and for text that is not UTF-8.

    Infinities, which JSON has no number for, are the texts Infinity and -Infinity.
    """
    told: ExactValue = {"class": storage_class(value)}
    if isinstance(value, bytes):
        return told | {"hex": value.hex()}
    if isinstance(value, float) and math.isinf(value):
        return told | {"value": "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return told | {"hex": value.encode("utf-8", "surrogateescape").hex()}
    return told | {"value": value}


def from_exact(told: Any) -> Value:
    """The value that ``exact`` told; a plain text, number or null of JSON is itself.

    Raises:
        ValueError: it is neither.
    """
    if told is None or (isinstance(told, str | int | float) and not isinstance(told, bool)):
        return told
    if isinstance(told, Mapping) and told.keys() <= {"class", "value", "hex"}:
        match told:
            case {"class": "blob", "hex": str(octets)}:
                return bytes.fromhex(octets)
            case {"class": "text", "hex": str(octets)}:
                return bytes.fromhex(octets).decode("utf-8", "surrogateescape")
            case {"class": str(name), **rest}:
                value = rest.get("value")
                return value_of(name, None if value is None else str(value))
    raise ValueError("neither a text, number or null nor a value with its storage class")


def value_of(storage: str, text: str | None) -> Value:
    """The value of that storage class that the text writes; a blob as hex, NULL whatever the text.

    Raises:
        ValueError: there is no such class, or the text is no value of it.
    """
    if storage == "null":
        return None
    if text is not None:
        match storage:
            case "text":
                return text
            case "integer":
                number = int(text)
                if -(2**63) <= number < 2**63:
                    return number
                raise ValueError("beyond SQLite's integers")
            case "real":
                real = float(text)
                if not math.isnan(real):
                    return real
            case "blob":
                return bytes.fromhex(text)
    raise ValueError(f"no value of class {storage!r}")


def row_to_json(cells: Mapping[str, Value]) -> str:
    """A whole row by column."""
    return msgspec.json.encode({name: exact(value) for name, value in cells.items()}).decode()


def row_from_json(text: str) -> dict[str, Value]:
    """The row that ``row_to_json`` wrote."""
    return {name: from_exact(told) for name, told in msgspec.json.decode(text).items()}
