"""``sdmigrate migrate``: from a SQLite file to a live schema."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from sdmigrate.cli.journeys import begin_journey, require_confirmation
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.model.events import RunFinished
from sdmigrate.rules.naming import check_schema_name


@with_common
def migrate(
    common: Common,
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The SQLite file.")],
    target: Annotated[str | None, typer.Option("--target", help="What libpq takes, or 'embedded'.")] = None,
    schema: Annotated[
        str | None, typer.Option("--schema", help="The stable schema name that applications use.")
    ] = None,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="The schema's name again: go live without asking.")
    ] = None,
    no_cutover: Annotated[
        bool, typer.Option("--no-cutover", help="Load and verify, and leave live as it is.")
    ] = False,
) -> None:
    """Load a SQLite file as a verified release and make it live."""

    def body(session: Session) -> RunFinished:
        reached, stable = session.target(target), session.schema(schema)
        check_schema_name(stable)
        if not no_cutover:
            require_confirmation(stable, confirm)
        request = replace(session.request("migrate", source, reached, stable), no_cutover=no_cutover)
        return begin_journey(session, request, reached, confirm=confirm)

    run_command(common, body)
