"""The plan: the decision for each table and column. The TOML file of CONTRACTS.md, complete.

Invariant: a plan in hand is complete (every table and column of the catalog is in it), however short its
file; its id is a digest of its content.
"""

from typing import Literal, TypeAlias

from sdmigrate.model.finding import Finding
from sdmigrate.model.record import Record
from sdmigrate.model.source import Fingerprint

Naming: TypeAlias = Literal["preserve", "lower", "snake_case"]
Duplicates: TypeAlias = Literal["first", "last", "most_complete", "keep", "quarantine"]
Empty: TypeAlias = Literal["null", "keep", "quarantine", "fail"]
Orphans: TypeAlias = Literal["keep", "null", "quarantine"]
Misfit: TypeAlias = Literal["quarantine", "null", "text", "fail"]

WHOLE_ROW = ("*",)
"""The duplicate key that means every column, in which NULLs are equal."""


class ColumnPlan(Record):
    """The decision for one column."""

    source: str
    target: str
    type: str
    """PostgreSQL type: boolean, smallint, integer, bigint, numeric, numeric(p,s), double precision, text,
    varchar(n), date, time, timestamp, timestamptz, interval, uuid, json, jsonb, bytea, inet."""
    form: str = "auto"
    """A form's name, or "auto": each value's own form decides."""
    day_first: bool | None = None
    """How D/M ambiguity is read in this column; None: an ambiguous value is a misfit."""
    zone: str = ""
    """IANA zone of naive values where the type is timestamptz; empty: UTC."""
    empty: Empty = "keep"
    """What becomes of empty text."""
    placeholders: tuple[str, ...] = ()
    """Text values that mean NULL, exact."""
    misfit: Misfit = "quarantine"
    """What becomes of a value that the type cannot hold. "text": the column's type was widened to text."""
    default: str = ""
    """Text put in place of a missing value (NULL, or what became NULL); empty: none."""
    not_null: bool = False
    """NULL is no value here (declared NOT NULL or part of the primary key)."""
    nul_bytes: Literal["strip", "quarantine"] = "strip"
    invalid_utf8: Literal["quarantine", "cp1252", "latin1"] = "quarantine"
    trailing_blanks: Literal["keep", "strip"] = "keep"
    """What becomes of white space at the end of text; where it is stripped, a blank text is empty."""
    newline_runs: Literal["keep", "single"] = "keep"
    """Whether two or more line breaks in a row become one."""
    confidence: float = 1.0
    """Of the proposal; 1.0 where the operator decided."""
    agreed: tuple[str, ...] = ()
    """Codes of the findings whose default decision the operator has seen and agrees with."""
    decision: Literal["proposed", "declared", "existing", "operator"] = "proposed"
    """Who chose the type: the evidence, the declaration, the target's table, or the operator's file."""


class TablePlan(Record):
    """The decision for one table."""

    source: str
    target: str
    columns: tuple[ColumnPlan, ...]
    include: bool = True
    where: str = ""
    """SQLite expression; rows for which it is not true are excluded."""
    duplicates: Duplicates = "first"
    """For rows that share the declared key."""
    key: tuple[str, ...] = ()
    """The columns in which duplicates are looked for: the declared primary key, empty without one."""
    unique_keys: tuple[tuple[str, ...], ...] = ()
    """Other declared unique keys; the same rule holds for them. NULLs are distinct, as in SQLite."""
    duplicate_key: tuple[str, ...] = ()
    """More columns in which duplicates are looked for; ("*",): rows that are equal in every column."""
    orphans: Orphans = "keep"
    """What becomes of rows whose parent is not among the rows loaded: kept, with the foreign key left NOT
    VALID; their reference NULL; or quarantine, and so on with their own children."""
    order: tuple[str, ...] = ()
    """What first and last mean; empty: the rowid."""
    agreed: tuple[str, ...] = ()
    """Codes of the findings on the table as a whole whose default decision the operator agrees with."""

    def column(self, source: str) -> ColumnPlan:
        """The column of that exact source name.

        Raises:
            KeyError: there is none.
        """
        for column in self.columns:
            if column.source == source:
                return column
        raise KeyError(source)


class Plan(Record):
    """The decisions for one source."""

    source_fingerprint: Fingerprint
    tables: tuple[TablePlan, ...]
    version: Literal[1] = 1
    naming: Naming = "preserve"
    day_first: bool | None = None
    """For the whole file; None: each column by its own evidence."""
    accept_quarantine: dict[str, int] = {}
    """Table -> rows that may be quarantined although the gate would refuse."""
    findings: tuple[Finding, ...] = ()
    """What was decided by default and can be decided otherwise, and what cannot be translated."""
    plan_id: str = ""
    """First 16 hex digits of SHA-256 over the plan's decisions; findings, confidences and what was agreed to
    are not included."""

    def table(self, source: str) -> TablePlan:
        """The table of that exact source name.

        Raises:
            KeyError: there is none.
        """
        for table in self.tables:
            if table.source == source:
                return table
        raise KeyError(source)
