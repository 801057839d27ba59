"""What a plan would do to its tables: cleaning tried out on the snapshot, and nothing of it kept.

Invariant: the counts are those that cleaning under the same plan leaves in its ledger, audit and quarantine.
"""

from sdmigrate.model.plan import Orphans
from sdmigrate.model.record import Record
from sdmigrate.model.result import TableLedger
from sdmigrate.model.values import StoredValue


class Example(Record):
    """One value that a rule changes, or that sends its row to quarantine."""

    before: StoredValue
    after: StoredValue | None
    """None where the row goes to quarantine."""
    count: int
    """Rows with this value, as far as they stay (or go) by this rule."""
    rowid: int
    """The first of them."""


class RuleEffect(Record):
    """What one rule does to one column."""

    column: str
    rule: str
    values: int
    """Changed values of rows that stay."""
    examples: tuple[Example, ...] = ()
    """The most frequent ones, at most five."""


class QuarantineEffect(Record):
    """Rows that go to quarantine for one reason."""

    column: str | None
    """None where the whole row is the reason."""
    reason: str
    rows: int
    examples: tuple[Example, ...] = ()
    """At most five."""


class ReferenceEffect(Record):
    """Rows that point through one foreign key at no row that is loaded."""

    child: str
    columns: tuple[str, ...]
    parent: str
    rows: int
    orphans: Orphans
    """What becomes of them."""


class Trial(Record):
    """What one table would become."""

    table: str
    """Source name."""
    ledger: TableLedger
    rules: tuple[RuleEffect, ...] = ()
    """Most changed values first."""
    quarantined: tuple[QuarantineEffect, ...] = ()
    """Most rows first. A row with two reasons counts for both."""
    references: tuple[ReferenceEffect, ...] = ()
    """Its own foreign keys and, however long the chain, those of the rows that depend on it, among the tables
    that were tried together; those without such rows are left out."""
