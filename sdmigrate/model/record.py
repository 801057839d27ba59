"""The base of every hand-over record: frozen, keyword-only, compared by value, to and from JSON.

Invariant: a record holds values only, never a connection, a callable or a path that is not text.
"""

from typing import Any, TypeVar, dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class RecordMeta(msgspec.StructMeta):
    """Makes every record frozen and keyword-only, so that no class can forget to say so."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        """The record class, with the house's options."""
        house = {"frozen": True, "kw_only": True, "forbid_unknown_fields": True}
        return super().__new__(mcls, name, bases, namespace, **(house | options))


class Record(msgspec.Struct, metaclass=RecordMeta):
    """A frozen record; ``msgspec.structs.replace`` makes a changed copy."""


RecordType = TypeVar("RecordType", bound=Record)


def to_json(record: Record) -> bytes:
    """The record as UTF-8 JSON; fields in order of declaration, so equal records give equal bytes."""
    return msgspec.json.encode(record)


def from_json(data: bytes | str, record_type: type[RecordType]) -> RecordType:
    """The record that ``to_json`` wrote.

    Raises:
        msgspec.ValidationError: the text is JSON of another shape (a journal of another version).
    """
    return msgspec.json.decode(data, type=record_type)
