"""A rule pack: what the operator knows of the data and the schema does not say, as TOML.

Invariant: reading is strict about shape, so that a misspelt key is told and not ignored.
"""

import re
import tomllib
from datetime import date
from typing import Any

import msgspec

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.record import Record
from sdmigrate.model.rule import Rule
from sdmigrate.rules.conversion import split_type


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
