"""From the journey's records to a review of its plan."""

from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.plan_review import Review, begun
from sdmigrate.tui.journey import Journey


def review_of(journey: Journey) -> Review | None:
    """The review of the plan in force; None where the run has none yet."""
    snapshot, profile, plan = (journey.results.get(stage) for stage in ("backup", "profile", "plan"))
    if not (isinstance(snapshot, Snapshot) and isinstance(profile, Profile) and isinstance(plan, Plan)):
        return None
    request = journey.request
    return begun(
        snapshot.catalog,
        profile,
        plan,
        day_first=request.day_first,
        limits=request.limits,
    )
