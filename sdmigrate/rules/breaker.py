"""The circuit breaker: whether the source must be fixed before the run goes on.

Invariant: pure; a table left out and a column that the operator decided (kept as text, given a type, a form
or a policy) never count. A share equal to its limit passes.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from sdmigrate.model.gate import GateVerdict
from sdmigrate.model.plan import ColumnPlan, Plan
from sdmigrate.model.profile import ColumnProfile, Profile
from sdmigrate.model.settings import Limits
from sdmigrate.rules.forms import CORRUPT

_Place: TypeAlias = tuple[str, str]
_MOMENTS = ("date", "timestamp", "timestamptz")
_ADVICE = (
    "Correct the source, or decide for these columns in the plan: name their form, or say what becomes of"
    ' misfits (misfit = "text" keeps every value, in a text column; "null" leaves them out).'
)


class _Judged(NamedTuple):
    """What speaks against going on."""

    columns: int
    unfit: tuple[_Place, ...]
    """Columns with values that nothing converts."""
    corrupt: dict[_Place, float]
    """Date columns with more corrupt values than are let pass: their share."""


def judge(profile: Profile, plan: Plan, limits: Limits) -> GateVerdict:
    """The verdict on the profile under the plan."""
    found = _judged(profile, plan, limits)
    if found.corrupt:
        worst = max(found.corrupt, key=found.corrupt.__getitem__)
        share = found.corrupt[worst]
        listed = _listed(tuple(found.corrupt))
        return GateVerdict(
            name="breaker",
            verdict="stop",
            value=round(share, 4),
            limit=limits.breaker_corrupt_dates,
            reason=f"dates that do not exist in {listed}: {share:.1%} of {_named(worst)}",
            advice=_ADVICE,
        )
    stops = _share(found) > limits.breaker_columns
    return GateVerdict(
        name="breaker",
        verdict="stop" if stops else "pass",
        value=round(_share(found), 4),
        limit=limits.breaker_columns,
        reason=f"{len(found.unfit)} of {found.columns} columns hold values that nothing converts"
        + (f": {_listed(found.unfit)}" if found.unfit else ""),
        advice=_ADVICE if stops else "",
    )


def halting(profile: Profile, plan: Plan, limits: Limits) -> tuple[tuple[str, str], ...]:
    """The tables' and columns' names for which it halts, for either reason; none where it does not."""
    found = _judged(profile, plan, limits)
    unfit = found.unfit if _share(found) > limits.breaker_columns else ()
    return tuple(dict.fromkeys((*found.corrupt, *unfit)))


def _judged(profile: Profile, plan: Plan, limits: Limits) -> _Judged:
    columns = list(_columns(profile, plan))
    corrupt = {
        place: _corrupt_share(column) for place, column, planned in columns if _is_date(column, planned)
    }
    return _Judged(
        columns=len(columns),
        unfit=tuple(place for place, column, planned in columns if _unfit(column, planned)),
        corrupt={place: share for place, share in corrupt.items() if share > limits.breaker_corrupt_dates},
    )


def _share(found: _Judged) -> float:
    return len(found.unfit) / found.columns if found.columns else 0.0


def _named(place: _Place) -> str:
    return ".".join(place)


def _listed(places: tuple[_Place, ...]) -> str:
    names = [_named(place) for place in places]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _columns(profile: Profile, plan: Plan) -> Iterator[tuple[_Place, ColumnProfile, ColumnPlan]]:
    """The columns of included tables."""
    for table in plan.tables:
        if not table.include:
            continue
        found = profile.table(table.source)
        for planned in table.columns:
            yield (table.source, planned.source), found.column(planned.source), planned


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
