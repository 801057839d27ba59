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


class LongValue(Record):
    """A text or blob too long to be held whole: what was measured of it piece by piece."""

    storage: Literal["text", "blob"]
    beginning: str | bytes
    """One character or octet more than is ever shown, so that it is shown as the whole value would be."""
    form: str
    """Empty where only the whole value tells: it may be a number."""
    octets: int
    """Of text in UTF-8."""
    digest: bytes
    """SHA-256; two values of one digest are one value."""
    characters: int = 0
    """Of a text, where a byte that is not UTF-8 counts as one, or of a blob that is text."""
    nuls: int = 0
    """NUL characters in a text."""
    invalid: bool = False
    """A text that is not UTF-8."""
    read_in: tuple[str, ...] = ()
    """Encodings, as the plan names them, that have all bytes of a text."""
    doubtful_in: tuple[str, ...] = ()
    """Those of them in which it hardly makes sense."""
    is_text: bool = False
    """A blob that is UTF-8 without a NUL."""

    def is_longer_than(self, limit: int | None) -> bool:
        """Whether it is a sound text of more characters, once NULs are stripped; None: there is no limit."""
        return limit is not None and not self.invalid and self.characters - self.nuls > limit


def stored(value: Value | LongValue) -> StoredValue:
    """The value as it may be shown."""
    if isinstance(value, LongValue):
        return stored(value.beginning)
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
