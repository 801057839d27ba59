"""The way back walked: what is written from cleaned and its files, against the snapshot, by digest."""

from contextlib import closing
from pathlib import Path

from sdmigrate.model.result import Cleaned
from sdmigrate.model.source import Snapshot
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.content_digest import table_digest
from sdmigrate.sqlite.undo import write_undone


def require_way_back(
    snapshot: Snapshot, cleaned: Cleaned, undone: Path, untyped: tuple[str, ...] = ()
) -> None:
    """Write the snapshot back; but for the tables without types its rows are what the snapshot has."""
    undone.unlink(missing_ok=True)
    assert write_undone(cleaned, snapshot, undone, CancelToken()) == untyped
    require_same_rows(snapshot, undone, untyped)


def require_same_rows(snapshot: Snapshot, undone: Path, untyped: tuple[str, ...] = ()) -> None:
    """Every table but those has the same rows in both."""
    catalog = snapshot.catalog
    with (
        closing(open_read_only(undone, catalog=catalog)) as made,
        closing(open_read_only(snapshot.path, catalog=catalog)) as original,
    ):
        for table in catalog.tables:
            if table.name not in untyped:
                assert table_digest(made, table) == table_digest(original, table), table.name
