"""``sdmigrate server status | stop | dsn``: the embedded PostgreSQL of the work directory."""

import typer

from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.model.events import Outcome
from sdmigrate.model.listing import ServerListed
from sdmigrate.postgres import embedded

app = typer.Typer(help="The embedded PostgreSQL of the work directory.", no_args_is_help=True)


@app.command()
@with_common
def status(common: Common) -> None:
    """Whether it runs, and where its data lies."""

    def body(session: Session) -> Outcome:
        found = embedded.status(session.work_directory)
        if not found.initialised:
            line = "not made yet"
        elif found.running:
            line = f"running, process {found.process}, data in {found.data}"
        else:
            line = f"stopped, data in {found.data}"
        session.output.thing(line, _listed(session))
        return "done"

    run_command(common, body)


@app.command()
@with_common
def stop(common: Common) -> None:
    """Stop it in good order; releases stay."""

    def body(session: Session) -> Outcome:
        stopped = embedded.stop(session.work_directory)
        session.output.thing("stopped" if stopped else "it was not running", _listed(session))
        return "done"

    run_command(common, body)


@app.command()
@with_common
def dsn(common: Common) -> None:
    """The connection string of the running server."""

    def body(session: Session) -> Outcome:
        session.output.thing(embedded.dsn(session.work_directory), _listed(session))
        return "done"

    run_command(common, body)


def _listed(session: Session) -> ServerListed:
    found = embedded.status(session.work_directory)
    return ServerListed(
        state="running" if found.running else "stopped" if found.initialised else "missing",
        process=found.process,
        data=str(found.data) if found.data is not None else None,
        dsn=embedded.dsn(session.work_directory) if found.running else None,
    )
