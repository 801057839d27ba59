"""From the journey's records to a review of its plan, to what that changes, and to what the source asks."""

from sdmigrate.model.finding import findings_of, told_once
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.asked import asked_of_the_operator
from sdmigrate.rules.foreseen import foreseen
from sdmigrate.rules.plan_review import Review, begun
from sdmigrate.tui.journey import Journey
from sdmigrate.tui.steps import STAGE_ORDER, STEPS, Step


def review_of(journey: Journey) -> Review | None:
    """The review of the plan in force, of an inspection that of what its evidence decides; None before."""
    found = _found(journey)
    if found is None:
        return None
    snapshot, profile, plan = found
    request = journey.request
    return begun(snapshot.catalog, profile, plan, day_first=request.day_first, limits=request.limits)


def asked_by_the_source(journey: Journey) -> str:
    """One line on what the database asks of its operator; empty before every row was counted.

    Where the run goes on to clean, it is empty too as long as nothing would stop that.
    """
    found = _found(journey)
    if found is None:
        return ""
    stops = foreseen(*found, journey.request.limits)
    if journey.request.mode != "inspect" and not stops:
        return ""
    findings = told_once(finding for record in journey.results.values() for finding in findings_of(record))
    return asked_of_the_operator(findings, stops)


def decides_otherwise(journey: Journey, review: Review) -> bool:
    """Whether the plan under review decides anything otherwise than the one in force; to agree is not to."""
    plan = journey.results.get("plan")
    return not isinstance(plan, Plan) or plan.plan_id != review.plan.plan_id


def made_under_the_plan(journey: Journey) -> tuple[Step, ...]:
    """The steps of which something is done that another plan would make run again."""
    finished = journey.waiting.finished if journey.waiting else ()
    later = set(STAGE_ORDER[STAGE_ORDER.index("plan") + 1 :]).intersection(finished)
    return tuple(step for step in STEPS if later.intersection(step.stages))


def _found(journey: Journey) -> tuple[Snapshot, Profile, Plan] | None:
    snapshot, profile, plan = (journey.results.get(stage) for stage in ("backup", "profile", "plan"))
    if isinstance(snapshot, Snapshot) and isinstance(profile, Profile) and isinstance(plan, Plan):
        return snapshot, profile, plan
    return None
