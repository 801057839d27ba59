"""``sdmigrate quarantine list | show``: the rows that a run could not load, and why."""

from collections import Counter
from contextlib import closing
from typing import Annotated

import typer

from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import Outcome
from sdmigrate.report.plain import plain
from sdmigrate.runtime.runs import find_run
from sdmigrate.sqlite.quarantine import QuarantinedRow, open_quarantine, read_reasons

app = typer.Typer(help="The rows that a run could not load, and why.", no_args_is_help=True)

RunOption = Annotated[str, typer.Option("--run", help="A run's id, or its beginning.")]


@app.command("list")
@with_common
def list_them(common: Common, run: RunOption) -> None:
    """Count the reasons by table, column and finding."""

    def body(session: Session) -> Outcome:
        counts = Counter((row.table, row.column or "", row.finding) for row in _reasons(session, run))
        for (table, column, finding), count in sorted(counts.items()):
            session.output.text(plain(f"{count:>9,}  {table}.{column}  {finding}"))
        return "done"

    run_command(common, body)


@app.command()
@with_common
def show(
    common: Common,
    run: RunOption,
    table: Annotated[str | None, typer.Option("--table", help="Of this source table only.")] = None,
) -> None:
    """Show each row's place and reason."""

    def body(session: Session) -> Outcome:
        for row in _reasons(session, run, table):
            where = f"{row.table} rowid {row.rowid}" + (f", {row.column}" if row.column else "")
            session.output.text(plain(f"{where}: {row.reason} [{row.finding}]"))
        return "done"

    run_command(common, body)


def _reasons(session: Session, run: str, table: str | None = None) -> list[QuarantinedRow]:
    directory = find_run(session.work_directory, run)
    if not directory.quarantine.exists():
        raise UsageProblem(f"The run {directory.run_id} has no quarantine yet.", "Let it clean first.")
    with closing(open_quarantine(directory.quarantine)) as quarantine:
        return list(read_reasons(quarantine, table))
