"""A rule pack: what the operator knows of the data and the schema does not say, as TOML.

Invariant: reading is strict about shape, so that a misspelt key is told and not ignored.
"""

import re
import tomllib
from datetime import date
from typing import Any, Literal, TypeAlias

import msgspec

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.finding import Severity
from sdmigrate.model.record import Record
from sdmigrate.rules.conversion import split_type

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


class RulePack(Record):
    """All rules of one kind of database."""

    name: str
    rules: tuple[Rule, ...] = ()
    version: int = 1
    reference_date: date | None = None
    quality_required: float | None = None


_WITHOUT_TABLE = frozenset({"tables", "utf8", "no_nul_bytes", "max_length", "matches_not"})
_WITHOUT_COLUMN = _WITHOUT_TABLE | {"required_columns", "column_count", "row_count"}


def _require_place(rule: Rule) -> None:
    if rule.table is None and rule.check not in _WITHOUT_TABLE:
        raise ValueError(f"rule {rule.name!r}: {rule.check} needs a table")
    if rule.column is None and rule.check not in _WITHOUT_COLUMN:
        raise ValueError(f"rule {rule.name!r}: {rule.check} needs a column")


def read_rule_pack(text: str) -> RulePack:
    """The rule pack in this TOML text.

    Raises:
        UsageProblem: it is no TOML, or not of a rule pack's shape, a rule names no
            place for what it checks, or a type or pattern is none.
    """
    try:
        content: dict[str, Any] = tomllib.loads(text)
        pack = msgspec.convert(content, RulePack)
        for rule in pack.rules:
            _require_place(rule)
            re.compile(rule.pattern)
            if rule.check == "type":
                split_type(rule.type)
    except (ValueError, re.error) as error:
        raise UsageProblem(
            f"The rule pack cannot be read: {error}.",
            "Correct that line; the demo's pack shows the shape.",
        ) from error
    return pack
