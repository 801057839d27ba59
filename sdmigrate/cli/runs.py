"""``sdmigrate resume | abort | runs | status | report``: runs that are there already."""

from typing import Annotated, Literal

import typer
from msgspec.structs import replace

from sdmigrate.cli.diagnostics import progress_line
from sdmigrate.cli.journeys import begin_journey, require_confirmation
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, Target, run_command
from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.events import Outcome, RunFinished, StageName, seen
from sdmigrate.model.listing import RunListed
from sdmigrate.model.outcome import ExitCode
from sdmigrate.model.settings import Request
from sdmigrate.pipeline.abort import abort_run
from sdmigrate.pipeline.columns import columns_seen
from sdmigrate.pipeline.facts import run_facts
from sdmigrate.pipeline.standing import RunStanding, newest, newest_unfinished, standing, told_so_far
from sdmigrate.report.files import report_text, story_of
from sdmigrate.rules.naming import check_schema_name
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import run_directories

RunArgument = Annotated[str | None, typer.Argument(metavar="RUN", help="A run's id, or its beginning.")]
TargetAgain = Annotated[
    str | None, typer.Option("--target", help="Where the run has none yet, or where it needs a password.")
]


def taken_up(
    session: Session,
    named: str | None,
    *,
    target: str | None = None,
    schema: str | None = None,
    confirm: str | None = None,
    until: StageName | None = None,
) -> RunFinished:
    """Go on with a run from its last finished stage."""
    directory = session.run(named) if named else session.about(newest_unfinished(session.work_directory))
    request, reached = request_of(session, directory, target, schema)
    if until is None and _will_switch(directory, request):
        require_confirmation(request.schema or "", confirm)
    return begin_journey(session, request, reached, confirm=confirm, until=until, resume=str(directory.path))


def _will_switch(directory: RunDirectory, request: Request) -> bool:
    """Whether live is still to be switched, and its name to be asked for."""
    if request.mode != "migrate" or request.no_cutover:
        return False
    with Journal.open(directory.journal) as journal:
        return not journal.is_done("cutover")


def request_of(
    session: Session, directory: RunDirectory, target: str | None, schema: str | None = None
) -> tuple[Request, Target | None]:
    """What the run was begun with under this call's options, and its target.

    Raises:
        UnsafeToContinue: the target or schema named is not the run's.
    """
    with Journal.open(directory.journal) as journal:
        facts = run_facts(journal)
    request = session.with_options(facts.request)
    reached: Target | None = None
    if target is not None or request.target is not None:
        reached = session.target(target or request.target)
        if request.target not in (None, reached.shown):
            raise UnsafeToContinue(
                f"The run {directory.run_id} was begun on {request.target}.", "Name the same target."
            )
        request = replace(request, target=reached.shown)
    if schema is not None:
        check_schema_name(schema)
        if request.schema not in (None, schema):
            raise UnsafeToContinue(
                f"The run {directory.run_id} was begun for the schema {request.schema}.",
                "Name the same schema.",
            )
        request = replace(request, schema=schema)
    session.subject.schema = request.schema
    return request, reached


@with_common
def resume(
    common: Common,
    run: RunArgument = None,
    target: TargetAgain = None,
    schema: Annotated[
        str | None, typer.Option("--schema", help="The schema, where the run has none yet.")
    ] = None,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="The schema's name: go live without asking.")
    ] = None,
) -> None:
    """Go on with a run that was stopped or killed. By default with the newest unfinished."""
    run_command(common, lambda session: taken_up(session, run, target=target, schema=schema, confirm=confirm))


@with_common
def abort(
    common: Common,
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or its beginning.")],
    target: TargetAgain = None,
) -> None:
    """Remove what an unfinished run left; live is untouched."""

    def body(session: Session) -> Outcome:
        directory = session.run(run)
        _, reached = request_of(session, directory, target)
        conninfo = reached.conninfo if reached is not None else None
        for line in abort_run(directory, session.work_directory, conninfo):
            session.output.text(line)
        session.output.tell_outside_a_run(_listed(standing(directory)), run=directory.run_id)
        return "done"

    run_command(common, body)


@with_common
def runs(common: Common) -> None:
    """List all runs, the newest first."""

    def body(session: Session) -> Outcome:
        for directory in run_directories(session.work_directory):
            _list(session, standing(directory))
        return "done"

    run_command(common, body)


@with_common
def status(common: Common, run: RunArgument = None) -> None:
    """Where a run stands; the newest by default."""

    def body(session: Session) -> RunFinished | Outcome:
        directory = _named_or_newest(session, run)
        found = standing(directory)
        _list(session, found)
        for stage in found.stages:
            session.output.text(f"  {stage.name:<10} {stage.status:<8} {stage.seconds:8.1f} s")
        if found.progress is not None:
            session.output.thing(f"  {progress_line(found.progress)}", found.progress, run=found.run_id)
        return "done" if found.state == "unreadable" else told_so_far(directory)

    run_command(common, body)


@with_common
def report(
    common: Common,
    run: RunArgument = None,
    format: Annotated[  # noqa: A002 - the flag's name is the contract's
        Literal["md", "html", "json"] | None, typer.Option("--format", help="Text for a terminal by default.")
    ] = None,
) -> None:
    """Tell a run again, from its journal. With --json its columns, gates and findings as events."""

    def body(session: Session) -> RunFinished | Outcome:
        if format is not None and common.json:
            raise UsageProblem(
                "--json and --format both say what stands on standard output.", "Leave one of them out."
            )
        directory = _named_or_newest(session, run)
        if not common.json:
            session.output.text(report_text(directory, format))
            return "done"
        return _retold(session, directory)

    run_command(common, body)


def _named_or_newest(session: Session, run: str | None) -> RunDirectory:
    return session.run(run) if run else session.about(newest(session.work_directory))


def _list(session: Session, found: RunStanding) -> None:
    line = f"{found.run_id}  {found.mode:<8} {found.state:<12} {found.source}"
    session.output.thing(line, _listed(found), run=found.run_id)


def _listed(found: RunStanding) -> RunListed:
    return RunListed(
        run_dir=found.directory,
        source=found.source,
        mode=found.mode,
        state=found.state,
        resumable=found.resumable,
        started=found.started,
        stages=found.stages,
    )


def _retold(session: Session, directory: RunDirectory) -> RunFinished:
    """The report's events; returns its last line, as of a command that did what it was asked."""
    story = story_of(directory)
    _list(session, standing(directory))
    columns = columns_seen(story.profile, story.plan) if story.profile is not None else ()
    for event in (*columns, *story.gates, *map(seen, story.findings)):
        session.output.tell_outside_a_run(event, run=story.run)
    return replace(story.finished, outcome="done", exit_code=ExitCode.DONE)
