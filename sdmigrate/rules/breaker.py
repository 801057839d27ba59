"""The circuit breaker: whether the source must be fixed before the run goes on.

Invariant: pure; a table left out and a column that the operator decided (kept as text, given a type, a form
or a policy) never count. A share equal to its limit passes.
"""

from collections.abc import Iterator

from sdmigrate.model.gate import GateVerdict
from sdmigrate.model.plan import ColumnPlan, Plan
from sdmigrate.model.profile import ColumnProfile, Profile
from sdmigrate.model.settings import Limits
from sdmigrate.rules.forms import CORRUPT

_MOMENTS = ("date", "timestamp", "timestamptz")
_ADVICE = (
    "Correct the source, or decide for these columns in the plan: name their form, or say what becomes of"
    ' misfits (misfit = "text" keeps every value, in a text column; "null" leaves them out).'
)


def judge(profile: Profile, plan: Plan, limits: Limits) -> GateVerdict:
    """The verdict on the profile under the plan."""
    columns = list(_columns(profile, plan))
    unfit = [name for name, column, planned in columns if _unfit(column, planned)]
    share = len(unfit) / len(columns) if columns else 0.0
    corrupt = {name: _corrupt_share(column) for name, column, planned in columns if _is_date(column, planned)}
    worst = max(corrupt, key=lambda name: corrupt[name], default="")
    too_corrupt = [name for name, found in corrupt.items() if found > limits.breaker_corrupt_dates]
    if too_corrupt:
        return GateVerdict(
            name="breaker",
            verdict="stop",
            value=round(corrupt[worst], 4),
            limit=limits.breaker_corrupt_dates,
            reason=f"dates that do not exist in {_listed(too_corrupt)}: {corrupt[worst]:.1%} of {worst}",
            advice=_ADVICE,
        )
    stops = share > limits.breaker_columns
    return GateVerdict(
        name="breaker",
        verdict="stop" if stops else "pass",
        value=round(share, 4),
        limit=limits.breaker_columns,
        reason=f"{len(unfit)} of {len(columns)} columns hold values that nothing converts"
        + (f": {_listed(unfit)}" if unfit else ""),
        advice=_ADVICE if stops else "",
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _columns(profile: Profile, plan: Plan) -> Iterator[tuple[str, ColumnProfile, ColumnPlan]]:
    """The columns of included tables."""
    for table in plan.tables:
        if not table.include:
            continue
        found = profile.table(table.source)
        for planned in table.columns:
            yield f"{table.source}.{planned.source}", found.column(planned.source), planned


def _ruled(column: ColumnProfile, planned: ColumnPlan) -> bool:
    """Whether the operator has a rule for what does not fit."""
    return (
        planned.decision == "operator"
        or planned.misfit != "quarantine"
        or planned.form not in ("auto", column.form)
        or bool(planned.placeholders)
    )


def _unfit(column: ColumnProfile, planned: ColumnPlan) -> bool:
    """Whether it holds values that fit neither its label nor the proposal and that no rule converts."""
    if planned.type == "text" or _ruled(column, planned):
        return False
    misfits = [one.misfits for one in column.candidates if one.type in (planned.type, column.proposed)]
    return bool(misfits) and min(misfits) > 0


def _is_date(column: ColumnProfile, planned: ColumnPlan) -> bool:
    label = column.declared_type.upper()
    labelled = "DATE" in label or "TIMESTAMP" in label
    return not _ruled(column, planned) and (labelled or planned.type in _MOMENTS)


def _corrupt_share(column: ColumnProfile) -> float:
    """Share of corrupt values among those that are neither NULL nor missing text."""
    values = column.classes.values - column.empties - column.blanks
    corrupt = sum(count for form, count in column.forms.items() if form in CORRUPT)
    return corrupt / values if values else 0.0
