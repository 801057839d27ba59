"""The trial: one table of the snapshot cleaned under a plan in scratch files, to tell what the plan would do.

Invariant: cleaning itself does it, so what is told is what happens; nothing of it is left.
"""

import shutil
from pathlib import Path

from msgspec.structs import replace

from sdmigrate.model.events import Event
from sdmigrate.model.plan import TablePlan
from sdmigrate.model.profile import Profile
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.source import Snapshot
from sdmigrate.model.trial import Trial
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import make_private_directory, private_file
from sdmigrate.runtime.health import require_health
from sdmigrate.sqlite.audit import create_audit
from sdmigrate.sqlite.cleaned import create_gone
from sdmigrate.sqlite.effects import quarantine_effects, rule_effects
from sdmigrate.sqlite.quarantine import create_quarantine
from sdmigrate.sqlite.workbench import CleaningFiles, open_workbench
from sdmigrate.stages.clean import clean_table, count_rows


def try_table(
    context: Context, snapshot: Snapshot, profile: Profile, plan: TablePlan, cancel: CancelSignal
) -> Trial:
    """What the plan would do to its table.

    ``cancel`` ends the trial alone, not the run.

    Raises:
        Refused: the plan says that a value found here fails the run.
        UsageProblem: the plan's condition cannot be evaluated.
        Aborted: it was cancelled.
        Interrupted: the disk is full or health does not hold.
    """
    require_health(context.directory.path, context.limits)
    table = snapshot.catalog.table(plan.source)
    alone = replace(snapshot, catalog=replace(snapshot.catalog, tables=(table,)))
    place = context.directory.scratch / "trial"
    # One that was killed left its own.
    shutil.rmtree(place, ignore_errors=True)
    make_private_directory(place)
    try:
        with open_workbench(_files(place), alone, _Silent(), cancel) as bench:
            create_audit(bench)
            create_quarantine(bench)
            create_gone(bench)
            clean_table(bench, table, profile.table(table.name), plan)
            return Trial(
                table=table.name,
                ledger=count_rows(bench, table, plan),
                rules=rule_effects(bench, table),
                quarantined=quarantine_effects(bench, table),
            )
    finally:
        shutil.rmtree(place, ignore_errors=True)


class _Silent:
    """Takes events and tells nobody: a trial is no part of the run's story."""

    def emit(self, event: Event) -> None:
        """Nothing."""


def _files(place: Path) -> CleaningFiles:
    files = CleaningFiles(place / "cleaned.sqlite", place / "audit.sqlite", place / "quarantine.sqlite")
    for path in (files.cleaned, files.audit, files.quarantine):
        private_file(path)
    return files
