"""Readmission: repaired rows judged under the plan, and moved out of quarantine into cleaned.

Invariant: the three files change together or not at all, and cleaned with the audit trail applied backwards
is still the snapshot; what the ledgers, findings and the score say is counted anew in them.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from sqlite3 import Connection

import msgspec

from sdmigrate.model.blueprint import Blueprint, TargetColumn, TargetTable
from sdmigrate.model.errors import InternalFault
from sdmigrate.model.events import Advanced
from sdmigrate.model.finding import in_order
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile, Quality
from sdmigrate.model.replay import RefusedRow, RepairedRow
from sdmigrate.model.result import Cleaned, TableLedger
from sdmigrate.model.source import Snapshot
from sdmigrate.rules.ledger import check_balance
from sdmigrate.rules.repaired import Unfit, judge_repaired
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.audit import count_rules, open_audit
from sdmigrate.sqlite.clean_findings import changed_findings
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import reading_values
from sdmigrate.sqlite.exact_values import row_from_json
from sdmigrate.sqlite.quarantine import open_quarantine
from sdmigrate.sqlite.repaired_rows import (
    editing_quarantine,
    give_new_reasons,
    kept_row,
    kept_table,
    repaired_rows,
)
from sdmigrate.sqlite.replaying import FitRow, move_row, take_back
from sdmigrate.sqlite.undo_proof import lost_tables
from sdmigrate.sqlite.workbench import CleaningFiles, open_workbench
from sdmigrate.stages.clean import count_rows, findings_of
from sdmigrate.stages.rescore import rescore

_HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Admitted:
    """What the files hold now."""

    cleaned: Cleaned
    """With its ledgers, findings and score."""
    moved: dict[str, int]
    """Source table -> rows that came in; tables without any are left out."""
    refused: tuple[RefusedRow, ...] = ()
    """Rows that the rows already there keep out."""


@dataclass(frozen=True)
class Readmission:
    """The repaired rows of one run, and its files."""

    context: Context
    snapshot: Snapshot
    profile: Profile
    plan: Plan
    cleaned: Cleaned

    @cached_property
    def files(self) -> CleaningFiles:
        """The run's finished files."""
        cleaned = self.cleaned
        return CleaningFiles(Path(cleaned.path), Path(cleaned.audit_path), Path(cleaned.quarantine_path))

    def repaired(self) -> tuple[RepairedRow, ...]:
        """Every row of the quarantine that was repaired."""
        with closing(open_quarantine(self.files.quarantine)) as quarantine:
            return repaired_rows(quarantine)

    def judge(self, rows: Iterable[RepairedRow]) -> tuple[tuple[FitRow, ...], tuple[RefusedRow, ...]]:
        """Those that fit under the plan, as they are to be loaded, and those that do not."""
        fit: list[FitRow] = []
        refused: list[RefusedRow] = []
        with closing(open_quarantine(self.files.quarantine)) as quarantine:
            for row in rows:
                before = kept_row(quarantine, kept_table(quarantine, row.table), row.rowid)
                if before is None:
                    raise InternalFault(
                        f"Row {row.rowid} of {row.table!r} has a reason and is not in quarantine.",
                        "Keep the run directory and report this.",
                    )
                found = judge_repaired(self.plan.table(row.table), before, row_from_json(row.repaired))
                if isinstance(found, Unfit):
                    refused.append(
                        RefusedRow(
                            table=row.table,
                            rowid=row.rowid,
                            finding=found.code,
                            column=found.column,
                            reason=found.reason,
                        )
                    )
                else:
                    fit.append(FitRow(row.table, row.rowid, found.cells, found.rules, row.repaired))
        return tuple(fit), tuple(refused)

    def scored_again(self) -> Cleaned:
        """Cleaned with the score that the rule pack in force gives it."""
        ledgers, files = self.cleaned.ledgers, self.files
        quality = rescore(self.context, self.snapshot, self.profile, self.plan, ledgers, files)
        return msgspec.structs.replace(self.cleaned, quality=quality)

    def refuse(self, rows: Iterable[RefusedRow]) -> None:
        """Keep why these repaired rows still do not fit."""
        with editing_quarantine(self.files.quarantine) as quarantine:
            give_new_reasons(quarantine, rows)

    def admit(self, rows: Iterable[FitRow], *, against_cleaned: bool = False) -> Admitted:
        """Move the rows into cleaned, count again, and prove that the snapshot still comes back.

        Args:
            rows: what the plan takes; one that was moved before is left where it is.
            against_cleaned: whether keys and references are still to be held against the other rows, as
                cleaning holds them; PostgreSQL has done so where the rows come from there.

        Raises:
            InternalFault: the ledger does not balance, or the snapshot does not come back.
            Aborted, Interrupted: as ``clean``; the files are as they were.
        """
        refused: tuple[RefusedRow, ...] = ()
        with open_workbench(
            self.files, self.snapshot, self.context.events, self.context.cancel, finished=True
        ) as bench:
            moved = [row for row in rows if move_row(bench, row)]
            if against_cleaned and moved:
                refused = take_back(bench, self.plan, moved)
            ledgers = tuple(
                count_rows(bench, table, self.plan.table(table.name)) for table in bench.catalog.tables
            )
            check_balance(ledgers)
            findings = findings_of(bench, self.plan, ledgers)
        self._prove()
        with closing(open_audit(self.files.audit)) as audit:
            changed = tuple(changed_findings(count_rules(audit)))
        back = {(row.table, row.rowid) for row in refused}
        counts: dict[str, int] = {}
        for row in moved:
            if (row.table, row.rowid) not in back:
                counts[row.table] = counts.get(row.table, 0) + 1
        cleaned = msgspec.structs.replace(
            self.cleaned,
            ledgers=ledgers,
            findings=in_order((*findings, *changed)),
            quality=self._quality(ledgers),
        )
        return Admitted(cleaned, counts, refused)

    def _quality(self, ledgers: tuple[TableLedger, ...]) -> Quality:
        """The score with the rows that came since the last; the same ledgers mean that none did."""
        if ledgers == self.cleaned.ledgers:
            return self.cleaned.quality
        files = self.files
        return rescore(self.context, self.snapshot, self.profile, self.plan, ledgers, files, "replay")

    def _prove(self) -> None:
        if lost_tables(self.files, self.snapshot, lambda table, _: self.tell(table)):
            raise InternalFault(
                "Cleaned with the audit trail applied backwards is no longer the snapshot.",
                "Keep the run directory and report this; rows that were loaded are in the target.",
            )

    def tell(self, table: str) -> None:
        """A sign of life.

        Raises:
            Aborted: the operator asked to stop.
        """
        self.context.cancel.raise_if_set()
        self.context.events.emit(
            Advanced(stage="replay", table=table, done=0, total=None, reason="replaying repaired rows")
        )


def following_ids(blueprint: Blueprint, cleaned: Path) -> Blueprint:
    """The blueprint with each next id behind the highest of cleaned, which a repair may have raised."""
    with reading_values(cleaned) as rows:
        tables = tuple(
            msgspec.structs.replace(
                table, columns=tuple(_following(rows, table, column) for column in table.columns)
            )
            for table in blueprint.tables
        )
    return msgspec.structs.replace(blueprint, tables=tables)


def _following(rows: Connection, table: TargetTable, column: TargetColumn) -> TargetColumn:
    if column.identity_next is None:
        return column
    found = rows.execute(
        f"SELECT max({quote_identifier(column.source)}) FROM {quote_identifier(table.source)}"
    )
    highest = found.fetchone()[0] or 0
    if highest == _HIGHEST_ID:
        return msgspec.structs.replace(column, identity_exhausted=True)
    return msgspec.structs.replace(column, identity_next=max(column.identity_next, highest + 1))
