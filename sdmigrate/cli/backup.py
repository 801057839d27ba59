"""``sdmigrate backup create | verify | list``: snapshots of a source in its runs."""

from pathlib import Path
from typing import Annotated

import typer

from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.cli.stage import run_through
from sdmigrate.model.errors import Refused, UsageProblem
from sdmigrate.model.events import Outcome
from sdmigrate.model.source import Snapshot
from sdmigrate.report.plain import plain
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import find_run, run_directories
from sdmigrate.sqlite.snapshot import digests_of

app = typer.Typer(help="Snapshots of a source.", no_args_is_help=True)


@app.command()
@with_common
def create(common: Common, source: Annotated[Path, typer.Argument(metavar="SOURCE")]) -> None:
    """Take a consistent snapshot of a SQLite file, in a new run."""
    run_through(common, "backup", source, None, None, None)


@app.command()
@with_common
def verify(common: Common, run: Annotated[str, typer.Option("--run", help="A run's id.")]) -> None:
    """Read the snapshot again and compare its digests with those taken when it was made."""

    def body(session: Session) -> Outcome:
        directory = find_run(session.work_directory, run)
        with Journal.open(directory.journal) as journal:
            snapshot = journal.result("backup", Snapshot)
        if snapshot is None or not directory.snapshot.exists():
            raise UsageProblem(f"The run {directory.run_id} has no snapshot.", "Take one: backup create.")
        found = digests_of(directory.snapshot, session.cancel, lambda _octets: None)
        if found != snapshot.snapshot_digests:
            raise Refused(
                f"{directory.snapshot} is not the file that was written: its digest differs.",
                "Do not use it; take a new one with 'sdmigrate backup create'.",
            )
        session.output.text(
            f"{directory.snapshot}: as it was written, SHA-256 {snapshot.snapshot_digests.sha256}"
        )
        return "done"

    run_command(common, body)


@app.command("list")
@with_common
def list_them(common: Common) -> None:
    """List the snapshots, the newest first."""

    def body(session: Session) -> Outcome:
        for directory in run_directories(session.work_directory):
            if directory.snapshot.exists():
                size = directory.snapshot.stat().st_size
                session.output.text(plain(f"{directory.run_id}  {size:>15,} bytes  {directory.snapshot}"))
        return "done"

    run_command(common, body)
