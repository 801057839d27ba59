"""What PostgreSQL must hold, read from cleaned alone."""

from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.result import Cleaned, TableDigest
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.blueprint import draw
from sdmigrate.sqlite.copied_table import reading_values
from sdmigrate.sqlite.value_digests import expected


def digests_of_cleaned(
    snapshot: Snapshot, profile: Profile, plan: Plan, cleaned: Cleaned
) -> dict[str, TableDigest]:
    """By source table, every row of cleaned read."""
    with reading_values(cleaned.path) as connection:
        return {
            table.source: expected(
                connection, table.source, [(column.source, column.type) for column in table.columns]
            ).digest(lambda _: None)
            for table in draw(snapshot.catalog, profile, plan).tables
        }
