"""Replay before a load: repaired rows out of quarantine into cleaned, which the load takes whole.

Invariant: a repaired row passes the plan's conversion and what cleaning asks of keys and references; it is in
cleaned or it stays in quarantine with a reason. The commit over the run's files decides: after a kill the
next call only counts what it holds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from sdmigrate.model.finding import in_order
from sdmigrate.model.replay import BegunReplay, Replay
from sdmigrate.model.result import Cleaned
from sdmigrate.stages.readmission import Readmission
from sdmigrate.stages.replay_findings import rows_replayed, settled


@dataclass(frozen=True)
class ReplayedIntoCleaned:
    """What is true of the run from now on."""

    replay: Replay
    cleaned: Cleaned


def replay_into_cleaned(
    readmission: Readmission, begun: BegunReplay, begin: Callable[[BegunReplay], None]
) -> ReplayedIntoCleaned:
    """Bring every repaired row that fits into cleaned; those that do not get new reasons.

    Args:
        readmission: the run's repaired rows.
        begun: what an earlier call had begun and perhaps not finished.
        begin: keeps what is begun now on disk; to be cleared when the results are.

    Raises:
        InternalFault: the snapshot does not come back from what was written.
        Interrupted, Aborted: as ``clean``; nothing is half done.
    """
    waiting = readmission.repaired()
    fit, refused = readmission.judge(waiting)
    ours = begun.with_rows(waiting, {(row.table, row.rowid) for row in fit})
    begin(ours)
    readmission.refuse(refused)
    admitted = readmission.admit(fit, against_cleaned=True)
    left = {(row.table, row.rowid) for row in readmission.repaired()}
    # A kill behind the commit took the count of what it moved with it; ledgers that stand as they were told
    # say that nothing was moved since.
    told_before = admitted.cleaned.ledgers == readmission.cleaned.ledgers
    moved = set() if told_before else {(row.table, row.rowid) for row in ours.rows} - left
    counts = dict(readmission.cleaned.replayed)
    replayed: dict[str, int] = {}
    for table, _ in sorted(moved):
        replayed[table] = replayed.get(table, 0) + 1
        counts[table] = counts.get(table, 0) + 1
    told = rows_replayed(counts, "cleaned")
    cleaned = msgspec.structs.replace(
        admitted.cleaned, findings=in_order((*admitted.cleaned.findings, *told)), replayed=counts
    )
    findings = in_order((*cleaned.findings, *settled(readmission.cleaned.findings, cleaned.findings)))
    done = Replay(release=None, replayed=replayed, refused=(*refused, *admitted.refused), findings=findings)
    return ReplayedIntoCleaned(done, cleaned)
