"""``sdmigrate preflight | profile | clean | canary | load | verify``: a journey up to one stage."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from sdmigrate.cli.journeys import begin_journey
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.runs import taken_up
from sdmigrate.cli.session import Session, run_command
from sdmigrate.cli.undo import export_audit, undo
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import Outcome, RunFinished, StageName
from sdmigrate.rules.naming import check_schema_name

SourceArgument = Annotated[Path | None, typer.Argument(metavar="SOURCE", help="The SQLite file.")]
RunOption = Annotated[str | None, typer.Option("--run", help="A run to go on with.")]
TargetOption = Annotated[str | None, typer.Option("--target", help="What libpq takes, or 'embedded'.")]
SchemaOption = Annotated[str | None, typer.Option("--schema", help="The stable schema name.")]

_ON_A_TARGET: tuple[StageName, ...] = ("canary", "load", "verify")


def run_through(
    common: Common,
    stage: StageName,
    source: Path | None,
    run: str | None,
    target: str | None,
    schema: str | None,
) -> None:
    """Take a new run of ``source``, or the run ``run``, through that stage and leave."""

    def body(session: Session) -> RunFinished:
        if (source is None) == (run is None):
            raise UsageProblem(
                f"{stage} takes a SQLite file, or a run to go on with.",
                f"sdmigrate {stage} SOURCE, or --run RUN.",
            )
        if run is not None:
            return taken_up(session, run, target=target, schema=schema, until=stage)
        needed = stage in _ON_A_TARGET
        reached = session.target(target) if needed or target is not None else None
        stable = session.schema(schema) if needed else schema
        if stable is not None:
            check_schema_name(stable)
        request = session.request("migrate", source or Path(), reached, stable)
        return begin_journey(session, replace(request, no_cutover=True), reached, until=stage)

    run_command(common, body)


@with_common
def preflight(
    common: Common,
    source: SourceArgument = None,
    run: RunOption = None,
    target: TargetOption = None,
    schema: SchemaOption = None,
) -> None:
    """Check source, target and machine before anything is done."""
    run_through(common, "preflight", source, run, target, schema)


@with_common
def profile(common: Common, source: SourceArgument = None, run: RunOption = None) -> None:
    """Count what every value really is."""
    run_through(common, "profile", source, run, None, None)


@with_common
def clean(
    common: Common,
    source: SourceArgument = None,
    run: RunOption = None,
    undo_it: Annotated[
        bool, typer.Option("--undo", help="Write the snapshot back from cleaned and audit, and prove it.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where --undo writes; beside cleaned by default.")
    ] = None,
    audit: Annotated[
        Path | None, typer.Option("--audit", help="Write a run's changes to this new file (JSON Lines).")
    ] = None,
) -> None:
    """Repair under the plan into a new file, every change audited."""
    if audit is not None:
        run_command(common, lambda session: export_audit(session, run, audit))
    if not undo_it:
        run_through(common, "clean", source, run, None, None)

    def body(session: Session) -> Outcome:
        if run is None:
            raise UsageProblem("--undo needs a run.", "sdmigrate clean --undo --run RUN.")
        return undo(session, run, output)

    run_command(common, body)


@with_common
def canary(
    common: Common,
    source: SourceArgument = None,
    run: RunOption = None,
    target: TargetOption = None,
    schema: SchemaOption = None,
) -> None:
    """Load, verify and drop a sample."""
    run_through(common, "canary", source, run, target, schema)


@with_common
def load(
    common: Common,
    source: SourceArgument = None,
    run: RunOption = None,
    target: TargetOption = None,
    schema: SchemaOption = None,
) -> None:
    """Load a versioned, unpublished release."""
    run_through(common, "load", source, run, target, schema)


@with_common
def verify(
    common: Common,
    source: SourceArgument = None,
    run: RunOption = None,
    target: TargetOption = None,
    schema: SchemaOption = None,
) -> None:
    """Prove every value of the release against its source."""
    run_through(common, "verify", source, run, target, schema)
