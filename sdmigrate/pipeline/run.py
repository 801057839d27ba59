"""One run opened: its directory, lock, journal, log, target and journey; and its end.

Invariant: whatever happens inside, the last event is ``run.finished``, the report is on disk before it is
told, and a rehearsal's target is as it was.
"""

import dataclasses
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from sdmigrate import __version__
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import Outcome, RunFinished, StageName
from sdmigrate.model.outcome import ExitCode, outcome_of
from sdmigrate.model.settings import Request
from sdmigrate.model.so_far import TableSoFar
from sdmigrate.pipeline.facts import run_facts
from sdmigrate.pipeline.journey import Journey
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.story import tell_story
from sdmigrate.pipeline.summary import end_of_journey, summarise
from sdmigrate.pipeline.target import Target
from sdmigrate.postgres import embedded
from sdmigrate.postgres.connect import endpoint_of
from sdmigrate.postgres.scratch import ScratchPair, drop_scratch, scratch_names
from sdmigrate.report.files import write_copies, write_reports
from sdmigrate.report.story import RunStory
from sdmigrate.report.view import WHOLE, ReportView
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.runtime.health import require_health
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.metrics import write_metrics
from sdmigrate.runtime.recorder import Listener, Recorder
from sdmigrate.runtime.run_log import RunLog
from sdmigrate.runtime.runs import RunFacts, locked, new_run_directory
from sdmigrate.sqlite.header import read_header

_ON_THE_TARGET: tuple[StageName, ...] = ("load", "verify", "cutover", "rollback")


@dataclass(frozen=True)
class Run:
    """A run in hand."""

    journey: Journey
    directory: RunDirectory
    request: Request
    """As the operator asked; the journey's own names the scratch pair in a rehearsal."""
    journal: Journal
    recorder: Recorder
    log: RunLog
    target: Target | None
    scratch: ScratchPair | None

    def conclude(
        self,
        error: BaseException | None = None,
        *,
        outcome: Outcome | None = None,
        refused: bool = False,
        view: ReportView = WHOLE,
    ) -> tuple[RunFinished, RunStory]:
        """End the run: clean up a rehearsal, write report and metrics, tell the last event.

        Args:
            error: what ended it; None where all asked for was done.
            outcome: what to call a good end; None: what the journey reached.
            refused: whether this call is told as refused although the run itself stands as it did.
            view: how the operator wants the report.

        Raises:
            UsageProblem: the report cannot be given as the view asks; the run's end has been told so.
            OSError, sqlite3.Error: the end could be told but not be kept.
        """
        error = self._tidy(error)
        ended = outcome or end_of_journey(self.request.mode, self.journal)
        try:
            finished, story = self._told(ended, error)
            write_copies(story, view)
        except UsageProblem as problem:
            finished, _ = self._told(ended, error or problem)
            self.recorder.emit(finished)
            raise
        except (OSError, sqlite3.Error) as failure:
            # The disk has no room for a report; the last event is told all the same.
            finished, _ = self._summed_up(ended, error or failure)
            self.recorder.emit(finished)
            raise
        if refused:
            finished = replace(finished, outcome="refused", exit_code=ExitCode.REFUSED)
        self.recorder.emit(finished)
        return finished, story

    def _told(self, outcome: Outcome, error: BaseException | None) -> tuple[RunFinished, RunStory]:
        """How the run ended, kept in the journal, the reports and the metrics."""
        if error is not None:
            self.log.failure(error)
        finished, story = self._summed_up(outcome, error)
        self.journal.note("finished", finished)
        write_reports(self.directory, story)
        write_metrics(self.directory.metrics, finished, finished_at=time.time())
        return finished, story

    def _summed_up(self, outcome: Outcome, error: BaseException | None) -> tuple[RunFinished, RunStory]:
        """How the run ended, from the journal alone."""
        ended, code = (outcome, ExitCode.DONE) if error is None else outcome_of(error)
        finished = summarise(
            self.journal,
            outcome=ended,
            exit_code=code,
            schema=self.request.schema,
            target=self.target.described if self.target is not None else None,
            run_directory=str(self.directory.path),
        )
        return finished, tell_story(self.directory, self.journal, finished, error)

    def _tidy(self, error: BaseException | None) -> BaseException | None:
        """Leave nothing of a rehearsal on its target; the first error is the one that is told."""
        resumable = error is not None and outcome_of(error)[1] == ExitCode.STOPPED
        # A server thrown away takes everything with it, and may never have been started.
        thrown_away = self.request.target == "embedded"
        if self.scratch is None or self.target is None or thrown_away or resumable:
            return error
        try:
            drop_scratch(self.target.endpoint, self.scratch)
        except Exception as failure:
            if error is None:
                return failure
            self.log.failure(failure)
        return error


@contextmanager
def opened_run(
    begin: Begin,
    cancel: CancelToken,
    listeners: tuple[Listener, ...] = (),
    tables: Callable[[TableSoFar], None] | None = None,
) -> Iterator[Run]:
    """A new run, or one taken up again, held by this process until the block ends.

    Args:
        begin: what to run.
        cancel: ends it.
        listeners: hear its events.
        tables: hears what is known of each table while it is found out; None: nobody looks.

    Raises:
        SourceUnusable: the source is no SQLite database; no run was made.
        TargetUnreachable: the target cannot be reached.
        UnsafeToContinue: another process holds the run.
    """
    with ExitStack() as stack:
        directory, journal, facts = _directory_of(begin, stack)
        log = stack.enter_context(RunLog(directory.log, run_id=directory.run_id))
        recorder = Recorder(
            run_id=directory.run_id,
            journal=journal,
            progress_path=directory.progress,
            check_health=lambda: require_health(directory.path, facts.request.limits),
            listeners=(log.tell, *listeners),
        )
        target = _target_of(begin, facts.request, directory, stack)
        scratch, context = _surroundings(directory, facts, cancel, recorder)
        context = dataclasses.replace(context, tables=tables)
        if scratch is not None:
            journal.note("scratch", scratch)
        journey = Journey(context, journal, target)
        if begin.resume is not None:
            _forget_what_is_gone(journal, facts.request)
        yield Run(journey, directory, facts.request, journal, recorder, log, target, scratch)


def _directory_of(begin: Begin, stack: ExitStack) -> tuple[RunDirectory, Journal, RunFacts]:
    if begin.resume is not None:
        directory = RunDirectory(Path(begin.resume))
        stack.enter_context(locked(directory))
        journal = stack.enter_context(Journal.open(directory.journal))
        facts = run_facts(journal)
        # Flags given to the resumed call (gates, queries, a plan) hold; the journey itself stays what it was,
        # but for a target that it had not named yet, which abort must find again.
        reached = replace(facts.request, target=begin.request.target, schema=begin.request.schema)
        if reached != facts.request:
            journal.note("run", replace(facts, request=reached))
        return directory, journal, replace(facts, request=begin.request)
    read_header(Path(begin.request.source))
    directory, started = new_run_directory(Path(begin.work_directory), Path(begin.request.source))
    stack.enter_context(locked(directory))
    journal = stack.enter_context(Journal.create(directory.journal))
    facts = RunFacts(request=begin.request, started=started, version=__version__)
    journal.note("run", facts)
    return directory, journal, facts


def _target_of(begin: Begin, request: Request, directory: RunDirectory, stack: ExitStack) -> Target | None:
    """The target of the run; what it starts for this run alone ends with ``stack``."""
    named = request.target
    if named is None:
        return None
    if named != "embedded":
        endpoint = endpoint_of(begin.conninfo or named)
        return Target(endpoint.described, lambda: endpoint)
    if request.mode == "rehearse":
        server = embedded.throwaway(directory.scratch / "server")
        return Target(named, lambda: stack.enter_context(server))
    return Target(named, lambda: embedded.persistent(Path(begin.work_directory)))


def _surroundings(
    directory: RunDirectory,
    facts: RunFacts,
    cancel: CancelToken,
    recorder: Recorder,
) -> tuple[ScratchPair | None, Context]:
    context = Context(
        request=facts.request, directory=directory, cancel=cancel, events=recorder, started=facts.started
    )
    if facts.request.mode != "rehearse" or facts.request.target is None:
        return None, context
    pair = scratch_names(facts.request.schema or "rehearsal", context.stamp)
    request = replace(facts.request, schema=pair.live)
    scratch_context = Context(
        request=request,
        directory=directory,
        cancel=cancel,
        events=recorder,
        started=facts.started,
        bookkeeping=pair.bookkeeping,
    )
    return pair, scratch_context


def _forget_what_is_gone(journal: Journal, request: Request) -> None:
    """A rehearsal leaves nothing on its target, so what it had loaded there is loaded again."""
    if request.mode == "rehearse":
        for stage in _ON_THE_TARGET:
            journal.forget_result(stage)
