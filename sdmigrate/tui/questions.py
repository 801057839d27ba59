"""What the operator is asked, put together from what is known of the journey.

Invariant: pure; a question before a switch names what is live, what will be, and what cannot be undone.
"""

from collections.abc import Sequence

from sdmigrate.model.result import Release, Switch, Verification
from sdmigrate.model.source import Source, TargetFacts
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import count
from sdmigrate.tui.journey import Journey
from sdmigrate.tui.modals.confirm_switch import SwitchQuestion
from sdmigrate.tui.modals.question import Question
from sdmigrate.tui.steps import Step


def stop_question(*, asked_before: bool) -> Question:
    """Before what runs is stopped; where that was asked already, before it is killed."""
    if asked_before:
        return Question(
            "Kill the pipeline now?",
            (
                "It is rolling back what was under way; killing it does not wait for that.",
                "PostgreSQL rolls back by itself; the run can be resumed from its last finished step.",
            ),
            yes="Kill",
            no="Wait",
        )
    return Question(
        "Stop what is running?",
        (
            "What is under way is rolled back, and nothing is left half-done.",
            "Finished steps keep their results; you can go on from here, or leave and resume later.",
        ),
        yes="Stop",
        no="Go on running",
        again="x,ctrl+c",
    )


def again_question(step: Step) -> Question:
    """Before a step runs again that others followed."""
    return Question(
        f"Run {step.title} again?",
        (f"The results of the steps after {step.title} are forgotten; they run again as well.",),
        yes="Run again",
        no="Keep them",
        again="r",
    )


def plan_question(done: Sequence[Step]) -> Question:
    """Before a plan is changed under which these steps were done."""
    *others, last = (step.title for step in done)
    named = f"{', '.join(others)} and {last}" if others else last
    return Question(
        "Use the changed plan?",
        (f"{named} will run again: what was done under the plan before is forgotten.",),
        yes="Use it",
        no="Keep the plan before",
    )


def leave_question(*, busy: bool) -> Question:
    """Before a run is left that has not ended."""
    lines: tuple[str, ...] = ("It can be taken up again from its last finished step: sdmigrate resume.",)
    if busy:
        lines = ("What is under way is stopped and rolled back first.", *lines)
    return Question("Leave this run?", lines, yes="Leave", no="Stay", again="q,ctrl+q")


def cutover_question(journey: Journey) -> SwitchQuestion:
    """The question before a release becomes live."""
    release = journey.results.get("load")
    schema = journey.request.schema or ""
    facts = [("Live now", _live_now(journey, schema))]
    if isinstance(release, Release):
        facts.append(("Becomes live", f"{release.name}, as {schema}"))
        facts.append(("Rows", f"{count(sum(release.rows.values()))} in {plural(len(release.rows), 'table')}"))
    facts.append(("Verified", _verdicts(journey)))
    warnings = ["Rows that applications write after the switch stay in this release when you go back."]
    target = _target(journey)
    if target is not None and target.live_exists:
        warnings.append(
            "Prepared SELECT * of open sessions must be prepared again where column types changed."
        )
    return SwitchQuestion(
        title="Make this release live?",
        schema=schema,
        facts=tuple(facts),
        warnings=tuple(warnings),
        act=f"Switch {schema}",
        may_discard=live_has_writes(journey),
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
        may_discard=live_has_writes(journey),
    )


def _target(journey: Journey) -> TargetFacts | None:
    source = journey.results.get("preflight")
    return source.target if isinstance(source, Source) else None


def _live_now(journey: Journey, schema: str) -> str:
    target = _target(journey)
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


def live_has_writes(journey: Journey) -> bool:
    """Whether a switch was refused because live was written to, which takes a permission of its own."""
    waiting = journey.waiting
    return bool(waiting and "discard-live-writes" in (waiting.hint or "") + (waiting.stopped_by or ""))
