"""``sdmigrate`` and ``sdmigrate wizard``: the same engine, by keys.

Invariant: the wizard's package is imported only once a terminal is known to be there.
"""

from pathlib import Path
from typing import Annotated

import typer

from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, has_terminal, run_command
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import RunFinished
from sdmigrate.model.settings import Mode, Request


def open_wizard(session: Session, request: Request, conninfo: str | None) -> RunFinished:
    """Show the wizard with these things filled in; returns how its run ended.

    Raises:
        UsageProblem: there is no terminal.
    """
    if not has_terminal():
        raise UsageProblem(
            "The wizard needs a terminal.",
            "Use 'sdmigrate inspect FILE', 'sdmigrate rehearse FILE' or 'sdmigrate migrate FILE --target T"
            " --schema NAME --confirm NAME'.",
        )
    from sdmigrate.tui.app import WizardOptions, run_wizard

    options = WizardOptions(
        request=request,
        conninfo=conninfo,
        work_directory=session.work_directory,
        theme=session.settings.theme,
    )
    finished, words = run_wizard(options)
    if words:
        session.output.text("\n".join(words))
    return finished if finished is not None else session.subject.ended("done")


def wizard_command(
    common: Common, source: Path | None, target: str | None, schema: str | None, mode: Mode
) -> None:
    """Open the wizard as the command line asked."""

    def body(session: Session) -> RunFinished:
        named = target or session.settings.target
        reached = session.target(named) if named is not None else None
        request = session.request(mode, source or Path(), reached, schema or session.settings.schema)
        return open_wizard(session, request, reached.conninfo if reached is not None else None)

    run_command(common, body)


@with_common
def wizard(
    common: Common,
    source: Annotated[Path | None, typer.Argument(metavar="SOURCE", help="The SQLite file.")] = None,
    target: Annotated[str | None, typer.Option("--target", help="What libpq takes, or 'embedded'.")] = None,
    schema: Annotated[str | None, typer.Option("--schema", help="The stable schema name.")] = None,
    mode: Annotated[Mode, typer.Option("--mode", help="What may be done.")] = "rehearse",
) -> None:
    """Guide a migration, a rehearsal or an inspection by keys."""
    wizard_command(common, source, target, schema, mode)
