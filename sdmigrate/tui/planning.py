"""From the journey's records to a review of its plan."""

from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.plan_review import Review, begun
from sdmigrate.tui.journey import Journey


def review_of(journey: Journey) -> Review | None:
    """The review of the plan in force, of an inspection that of what its evidence decides; None before."""
    snapshot, profile, plan = (journey.results.get(stage) for stage in ("backup", "profile", "plan"))
    if not (isinstance(snapshot, Snapshot) and isinstance(profile, Profile)):
        return None
    request = journey.request
    if request.mode == "inspect":
        return _inspected(journey, snapshot, profile)
    if not isinstance(plan, Plan):
        return None
    return begun(
        snapshot.catalog,
        profile,
        plan,
        day_first=request.day_first,
        limits=request.limits,
    )


def _inspected(journey: Journey, snapshot: Snapshot, profile: Profile) -> Review | None:
    names = [table.name for table in snapshot.catalog.tables]
    if any(name not in journey.plans for name in names):
        return None
    request = journey.request
    plan = Plan(
        source_fingerprint=profile.source_fingerprint,
        tables=tuple(journey.plans[name] for name in names),
        day_first=request.day_first,
    )
    return Review(snapshot.catalog, profile, plan, plan, request.day_first, request.limits)
