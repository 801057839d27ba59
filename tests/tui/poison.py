"""Names and values that a terminal, a markup reader or a layout would trip over, and records full of them."""

import msgspec

from sdmigrate.model.record import Record
from sdmigrate.model.values import StoredValue

MIXTURE = (
    "[red]x[/red] [type=x, v={'a[0]'}] [@click=app.quit]q[/] \x1b[31mred\x07 two\nlines\ttab "
    "left\u202eright\u200b 👩‍👩‍👧 café "
)
HOSTILE = {"closing": "[/red]", "mixture": MIXTURE, "long": "[" + "x" * 10_000}


_NAMED = ("code", "message", "advice", "reason", "hint", "name", "problem", "source")


def poisoned(value: object, poison: str, field: str = "") -> object:
    """The record with every free text replaced; names of kinds and verdicts stay."""
    if isinstance(value, StoredValue):
        return StoredValue(storage=value.storage, text=poison)
    if isinstance(value, Record):
        changes = {
            name: poisoned(getattr(value, name), poison, name)
            for name in value.__struct_fields__
            if name not in ("severity", "verdict", "reading", "encoding", "affinity", "decision", "misfit")
        }
        return msgspec.structs.replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(poisoned(item, poison, field) for item in value)
    if isinstance(value, str) and field in _NAMED:
        return poison + value
    if isinstance(value, str) and field in ("declared_type", "error", "sql", "table", "target", "examples"):
        return poison
    return value
