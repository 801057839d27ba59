"""The audit trail as JSON Lines, one changed value a line, for machines.

Invariant: a line is enough to put the value back: its storage class and every byte of it are there.
"""

from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import msgspec

from sdmigrate.model.protocols import CancelSignal
from sdmigrate.sqlite.audit import open_audit
from sdmigrate.sqlite.copied_table import CopiedTable
from sdmigrate.sqlite.exact_pieces import write_fields

_CHANGES = """
SELECT mappings.id, tables.name, changes.rowid, rules."column", rules.rule FROM changes
JOIN mappings ON mappings.id = changes.mapping_id
JOIN rules ON rules.id = mappings.rule_id
JOIN tables ON tables.id = rules.table_id
"""
_MAPPINGS = CopiedTable(name="mappings", columns=("before", "after"), locator="id")


def export_changes(audit_path: Path | str, out: BinaryIO, cancel: CancelSignal) -> int:
    """Write every changed value as one line of JSON; how many. No long value is held.

    Raises:
        Aborted: the operator asked to stop.
    """
    encoder = msgspec.json.Encoder()
    written = 0
    with closing(open_audit(audit_path)) as audit:
        for mapping, table, rowid, column, rule in audit.execute(_CHANGES):
            cancel.raise_if_set()
            out.write(encoder.encode({"table": table, "rowid": rowid, "column": column})[:-1] + b",")
            write_fields(out, audit, _MAPPINGS, mapping)
            out.write(b',"rule":' + encoder.encode(rule) + b"}\n")
            written += 1
    return written
