"""A repaired row under the plan: what each of its values becomes, or why it still does not fit.

Invariant: pure; the same conversion as the cleaning's, so a replayed row is what cleaning would have made of
it had it stood so in the source.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sdmigrate.model.errors import Refused
from sdmigrate.model.plan import ColumnPlan, TablePlan
from sdmigrate.model.values import Value, storage_class
from sdmigrate.rules.outcome import Changed, Misfit
from sdmigrate.rules.repair import repair

REPAIRED = "repaired-in-quarantine"
"""The audit trail's rule for a value that the operator edited."""


class Fit(NamedTuple):
    """The row as it is to be loaded."""

    cells: dict[str, Value]
    rules: dict[str, str]
    """Changed column -> the rule that changed it."""


class Unfit(NamedTuple):
    """Why the row stays in quarantine."""

    column: str
    reason: str
    code: str


def judge_repaired(plan: TablePlan, before: Mapping[str, Value], edited: Mapping[str, Value]) -> Fit | Unfit:
    """What the plan makes of the edited row; ``before`` is the row as it was in the source."""
    cells: dict[str, Value] = dict(edited)
    rules: dict[str, str] = {}
    for column in plan.columns:
        name = column.source
        outcome = _repair(edited[name], column)
        if isinstance(outcome, Misfit):
            return Unfit(name, outcome.reason, outcome.code)
        if isinstance(outcome, Changed):
            cells[name] = outcome.after
        if not same(cells[name], before[name]):
            operators = not same(edited[name], before[name])
            rules[name] = REPAIRED if operators or not isinstance(outcome, Changed) else outcome.rule
    return Fit(cells, rules)


def same(one: Value, other: Value) -> bool:
    """Whether two stored values are one, storage class and sign of zero included."""
    return storage_class(one) == storage_class(other) and repr(one) == repr(other)


def _repair(value: Value, column: ColumnPlan) -> Changed | Misfit | None:
    try:
        outcome = repair(value, column)
    except Refused as refused:
        return Misfit(refused.message, "replay-refused")
    return outcome if isinstance(outcome, Changed | Misfit) else None
