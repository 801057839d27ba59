"""The quality score: 0 to 100 over completeness, validity, consistency, uniqueness and integrity.

Invariant: computed from counts over all rows; a dimension about which nothing can be said gives its points
to the others.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.profile import ColumnProfile, Quality, QualityPart, TableProfile
from sdmigrate.model.rule import RuleResult
from sdmigrate.rules.forms import CORRUPT, form_family
from sdmigrate.rules.rule_pack import RulePack
from sdmigrate.rules.rule_results import meaningful
from sdmigrate.rules.wording import plural

Dimension: TypeAlias = Literal["completeness", "validity", "consistency", "uniqueness", "integrity"]
WEIGHTS: dict[Dimension, float] = {
    "completeness": 40.0,
    "validity": 30.0,
    "consistency": 20.0,
    "uniqueness": 5.0,
    "integrity": 5.0,
}
LONGEST_TEXT = 100_000
"""Characters beyond which a text is more likely an accident."""
_DIMENSIONS: dict[str, Dimension] = {
    "filled": "completeness",
    "unique": "uniqueness",
    "references": "integrity",
    **dict.fromkeys(
        ("type", "range", "allowed", "max_length", "matches_not", "utf8", "no_nul_bytes", "holds"), "validity"
    ),
}
"""Check -> what it measures; the shape of the database is told by findings and costs no points."""
_MOMENTS = ("date", "timestamp", "timestamptz")
_MOST_COSTS = 5


class _Measure(NamedTuple):
    dimension: Dimension
    table: str
    share: float
    """0 to 1: what is as it should be."""
    weight: float
    what: str
    """What is wrong, with its number, for the cost's sentence."""


def score(
    catalog: Catalog,
    tables: tuple[TableProfile, ...],
    pack: RulePack | None = None,
    results: tuple[RuleResult, ...] = (),
) -> Quality:
    """The score of the profiled tables, whole and table by table.

    Args:
        catalog: what is declared.
        tables: their counts.
        pack: the rules that take the place of what the catalog alone says.
        results: what the pack's rules found.
    """
    declared = {table.name: table for table in catalog.tables}
    measures = [
        measure for profile in tables for measure in _measures(declared[profile.name], profile, pack, results)
    ]
    parts = _parts(measures)
    of_table: dict[str, list[_Measure]] = {profile.name: [] for profile in tables}
    for measure in measures:
        if measure.table in of_table:
            of_table[measure.table].append(measure)
    return Quality(
        score=_sum(parts),
        parts=parts,
        tables={name: _sum(_parts(own)) for name, own in of_table.items()},
    )


def _sum(parts: tuple[QualityPart, ...]) -> float:
    possible = sum(part.weight for part in parts)
    return 100.0 * sum(part.score for part in parts) / possible if possible else 100.0


def _parts(measures: list[_Measure]) -> tuple[QualityPart, ...]:
    present = {measure.dimension for measure in measures}
    possible = sum(weight for dimension, weight in WEIGHTS.items() if dimension in present)
    return tuple(
        _part(dimension, weight * 100 / possible if dimension in present else 0.0, measures)
        for dimension, weight in WEIGHTS.items()
    )


def _part(dimension: Dimension, weight: float, measures: list[_Measure]) -> QualityPart:
    own = [measure for measure in measures if measure.dimension == dimension]
    total = sum(measure.weight for measure in own)
    reached = sum(measure.share * measure.weight for measure in own) / total if total else 0.0
    costly = sorted(
        (measure for measure in own if measure.share < 1),
        key=lambda measure: (measure.share - 1) * measure.weight,
    )
    return QualityPart(
        name=dimension,
        score=reached * weight,
        weight=weight,
        costs=tuple(measure.what for measure in costly[:_MOST_COSTS]),
    )


def _measures(
    table: Table, profile: TableProfile, pack: RulePack | None, results: tuple[RuleResult, ...]
) -> Iterator[_Measure]:
    rules = [rule for rule in pack.rules if rule.table in (None, profile.name)] if pack else []
    filled = any(rule.check == "filled" for rule in (pack.rules if pack else ()))
    for column in profile.columns:
        required = table.column(column.name).not_null or column.name in table.primary_key
        if required and not filled and profile.rows:
            # Empty text is a value where the schema asks for text and nothing else is known.
            missing = column.nulls + (0 if column.proposed == "text" else column.empties + column.blanks)
            yield _filled(profile, column, missing, 1.0)
        yield from _validity(profile, column)
        yield from _consistency(profile, column)
    for key in profile.keys:
        if profile.rows:
            name = ", ".join(key.columns)
            yield _Measure(
                "uniqueness",
                profile.name,
                1 - key.duplicate_rows / profile.rows,
                1.0,
                f"{plural(key.duplicate_rows, 'row repeats', 'rows repeat')} {name} of {profile.name}.",
            )
    for reference in profile.references:
        if reference.problem is None and profile.rows and (reference.declared or not rules):
            yield _Measure(
                "integrity",
                profile.name,
                1 - reference.orphans / profile.rows,
                1.0,
                f"{plural(reference.orphans, 'row')} of {profile.name} without a row of"
                f" {reference.parent_table}.",
            )
    for result in results:
        dimension = _DIMENSIONS.get(result.rule.check)
        if result.table == profile.name and dimension is not None:
            yield _ruled(profile, result, dimension)


def _filled(profile: TableProfile, column: ColumnProfile, missing: int, weight: float) -> _Measure:
    return _Measure(
        "completeness",
        profile.name,
        1 - missing / profile.rows,
        weight,
        f"{plural(missing, f'row of {profile.name} has', f'rows of {profile.name} have')} no {column.name}.",
    )


def _validity(profile: TableProfile, column: ColumnProfile) -> Iterator[_Measure]:
    values = meaningful(column)
    if not values:
        return
    place = f"{profile.name}.{column.name}"
    corrupt = sum(count for form, count in column.forms.items() if form in CORRUPT)
    if column.proposed in _MOMENTS or corrupt:
        yield _Measure(
            "validity",
            profile.name,
            1 - corrupt / values,
            1.0,
            f"{plural(corrupt, f'date in {place} does', f'dates in {place} do')} not exist.",
        )
    if column.classes.text:
        broken = column.nul_texts + column.invalid_utf8 + (column.longest_characters > LONGEST_TEXT)
        yield _Measure(
            "validity",
            profile.name,
            1 - min(1.0, broken / column.classes.text),
            1.0,
            f"{plural(broken, 'text')} in {place} with NUL bytes, not UTF-8 or too long.",
        )
    misfits = next((one.misfits for one in column.candidates if one.type == column.proposed), 0)
    yield _Measure(
        "validity",
        profile.name,
        1 - min(1.0, misfits / values),
        1.0,
        f"{plural(misfits, f'value of {place} is', f'values of {place} are')} no {column.proposed}.",
    )


def _consistency(profile: TableProfile, column: ColumnProfile) -> Iterator[_Measure]:
    """One storage class in a column, one way to write a date, and NULL rather than empty text."""
    values = meaningful(column)
    if not values:
        return
    place = f"{profile.name}.{column.name}"
    classes = column.classes
    text = classes.text - column.empties - column.blanks
    odd = values - max(classes.integer + classes.real, text, classes.blob)
    dates = {
        form: count for form, count in column.forms.items() if form_family(form) in ("date", "timestamp")
    }
    if dates and column.proposed in _MOMENTS:
        odd = max(odd, sum(dates.values()) - max(dates.values()))
    if column.proposed not in ("text", "bytea"):
        odd += column.empties
    yield _Measure(
        "consistency",
        profile.name,
        1 - min(1.0, odd / (values + column.empties)),
        1.0,
        f"{plural(odd, f'value of {place} is', f'values of {place} are')} not written as the others.",
    )


def _ruled(profile: TableProfile, result: RuleResult, dimension: Dimension) -> _Measure:
    """What a rule of the pack measures."""
    rule = result.rule
    if rule.check == "filled":
        told = plural(result.broken, f"row of {profile.name} has", f"rows of {profile.name} have")
        what = f"{told} no {rule.column}."
    else:
        what = (
            f"{profile.name}: {plural(result.broken, 'value breaks', 'values break')} the rule {rule.name!r}."
        )
    return _Measure(dimension, profile.name, result.share, rule.weight, what)
