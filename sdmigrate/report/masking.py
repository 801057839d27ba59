"""Takes the data's values out of what leaves the machine: their shape stays, their content goes.

Invariant: a masked text holds no letter or digit of the original, and no value is left because somebody
forgot a field: records are walked whole.
"""

from typing import Any, TypeVar

from msgspec.structs import replace

from sdmigrate.model.record import Record
from sdmigrate.model.result import TableVerification
from sdmigrate.model.values import StoredValue

AnyRecord = TypeVar("AnyRecord", bound=Record)

_LONGEST_SHAPE = 40
_PLAIN = (str, int, float, bool, type(None))
"""By far most of what is walked."""


def shape(value: StoredValue) -> str:
    """The value's form: letters as ``x`` or ``X``, digits as ``9``, everything visible else as it is.

    A blob's shape is its storage class; a long text is cut, an ellipsis being the last character.
    """
    if value.storage == "blob":
        return "blob"
    if value.storage == "null":
        return ""
    text = value.text
    cut = text if len(text) <= _LONGEST_SHAPE else text[: _LONGEST_SHAPE - 1] + "…"
    return "".join(map(_shape_of, cut))


def _shape_of(character: str) -> str:
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return "9" if character.isnumeric() else character


def masked(record: AnyRecord) -> AnyRecord:
    """The record with every stored value in it replaced by its shape, and no example rows."""
    changes = {name: _masked(getattr(record, name)) for name in record.__struct_fields__}
    if isinstance(record, TableVerification):
        changes["examples"] = ()
    return replace(record, **changes)


def _masked(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    match value:
        case StoredValue():
            return replace(value, text=shape(value))
        case Record():
            return masked(value)
        case tuple():
            return tuple(_masked(item) for item in value)
        case dict():
            return {key: _masked(item) for key, item in value.items()}
        case _:
            return value
