"""``sdmigrate demo``: the demo database, an embedded PostgreSQL, and the whole journey on it."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from sdmigrate.cli import diagnostics
from sdmigrate.cli.journeys import begin_journey
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, Target, has_terminal, run_command
from sdmigrate.cli.wizard import open_wizard
from sdmigrate.demo.database import DEFAULT_ROWS, write_demo
from sdmigrate.model.errors import Aborted
from sdmigrate.model.events import Outcome, RunFinished
from sdmigrate.model.listing import FileWritten
from sdmigrate.model.settings import Request
from sdmigrate.runtime.directory import make_private_directory

SCHEMA = "servicedesk"


@with_common
def demo(
    common: Common,
    output: Annotated[Path | None, typer.Option("--output", help="Only write the database there.")] = None,
    rows: Annotated[int, typer.Option("--rows", help="Rows over all tables.")] = DEFAULT_ROWS,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds give equal databases.")] = 1,
    headless: Annotated[bool, typer.Option("--headless", help="No wizard, also at a terminal.")] = False,
) -> None:
    """Show the whole journey on a demo database with known defects."""

    def body(session: Session) -> RunFinished | Outcome:
        if output is not None:
            manifest = write_demo(output, rows=rows, seed=seed, advance=_stoppable(session))
            line = f"{output}: {rows:,} rows, {len(manifest.planted):,} planted defects in the manifest"
            session.output.thing(line, FileWritten(path=str(output), count=rows))
            return "done"
        request = _request(session, rows, seed)
        if has_terminal() and not headless and not common.json:
            return open_wizard(session, request, None)
        return begin_journey(session, request, Target("embedded", None), confirm=SCHEMA)

    run_command(common, body)


def _request(session: Session, rows: int, seed: int) -> Request:
    directory = session.work_directory / "demo"
    make_private_directory(directory)
    source = directory / f"servicedesk-{rows}-{seed}.sqlite"
    if not source.exists():
        diagnostics.note(f"writing {source} ({rows:,} rows)")
        write_demo(source, rows=rows, seed=seed, advance=_stoppable(session))
    request = session.request("migrate", source, Target("embedded", None), SCHEMA)
    package = resources.files("sdmigrate.demo")
    return replace(
        request,
        queries_path=request.queries_path or str(package / "queries.sql"),
        rules_path=request.rules_path or str(package / "pack.toml"),
    )


def _stoppable(session: Session) -> Callable[[int, int], None]:
    """Ends the writing where the operator asked to stop."""

    def look(_done: int, _total: int) -> None:
        if session.cancel.is_set():
            raise Aborted("Stopped on request; no database was written.", "Call again to write it.")

    return look
