"""Types of tables that an application made in the target before: kept, where every value fits them.

Invariant: a type that does not hold every value, or that a foreign key of the source forbids, is not taken.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.plan import ColumnPlan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile
from sdmigrate.rules.column_decisions import misfits, with_type
from sdmigrate.rules.reference_types import tied
from sdmigrate.rules.type_families import canonical_type, family


def keep_existing(catalog: Catalog, profile: Profile, tables: tuple[TablePlan, ...]) -> tuple[TablePlan, ...]:
    """The tables with the types that the target's tables have, where these hold every value."""
    if not profile.existing:
        return tables
    return tuple(
        replace(table, columns=tuple(_kept(catalog, profile, table)))
        if table.target in profile.existing
        else table
        for table in tables
    )


def _kept(catalog: Catalog, profile: Profile, table: TablePlan) -> Iterator[ColumnPlan]:
    evidence, existing = profile.table(table.source), profile.existing[table.target]
    places = tied(catalog)
    for column in table.columns:
        there = canonical_type(existing.get(column.target, ""))
        same_key = there is not None and family(there) == family(column.type)
        if (
            there is None
            or there == column.type
            or ((table.source, column.source) in places and not same_key)
            or not _holds(evidence.column(column.source), there)
        ):
            yield column
        else:
            yield replace(with_type(column, there), decision="existing")


def _holds(column: ColumnProfile, type_: str) -> bool:
    if misfits(column, type_) == 0:
        return True
    sized = type_.startswith("varchar") and column.classes.text == column.classes.values
    return sized and column.longest_characters <= int(type_[len("varchar(") : -1]) and not column.invalid_utf8
