"""``sdmigrate inspect``: what a file holds and what it would become; reads only."""

from pathlib import Path
from typing import Annotated

import typer

from sdmigrate.cli.journeys import begin_journey
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import RunFinished
from sdmigrate.report.view import ReportView


@with_common
def inspect(
    common: Common,
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The SQLite file.")],
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as one HTML page.")] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write it as Markdown.")] = None,
    table: Annotated[str | None, typer.Option("--table", help="Tell of this table only.")] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show sample values in written reports.")
    ] = False,
    target: Annotated[str | None, typer.Option("--target", help="Ask this PostgreSQL as well.")] = None,
) -> None:
    """Look at a SQLite file: what its values are and would become."""

    def body(session: Session) -> RunFinished:
        for path in (html, markdown):
            _require_writable(path, source)
        reached = session.target(target) if target is not None else None
        request = session.request("inspect", source, reached, None)
        view = ReportView(html=html, markdown=markdown, table=table, show_values=show_values)
        return begin_journey(session, request, reached, view=view)

    run_command(common, body)


def _require_writable(path: Path | None, source: Path) -> None:
    """Before any work: the report has a place, and that place is not the source.

    Raises:
        UsageProblem: there is no such directory, or the report would replace the source.
    """
    if path is None:
        return
    if not path.parent.is_dir() or path.is_dir():
        raise UsageProblem(f"The report cannot be written to {path}.", "Name a file in a directory there is.")
    if path.exists() and source.exists() and path.samefile(source):
        raise UsageProblem("The report would replace the source.", "Name another file.")
