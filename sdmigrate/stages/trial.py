"""The trial: tables of the snapshot cleaned under a plan in scratch files, to tell what the plan would do.

Invariant: cleaning itself does it, so what is told is what happens; nothing of it is left.
"""

import shutil
from pathlib import Path

from msgspec.structs import replace

from sdmigrate.model.events import Event
from sdmigrate.model.plan import Plan, TablePlan
from sdmigrate.model.profile import Profile
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.source import Snapshot
from sdmigrate.model.trial import ReferenceEffect, Trial
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import make_private_directory, private_file
from sdmigrate.runtime.health import require_health
from sdmigrate.sqlite.audit import create_audit
from sdmigrate.sqlite.cleaned import create_gone
from sdmigrate.sqlite.effects import quarantine_effects, rule_effects
from sdmigrate.sqlite.orphans import kept_orphans, settle_orphans
from sdmigrate.sqlite.quarantine import create_quarantine
from sdmigrate.sqlite.workbench import CleaningFiles, open_workbench
from sdmigrate.stages.clean import clean_tables, count_rows


def try_tables(
    context: Context,
    snapshot: Snapshot,
    profile: Profile,
    plans: tuple[TablePlan, ...],
    cancel: CancelSignal,
) -> tuple[Trial, ...]:
    """What the plans would do to their tables, foreign keys between these tables included.

    ``cancel`` ends the trial alone, not the run.

    Raises:
        Refused: a plan says that a value found here fails the run.
        UsageProblem: a plan's condition cannot be evaluated.
        Aborted: it was cancelled.
        Interrupted: the disk is full or health does not hold.
    """
    require_health(context.directory.path, context.limits)
    plan = Plan(source_fingerprint=snapshot.source_fingerprint, tables=plans)
    tables = tuple(snapshot.catalog.table(each.source) for each in plans)
    tried = replace(snapshot, catalog=replace(snapshot.catalog, tables=tables))
    place = context.directory.scratch / "trial"
    # One that was killed left its own.
    shutil.rmtree(place, ignore_errors=True)
    make_private_directory(place)
    try:
        with open_workbench(_files(place), tried, _Silent(), cancel) as bench:
            create_audit(bench)
            create_quarantine(bench)
            create_gone(bench)
            clean_tables(bench, profile, plan, cancel)
            references = (*settle_orphans(bench, plan), *kept_orphans(bench, plan))
            return tuple(
                Trial(
                    table=table.name,
                    ledger=count_rows(bench, table, plan.table(table.name)),
                    rules=rule_effects(bench, table),
                    quarantined=quarantine_effects(bench, table),
                    references=_around(table.name, references),
                )
                for table in tables
            )
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _around(table: str, references: tuple[ReferenceEffect, ...]) -> tuple[ReferenceEffect, ...]:
    """The table's own references and those below it, in that order."""
    own = [each for each in references if each.child == table]
    below: list[ReferenceEffect] = []
    parents, level = {table}, [table]
    while level:
        found = [each for each in references if each.parent in level and each not in own]
        below += [each for each in found if each not in below]
        level = [each.child for each in found if each.child not in parents]
        parents |= set(level)
    return (*own, *below)


class _Silent:
    """Takes events and tells nobody: a trial is no part of the run's story."""

    def emit(self, event: Event) -> None:
        """Nothing."""


def _files(place: Path) -> CleaningFiles:
    files = CleaningFiles(place / "cleaned.sqlite", place / "audit.sqlite", place / "quarantine.sqlite")
    for path in (files.cleaned, files.audit, files.quarantine):
        private_file(path)
    return files
