"""What the end screen says, whether the run ended by itself, was killed, or was lost.

Invariant: pure; every path and command in it can be typed as it stands.
"""

from dataclasses import dataclass
from pathlib import Path

from sdmigrate.model.result import Switch
from sdmigrate.model.settings import Mode
from sdmigrate.report.plain import plain
from sdmigrate.report.way_back import of_run, onward, switching
from sdmigrate.rules.wording import plural
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.tui.format import file_name
from sdmigrate.tui.journey import Journey
from sdmigrate.tui.narration import OUTCOMES
from sdmigrate.tui.views.grid import Grid, Tone
from sdmigrate.tui.views.moved import summary_grid


@dataclass(frozen=True)
class Closing:
    """One end."""

    mode: Mode
    source: str
    goal: str
    headline: str
    tone: Tone
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    rows: Grid | None
    """None where the run left no summary."""


def closing(journey: Journey, *, killed: bool) -> Closing:
    """The end of this journey.

    Args:
        journey: ended or lost.
        killed: the operator ended the pipeline's process without waiting.
    """
    request = journey.request
    finished = journey.finished
    if finished is None:
        headline, tone, lines = _lost(killed)
        facts = (*_where(journey.run_directory), ("Go on with", _resume(journey.run_directory)))
        rows = None
    else:
        headline, tone = OUTCOMES[finished.outcome]
        back = journey.results.get("rollback")
        if finished.outcome == "rolled_back" and isinstance(back, Switch) and back.release is None:
            headline = f"Rolled back. Nothing is live as {back.schema}, as before this run."
        lines = journey.ended.why if journey.ended else ()
        facts = _facts(journey)
        rows = summary_grid(finished)
    return Closing(
        request.mode, file_name(request.source), request.schema or "", headline, tone, lines, facts, rows
    )


def last_words(told: Closing) -> tuple[str, ...]:
    """The end without its rows, a line each, for a terminal that shows no screen any more.

    The screen takes its commands and paths with it when it closes; a shell keeps them.
    """
    width = max((len(label) for label, _ in told.facts), default=0)
    facts = (f"  {label:<{width}}  {text}" for label, text in told.facts)
    return tuple(plain(line) for line in (told.headline, *told.lines, *facts))


def _lost(killed: bool) -> tuple[str, Tone, tuple[str, ...]]:
    if killed:
        return (
            "Killed. The pipeline was ended without waiting for its rollback.",
            "warn",
            ("PostgreSQL rolls back what was open. The run can be resumed from its last finished stage.",),
        )
    return (
        "Lost. The process that ran the pipeline ended unexpectedly.",
        "bad",
        (
            "PostgreSQL rolls back what was open; nothing is called done that was not on disk.",
            "The log in the run directory may say why; the system's log says whether memory ran out.",
        ),
    )


def _facts(journey: Journey) -> tuple[tuple[str, str], ...]:
    finished = journey.finished
    if finished is None:
        return ()
    facts: list[tuple[str, str]] = []
    if finished.outcome in ("aborted", "stopped", "refused", "failed") and finished.run_dir is not None:
        facts.append(("Go on with", _resume(finished.run_dir)))
    further = onward(journey.request, finished)
    if further is not None:
        facts.append(("Next", further))
    # A rehearsal drops what it made: there is no release of it, and nothing is kept.
    lasting = journey.request.mode != "rehearse"
    rolled_back = finished.outcome == "rolled_back"
    if finished.release and lasting and not rolled_back:
        facts.append(("Release", finished.release))
    if finished.outcome == "released" and finished.schema:
        facts.append(("Way back", switching(finished, "rollback", finished.schema)))
    if finished.previous and lasting:
        kept = "this run's release, live no more" if rolled_back else "what was live before"
        facts.append(("Kept", f"{finished.previous} ({kept})"))
    quarantined = sum(table.quarantined for table in finished.tables)
    if quarantined and finished.run_dir is not None:
        command = of_run(finished.run_dir, "quarantine", "list", "--run")
        facts.append(("Quarantine", f"{plural(quarantined, 'row')}: {command}"))
    if finished.quality.before is not None:
        after = f" → {finished.quality.after:.1f}" if finished.quality.after is not None else ""
        facts.append(("Quality", f"{finished.quality.before:.1f}{after}"))
    if finished.findings:
        worst = sum(1 for finding in finished.findings if finding.severity == "error")
        facts.append(("Findings", f"{len(finished.findings):,}, {_of_them(worst)}"))
    facts += _where(finished.run_dir)
    if finished.run_dir is not None:
        name = RunDirectory(Path(finished.run_dir)).report("html").name
        facts.append(("Report", f"{name}, in the run's directory"))
    return tuple(facts)


def _of_them(errors: int) -> str:
    return plural(errors, "of them an error", "of them errors") if errors else "none of them an error"


def _where(run_directory: str | None) -> tuple[tuple[str, str], ...]:
    return () if run_directory is None else (("Run", run_directory),)


def _resume(run_directory: str | None) -> str:
    return "sdmigrate resume" if run_directory is None else of_run(run_directory, "resume")
