"""What happened, in one sentence.

Invariant: it says no more than the records prove; where a run did not reach its end, it says why first.
"""

from pathlib import PurePath

from sdmigrate.report.numbers import duration
from sdmigrate.report.page import Tone
from sdmigrate.report.story import RunStory
from sdmigrate.rules.asked import asked_of_the_operator
from sdmigrate.rules.foreseen import foreseen
from sdmigrate.rules.wording import plural

TONES: dict[str, Tone] = {
    "released": "good",
    "rehearsed": "good",
    "inspected": "good",
    "loaded": "good",
    "done": "good",
    "rolled_back": "warn",
    "aborted": "warn",
    "refused": "bad",
    "failed": "bad",
    "stopped": "bad",
}
"""Outcome -> how it looks."""


def what_happened(story: RunStory) -> str:
    """The report's first sentence."""
    finished, name = story.finished, PurePath(story.request.source).name
    took = duration(sum(stage.seconds for stage in finished.stages))
    end = f"in {took}{_kept_back(story)}"
    match finished.outcome:
        case "released":
            return f"{_loaded(story)} of {name} are live as schema {finished.schema}, {end}."
        case "loaded":
            return f"{_loaded(story)} of {name} are loaded as {finished.release}, not live, {end}."
        case "rehearsed":
            return (
                f"The migration of {name} was rehearsed in {took}: {_loaded(story)} went to live and back, "
                f"and nothing is left on the target{_kept_back(story)}."
            )
        case "inspected":
            return f"{name} holds {_held(story)}; {_asked(story)}"
        case "rolled_back":
            back = story.rollback.release if story.rollback is not None else None
            now = f"is {back} again" if back else "is gone, as it was before the first release"
            return f"Schema {finished.schema} {now}; {finished.release or 'the release'} is kept."
        case "done":
            last = finished.stages[-1].name if finished.stages else "nothing"
            return f"{name} went through {last}, in {took}."
        case _:
            return _not_reached(story, name)


def _asked(story: RunStory) -> str:
    stops: tuple[str, ...] = ()
    if story.snapshot is not None and story.profile is not None and story.plan is not None:
        stops = foreseen(story.snapshot, story.profile, story.plan, story.request.limits)
    return asked_of_the_operator(story.findings, stops)


def _not_reached(story: RunStory, name: str) -> str:
    words = {
        "refused": "was refused",
        "aborted": "was stopped by its operator",
        "stopped": "was stopped by its environment",
    }
    did = words.get(story.finished.outcome, "failed")
    running = [stage.name for stage in story.finished.stages if stage.status not in ("done", "skipped")]
    where = f" at {running[-1]}" if running else ""
    live = "" if story.cutover is not None or story.request.mode == "inspect" else "; live is unchanged"
    why = f": {story.stopped_by.rstrip('.')}" if story.stopped_by else ""
    return f"The run on {name} {did}{where}{why}{live}."


def _loaded(story: RunStory) -> str:
    tables = story.finished.tables
    return f"{plural(sum(table.loaded for table in tables), 'row')} in {plural(len(tables), 'table')}"


def _held(story: RunStory) -> str:
    tables = story.profile.tables if story.profile is not None else ()
    return f"{plural(sum(table.rows for table in tables), 'row')} in {plural(len(tables), 'table')}"


def _kept_back(story: RunStory) -> str:
    parts = (
        (sum(table.quarantined for table in story.finished.tables), "in quarantine"),
        (sum(table.deduplicated for table in story.finished.tables), "dropped as duplicates"),
        (sum(table.excluded for table in story.finished.tables), "excluded by the plan"),
    )
    told = [f"{plural(number, 'row')} {where}" for number, where in parts if number]
    return f"; {', '.join(told)}" if told else ""
