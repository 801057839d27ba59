"""The plan of a run, read from its journal.

Invariant: an inspection decides nothing; its plan is the one with which a migration would begin.
"""

from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Snapshot
from sdmigrate.pipeline.facts import run_facts
from sdmigrate.rules.planning import propose
from sdmigrate.runtime.journal import Journal


def plan_of(journal: Journal) -> Plan | None:
    """The plan; None before it is made, of an inspection before its profile is.

    Raises:
        UnsafeToContinue: the run was killed before its first entry.
    """
    plan = journal.result("plan", Plan)
    request = run_facts(journal).request
    if plan is not None or request.mode != "inspect":
        return plan
    snapshot, profile = journal.result("backup", Snapshot), journal.result("profile", Profile)
    if snapshot is None or profile is None:
        return None
    confidence = request.limits.confidence
    return propose(snapshot.catalog, profile, day_first=request.day_first, confidence=confidence)
