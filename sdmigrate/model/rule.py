"""One rule of a pack, and what it says of one table.

Invariant: a result is of all rows; equal rules over equal rows have equal results.
"""

from typing import Literal, TypeAlias

from sdmigrate.model.finding import Sample, Severity
from sdmigrate.model.record import Record

Check: TypeAlias = Literal[
    "tables",
    "required_columns",
    "column_count",
    "row_count",
    "filled",
    "type",
    "range",
    "allowed",
    "max_length",
    "matches_not",
    "utf8",
    "no_nul_bytes",
    "unique",
    "references",
    "holds",
]
"""The demo's pack says what each looks at."""


class Rule(Record):
    """One rule; which of its parameters matter depends on ``check``."""

    family: str
    name: str
    check: Check
    severity: Severity = "warning"
    threshold: float = 1.0
    """Share of the values, not NULL and not empty (filled: of all rows), that must pass."""
    table: str | None = None
    """None: every table."""
    column: str | None = None
    """None: every text column."""
    columns: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    type: str = ""
    values: tuple[str | int | float, ...] = ()
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    weight: float = 1.0
    pattern: str = ""
    expression: str = ""
    parent_table: str = ""
    parent_column: str = ""
    orphans_minimum: float | None = None
    orphans_maximum: float | None = None


class RuleResult(Record):
    """One rule over one table, or over the database where ``table`` is None."""

    rule: Rule
    table: str | None
    judged: int
    """Values, or rows, columns or tables, that were looked at."""
    broken: int
    share: float
    """0 to 1: what is as the rule wants it."""
    samples: tuple[Sample, ...] = ()

    @property
    def missed(self) -> bool:
        """Whether less than the rule's threshold is as it wants."""
        return self.share < self.rule.threshold
