"""From a table's evidence to its columns as the profile has them, with what they give to know.

Invariant: pure; the same whether the evidence counts every row or those of a sample.
"""

from dataclasses import dataclass

from sdmigrate.model.catalog import Column, Table
from sdmigrate.model.finding import Finding
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.model.values import stored
from sdmigrate.rules.declared_types import declared_digits, declared_length, interest_of
from sdmigrate.rules.epoch_readings import settle_epoch, told_of
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.likely_keys import named_like_key
from sdmigrate.rules.profile_findings import column_findings
from sdmigrate.rules.types import (
    Proposal,
    day_order,
    propose,
    separator_order,
    settle_day_order,
    settle_separators,
)
from sdmigrate.rules.watching import Watch
from sdmigrate.runtime.context import Context


@dataclass(frozen=True)
class TableColumns:
    """The columns of one table."""

    profiles: tuple[ColumnProfile, ...]
    findings: tuple[Finding, ...]


def empty_evidence(table: Table, name: str, watch: Watch | None = None) -> Evidence:
    """The evidence to which the values of that column are added."""
    column = table.column(name)
    return Evidence(
        interest=interest_of(column),
        declared_digits=declared_digits(column),
        declared_length=declared_length(column),
        may_be_key=name == named_like_key(table),
        watch=watch,
    )


def columns_of(context: Context, table: Table, evidence: dict[str, Evidence]) -> TableColumns:
    """Every column of the table with its proposal; ``evidence`` has all of them by name."""
    orders = {name: day_order(found) for name, found in evidence.items()}
    separators = {name: separator_order(found) for name, found in evidence.items()}
    epochs = {name: told_of(found) for name, found in evidence.items()}
    profiles: list[ColumnProfile] = []
    findings: list[Finding] = []
    for column in table.columns:
        found = evidence[column.name]
        sisters = tuple(order for name, order in orders.items() if name != column.name)
        told = tuple(order for name, order in separators.items() if name != column.name)
        proposal = propose(
            column,
            found,
            day_first=settle_day_order(found, sisters, context.request.day_first),
            separators=settle_separators(column, found, told),
            epoch=settle_epoch(found, [told for name, told in epochs.items() if name != column.name]),
            confidence=context.limits.confidence,
            is_rowid=column.name == table.rowid_alias,
        )
        profiles.append(profile_of(column, found, proposal))
        findings += column_findings(table, column, found, proposal)
    return TableColumns(tuple(profiles), tuple(findings))


def profile_of(column: Column, evidence: Evidence, proposal: Proposal) -> ColumnProfile:
    """What the profile keeps of a column's evidence and of what it proposes."""
    low, high = evidence.bounds()
    return ColumnProfile(
        name=column.name,
        declared_type=column.declared_type,
        rows=evidence.rows,
        nulls=evidence.nulls,
        empties=evidence.count("empty"),
        blanks=evidence.count("blank"),
        classes=evidence.classes,
        distinct=evidence.distinct,
        distinct_exact=True,
        proposed=proposal.type,
        confidence=proposal.confidence,
        reason=proposal.reason,
        forms=evidence.forms,
        ambiguous_midnights=evidence.midnights("ambiguous_day_month"),
        minimum=None if low is None else stored(low),
        maximum=None if high is None else stored(high),
        longest_characters=evidence.longest_characters,
        longest_bytes=evidence.longest_bytes,
        nul_texts=evidence.nul_count,
        invalid_utf8=evidence.invalid_count,
        encodings=evidence.encodings,
        text_blobs=evidence.text_blobs,
        long_text_blobs=evidence.long_text_blobs,
        infinite=evidence.count("not_finite", "real"),
        non_integral=evidence.non_integral,
        fraction_digits=evidence.fraction_digits,
        top=evidence.top(),
        candidates=proposal.candidates,
        form=proposal.form,
        day_first=proposal.day_first,
        once_settled=proposal.once_settled,
        separators=proposal.separators.form,
    )
