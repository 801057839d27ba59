"""The audit trail as JSON Lines, one changed value a line, for machines.

Invariant: a line is enough to put the value back: its storage class and every byte of it are there.
"""

from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import msgspec

from sdmigrate.model.protocols import CancelSignal
from sdmigrate.sqlite.audit import open_audit, read_changes
from sdmigrate.sqlite.exact_values import exact


def export_changes(audit_path: Path | str, out: BinaryIO, cancel: CancelSignal) -> int:
    """Write every changed value as one line of JSON; how many. One value in memory at a time.

    Raises:
        Aborted: the operator asked to stop.
    """
    encoder = msgspec.json.Encoder()
    written = 0
    with closing(open_audit(audit_path)) as audit:
        for change in read_changes(audit):
            cancel.raise_if_set()
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
