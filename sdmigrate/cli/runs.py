"""``sdmigrate resume | abort | runs | status | report``: runs that are there already."""

from typing import Annotated, Literal

import typer
from msgspec.structs import replace

from sdmigrate.cli.journeys import begin_journey, require_confirmation
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, Target, run_command
from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.events import Outcome, RunFinished, StageName
from sdmigrate.model.settings import Request
from sdmigrate.pipeline.abort import abort_run
from sdmigrate.pipeline.facts import run_facts
from sdmigrate.pipeline.standing import RunStanding, newest, newest_unfinished, standing
from sdmigrate.report.files import report_text
from sdmigrate.rules.naming import check_schema_name
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import find_run, run_directories

RunArgument = Annotated[str | None, typer.Argument(metavar="RUN", help="A run's id, or its beginning.")]


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
    directory = (
        find_run(session.work_directory, named) if named else newest_unfinished(session.work_directory)
    )
    request, reached = request_of(session, directory, target, schema)
    if until is None and request.mode == "migrate" and not request.no_cutover:
        require_confirmation(request.schema or "", confirm)
    return begin_journey(session, request, reached, confirm=confirm, until=until, resume=str(directory.path))


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
    return request, reached


@with_common
def resume(
    common: Common,
    run: RunArgument = None,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="The schema's name: go live without asking.")
    ] = None,
) -> None:
    """Go on with a run that was stopped or killed."""
    run_command(common, lambda session: taken_up(session, run, confirm=confirm))


@with_common
def abort(
    common: Common,
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or its beginning.")],
) -> None:
    """Remove what an unfinished run left; live is untouched."""

    def body(session: Session) -> Outcome:
        directory = find_run(session.work_directory, run)
        for line in abort_run(directory, session.work_directory):
            session.output.text(line)
        return "done"

    run_command(common, body)


@with_common
def runs(common: Common) -> None:
    """List all runs, the newest first."""

    def body(session: Session) -> Outcome:
        for directory in run_directories(session.work_directory):
            session.output.text(_line(standing(directory)))
        return "done"

    run_command(common, body)


@with_common
def status(common: Common, run: RunArgument = None) -> None:
    """Where a run stands; the newest by default."""

    def body(session: Session) -> Outcome:
        found = standing(_named_or_newest(session, run))
        session.output.text(_line(found))
        for stage in found.stages:
            session.output.text(f"  {stage.name:<10} {stage.status:<8} {stage.seconds:8.1f} s")
        if found.progress:
            session.output.text(f"  {found.progress}")
        return "done"

    run_command(common, body)


@with_common
def report(
    common: Common,
    run: RunArgument = None,
    format: Annotated[  # noqa: A002 - the flag's name is the contract's
        Literal["md", "html", "json"] | None, typer.Option("--format", help="Text for a terminal by default.")
    ] = None,
) -> None:
    """Tell a run again, from its journal."""

    def body(session: Session) -> Outcome:
        directory = _named_or_newest(session, run)
        session.output.text(report_text(directory, format))
        return "done"

    run_command(common, body)


def _named_or_newest(session: Session, run: str | None) -> RunDirectory:
    return find_run(session.work_directory, run) if run else newest(session.work_directory)


def _line(found: RunStanding) -> str:
    return f"{found.run_id}  {found.mode:<8} {found.state:<12} {found.source}"
