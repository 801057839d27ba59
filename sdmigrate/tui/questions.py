"""What the operator is asked, put together from what is known of the journey.

Invariant: pure; a question before a switch names what is live, what will be, and what cannot be undone.
"""

from sdmigrate.model.result import Release, Switch, Verification
from sdmigrate.model.source import Source
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import count
from sdmigrate.tui.journey import Journey
from sdmigrate.tui.modals.confirm_switch import SwitchQuestion


def cutover_question(journey: Journey) -> SwitchQuestion:
    """The question before a release becomes live."""
    release = journey.results.get("load")
    schema = journey.request.schema or ""
    facts = [("Live now", _live_now(journey, schema))]
    if isinstance(release, Release):
        facts.append(("Becomes live", f"{release.name}, as {schema}"))
        facts.append(("Rows", f"{count(sum(release.rows.values()))} in {plural(len(release.rows), 'table')}"))
    facts.append(("Verified", _verdicts(journey)))
    return SwitchQuestion(
        title="Make this release live?",
        schema=schema,
        facts=tuple(facts),
        warnings=(
            "Rows that applications write after the switch stay in this release when you go back.",
            "Prepared SELECT * of open sessions must be prepared again where column types changed.",
        ),
        act=f"Switch {schema}",
        may_discard=_live_has_writes(journey),
    )


def rollback_question(journey: Journey) -> SwitchQuestion:
    """The question before the previous release becomes live again."""
    switch = journey.results.get("cutover")
    schema = journey.request.schema or ""
    facts = []
    if isinstance(switch, Switch):
        facts.append(("Live now", f"{switch.release or 'nothing'}, as {schema}"))
        facts.append(("Becomes live", switch.previous or "nothing: there was no such schema before"))
    return SwitchQuestion(
        title="Go back to what was live before?",
        schema=schema,
        facts=tuple(facts),
        warnings=("Rows written to the live schema since the switch stay behind in the release you leave.",),
        act=f"Roll back {schema}",
        may_discard=_live_has_writes(journey),
    )


def _live_now(journey: Journey, schema: str) -> str:
    source = journey.results.get("preflight")
    target = source.target if isinstance(source, Source) else None
    if target is None or not target.live_exists:
        return f"nothing is called {schema}"
    if target.live_is_ours:
        return f"{schema}, published by sdmigrate; it is kept"
    return f"{schema}, not made by sdmigrate; it is kept as {schema}__r0"


def _verdicts(journey: Journey) -> str:
    verification = journey.results.get("verify")
    if not isinstance(verification, Verification):
        return "by the run's own gate"
    verdicts = [table.verdict for table in verification.tables]
    words = [
        f"{count(verdicts.count('identical'))} identical",
        f"{count(verdicts.count('changed'))} changed by accepted rules",
    ]
    return ", ".join(words)


def _live_has_writes(journey: Journey) -> bool:
    waiting = journey.waiting
    return bool(waiting and "discard-live-writes" in (waiting.hint or "") + (waiting.stopped_by or ""))
