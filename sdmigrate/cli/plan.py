"""``sdmigrate plan new | show | check | diff``: the decisions, as a file."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from sdmigrate.cli.journeys import begin_journey
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import Outcome, RunFinished
from sdmigrate.model.outcome import ExitCode
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Snapshot
from sdmigrate.pipeline.columns import columns_seen
from sdmigrate.rules import plan_file
from sdmigrate.rules.plan_difference import difference, difference_line
from sdmigrate.runtime.directory import written_whole
from sdmigrate.runtime.journal import Journal
from sdmigrate.stages.plan import text_of_plan

app = typer.Typer(help="The decisions, as a file.", no_args_is_help=True)

SourceArgument = Annotated[Path, typer.Argument(metavar="SOURCE", help="The SQLite file.")]
RunOption = Annotated[str, typer.Option("--run", help="A run that has profiled its source.")]


@app.command()
@with_common
def new(
    common: Common,
    source: SourceArgument,
    output: Annotated[Path, typer.Option("--output", help="The plan's file.")] = Path("plan.toml"),
) -> None:
    """Profile a file and write the plan that follows from the evidence."""

    def body(session: Session) -> RunFinished:
        if output.exists():
            raise UsageProblem(f"{output} is there already.", "Name another file with --output.")
        finished = _planned(session, source)
        if finished.exit_code == ExitCode.DONE and finished.run_dir is not None:
            with written_whole(output) as partial:
                partial.write_bytes((Path(finished.run_dir) / "plan.toml").read_bytes())
        return finished

    run_command(common, body)


@app.command()
@with_common
def check(common: Common, source: SourceArgument) -> None:
    """Hold a plan against a file. Unknown names and drift are errors, and the breaker judges."""

    def body(session: Session) -> RunFinished:
        if common.plan is None:
            raise UsageProblem("There is no plan to check.", "Name it with --plan FILE.")
        return _planned(session, source)

    run_command(common, body)


@app.command()
@with_common
def show(common: Common, run: RunOption) -> None:
    """Print the plan of a run, complete, with its evidence. With --json an event for each column."""

    def body(session: Session) -> Outcome:
        plan, profile, _ = _of_run(session, run)
        session.output.text(plan_file.write(plan, profile))
        if session.output.json:
            for event in columns_seen(profile, plan):
                session.output.tell_outside_a_run(event, run=session.subject.run_id)
        return "done"

    run_command(common, body)


@app.command()
@with_common
def diff(
    common: Common,
    run: RunOption,
    other: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan file.")],
) -> None:
    """Tell what a plan file decides otherwise than the plan of a run."""

    def body(session: Session) -> Outcome:
        plan, profile, snapshot = _of_run(session, run)
        read = plan_file.read(
            text_of_plan(other), snapshot.catalog, profile, accept_drift=common.accept_drift
        )
        differences = difference(plan, read)
        for one in differences:
            session.output.thing(difference_line(one), one, run=session.subject.run_id)
        if not differences:
            session.output.text("no difference")
        return "done"

    run_command(common, body)


def _planned(session: Session, source: Path) -> RunFinished:
    request = replace(session.request("migrate", source, None, None), no_cutover=True)
    return begin_journey(session, request, None, until="plan")


def _of_run(session: Session, run: str) -> tuple[Plan, Profile, Snapshot]:
    directory = session.run(run)
    with Journal.open(directory.journal) as journal:
        plan = journal.result("plan", Plan)
        profile = journal.result("profile", Profile)
        snapshot = journal.result("backup", Snapshot)
    if plan is None or profile is None or snapshot is None:
        raise UsageProblem(f"The run {directory.run_id} has no plan yet.", "Go on with it first.")
    return plan, profile, snapshot
