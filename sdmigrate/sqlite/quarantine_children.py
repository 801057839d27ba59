"""Which rows of cleaned depend on rows in quarantine, by the declared foreign keys.

Invariant: reads only; a NULL in a key refers to nothing.
"""

from contextlib import closing
from pathlib import Path

from sdmigrate.model.catalog import Catalog
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.quarantine import quarantine_name
from sdmigrate.sqlite.row_order import locator


def children_of(
    cleaned: Path | str, quarantine: Path | str, catalog: Catalog
) -> dict[tuple[str, int], dict[str, int]]:
    """(table, locator) of a row in quarantine -> child table -> its rows that point at that row."""
    found: dict[tuple[str, int], dict[str, int]] = {}
    with closing(open_read_only(cleaned)) as connection:
        uri = f"{Path(quarantine).absolute().as_uri()}?mode=ro"
        connection.execute("ATTACH ? AS quarantine", (uri,))
        present = {name for (name,) in connection.execute("SELECT name FROM main.sqlite_schema")}
        parents = {table.name.lower(): table for table in catalog.tables}
        for child in catalog.tables:
            for key in child.foreign_keys:
                parent = parents.get(key.parent_table.lower())
                if parent is None or not key.parent_columns or child.name not in present:
                    continue
                same = " AND ".join(
                    f"below.{quote_identifier(own)} = above.{quote_identifier(theirs)}"
                    for own, theirs in zip(key.columns, key.parent_columns, strict=True)
                )
                rows = connection.execute(
                    f"SELECT above.{locator(parent)}, count(*)"
                    f" FROM quarantine.{quote_identifier(quarantine_name(parent.name))} AS above"
                    f" CROSS JOIN main.{quote_identifier(child.name)} AS below ON {same}"
                    f" GROUP BY above.{locator(parent)}"
                )
                for rowid, count in rows:
                    told = found.setdefault((parent.name, rowid), {})
                    told[child.name] = told.get(child.name, 0) + count
    return found
