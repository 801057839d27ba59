"""What the rules of a pack say of a profiled database: judged, broken, missed.

Invariant: every rule of a pack is judged or told that it cannot be; shares are over all rows.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.finding import Finding, Sample
from sdmigrate.model.profile import ColumnProfile, TableProfile
from sdmigrate.model.rule import Rule, RuleResult
from sdmigrate.rules.rule_pack import RulePack

ROW_CHECKS = frozenset({"range", "allowed", "max_length", "matches_not", "holds"})
"""What only the rows can answer."""
_SHAPE_CHECKS = frozenset({"tables", "required_columns", "column_count", "row_count"})


def result_of(
    rule: Rule, table: str | None, judged: int, broken: int, samples: tuple[Sample, ...] = ()
) -> RuleResult:
    """The result whose share is that of what was not broken; 1 where nothing was judged."""
    share = 1 - broken / judged if judged else 1.0
    return RuleResult(
        rule=rule, table=table, judged=judged, broken=broken, share=max(0.0, share), samples=samples
    )


def columns_of(rule: Rule, profile: TableProfile) -> tuple[ColumnProfile, ...]:
    """The columns of the table that the rule is about; without a name every one that holds text."""
    if rule.table not in (None, profile.name):
        return ()
    if rule.column is not None:
        return tuple(column for column in profile.columns if column.name == rule.column)
    return tuple(column for column in profile.columns if column.classes.text)


def meaningful(column: ColumnProfile) -> int:
    """Values that are neither NULL nor empty text."""
    return column.classes.values - column.empties - column.blanks


def by_counts(pack: RulePack, tables: tuple[TableProfile, ...]) -> tuple[RuleResult, ...]:
    """The results that the profile's counts give."""
    return tuple(result for rule in pack.rules for result in _counted(rule, tables))


def _counted(rule: Rule, tables: tuple[TableProfile, ...]) -> Iterator[RuleResult]:
    if rule.check == "tables":
        missing = set(rule.tables) - {profile.name for profile in tables}
        yield result_of(rule, None, len(rule.tables), len(missing))
    for profile in tables:
        if rule.check in _SHAPE_CHECKS and profile.name == rule.table:
            yield _shape(rule, profile)
        elif rule.check not in _SHAPE_CHECKS | ROW_CHECKS and profile.rows:
            counts = [_count(rule, profile, column) for column in columns_of(rule, profile)]
            found = [count for count in counts if count is not None]
            if found:
                judged, broken = (sum(numbers) for numbers in zip(*found, strict=True))
                result = result_of(rule, profile.name, judged, broken)
                if rule.check == "references":
                    result = within_band(result)
                yield result


def _shape(rule: Rule, profile: TableProfile) -> RuleResult:
    names = {column.name for column in profile.columns}
    if rule.check == "required_columns":
        return result_of(rule, profile.name, len(rule.columns), len(set(rule.columns) - names))
    number = len(names) if rule.check == "column_count" else profile.rows
    return result_of(rule, profile.name, 1, int(not within(rule, number)))


def within(rule: Rule, number: float) -> bool:
    """Whether the number lies between the rule's minimum and maximum, both included."""
    low = rule.minimum if isinstance(rule.minimum, int | float) else number
    high = rule.maximum if isinstance(rule.maximum, int | float) else number
    return low <= number <= high


def _count(rule: Rule, profile: TableProfile, column: ColumnProfile) -> tuple[int, int] | None:
    """Judged and broken; None where the counts do not tell."""
    values = meaningful(column)
    match rule.check:
        case "filled":
            return profile.rows, column.nulls + column.empties + column.blanks
        case "type":
            fits = [one.fits for one in column.candidates if one.type == rule.type]
            return (values, values - fits[0]) if fits else None
        case "unique":
            return profile.rows, column.classes.values - column.distinct
        case "utf8":
            return column.classes.text, column.invalid_utf8
        case "no_nul_bytes":
            return column.classes.text, column.nul_texts
        case "references":
            lost = [
                reference.orphans
                for reference in profile.references
                if reference.columns == (column.name,)
                and reference.parent_table == rule.parent_table
                and reference.problem is None
            ]
            return (profile.rows, lost[0]) if lost else None
    return None


def within_band(result: RuleResult) -> RuleResult:
    """The share 1 within the band of orphans that the rule expects, less by how far outside."""
    rule = result.rule
    orphans = result.broken / result.judged if result.judged else 0.0
    low, high = rule.orphans_minimum or 0.0, rule.orphans_maximum or 0.0
    return replace(result, share=1 - max(low - orphans, orphans - high, 0.0))


def rule_findings(
    pack: RulePack | None, catalog: Catalog, results: tuple[RuleResult, ...]
) -> tuple[Finding, ...]:
    """One finding for each rule missed, and for each that the database has no place for."""
    found = [_missed(result) for result in results if result.missed]
    names = {table.name: {column.name for column in table.columns} for table in catalog.tables}
    for rule in pack.rules if pack is not None else ():
        place = _missing_place(rule, names)
        if place is not None:
            found.append(
                Finding(
                    code="rule-without-place",
                    severity="warning",
                    table=rule.table,
                    column=rule.column,
                    count=0,
                    message=f"The rule {rule.name!r} cannot be judged: there is no {place}.",
                    advice="Correct the rule pack, or the source.",
                )
            )
    return tuple(found)


def _missing_place(rule: Rule, names: dict[str, set[str]]) -> str | None:
    if rule.table is not None and rule.table not in names:
        return f"table {rule.table!r}"
    if rule.column is not None and rule.table is not None and rule.column not in names[rule.table]:
        return f"column {rule.column!r} in {rule.table!r}"
    if rule.check == "references" and rule.parent_column not in names.get(rule.parent_table, set()):
        return f"column {rule.parent_column!r} in {rule.parent_table!r}"
    return None


def _missed(result: RuleResult) -> Finding:
    rule = result.rule
    things: Literal["values", "of what it asks for"] = (
        "of what it asks for" if rule.check in _SHAPE_CHECKS else "values"
    )
    return Finding(
        code="rule-missed",
        severity=rule.severity,
        table=result.table,
        column=rule.column,
        count=result.broken,
        message=f"The rule {rule.name!r} is missed: {result.broken:,} of {result.judged:,} {things} break it;"
        f" {result.share:.1%} are as it wants, and {rule.threshold:.1%} must be.",
        advice="Correct the source, or the rule's threshold in the rule pack.",
        samples=result.samples,
    )
