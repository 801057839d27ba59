"""The gates between the stages: what lets a run go on and what stops it.

Invariant: a gate is a pure verdict on one stage's result. Lowering a gate changes "stop" into "warn" and
nothing else, and verification cannot be lowered.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from sdmigrate.model.gate import GateVerdict
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile, Quality
from sdmigrate.model.result import CanaryResult, Cleaned, TableLedger, Verification
from sdmigrate.model.settings import Limits, Request
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.rules.wording import plural


def lowered(verdict: GateVerdict, request: Request) -> GateVerdict:
    """The verdict as the operator's ``--gate`` has it; the advice says that it was lowered."""
    if verdict.verdict != "stop" or verdict.name == "verification":
        return verdict
    if request.gates.get(verdict.name) != "warn":
        return verdict
    return replace(
        verdict,
        verdict="warn",
        advice=f"{verdict.reason}. Lowered to a warning by --gate {verdict.name}=warn. {verdict.advice}",
    )


def _joined(sentences: Iterable[str]) -> str:
    """The sentences as one, without the full stop at its end."""
    return "; ".join(sentence.rstrip(".") for sentence in sentences)


def judge_preflight(source: Source) -> GateVerdict:
    """Stops where a preflight check failed."""
    failed = [check for check in source.checks if check.verdict == "fail"]
    warned = [check for check in source.checks if check.verdict == "warn"]
    if failed:
        reason = _joined(f"{check.name}: {check.message}" for check in failed)
        advice = " ".join(check.hint for check in failed if check.hint)
    else:
        reason = f"{len(source.checks)} checks, {len(warned)} with a warning"
        advice = " ".join(check.hint for check in warned if check.hint)
    return GateVerdict(
        name="preflight",
        verdict="stop" if failed else "warn" if warned else "pass",
        value=len(failed),
        limit=0,
        reason=reason,
        advice=advice,
    )


def judge_integrity(snapshot: Snapshot, plan: Plan) -> GateVerdict:
    """Stops where a table that the plan includes is damaged, or a table cannot be read at all."""
    included = {table.source for table in plan.tables if table.include}
    damaged = [damage for damage in snapshot.damages if damage.table in included]
    unreadable = [other.name for other in snapshot.catalog.others if other.kind == "table"]
    reasons = [f"{damage.table} is damaged, {plural(damage.rows, 'row')} can be read" for damage in damaged]
    reasons += [f"{name} cannot be read" for name in unreadable]
    advice = []
    if damaged:
        advice.append(
            "Restore or recover the source, leave the table out in the plan (include = false), or take what"
            " can be read with --gate integrity=warn."
        )
    if unreadable:
        advice.append("Mend the declaration, or go on without such a table with --gate integrity=warn.")
    return GateVerdict(
        name="integrity",
        verdict="stop" if reasons else "pass",
        value=len(reasons),
        limit=0,
        reason="; ".join(reasons) or "every table can be read whole",
        advice=" ".join(advice),
    )


def judge_confidence(plan: Plan, limits: Limits) -> GateVerdict:
    """Warns of columns whose evidence was too weak to override the declaration; never stops."""
    weak = [
        f"{table.source}.{column.source}"
        for table in plan.tables
        if table.include
        for column in table.columns
        if column.decision != "operator" and column.confidence < limits.confidence
    ]
    confidences = [column.confidence for table in plan.tables if table.include for column in table.columns]
    named = ", ".join(weak[:5]) + (f" and {len(weak) - 5} more" if len(weak) > 5 else "")
    return GateVerdict(
        name="confidence",
        verdict="warn" if weak else "pass",
        value=min(confidences, default=1.0),
        limit=limits.confidence,
        reason=f"{plural(len(weak), 'column')} below the confidence asked for"
        + (f": {named}" if weak else ""),
        advice=f"The evidence is weak for {named}: look at it, and set the type in the plan." if weak else "",
    )


def judge_quality(profile: Profile, cleaned: Cleaned, limits: Limits) -> GateVerdict:
    """Stops below the score asked for, and where cleaning made the score worse."""
    before, after = profile.quality.score, cleaned.quality.score
    dearest = [cost for part in cleaned.quality.parts for cost in part.costs][:3]
    if after < limits.quality:
        reason = f"quality after cleaning is {after:.1f}, below {limits.quality:g}"
    elif _made_worse(profile.quality, cleaned):
        reason = f"quality fell from {before:.1f} to {after:.1f} by cleaning"
    else:
        return GateVerdict(
            name="quality",
            verdict="pass",
            value=round(after, 1),
            limit=limits.quality,
            reason=f"quality went from {before:.1f} to {after:.1f}"
            if round(before, 1) != round(after, 1)
            else f"quality is {after:.1f}, as before",
            advice="",
        )
    return GateVerdict(
        name="quality",
        verdict="stop",
        value=round(after, 1),
        limit=limits.quality,
        reason=reason,
        advice=f"What costs most: {_joined(dearest)}." if dearest else "Look at the findings.",
    )


def _made_worse(before: Quality, cleaned: Cleaned) -> bool:
    """Whether the score fell by more than rows that the plan leaves out explain: the others weigh more then.

    Without ``left`` rows a share of ``n`` is at most ``left / (n - left)`` from what it was.
    """
    after = cleaned.quality
    if not _is_less(after.score, before.score):
        return False
    common = before.tables.keys() & after.tables.keys()
    both = [ledger for ledger in cleaned.ledgers if ledger.table in common]
    return not both or any(
        _is_less(
            after.tables[ledger.table] + 100 * _left_out(ledger) / max(1, ledger.loaded),
            before.tables[ledger.table],
        )
        for ledger in both
    )


def _left_out(ledger: TableLedger) -> int:
    """Rows that left by decision; those in quarantine had something wrong, and leaving may cost nothing."""
    return ledger.excluded + ledger.deduplicated


def _is_less(score: float, other: float) -> bool:
    # Scores are told with one decimal; a difference below that is no difference to an operator.
    return round(score, 1) < round(other, 1)


def exceeds_quarantine(ledger: TableLedger, accepted: int, limits: Limits) -> bool:
    """Whether more than the share of the table's rows is in quarantine, and more than the plan accepts."""
    share = ledger.quarantined / ledger.read if ledger.read else 0.0
    return share > limits.quarantine and ledger.quarantined > accepted


def judge_quarantine(plan: Plan, cleaned: Cleaned, limits: Limits) -> GateVerdict:
    """Stops where more than the share of a table's rows was quarantined and the plan does not accept it."""
    beyond = [ledger for ledger in cleaned.ledgers if exceeds_quarantine(ledger, 0, limits)]
    over = [
        ledger
        for ledger in beyond
        if exceeds_quarantine(ledger, plan.accept_quarantine.get(ledger.table, 0), limits)
    ]
    listed = "; ".join(
        f"{ledger.table}: {ledger.quarantined} of {plural(ledger.read, 'row')}" for ledger in over or beyond
    )
    if beyond and not over:
        listed += ", as the plan accepts"
    worst = max((ledger.quarantined / ledger.read for ledger in cleaned.ledgers if ledger.read), default=0.0)
    accepting = ", ".join(f"{ledger.table!r} = {ledger.quarantined}" for ledger in over)
    return GateVerdict(
        name="quarantine",
        verdict="stop" if over else "pass",
        value=round(worst, 4),
        limit=limits.quarantine,
        reason=listed or "no table has more than its share of rows in quarantine",
        advice=f"Decide otherwise in the plan, or accept it there: accept_quarantine = {{ {accepting} }}."
        if over
        else "",
    )


def judge_canary(canary: CanaryResult) -> GateVerdict:
    """Stops where the sample could not be loaded and proven, or one of the queries failed on it."""
    failed = [f"{query.name}: {query.error}" for query in canary.queries if query.error]
    different = [table.table for table in canary.verification.tables if table.verdict == "different"]
    reasons = [f"{name} differs" for name in different] + failed
    return GateVerdict(
        name="canary",
        verdict="pass" if canary.passed else "stop",
        value=len(reasons),
        limit=0,
        reason="; ".join(reasons) or f"every check passed on {plural(canary.rows, 'row')}",
        advice="" if canary.passed else "Mend the plan or the queries, then run the canary again.",
    )


def judge_verification(verification: Verification) -> GateVerdict:
    """Stops where any table is not proven equal."""
    wrong = [table for table in verification.tables if table.verdict in ("different", "not_checked")]
    return GateVerdict(
        name="verification",
        verdict="pass" if verification.passed else "stop",
        value=len(wrong),
        limit=0,
        reason="; ".join(f"{table.table}: {table.verdict}" for table in wrong)
        or f"{plural(len(verification.tables), 'table')} proven equal",
        advice="" if verification.passed else "Nothing was published. Load again; keep the run for a report.",
    )
