"""Where runs stand, told from their directories without disturbing them.

Invariant: reads only; a run under way in another process can be looked at.
"""

from pathlib import Path
from typing import Literal

import msgspec

from sdmigrate.model.errors import SdmigrateError, UsageProblem
from sdmigrate.model.events import Progress, RunFinished, StageSummary
from sdmigrate.model.outcome import ExitCode
from sdmigrate.model.record import Record
from sdmigrate.model.settings import Mode, Request
from sdmigrate.pipeline.facts import run_facts
from sdmigrate.pipeline.order import stages_of
from sdmigrate.pipeline.summary import summarise
from sdmigrate.pipeline.told import event_of, journal_events, stages_told
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import is_locked, run_directories


class RunStanding(Record):
    """One run at this moment."""

    run_id: str
    directory: str
    source: str
    mode: Mode | Literal["?"]
    """"?" where the journal cannot be read."""
    state: str
    """"running", "unfinished", "unreadable", "abandoned", or the outcome of an ended run."""
    started: str
    stages: tuple[StageSummary, ...] = ()
    progress: Progress | None = None
    """The newest while running."""

    @property
    def resumable(self) -> bool:
        """Whether ``resume`` has something to go on with."""
        return self.state in ("unfinished", "stopped", "aborted", "refused", "failed")


def standing(directory: RunDirectory) -> RunStanding:
    """How that run stands."""
    running = is_locked(directory)
    try:
        with Journal.open(directory.journal) as journal:
            facts = run_facts(journal)
            finished = journal.noted("finished", RunFinished)
            abandoned = journal.noted("abandoned", RunFinished) is not None
            stages = tuple(stage.ended for stage in stages_told(journal, journal_events(journal)))
            complete = all(journal.is_done(stage) for stage in stages_of(facts.request))
    except SdmigrateError as error:
        return _unreadable(directory, error)
    return RunStanding(
        run_id=directory.run_id,
        directory=str(directory.path),
        source=facts.request.source,
        mode=facts.request.mode,
        state="abandoned" if abandoned else _state(running, complete, finished),
        started=facts.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        stages=stages,
        progress=_progress(directory) if running else None,
    )


def told_so_far(directory: RunDirectory) -> RunFinished:
    """What the run's last line would say if it ended now, as one that is ``done``.

    Raises:
        SdmigrateError: its journal cannot be read.
    """
    with Journal.open(directory.journal) as journal:
        request = run_facts(journal).request
        return summarise(
            journal,
            outcome="done",
            exit_code=ExitCode.DONE,
            schema=request.schema,
            target=request.target,
            run_directory=str(directory.path),
        )


def _progress(directory: RunDirectory) -> Progress | None:
    if not directory.progress.exists():
        return None
    try:
        event = event_of(directory.progress.read_text("utf-8"))
    except msgspec.MsgspecError:
        # Another version of sdmigrate runs there, and says itself how far it is.
        return None
    return event if isinstance(event, Progress) else None


def _state(running: bool, complete: bool, finished: RunFinished | None) -> str:
    if running:
        return "running"
    if finished is None:
        return "unfinished"
    if finished.exit_code == ExitCode.DONE and finished.outcome == "done" and not complete:
        return "unfinished"
    return finished.outcome


def _unreadable(directory: RunDirectory, error: SdmigrateError) -> RunStanding:
    return RunStanding(
        run_id=directory.run_id,
        directory=str(directory.path),
        source=error.message,
        mode="?",
        state="unreadable",
        started="",
    )


def newest(work_directory: Path) -> RunDirectory:
    """The newest run.

    Raises:
        UsageProblem: there is none.
    """
    directories = run_directories(work_directory)
    if not directories:
        raise UsageProblem(f"There is no run in {work_directory}.", "Begin one, or name --work-dir.")
    return directories[0]


def newest_unfinished(work_directory: Path) -> RunDirectory:
    """The newest run that can be resumed and that nobody works on.

    Raises:
        UsageProblem: there is none.
    """
    for directory in run_directories(work_directory):
        if standing(directory).resumable:
            return directory
    raise UsageProblem(
        f"There is no unfinished run in {work_directory}.", "List the runs with 'sdmigrate runs'."
    )


def resumable_requests(work_directory: Path) -> tuple[tuple[RunStanding, Request], ...]:
    """The runs that could be taken up again, newest first, with what each was begun for."""
    found = []
    for directory in run_directories(work_directory):
        state = standing(directory)
        if state.resumable:
            with Journal.open(directory.journal) as journal:
                found.append((state, run_facts(journal).request))
    return tuple(found)
