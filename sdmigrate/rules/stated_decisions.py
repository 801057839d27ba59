"""What a plan's file states although it is so by default: agreement to the findings that ask about it.

Invariant: only a key that a person wrote agrees, and only to what is asked of that very table or column.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from sdmigrate.model.finding import Finding
from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan

_SETTLES: dict[str, frozenset[str]] = {
    "type": frozenset({"kept-as-text", "ambiguous-dates", "ambiguous-day-month", "existing-type-differs"}),
    "form": frozenset({"doubtful-epoch"}),
    "empty": frozenset({"empty-refused"}),
    "misfit": frozenset({"misfits"}),
    "nul_bytes": frozenset({"nul-bytes"}),
    "invalid_utf8": frozenset({"texts-not-utf8"}),
    "duplicates": frozenset({"duplicate-declared-key"}),
    "orphans": frozenset({"orphans"}),
}
"""The codes about which each key decides."""
_WRITTEN_BY_HAND = frozenset({"nul_bytes", "invalid_utf8", "orphans"})
"""Of these keys, the ones that a complete plan as it is written for an operator leaves out by default."""

_WRITTEN_BESIDE = frozenset({"empty", "form"})
"""What a review writes beside another type or default."""

_Planned = TypeVar("_Planned", TablePlan, ColumnPlan)


def with_stated(
    plan: Plan, proposal: Plan, tables: Mapping[str, Any], findings: Iterable[Finding], *, complete: bool
) -> Plan:
    """The plan, agreeing to what its file states as the proposal has it.

    Args:
        plan: what the file makes of the proposal.
        proposal: what would be without the file.
        tables: the file's own, each a mapping with an optional ``columns``; no others than the plan has.
        findings: those on the source and on the proposal.
        complete: whether the file says so, and therefore states more than anybody decided.
    """
    asked = list(findings)
    return replace(
        plan,
        tables=tuple(
            _table(table, proposal.table(table.source), tables[table.source], asked, complete)
            if table.source in tables
            else table
            for table in plan.tables
        ),
    )


def _table(
    table: TablePlan, proposed: TablePlan, given: Mapping[str, Any], asked: list[Finding], complete: bool
) -> TablePlan:
    own = [finding for finding in asked if finding.table == table.source]
    written = given.get("columns", {})
    columns = tuple(
        _agreeing(
            column,
            proposed.column(column.source),
            written.get(column.source, {}),
            {finding.code for finding in own if finding.column == column.source},
            complete,
        )
        for column in table.columns
    )
    agreeing = _agreeing(table, proposed, given, {finding.code for finding in own}, complete)
    return replace(agreeing, columns=columns)


def _agreeing(
    planned: _Planned, proposed: _Planned, given: Mapping[str, Any], codes: set[str], complete: bool
) -> _Planned:
    agreed = {*planned.agreed, *_stated(planned, proposed, given, codes, complete)}
    return replace(planned, agreed=tuple(sorted(agreed)))


def _stated(
    planned: _Planned, proposed: _Planned, given: Mapping[str, Any], codes: set[str], complete: bool
) -> Iterator[str]:
    keys = given.keys() & (_WRITTEN_BY_HAND if complete else _SETTLES.keys())
    if any(getattr(planned, key, None) != getattr(proposed, key, None) for key in ("type", "default")):
        keys -= _WRITTEN_BESIDE
    for key in keys:
        if getattr(planned, key) == getattr(proposed, key):
            yield from _SETTLES[key] & codes
