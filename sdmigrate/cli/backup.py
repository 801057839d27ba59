"""``sdmigrate backup create | verify | restore | list | prune``: snapshots of a source in its runs."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.cli.stage import run_through
from sdmigrate.model.errors import Refused, UsageProblem
from sdmigrate.model.events import Outcome
from sdmigrate.model.listing import BackupListed, BackupState
from sdmigrate.model.source import Digests, Snapshot
from sdmigrate.pipeline.standing import standing
from sdmigrate.runtime.directory import RunDirectory, written_whole
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import run_directories
from sdmigrate.sqlite.snapshot import digests_of

app = typer.Typer(help="Snapshots of a source.", no_args_is_help=True)

RunOption = Annotated[str, typer.Option("--run", help="A run's id, or its beginning.")]


@app.command()
@with_common
def create(common: Common, source: Annotated[Path, typer.Argument(metavar="SOURCE")]) -> None:
    """Take a consistent snapshot of a SQLite file, in a new run."""
    run_through(common, "backup", source, None, None, None)


@app.command()
@with_common
def verify(common: Common, run: RunOption) -> None:
    """Read the snapshot and compare its digests with its first ones."""

    def body(session: Session) -> Outcome:
        directory = session.run(run)
        digests = _require_as_written(session, directory, directory.snapshot)
        line = f"{directory.snapshot}: as it was written, SHA-256 {digests.sha256}"
        _list(session, line, directory, "verified", digests)
        return "done"

    run_command(common, body)


@app.command()
@with_common
def restore(
    common: Common,
    run: RunOption,
    output: Annotated[Path, typer.Option("--output", help="The file to write; it must not be there yet.")],
) -> None:
    """Write the snapshot out as a file, proven by its digests."""

    def body(session: Session) -> Outcome:
        if output.exists() or not output.parent.is_dir():
            raise UsageProblem(
                f"{output} is there already, or its directory is missing.", "Name a new file with --output."
            )
        directory = session.run(run)
        _require_as_written(session, directory, directory.snapshot)
        with written_whole(output) as partial:
            shutil.copyfile(directory.snapshot, partial)
            digests = _require_as_written(session, directory, partial)
        line = f"{output}: the snapshot as it was written, SHA-256 {digests.sha256}"
        _list(session, line, directory, "restored", digests, path=output)
        if directory.dump.exists():
            session.output.text(
                f"The live schema as it was before this run is in {directory.dump};"
                f" 'pg_restore --dbname=TARGET {directory.dump}' brings it back."
            )
        return "done"

    run_command(common, body)


@app.command()
@with_common
def prune(
    common: Common,
    keep: Annotated[int, typer.Option("--keep", min=0, help="How many stay of each source.")] = 1,
) -> None:
    """Remove old snapshots and dumps. Never those of a run under way or of one that can be resumed."""

    def body(session: Session) -> Outcome:
        kept: Counter[str] = Counter()
        for directory in run_directories(session.work_directory):
            found = standing(directory)
            if not directory.snapshot.exists() or found.state in ("running", "unreadable"):
                continue
            kept[found.source] += 1
            if kept[found.source] > keep and not found.resumable:
                _list(session, f"removed the snapshot of {directory.run_id}", directory, "removed")
                for path in (directory.snapshot, directory.dump):
                    path.unlink(missing_ok=True)
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
                line = f"{directory.run_id}  {size:>15,} bytes  {directory.snapshot}"
                _list(session, line, directory, "kept")
        return "done"

    run_command(common, body)


def _list(
    session: Session,
    line: str,
    directory: RunDirectory,
    state: BackupState,
    digests: Digests | None = None,
    path: Path | None = None,
) -> None:
    """Tell of the run's snapshot, or of the file ``path`` that it was written out to."""
    file = path or directory.snapshot
    listed = BackupListed(
        state=state,
        path=str(file),
        bytes=file.stat().st_size,
        sha256=digests.sha256 if digests is not None else None,
        dump=str(directory.dump) if directory.dump.exists() else None,
    )
    session.output.thing(line, listed, run=directory.run_id)


def _require_as_written(session: Session, directory: RunDirectory, path: Path) -> Digests:
    """The digests of that run's snapshot, which ``path`` was found to have.

    Raises:
        UsageProblem: the run has no snapshot (any more).
        Refused: the file is not the one that was written.
    """
    with Journal.open(directory.journal) as journal:
        snapshot = journal.result("backup", Snapshot)
    if snapshot is None or not path.exists():
        raise UsageProblem(f"The run {directory.run_id} has no snapshot.", "Take one: backup create.")
    if digests_of(path, session.cancel, lambda _piece: None) != snapshot.snapshot_digests:
        raise Refused(
            f"{path} is not the file that was written: its digest differs.",
            "Do not use it; take a new one with 'sdmigrate backup create'.",
        )
    return snapshot.snapshot_digests
