"""One table as far as it is known while an inspection goes on.

Invariant: what comes from a sample says so; only what counts every row is called counted.
"""

from typing import Literal, TypeAlias

from sdmigrate.model.finding import Finding
from sdmigrate.model.profile import TableProfile
from sdmigrate.model.record import Record

Known: TypeAlias = Literal["sampled", "counted", "related"]
"""sampled: from some of its rows. counted: from every row, keys and references not yet looked at. related:
with them, as the profile will have it."""


class TableSoFar(Record):
    """What is known of one table; a later one of the same table takes its place."""

    profile: TableProfile
    """Its numbers count the rows that were read: of a sample, the sample's."""
    findings: tuple[Finding, ...]
    """What those rows give to know, as far as ``known`` reaches."""
    known: Known
    rows: int | None
    """Rows of the table: estimated where it is sampled, None where nothing tells them; exact otherwise."""
