"""``sdmigrate rehearse``: everything a migration does, and nothing is left."""

from pathlib import Path
from typing import Annotated

import typer

from sdmigrate.cli.journeys import begin_journey
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.model.events import RunFinished
from sdmigrate.rules.naming import check_schema_name


@with_common
def rehearse(
    common: Common,
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The SQLite file.")],
    target: Annotated[
        str | None, typer.Option("--target", help="A PostgreSQL server; a throw-away one by default.")
    ] = None,
    schema: Annotated[str | None, typer.Option("--schema", help="The schema it would become.")] = None,
) -> None:
    """Do all that a migration does, go back, and leave nothing."""

    def body(session: Session) -> RunFinished:
        reached = session.target(target or session.settings.target or "embedded")
        stable = schema or session.settings.schema
        if stable is not None:
            check_schema_name(stable)
        return begin_journey(session, session.request("rehearse", source, reached, stable), reached)

    run_command(common, body)
