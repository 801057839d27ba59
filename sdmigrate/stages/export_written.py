"""Export of what was written into a release since it was published, so that it can be taken along by hand.

Invariant: reads only; live goes on meanwhile.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.result import ExportedTable
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.written_rows import WrittenTable, written_since
from sdmigrate.sqlite.row_file import RowFile


def export_written(
    endpoint: Endpoint, schema: str, release: str | None, path: Path, cancel: CancelSignal
) -> tuple[ExportedTable, ...]:
    """Write the rows into a new SQLite file, a table for each that has any; what there is of each.

    Raises:
        UsageProblem: there is no such release, or what it was when it was published cannot be told.
        TargetUnreachable, Interrupted: the target cannot be reached, or was lost.
        Aborted: the operator asked to stop.
    """
    with written_since(endpoint, schema, release, Bookkeeping()) as (_, tables), RowFile(path) as out:
        return tuple(_exported(table, out, cancel) for table in tables)


def _exported(table: WrittenTable, out: RowFile, cancel: CancelSignal) -> ExportedTable:
    def watched() -> Iterator[tuple[Any, ...]]:
        for row in table.rows:
            cancel.raise_if_set()
            yield row

    written = out.add(table.name, table.columns, watched()) if table.columns else 0
    return ExportedTable(table=table.name, rows=written, missing=table.missing)
