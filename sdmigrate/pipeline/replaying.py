"""A replay within its run: which way it goes, and what the journal holds before and after it.

Invariant: from the first row on its way until the results are on disk the journal says that a replay is
pending, and no later stage takes its place meanwhile.
"""

from msgspec.structs import replace

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.gate import GateVerdict
from sdmigrate.model.replay import BegunReplay, Replay
from sdmigrate.model.result import CanaryResult, MustHold, Release, Verification
from sdmigrate.model.settings import Endpoint
from sdmigrate.pipeline.loaded import outdate_loaded
from sdmigrate.rules import gates
from sdmigrate.runtime.journal import Journal
from sdmigrate.stages.readmission import Readmission
from sdmigrate.stages.replay import replay
from sdmigrate.stages.replay_into_cleaned import replay_into_cleaned

_BEGUN = "replaying"
"""The journal's note of the rows that a replay is bringing in."""


def replay_is_pending(journal: Journal) -> bool:
    """Whether a replay was begun whose end is not on disk."""
    begun = journal.noted(_BEGUN, BegunReplay)
    return begun is not None and bool(begun.rows)


def require_none_pending(journal: Journal, run_id: str) -> None:
    """Refuse what would go on from results that an interrupted replay has overtaken.

    Raises:
        UnsafeToContinue: there is one.
    """
    if replay_is_pending(journal):
        raise UnsafeToContinue(
            "A replay of this run was interrupted; it is to be finished before anything else.",
            f"sdmigrate quarantine replay --run {run_id}",
        )


def forget_begun(journal: Journal) -> None:
    """No replay is under way: its results are on disk, or the rows it brought in are no more."""
    if replay_is_pending(journal):
        journal.note(_BEGUN, BegunReplay())


def into_cleaned(journal: Journal, readmission: Readmission) -> tuple[Replay, tuple[GateVerdict, ...]]:
    """Bring the repaired rows into cleaned, which is judged again: what was refused may be accepted now."""
    # Its sample was drawn without these rows.
    journal.forget_result("canary")
    outdate_loaded(journal)
    made = replay_into_cleaned(readmission, _begun(journal), lambda rows: journal.note(_BEGUN, rows))
    limits, request = readmission.context.limits, readmission.context.request
    verdicts = tuple(
        gates.lowered(verdict, request)
        for verdict in (
            gates.judge_quality(readmission.profile, made.cleaned, limits),
            gates.judge_quarantine(readmission.plan, made.cleaned, limits),
        )
    )
    accepted = all(verdict.verdict != "stop" for verdict in verdicts)
    journal.keep_result("clean", made.cleaned, accepted=accepted)
    journal.note(_BEGUN, BegunReplay())
    return made.replay, verdicts


def into_release(
    journal: Journal,
    readmission: Readmission,
    endpoint: Endpoint,
    release: Release,
    verification: Verification,
) -> tuple[Replay, tuple[GateVerdict, ...]]:
    """Bring the repaired rows into the release, unpublished or live."""
    canary = journal.result("canary", CanaryResult)
    if canary is not None:
        # Told without these rows.
        journal.keep_result("canary", replace(canary, must_hold=MustHold()))
    made = replay(
        readmission, endpoint, release, verification, _begun(journal), lambda rows: journal.note(_BEGUN, rows)
    )
    journal.keep_result("clean", made.cleaned)
    journal.keep_result("load", made.release)
    journal.keep_result("verify", made.verification)
    journal.note(_BEGUN, BegunReplay())
    verdict = gates.judge_quality(readmission.profile, made.cleaned, readmission.context.limits)
    # The rows are where they belong whatever it says.
    return made.replay, (replace(verdict, verdict="warn") if verdict.verdict == "stop" else verdict,)


def _begun(journal: Journal) -> BegunReplay:
    return journal.noted(_BEGUN, BegunReplay) or BegunReplay()
