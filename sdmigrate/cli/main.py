"""The ``sdmigrate`` command: its subcommands and nothing else."""

import os
import shlex
from typing import Any

import typer
from typer.core import TyperGroup

from sdmigrate.cli.backup import app as backup
from sdmigrate.cli.demo import demo
from sdmigrate.cli.inspect import inspect
from sdmigrate.cli.migrate import migrate
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.plan import app as plan
from sdmigrate.cli.quarantine import app as quarantine
from sdmigrate.cli.rehearse import rehearse
from sdmigrate.cli.releases import app as releases
from sdmigrate.cli.runs import abort, report, resume, runs, status
from sdmigrate.cli.server import app as server
from sdmigrate.cli.stage import canary, clean, load, preflight, profile, verify
from sdmigrate.cli.switching import cutover, rollback
from sdmigrate.cli.wizard import wizard, wizard_command
from sdmigrate.report.plain import plain


class _Commands(TyperGroup):
    """The commands; a file in the place of one is told what to do with it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called.

        Raises:
            UsageError: there is none of that name.
        """
        # os.path says no to a name that the system refuses, where pathlib raises.
        if args[0] not in self.commands and os.path.isfile(args[0]):
            file = plain(shlex.quote(args[0]))
            ctx.fail(f"A command comes first: sdmigrate wizard {file}, or sdmigrate inspect {file}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="sdmigrate",
    cls=_Commands,
    help="From a SQLite file to a live PostgreSQL schema, proven, and back.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

for command in (
    wizard,
    demo,
    inspect,
    rehearse,
    migrate,
    cutover,
    rollback,
    preflight,
    profile,
    clean,
    canary,
    load,
    verify,
    resume,
    abort,
    runs,
    status,
    report,
):
    app.command()(command)

app.add_typer(releases, name="releases")
app.add_typer(plan, name="plan")
app.add_typer(backup, name="backup")
app.add_typer(quarantine, name="quarantine")
app.add_typer(server, name="server")


@app.callback(invoke_without_command=True)
@with_common
def without_command(common: Common, context: typer.Context) -> None:
    """From a SQLite file to a live PostgreSQL schema, proven, and back. Without a command: the wizard."""
    if context.invoked_subcommand is None:
        wizard_command(common, None, None, None, "rehearse")
