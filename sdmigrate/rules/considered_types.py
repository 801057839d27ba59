"""The types that were considered for a column, each with how many of its values fit.

Invariant: every count is exact; a type with a size is as wide as the values need.
"""

import math
from collections.abc import Collection, Iterator
from decimal import Decimal

from sdmigrate.model.catalog import Column
from sdmigrate.model.profile import Candidate
from sdmigrate.rules.convert_numbers import decimal_digits
from sdmigrate.rules.declared_types import declared_type
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.fitting import candidate, fits, sized_candidate
from sdmigrate.rules.number_dates import number_date_candidates, with_bounds
from sdmigrate.rules.separators import NAMES, Reading
from sdmigrate.rules.type_families import canonical_type, is_number

_MOMENTS = ("date", "timestamp", "timestamptz")
_BIGINT_DIGITS = 18
"""Any whole number of so many digits fits bigint."""
_ALWAYS_TOLD = ("bigint", "double precision", "numeric", "text")
_OTHERS_TOLD = (
    *("smallint", "integer", "boolean", *_MOMENTS, "time", "interval"),
    *("uuid", "jsonb", "json", "bytea", "inet"),
)


def candidates(
    column: Column,
    evidence: Evidence,
    proposed: str,
    proposed_form: str,
    day_first: bool | None,
    separators: Reading,
    once_settled: str | None,
) -> tuple[Candidate, ...]:
    """The proposal, the declared type, those that are always told, and those that hold some of the values.

    Args:
        column: its declaration.
        evidence: its values.
        proposed: the type proposed for it, first in the answer.
        proposed_form: how values are read for it.
        day_first: how ambiguous dates are read.
        separators: how numbers with separators are read.
        once_settled: what it would be if the order of day and month were known.
    """
    length = evidence.declared_length
    always = (proposed, declared_type(column), *_ALWAYS_TOLD, *((f"varchar({length})",) if length else ()))
    # What fits once the order of day and month is settled, in either, is told of a column of dates before.
    is_dated = once_settled is not None or declared_type(column) in _MOMENTS
    order = True if is_dated and day_first is None else day_first
    told = dict.fromkeys((*always, *_OTHERS_TOLD))
    found = []
    for type_ in told:
        moment = type_ in _MOMENTS
        form = proposed_form if moment else separators.form if is_number(type_) else "auto"
        # Not made for nothing: its examples take far longer than the count.
        if type_ in always or fits(evidence, type_, form, order):
            one = candidate(evidence, type_, form, day_first)
            found.append(with_bounds(evidence, one) if moment else one)
    return (*found, *_sized(evidence, told), *number_date_candidates(evidence, proposed_form))


def _sized(evidence: Evidence, told: Collection[str]) -> Iterator[Candidate]:
    """The narrowest numeric(p,s) for every number, and the shortest varchar(n) for every text."""
    before, after = _digits(evidence)
    # Whole numbers that bigint holds need no decimals.
    if (after or before > _BIGINT_DIGITS) and fits(evidence, "numeric"):
        yield from _one_sized(evidence, "numeric", f"numeric({before + after},{after})", told)
    if evidence.classes.text == evidence.classes.values:
        yield from _one_sized(evidence, "text", f"varchar({evidence.longest_characters})", told)


def _one_sized(evidence: Evidence, base: str, sized: str, told: Collection[str]) -> Iterator[Candidate]:
    if canonical_type(sized) == sized and sized not in told:
        yield sized_candidate(evidence, base, sized)


def _digits(evidence: Evidence) -> tuple[int, int]:
    """Most digits before and after the point of the column's numbers, those with separators aside."""
    before, after = [0], [evidence.fraction_digits]
    for (kind, name), group in evidence.groups.items():
        if kind == "text":
            before.append(0 if name in NAMES else group.digits_before)
            after.append(0 if name in NAMES else group.digits_after)
        else:
            bounds = [
                bound for bound in (group.low, group.high) if bound is not None and math.isfinite(bound)
            ]
            before += [decimal_digits(Decimal(repr(bound)))[0] for bound in bounds]
    return max(before), max(after)
