"""``sdmigrate clean --undo`` and ``--audit``: the snapshot written back, and the audit trail for machines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sdmigrate.cli.session import Session
from sdmigrate.model.errors import Aborted, UsageProblem
from sdmigrate.model.events import Outcome
from sdmigrate.model.listing import FileWritten
from sdmigrate.model.result import Cleaned
from sdmigrate.model.source import Snapshot
from sdmigrate.pipeline.needs import require_cleaned
from sdmigrate.report.plain import plain
from sdmigrate.runtime.directory import written_whole
from sdmigrate.runtime.journal import Journal
from sdmigrate.sqlite.audit_export import export_changes
from sdmigrate.sqlite.undo import write_undone


def undo(session: Session, run: str, output: Path | None) -> Outcome:
    """Prove the way back and write it.

    Raises:
        UsageProblem: the run has not cleaned yet, or the output is there already.
        UnsafeToContinue: one of the files was changed since, or is gone.
    """
    directory = session.run(run)
    with Journal.open(directory.journal) as journal:
        cleaned = journal.result("clean", Cleaned)
        snapshot = journal.result("backup", Snapshot)
    if cleaned is None or snapshot is None:
        raise UsageProblem(f"The run {directory.run_id} has not cleaned yet.", "Go on with it first.")
    require_cleaned(directory)
    path = output or directory.path / "undone.sqlite"
    with exported(path) as partial:
        untyped = write_undone(cleaned, snapshot, partial, session.cancel)
    line = f"{path} holds the snapshot's rows, rowids, values and storage classes"
    session.output.thing(line, FileWritten(path=str(path)), run=directory.run_id)
    if not Path(snapshot.path).is_file():
        session.output.text("  not proven: the snapshot itself is gone, and nothing is left to compare with")
    for table in untyped:
        session.output.text(plain(f"  {table}: written without types, which could not hold its rows exactly"))
    return "done"


def export_audit(session: Session, run: str | None, path: Path) -> Outcome:
    """Write every changed value of a run as JSON Lines.

    Raises:
        UsageProblem: no run was named, it has not cleaned yet, or the file is there already.
    """
    if run is None:
        raise UsageProblem("--audit needs a run that has cleaned.", "sdmigrate clean --run RUN --audit FILE.")
    directory = session.run(run)
    if not directory.audit.exists():
        raise UsageProblem(f"The run {directory.run_id} has not cleaned yet.", "Go on with it first.")
    with exported(path) as partial, partial.open("wb") as out:
        written = export_changes(directory.audit, out, session.cancel)
    listed = FileWritten(path=str(path), count=written)
    session.output.thing(f"{written:,} changed values are in {path}", listed, run=directory.run_id)
    return "done"


@contextmanager
def exported(path: Path) -> Iterator[Path]:
    """Where to write what becomes that file once it is whole; it replaces nothing.

    Raises:
        UsageProblem: the file is there.
        Aborted: the operator asked to stop.
    """
    if path.exists():
        raise UsageProblem(f"{path} is there already.", "Name another file.")
    try:
        with written_whole(path) as partial:
            yield partial
    except Aborted:
        raise Aborted(
            f"Stopped on request; {path} was not written.",
            "Nothing else was touched: run the command again to have it.",
        ) from None
