"""What every command runs in: its output, its settings, its signals, and its one way to end.

Invariant: a command ends through ``run_command`` alone, so that after argument parsing the last JSON line is
always ``run.finished`` and the exit code is CONTRACTS.md's.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import typer
from msgspec.structs import replace

from sdmigrate.cli import diagnostics
from sdmigrate.cli.options import Common
from sdmigrate.cli.output import Output
from sdmigrate.config import Settings, load_settings, parse_gates
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import Outcome, RunFinished
from sdmigrate.model.outcome import ExitCode, outcome_of
from sdmigrate.model.settings import Endpoint, Mode, Request
from sdmigrate.pipeline.summary import without_a_run
from sdmigrate.postgres.connect import endpoint_of, has_password
from sdmigrate.postgres.embedded import existing
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.runtime.recorder import Listener
from sdmigrate.runtime.runs import default_work_directory, find_run


@dataclass(frozen=True)
class Target:
    """A target as the operator named it, its password apart."""

    shown: str
    """ "embedded", or a libpq string without its password."""
    conninfo: str | None
    """The libpq string as given; None for the embedded server."""


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Subject:
    """What a call is about, as far as it is known by now: its last line says it, however the call ends."""

    target: str | None = None
    """Without its password."""
    schema: str | None = None
    run: RunDirectory | None = None

    @property
    def run_id(self) -> str | None:
        """The run's name."""
        return self.run.run_id if self.run is not None else None

    def ended(self, outcome: Outcome, code: ExitCode = ExitCode.DONE) -> RunFinished:
        """The last event of a command that works without a run."""
        directory = str(self.run.path) if self.run is not None else None
        return without_a_run(outcome, code, schema=self.schema, target=self.target, run_directory=directory)


@dataclass(frozen=True)
class Session:
    """One call of the program."""

    common: Common
    settings: Settings
    work_directory: Path
    output: Output
    cancel: CancelToken
    listeners: tuple[Listener, ...]
    subject: Subject

    def target(self, named: str | None) -> Target:
        """The target of ``--target`` or the settings.

        Raises:
            UsageProblem: neither names one.
        """
        target = named or self.settings.target
        if target is None:
            raise UsageProblem(
                "No target was named.", "Add --target embedded, or --target with a libpq connection string."
            )
        if target == "embedded":
            self.subject.target = target
            return Target("embedded", None)
        if has_password(target):
            diagnostics.warn(
                "the target holds a password, which other users of this machine may see in the process list;"
                " PGPASSWORD or a password file keeps it apart"
            )
        described = self.subject.target = endpoint_of(target).described
        return Target(described, target)

    def endpoint(self, target: Target) -> Endpoint:
        """The server of a command that has no run: it is about releases, so that none is made for it.

        Raises:
            TargetUnreachable: there is no embedded server, or it cannot be started.
        """
        if target.conninfo is not None:
            return endpoint_of(target.conninfo)
        return existing(self.work_directory)

    def schema(self, named: str | None) -> str:
        """The schema of ``--schema`` or the settings.

        Raises:
            UsageProblem: neither names one.
        """
        schema = named or self.settings.schema
        if schema is None:
            raise UsageProblem("No schema was named.", "Add --schema NAME, the name applications will use.")
        self.subject.schema = schema
        return schema

    def run(self, named: str) -> RunDirectory:
        """The run of that id, of a unique beginning of it, or at that path.

        Raises:
            UsageProblem: no run is meant by it, or more than one.
        """
        return self.about(find_run(self.work_directory, named))

    def about(self, run: RunDirectory) -> RunDirectory:
        """The run, noted as what this call is about."""
        self.subject.run = run
        return run

    def request(self, mode: Mode, source: Path, target: Target | None, schema: str | None) -> Request:
        """The journey that the common options and these ask for."""
        try:
            str(source).encode("utf-8")
        except UnicodeEncodeError as error:
            raise UsageProblem(
                "The source's name is not valid UTF-8, which the run's records cannot hold.",
                "Name it through a symbolic link with a plain name.",
            ) from error
        self.subject.schema = schema
        request = Request(
            mode=mode,
            source=str(source.absolute()),
            target=target.shown if target is not None else None,
            schema=schema,
            limits=self.settings.limits,
        )
        return self.with_options(replace(request, gates=self.settings.gates))

    def with_options(self, request: Request) -> Request:
        """The request with the common options of this call on top."""
        common = self.common
        return replace(
            request,
            plan_path=_absolute(common.plan) or request.plan_path,
            queries_path=_absolute(common.queries) or request.queries_path,
            rules_path=_absolute(common.rules) or request.rules_path,
            accept_drift=common.accept_drift or request.accept_drift,
            day_first=request.day_first if common.day_first is None else common.day_first,
            gates=request.gates | parse_gates(common.gate or []),
        )


def _absolute(path: Path | None) -> str | None:
    if path is None:
        return None
    if not path.is_file():
        raise UsageProblem(f"There is no file {path}.", "Check the path.")
    return str(path.absolute())


def run_command(common: Common, body: Callable[[Session], RunFinished | Outcome]) -> None:
    """Run a command's body and leave with its exit code.

    Args:
        common: the common options.
        body: returns the run's last event, or the outcome of a command that has no run.
    """
    output = Output(json=common.json)
    narrator = diagnostics.Narrator(verbose=common.verbose)
    cancel, subject = CancelToken(), Subject()
    _listen_to_signals(cancel, output, subject)
    try:
        session = _opened(common, output, cancel, narrator, subject)
        result = body(session)
        finished = result if isinstance(result, RunFinished) else subject.ended(result)
    except Exception as error:
        diagnostics.fail(error, verbose=common.verbose)
        finished = subject.ended(*outcome_of(error))
    if output.finished is None:
        output.tell_outside_a_run(finished, run=subject.run_id)
    # What was told last is what holds, also where telling it was the last thing that could be done.
    _ignore_signals()
    raise typer.Exit((output.finished or finished).exit_code)


def _opened(
    common: Common, output: Output, cancel: CancelToken, narrator: diagnostics.Narrator, subject: Subject
) -> Session:
    """The session of these options.

    Raises:
        UsageProblem: an option or a setting cannot be meant.
    """
    parse_gates(common.gate or [])
    settings = load_settings(common.config)
    named = common.work_dir or (Path(settings.work_dir) if settings.work_dir else None)
    directory = (named or default_work_directory()).absolute()
    if directory.exists() and not directory.is_dir():
        raise UsageProblem(f"{directory} is no directory.", "Name another with --work-dir.")
    return Session(
        common=common,
        settings=settings,
        work_directory=directory,
        output=output,
        cancel=cancel,
        listeners=(output.tell, narrator.tell),
        subject=subject,
    )


def has_terminal() -> bool:
    """Whether someone can be asked and shown."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _listen_to_signals(cancel: CancelToken, output: Output, subject: Subject) -> None:
    def stop(number: int, _frame: FrameType | None) -> None:
        if cancel.is_set() and number == signal.SIGINT:
            # A second Ctrl-C does not wait for the rollback; PostgreSQL rolls back when the connection goes.
            ended = output.finished or subject.ended("aborted", ExitCode.ABORTED)
            output.tell_at_once(ended, run=subject.run_id)
            os._exit(ended.exit_code)
        cancel.set()

    for number in _STOPPING:
        signal.signal(number, stop)


def _ignore_signals() -> None:
    """The exit code is decided; Python would let a signal change it while it leaves."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
