"""``sdmigrate clean --undo``: the snapshot written back from cleaned, audit trail and quarantine."""

from pathlib import Path

from sdmigrate.cli.session import Session
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import Outcome
from sdmigrate.model.result import Cleaned
from sdmigrate.model.source import Snapshot
from sdmigrate.runtime.directory import written_whole
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import find_run
from sdmigrate.sqlite.undo import write_undone


def undo(session: Session, run: str, output: Path | None) -> Outcome:
    """Prove the way back and write it.

    Raises:
        UsageProblem: the run has not cleaned yet, or the output is there already.
        UnsafeToContinue: one of the files was changed since.
    """
    directory = find_run(session.work_directory, run)
    with Journal.open(directory.journal) as journal:
        cleaned = journal.result("clean", Cleaned)
        snapshot = journal.result("backup", Snapshot)
    if cleaned is None or snapshot is None:
        raise UsageProblem(f"The run {directory.run_id} has not cleaned yet.", "Go on with it first.")
    path = output or directory.path / "undone.sqlite"
    if path.exists():
        raise UsageProblem(f"{path} is there already.", "Name another file with --output.")
    with written_whole(path) as partial:
        plain = write_undone(cleaned, snapshot.catalog, partial)
    session.output.text(f"{path} holds the snapshot's rows, rowids, values and storage classes")
    for table in plain:
        session.output.text(f"  {table}: written without types, which could not hold its rows exactly")
    return "done"
