"""The audit trail as JSON Lines, one changed value a line, for machines.

Invariant: a line is enough to put the value back: its storage class and every byte of it are there.
"""

import math
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from sdmigrate.model.values import Value, storage_class
from sdmigrate.sqlite.audit import open_audit, read_changes

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


def export_changes(audit_path: Path | str, out: BinaryIO) -> int:
    """Write every changed value as one line of JSON; how many. One value in memory at a time."""
    encoder = msgspec.json.Encoder()
    written = 0
    with closing(open_audit(audit_path)) as audit:
        for change in read_changes(audit):
            line = {
                "table": change.table,
                "rowid": change.rowid,
                "column": change.column,
                "before": exact(change.before),
                "after": exact(change.after),
                "rule": change.rule,
            }
            out.write(encoder.encode(line) + b"\n")
            written += 1
    return written
