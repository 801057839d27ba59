"""``sdmigrate server status | stop | dsn``: the embedded PostgreSQL of the work directory."""

import typer

from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.model.events import Outcome
from sdmigrate.postgres import embedded

app = typer.Typer(help="The embedded PostgreSQL of the work directory.", no_args_is_help=True)


@app.command()
@with_common
def status(common: Common) -> None:
    """Whether it runs, and where its data lies."""

    def body(session: Session) -> Outcome:
        found = embedded.status(session.work_directory)
        if not found.initialised:
            session.output.text("not made yet")
        elif found.running:
            session.output.text(f"running, process {found.process}, data in {found.data}")
        else:
            session.output.text(f"stopped, data in {found.data}")
        return "done"

    run_command(common, body)


@app.command()
@with_common
def stop(common: Common) -> None:
    """Stop it in good order; releases stay."""

    def body(session: Session) -> Outcome:
        stopped = embedded.stop(session.work_directory)
        session.output.text("stopped" if stopped else "it was not running")
        return "done"

    run_command(common, body)


@app.command()
@with_common
def dsn(common: Common) -> None:
    """The connection string of the running server, for psql and applications."""

    def body(session: Session) -> Outcome:
        session.output.text(embedded.dsn(session.work_directory))
        return "done"

    run_command(common, body)
