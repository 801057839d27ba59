"""A SQLite value as Python sees it, and its storage class.

Invariant: text that is not valid UTF-8 is a ``str`` with surrogate escapes (PEP 383), so its exact bytes
are kept: ``value.encode("utf-8", "surrogateescape")``.
"""

from typing import Literal, TypeAlias

from sdmigrate.model.record import Record

Value: TypeAlias = int | float | str | bytes | None
"""One stored value: INTEGER, REAL, TEXT, BLOB or NULL."""

StorageClass: TypeAlias = Literal["integer", "real", "text", "blob", "null"]
"""What SQLite's typeof() says (https://www.sqlite.org/datatype3.html section 2)."""

Row: TypeAlias = tuple[Value, ...]


def storage_class(value: Value) -> StorageClass:
    """The storage class that SQLite gives this value."""
    match value:
        case None:
            return "null"
        case int():
            return "integer"
        case float():
            return "real"
        case str():
            return "text"
        case _:
            return "blob"


class StoredValue(Record):
    """A value to be shown or written into JSON: its storage class and readable text."""

    storage: StorageClass
    text: str
    """Numbers by their shortest round-trip text; text itself, bytes that are not UTF-8 as ``\\xNN``;
    blobs as hex. Valid Unicode always; cut to 200 characters, with an ellipsis where cut."""


LONGEST_SHOWN = 200


def stored(value: Value) -> StoredValue:
    """The value as it may be shown."""
    if isinstance(value, str):
        text = (
            value[: LONGEST_SHOWN + 1].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        )
    elif isinstance(value, bytes):
        text = value[: LONGEST_SHOWN // 2 + 1].hex()
    elif value is None:
        text = ""
    else:
        text = repr(value)
    if len(text) > LONGEST_SHOWN:
        text = text[: LONGEST_SHOWN - 1] + "…"
    return StoredValue(storage=storage_class(value), text=text)
