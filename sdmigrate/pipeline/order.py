"""Which stages a journey has, in which order, and what record each leaves.

Invariant: the order stands here alone; faces ask for it.
"""

from sdmigrate.model.events import StageName
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.record import Record
from sdmigrate.model.replay import Replay
from sdmigrate.model.result import CanaryResult, Cleaned, Release, Switch, Verification
from sdmigrate.model.settings import Request
from sdmigrate.model.source import Snapshot, Source

RECORDS: dict[StageName, type[Record]] = {
    "preflight": Source,
    "backup": Snapshot,
    "profile": Profile,
    "plan": Plan,
    "clean": Cleaned,
    "canary": CanaryResult,
    "load": Release,
    "verify": Verification,
    "cutover": Switch,
    "rollback": Switch,
    "replay": Replay,
}
"""Stage -> the record that it leaves in the journal."""

READING: tuple[StageName, ...] = ("preflight", "backup", "profile")
WRITING: tuple[StageName, ...] = ("plan", "clean", "canary", "load", "verify")


def stages_of(request: Request) -> tuple[StageName, ...]:
    """The stages of this journey, in order."""
    match request.mode:
        case "inspect":
            return READING
        case "rehearse":
            return (*READING, *WRITING, "cutover", "rollback")
        case _:
            return (*READING, *WRITING) if request.no_cutover else (*READING, *WRITING, "cutover")
