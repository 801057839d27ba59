"""The rules of a pack over the rows of one file, snapshot or cleaned.

Invariant: counts are exact and of all rows; a rule whose table or column is not there counts nothing.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import TypeAlias

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.profile import ColumnProfile, TableProfile
from sdmigrate.model.rule import Rule, RuleResult
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.rule_pack import RulePack
from sdmigrate.rules.rule_results import (
    ROW_CHECKS,
    by_counts,
    columns_of,
    meaningful,
    result_of,
    within_band,
)
from sdmigrate.rules.rule_values import test_of
from sdmigrate.rules.value_group import Located as ValueAt
from sdmigrate.rules.value_group import located, note_sample
from sdmigrate.rules.watching import WATCHED
from sdmigrate.sqlite.readers import Readers
from sdmigrate.sqlite.references import SAMPLES, Located, numeric_columns, orphans
from sdmigrate.sqlite.rule_counts import breaking, suspects

Evidences: TypeAlias = Mapping[str, Mapping[str, Evidence]]
"""By table and column; a rule asks the rows of a column that is not there."""


def rule_results(
    asking: Readers,
    catalog: Catalog,
    tables: tuple[TableProfile, ...],
    pack: RulePack | None,
    evidence: Evidences = MappingProxyType({}),
    known: Sequence[RuleResult] = (),
) -> tuple[RuleResult, ...]:
    """What every rule says, from the counts or the values kept where they tell and else from the rows.

    Args:
        asking: the file's readers.
        catalog: what the file declares.
        tables: its counts.
        pack: the rules; None: there are none.
        evidence: columns counted with a watch for these rules.
        known: results for which no rows need be asked.

    Raises:
        UsageProblem: SQLite cannot evaluate a rule's expression.
        sqlite3.Error: the file cannot be read.
        Aborted: the operator asked to stop.
    """
    if pack is None:
        return ()
    told = by_counts(pack, tables)
    settled = {(result.table, result.rule): result for result in known}
    unanswered = _open(pack, tables)
    asked = [(profile, rule) for profile, rule in unanswered if (profile.name, rule) not in settled]
    answers = _answers(asking, catalog, asked, evidence)
    results = [
        (settled[profile.name, rule],) if (profile.name, rule) in settled else next(answers)
        for profile, rule in unanswered
    ]
    return (*told, *chain.from_iterable(results))


def results_without_references(
    asking: Readers,
    catalog: Catalog,
    tables: tuple[TableProfile, ...],
    pack: RulePack | None,
    evidence: Evidences,
    pointing: Iterable[tuple[str, str]],
) -> Iterator[RuleResult]:
    """What the rows say of rules that no reference of the tables answers; they are asked at once.

    Args:
        asking: the file's readers.
        catalog: what the file declares.
        tables: its counts, without references so far.
        pack: the rules; None: there are none.
        evidence: columns counted with a watch for these rules.
        pointing: table and column of each reference that there may be.

    Raises:
        UsageProblem, sqlite3.Error, Aborted: as for ``rule_results``, when the results are asked for.
    """
    if pack is None:
        return iter(())
    perhaps = frozenset(pointing)
    apart = [
        (profile, rule)
        for profile, rule in _open(pack, tables)
        if rule.check != "references" or (rule.column and (profile.name, rule.column) not in perhaps)
    ]
    # The longest first, so that no reader is left alone with it at the end.
    apart.sort(key=lambda each: (each[1].check == "references", each[0].rows), reverse=True)
    return chain.from_iterable(_answers(asking, catalog, apart, evidence))


def _open(pack: RulePack, tables: tuple[TableProfile, ...]) -> list[tuple[TableProfile, Rule]]:
    """The rules that the counts do not answer, each with a table that has a column for it."""
    answered = {(result.rule, result.table) for result in by_counts(pack, tables)}
    return [
        (profile, rule)
        for profile in tables
        for rule in pack.rules
        if (rule, profile.name) not in answered and columns_of(rule, profile)
    ]


def _answers(
    asking: Readers,
    catalog: Catalog,
    asked: Sequence[tuple[TableProfile, Rule]],
    evidence: Evidences,
) -> Iterator[tuple[RuleResult, ...]]:
    def answer(connection: sqlite3.Connection, each: tuple[TableProfile, Rule]) -> tuple[RuleResult, ...]:
        profile, rule = each
        return tuple(_asked(connection, catalog, profile, rule, evidence.get(profile.name, {})))

    return asking.answers(answer, asked)


def _asked(
    connection: sqlite3.Connection,
    catalog: Catalog,
    profile: TableProfile,
    rule: Rule,
    evidence: Mapping[str, Evidence],
) -> Iterator[RuleResult]:
    if rule.check in ROW_CHECKS or rule.check == "type":
        yield from _over_values(connection, catalog.table(profile.name), profile, rule, evidence)
    elif rule.check == "references":
        yield from _unsuggested(connection, catalog, catalog.table(profile.name), profile, rule)


def _over_values(
    connection: sqlite3.Connection,
    table: Table,
    profile: TableProfile,
    rule: Rule,
    evidence: Mapping[str, Evidence],
) -> Iterator[RuleResult]:
    columns = columns_of(rule, profile)
    judged = sum(meaningful(column) for column in columns)
    told = {
        column.name: _of_kept(rule, column, evidence[column.name])
        for column in columns
        if rule.check in WATCHED and column.name in evidence and evidence[column.name].kept_all
    }
    asked = [column for column in columns if column.name not in told]
    for column in suspects(connection, table, asked, rule):
        told[column.name] = breaking(connection, table, column, rule)
    located = [told[column.name] for column in columns if column.name in told]
    if judged:
        samples = [sample for one in located for sample in one.samples]
        broken = sum(one.rows for one in located)
        yield result_of(rule, table.name, judged, broken, tuple(samples[:SAMPLES]))


def _of_kept(rule: Rule, column: ColumnProfile, evidence: Evidence) -> Located:
    """Of a column whose every value that may break a rule was kept."""
    passes = test_of(rule, column)
    broken = [(value, count, rowid) for value, count, rowid in evidence.kept if not passes(value)]
    samples: list[ValueAt] = []
    for value, _, rowid in broken:
        note_sample(samples, value, rowid)
    return Located(rows=sum(count for _, count, _ in broken), samples=located(samples))


def _unsuggested(
    connection: sqlite3.Connection, catalog: Catalog, table: Table, profile: TableProfile, rule: Rule
) -> Iterator[RuleResult]:
    """A reference that nothing declares, and too few rows have a parent for it to be suggested."""
    parents = {each.name: {column.name for column in each.columns} for each in catalog.tables}
    if rule.parent_column not in parents.get(rule.parent_table, set()) or not profile.rows:
        return
    for column in columns_of(rule, profile):
        numbers = numeric_columns(catalog.table(rule.parent_table))
        lost = orphans(
            connection, table, (column.name,), rule.parent_table, (rule.parent_column,), numbers=numbers
        )
        yield within_band(result_of(rule, table.name, profile.rows, lost.rows, lost.samples))
