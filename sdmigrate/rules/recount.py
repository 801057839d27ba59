"""A column's counts after cleaning: those before, less the values that went, with those that came.

Invariant: every count that a score is made of is what counting cleaned anew would give. What the values
before cannot tell of those that are left is taken back: no bounds, and no length that might be too short.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from sdmigrate.model.profile import Candidate, ClassCounts, ColumnProfile, TableProfile
from sdmigrate.model.rule import RuleResult
from sdmigrate.model.values import Value, storage_class
from sdmigrate.rules.conversion import convert
from sdmigrate.rules.fitting import MISSING, keeps_missing, type_plan
from sdmigrate.rules.forms import Interest, understood
from sdmigrate.rules.outcome import Misfit
from sdmigrate.rules.rule_results import columns_of, meaningful, result_of
from sdmigrate.rules.rule_values import test_of
from sdmigrate.rules.watching import WATCHED

Counted: TypeAlias = Sequence[tuple[Value, int]]
"""Values, each with the number of its rows."""


@dataclass(frozen=True)
class Difference:
    """What cleaning did to one column, rows that left the table included."""

    gone: Counted = ()
    come: Counted = ()

    @property
    def signed(self) -> Iterator[tuple[Value, int]]:
        """All of them, of those gone a negative number."""
        yield from ((value, -rows) for value, rows in self.gone)
        yield from self.come


NO_DIFFERENCE = Difference()


def recounted(before: ColumnProfile, interest: Interest, difference: Difference) -> ColumnProfile:
    """The column with its counts as they are in cleaned; ``interest`` is what its values are read with."""
    if difference == NO_DIFFERENCE:
        return before
    changed: Counter[tuple[str, str | int]] = Counter()
    longest = before.longest_characters
    for value, rows in difference.signed:
        longest = max(longest, len(value) if isinstance(value, str) else 0)
        for fact in _facts(value, interest, before):
            changed[fact] += rows
    forms = Counter(before.forms)
    forms.update({str(form): rows for (kind, form), rows in changed.items() if kind == "form"})
    classes = {
        kind: getattr(before.classes, kind) + changed["class", kind]
        for kind in ("integer", "real", "text", "blob")
    }
    after = replace(
        before,
        rows=before.rows + changed["row", ""],
        nulls=before.nulls + changed["class", "null"],
        empties=before.empties + changed["missing", "empty"],
        blanks=before.blanks + changed["missing", "blank"],
        classes=ClassCounts(**classes),
        forms={form: rows for form, rows in forms.items() if rows},
        nul_texts=before.nul_texts + changed["text", "nul"],
        invalid_utf8=before.invalid_utf8 + changed["text", "invalid"],
        longest_characters=longest,
        minimum=None,
        maximum=None,
    )
    fits = [one.fits + changed["fits", place] for place, one in enumerate(before.candidates)]
    return replace(
        after,
        candidates=tuple(
            _refitted(one, fitting, after) for one, fitting in zip(before.candidates, fits, strict=True)
        ),
    )


def _facts(value: Value, interest: Interest, before: ColumnProfile) -> Iterator[tuple[str, str | int]]:
    """What one value counts for."""
    yield "row", ""
    yield "class", storage_class(value)
    if value is None:
        return
    form = understood(value, interest).form
    missing = form in MISSING
    yield ("missing", form) if missing else ("form", form)
    if isinstance(value, str):
        if "\0" in value:
            yield "text", "nul"
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            yield "text", "invalid"
    for place, one in enumerate(before.candidates):
        if missing and not keeps_missing(one.type):
            continue
        if not isinstance(convert(value, type_plan(one.type, one.form, before.day_first)), Misfit):
            yield "fits", place


def _refitted(candidate: Candidate, fits: int, after: ColumnProfile) -> Candidate:
    considered = after.classes.values if keeps_missing(candidate.type) else meaningful(after)
    return replace(candidate, fits=fits, misfits=considered - fits, examples=())


def rejudged(
    result: RuleResult, before: TableProfile, after: TableProfile, differences: Mapping[str, Difference]
) -> RuleResult | None:
    """What the rule says of one table of cleaned; None where only its rows can tell, or nothing is left.

    Args:
        result: what it said of the table's rows in the snapshot.
        before: the table's columns as they were there.
        after: the same columns as they are in cleaned.
        differences: of each column, by name.
    """
    rule = result.rule
    was_about, is_about = columns_of(rule, before), columns_of(rule, after)
    names = dict.fromkeys(column.name for column in (*was_about, *is_about))
    of_same = len(names) == len(was_about) == len(is_about)
    # A text column that has none left, or a column that got some: other values than text match no pattern.
    if rule.check not in WATCHED or not (of_same or rule.check == "matches_not"):
        return None
    broken = result.broken
    for name in names:
        was_well, is_well = test_of(rule, before.column(name)), test_of(rule, after.column(name))
        gone, come = differences[name].gone, differences[name].come
        broken -= sum(rows for value, rows in gone if value is not None and not was_well(value))
        broken += sum(rows for value, rows in come if value is not None and not is_well(value))
    judged = sum(map(meaningful, is_about))
    return result_of(rule, result.table, judged, broken) if judged else None
