"""The journey in words: states, gates, events for the log, outcomes, and where the run stands.

Invariant: pure; every state is a word with a glyph, never a colour alone.
"""

from sdmigrate.model.events import (
    Event,
    FindingSeen,
    GateJudged,
    Outcome,
    Progress,
    RunFinished,
    StageFinished,
    StageStarted,
)
from sdmigrate.model.result import Switch
from sdmigrate.report.numbers import measured
from sdmigrate.tui import format as text
from sdmigrate.tui.journey import Journey, StepState, step_state
from sdmigrate.tui.planning import asked_by_the_source
from sdmigrate.tui.steps import STEPS, Step, step_of
from sdmigrate.tui.summaries import summary
from sdmigrate.tui.views.findings import place
from sdmigrate.tui.views.grid import Tone
from sdmigrate.tui.views.inspected import how_partial

GLYPHS: dict[StepState, str] = {
    "pending": "○",
    "running": "◐",
    "stopping": "◐",
    "done": "✓",
    "rolled_back": "◂",
    "needs_you": "▶",
    "refused": "✗",
    "failed": "✗",
    "stopped": "■",
    "skipped": "–",
    "not_in_mode": "–",
    "lost": "✗",
}
WORDS: dict[StepState, str] = {
    "pending": "to come",
    "running": "running",
    "stopping": "stopping…",
    "done": "done",
    "rolled_back": "rolled back",
    "needs_you": "needs you",
    "refused": "refused",
    "failed": "failed",
    "stopped": "stopped",
    "skipped": "skipped",
    "not_in_mode": "not in mode",
    "lost": "lost",
}
TONES: dict[StepState, Tone] = {
    "pending": "muted",
    "running": "strong",
    "stopping": "warn",
    "done": "good",
    "rolled_back": "warn",
    "needs_you": "warn",
    "refused": "bad",
    "failed": "bad",
    "stopped": "warn",
    "skipped": "muted",
    "not_in_mode": "muted",
    "lost": "bad",
}
GATE_WORDS = {"pass": "✓ pass", "warn": "! warning", "stop": "✗ stop"}
GATE_TONES: dict[str, Tone] = {"pass": "good", "warn": "warn", "stop": "bad"}

OUTCOMES: dict[Outcome, tuple[str, Tone]] = {
    "released": ("Released. The new release is live and every table in it was verified.", "good"),
    "loaded": ("Loaded and verified. Nothing was switched.", "good"),
    "rehearsed": ("Rehearsed, from the snapshot to cutover and back. The target is as it was.", "good"),
    "inspected": ("Inspected. The source was read and nothing else was touched.", "good"),
    "rolled_back": ("Rolled back. What was live before is live again.", "good"),
    "done": ("Done.", "good"),
    "refused": ("Refused. A gate said no, and what is live is unchanged.", "bad"),
    "failed": ("Failed. What is live is unchanged.", "bad"),
    "aborted": ("Stopped by you. What was under way was rolled back.", "warn"),
    "stopped": ("Stopped by its surroundings. The run can be resumed.", "warn"),
}
TRANSFERRED: frozenset[Outcome] = frozenset(
    {"released", "loaded", "rehearsed", "rolled_back", "inspected", "done"}
)


def gate_line(gate: GateJudged) -> str:
    """The verdict with its reason or advice."""
    return f"{GATE_WORDS[gate.verdict]}  {gate.name}: {text.plain(gate.advice) or gate_numbers(gate)}"


def gate_numbers(gate: GateJudged) -> str:
    """What was measured, and where it would stop."""
    return text.plain(f"{measured(gate.value)}, limit {measured(gate.limit)}")


def event_line(event: Event) -> str | None:
    """The event as a line of the log; None for what the log leaves out."""
    match event:
        case StageStarted(stage=stage):
            return f"{stage} started"
        case StageFinished(stage=stage, status=status, seconds=seconds):
            return f"{stage} {status} after {text.duration(seconds)}"
        case FindingSeen(severity=severity, code=code, table=table, column=column, message=message):
            return f"{severity} {code} in {text.plain(place(table, column), 80)}: {text.plain(message, 300)}"
        case GateJudged(name=name, verdict=verdict):
            return f"gate {name}: {verdict} ({gate_numbers(event)}) {text.plain(event.advice, 300)}".rstrip()
        case RunFinished(outcome=outcome, exit_code=code):
            return f"run {outcome}, exit code {code}"
        case _:
            return None


def progress_lines(progress: Progress, elapsed: float) -> tuple[str, str]:
    """The numbers, and what is being done."""
    done = text.count(progress.done)
    amount = f"{done} of {text.count(progress.total)}" if progress.total is not None else done
    # A step that nobody counts has only its words.
    counted = progress.total is not None or progress.done > 0
    parts = [f"{amount} {text.plain(progress.unit, 12)}"] if counted else []
    if progress.unit not in ("steps", "columns") and progress.rate > 0:
        parts.append(text.rate(progress.rate, text.plain(progress.unit, 12)))
    if progress.eta_seconds is not None:
        parts.append(f"{text.clock(progress.eta_seconds)} left")
    parts.append(f"{text.clock(elapsed)} gone")
    where = [text.plain(part, 120) for part in (progress.table, progress.reason) if part]
    return "  ·  ".join(parts), ": ".join(where)


def doing(journey: Journey, now: float) -> str:
    """What runs and how far it is, on one line; empty while nothing does."""
    if journey.running is None:
        return ""
    elapsed = now - journey.began
    progress = journey.progress
    parts = []
    if progress is not None and progress.total and progress.done < progress.total:
        # What comes after the last row is not counted; the headline says what it is.
        parts.append(f"{progress.done / progress.total * 100:.0f} %")
    if progress is not None and progress.eta_seconds is not None:
        parts.append(f"{text.clock(progress.eta_seconds)} left")
    parts.append(f"{text.clock(elapsed)} gone")
    return f"{step_of(journey.running).title}: {'  ·  '.join(parts)}"


def headline(journey: Journey, step: Step) -> tuple[str, Tone]:
    """How the step stands and what it asks of the operator: a sentence, or one on each line."""
    state = step_state(journey, step)
    waiting = journey.waiting
    partial = how_partial(journey) if step.name == "profile" else ""
    if partial and state in ("pending", "running", "stopped"):
        return partial, "warn"
    match state:
        case "not_in_mode":
            # Its purpose says so.
            return "", "muted"
        case "pending" if journey.busy and journey.latest is None and step is STEPS[0]:
            # The embedded server is made for the first run, which takes its time.
            server = ", with a PostgreSQL of its own" if journey.request.target == "embedded" else ""
            return f"Starting the run's own process{server} …", "strong"
        case "pending":
            return "To come.", "muted"
        case "running":
            return f"{_running(journey, step)} …", "strong"
        case "stopping":
            return "Stopping… what is under way is being rolled back.", "warn"
        case "needs_you" if waiting and waiting.asks == "confirm_cutover":
            if waiting.stopped_by:
                return text.plain(waiting.stopped_by), "bad"
            return "Loaded and verified. Nothing is switched before you type the schema's name.", "warn"
        case "done" if waiting and waiting.asks == "offer_rollback" and step is STEPS[-1]:
            return _switched(journey), "good"
        case "needs_you" | "refused" | "failed" if waiting and waiting.stopped_by:
            return text.plain(waiting.stopped_by), "bad"
        case "stopped":
            return "Stopped: nothing was left half-done.", "warn"
        case "done" | "rolled_back" if step is STEPS[-1] and "rollback" in journey.results:
            return _came_back(journey), "good"
        case "done" | "skipped":
            told = summary(journey.results, step)
            asked = asked_by_the_source(journey) if step.name == "profile" else ""
            if asked:
                told = f"{told}\n{text.plain(asked[:1].upper() + asked[1:])}"
            return told or f"{WORDS[state].capitalize()}{_took(journey, step)}.", "" if told else TONES[state]
        case _:
            return f"{WORDS[state].capitalize()}.", TONES[state]


def _running(journey: Journey, step: Step) -> str:
    stage = journey.running or journey.latest
    if stage is None or len(step.stages) == 1 or stage not in step.stages:
        return "Running"
    return f"Running: {stage}"


def _switched(journey: Journey) -> str:
    switch = journey.results.get("cutover")
    if not isinstance(switch, Switch):
        return "Live. Go back with u, or finish with n."
    kept = f"{switch.previous} is kept" if switch.previous else "Nothing was live before"
    took = text.duration(switch.milliseconds / 1000)
    return text.plain(
        f"{switch.release} is live as {switch.schema}; the switch took {took}. {kept}. "
        "Go back with u, or finish with n."
    )


def _came_back(journey: Journey) -> str:
    """What is live now, before what led to it."""
    there, back = (journey.results.get(stage) for stage in ("cutover", "rollback"))
    if not (isinstance(there, Switch) and isinstance(back, Switch)):
        return "Back as before; finish with n."
    times = [text.duration(switch.milliseconds / 1000) for switch in (there, back)]
    if journey.request.mode == "rehearse":
        there_and_back = f"live within {times[0]}, and back within {times[1]}"
        return f"Rehearsed on scratch schemas: {there_and_back}. Finish with n."
    live = f"Nothing is live as {back.schema}, as before this run"
    if back.release is not None:
        live = f"{back.release} is live as {back.schema} again"
    return text.plain(f"{live}; the switch took {times[1]}. {there.release} is kept. Finish with n.")


def _took(journey: Journey, step: Step) -> str:
    seconds = [view.seconds for stage in step.stages if (view := journey.stage(stage)).seconds is not None]
    return f" in {text.duration(sum(seconds))}" if seconds else ""
