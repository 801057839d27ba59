"""What the separators in a column's numbers give an operator to know.

Invariant: silent about a column that holds more than numbers, unless it is declared as one of them.
"""

from collections.abc import Iterator

from sdmigrate.model.finding import Finding, Sample
from sdmigrate.rules.seen_column import SeenColumn
from sdmigrate.rules.separators import BY_COMMA, BY_POINT, NAMES, read_by
from sdmigrate.rules.type_families import is_number
from sdmigrate.rules.types import text_counts
from sdmigrate.rules.value_group import located
from sdmigrate.rules.wording import plural

_MEANINGS = {
    "thousands": "a comma stands between thousands",
    "decimal_comma": "a comma stands before the fraction",
}
_PLAIN = ("integer", "decimal")


def separator_findings(seen: SeenColumn) -> Iterator[Finding]:
    """Findings on a column of numbers with separators."""
    if NAMES.isdisjoint(text_counts(seen.evidence)):
        return
    if is_number(seen.proposal.type) and seen.proposal.separators.form != "auto":
        yield from _read(seen)
    elif is_number(seen.declared) or _only_numbers(seen):
        yield from _undecided(seen)


def _only_numbers(seen: SeenColumn) -> bool:
    evidence = seen.evidence
    return evidence.meaningful == sum(evidence.count(name) for name in NAMES | {*_PLAIN, "real"})


def _read(seen: SeenColumn) -> Iterator[Finding]:
    reading, evidence = seen.proposal.separators, seen.evidence
    names = read_by(reading.form)
    count = sum(evidence.count(name) for name in names)
    if not count:
        return
    told = "other columns of the table" if reading.by_sisters else "the values themselves"
    means = _MEANINGS[reading.form] if count > evidence.count("digit_groups") else "they set thousands apart"
    yield seen.tell(
        "numbers-with-separators",
        "info",
        count,
        f"{plural(count, 'number is', 'numbers are')} written with separators"
        f" ({_counts(seen, names)}); as {told} say, {means}.",
        f"Each is rewritten by form {reading.form}, audited; set form or type in the plan for another.",
        _samples(seen, names),
    )


def _undecided(seen: SeenColumn) -> Iterator[Finding]:
    evidence = seen.evidence
    counts = text_counts(evidence)
    by_comma, by_point = counts.get("decimal_comma", 0), counts.get("thousands", 0) + counts.get("decimal", 0)
    advice = "Name type and form (thousands or decimal_comma) of the column in the plan."
    if by_comma and by_point:
        yield seen.tell(
            "ambiguous-separators",
            "warning",
            by_comma + by_point,
            f"{plural(by_comma, 'number has', 'numbers have')} a comma before the fraction and {by_point:,} a"
            " point, so that nothing says what the others mean.",
            "Correct one kind in the source, or name type and form of the column in the plan.",
            _samples(seen, ("decimal_comma", "thousands", "decimal")),
        )
    elif ambiguous := counts.get("ambiguous_comma", 0):
        yield seen.tell(
            "ambiguous-separators",
            "warning",
            ambiguous,
            f"In {plural(ambiguous, 'number')} the comma may stand between thousands or before a"
            " fraction, and nothing here settles it.",
            advice,
            _samples(seen, ("ambiguous_comma",)),
        )
    elif (points := counts.get("ambiguous_point", 0)) and not by_point:
        yield seen.tell(
            "ambiguous-separators",
            "info",
            points,
            f"In {plural(points, 'number')} the point may stand between thousands or before a"
            " fraction; read as a fraction where nothing else is said.",
            advice,
            _samples(seen, ("ambiguous_point",)),
        )
    elif by_comma or counts.get("thousands", 0):
        names = (BY_POINT if by_point else BY_COMMA) - {"digit_groups", "ambiguous_point"}
        yield seen.tell(
            "ambiguous-separators",
            "info",
            sum(counts.get(name, 0) for name in names),
            f"The texts look like numbers with separators ({_counts(seen, names)}) and may as well be lists,"
            " so the column stays text.",
            advice,
            _samples(seen, names),
        )


def _counts(seen: SeenColumn, names: frozenset[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in seen.evidence.forms.items() if name in names)


def _samples(seen: SeenColumn, names: frozenset[str] | tuple[str, ...]) -> tuple[Sample, ...]:
    return located(
        [
            sample
            for (kind, name), group in seen.evidence.groups.items()
            if kind == "text" and name in names
            for sample in group.samples
        ]
    )
