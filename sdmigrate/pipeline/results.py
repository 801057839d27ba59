"""Stage results, and how the stages ended, read back from a run directory for the wizard.

Invariant: reads only; it can be used while the run goes on in another process.
"""

from pathlib import Path

from sdmigrate.model.events import StageName
from sdmigrate.model.record import Record
from sdmigrate.pipeline.order import RECORDS
from sdmigrate.pipeline.planned import plan_of
from sdmigrate.pipeline.told import StageTold, journal_events, stages_told
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.runtime.journal import Journal


def read_result(run_directory: Path, stage: StageName) -> Record | None:
    """The stage's record; None where it is not done. Of an inspection, the plan that a migration begins with.

    Raises:
        UnsafeToContinue: there is no readable journal.
    """
    with Journal.open(RunDirectory(run_directory).journal) as journal:
        return plan_of(journal) if stage == "plan" else journal.result(stage, RECORDS[stage])


def read_stages(run_directory: Path) -> tuple[StageTold, ...]:
    """How each stage of the run ended, and what its gates said.

    Raises:
        UnsafeToContinue: there is no readable journal.
    """
    with Journal.open(RunDirectory(run_directory).journal) as journal:
        return stages_told(journal, journal_events(journal))
