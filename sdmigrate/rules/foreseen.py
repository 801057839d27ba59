"""What would stop a migration under a plan, told from the profile before anything is cleaned.

Invariant: pure. No more rows are told for the quarantine than will go there, since a row may have two
reasons; so what is told stops a run, and what stops one late (rows with many reasons, the canary, the
verification) may not be told.
"""

from collections.abc import Iterator

from sdmigrate.model.blueprint import MOST_COLUMNS
from sdmigrate.model.plan import ColumnPlan, Plan
from sdmigrate.model.profile import ColumnProfile, Profile
from sdmigrate.model.settings import Limits
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.breaker import judge as judge_breaker
from sdmigrate.rules.column_decisions import fate_of_empty, misfits_under, missing_texts
from sdmigrate.rules.gates import judge_integrity
from sdmigrate.rules.type_families import family
from sdmigrate.rules.wording import plural


def foreseen(snapshot: Snapshot, profile: Profile, plan: Plan, limits: Limits) -> tuple[str, ...]:
    """What must be decided first, each in words without a full stop, in the order of the gates."""
    return (
        *_too_wide(plan),
        *(gate.reason for gate in (judge_integrity(snapshot, plan),) if gate.verdict == "stop"),
        *(gate.reason for gate in (judge_breaker(profile, plan, limits),) if gate.verdict == "stop"),
        *_poor(profile, limits),
        *_quarantine(profile, plan, limits),
    )


def _too_wide(plan: Plan) -> Iterator[str]:
    for table in plan.tables:
        if table.include and len(table.columns) > MOST_COLUMNS:
            columns = len(table.columns)
            yield f"{table.source} has {columns:,} columns, and PostgreSQL holds {MOST_COLUMNS:,}"


def _poor(profile: Profile, limits: Limits) -> Iterator[str]:
    if profile.quality.score < limits.quality:
        yield f"quality is {profile.quality.score:.1f}, and {limits.quality:g} is asked for after cleaning"


def _quarantine(profile: Profile, plan: Plan, limits: Limits) -> Iterator[str]:
    """The tables of which more than the accepted share of rows cannot be loaded."""
    for table in plan.tables:
        found = profile.table(table.source)
        if not table.include or not found.rows:
            continue
        lost = {column.source: _unloadable(column, found.column(column.source)) for column in table.columns}
        worst = max(lost, key=lambda name: lost[name], default="")
        rows = min(lost.get(worst, 0), found.rows)
        if rows > limits.quarantine * found.rows and rows > plan.accept_quarantine.get(table.source, 0):
            yield (
                f"{rows:,} of {plural(found.rows, 'row')} of {table.source} would go to quarantine"
                f" (column {worst} as {table.column(worst).type})"
            )


def _unloadable(column: ColumnPlan, found: ColumnProfile) -> int:
    """Rows that the column alone sends to quarantine."""
    is_text = family(column.type) in ("text", "json", "jsonb")
    rows = 0
    if column.not_null and not column.default:
        rows += found.nulls
    if fate_of_empty(column) == "quarantine":
        rows += missing_texts(found, column.type)
    unfit = (misfits_under(column, found) or 0) if column.misfit == "quarantine" else 0
    if is_text and (column.invalid_utf8, column.misfit) == ("quarantine", "quarantine"):
        unfit = max(unfit, found.invalid_utf8)
    if is_text and column.nul_bytes == "quarantine":
        unfit = max(unfit, found.nul_texts)
    return rows + unfit
