"""What a replay gives to know: rows that came in, what they mended, and what is told no longer.

Invariant: pure. What was told of the quarantine and of broken constraints and is so no more is told once
again, as settled, since a report shows the last word on each matter.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from sdmigrate.model.finding import Finding
from sdmigrate.model.result import Release, Verification
from sdmigrate.rules.wording import plural

LEFT_BY_LOAD = "constraint-left-not-valid"
LEFT_BY_VERIFY = "constraint-not-valid"


def rows_replayed(counts: Mapping[str, int], where: str) -> Iterator[Finding]:
    """One for each source table with rows that were replayed; ``where`` they are, in a word."""
    for table, count in counts.items():
        if count:
            yield Finding(
                code="rows-replayed",
                severity="info",
                table=table,
                column=None,
                count=count,
                message=f"Repaired in quarantine, {plural(count, 'row is', 'rows are')} in {where}.",
                advice="What was edited is in the audit trail, by rule repaired-in-quarantine.",
            )


def validated(valid: Mapping[str, list[str]]) -> Iterator[Finding]:
    """One for each source table with foreign keys that hold now."""
    for source, names in valid.items():
        yield Finding(
            code="constraint-validated",
            severity="info",
            table=source,
            column=None,
            count=len(names),
            message=f"With the rows replayed every row of {source!r} keeps {', '.join(names)}.",
            advice="Nothing is to be done.",
        )


def left_not_valid(result: Release | Verification) -> tuple[Finding, ...]:
    """What load or verify tells of constraints that rows break."""
    return tuple(finding for finding in result.findings if finding.code in (LEFT_BY_LOAD, LEFT_BY_VERIFY))


def settled(before: Iterable[Finding], after: Iterable[Finding]) -> Iterator[Finding]:
    """What was told before and no longer is so."""
    still = {(finding.code, finding.table, finding.column) for finding in after}
    for finding in before:
        if (finding.code, finding.table, finding.column) not in still:
            yield msgspec.structs.replace(
                finding,
                severity="info",
                count=0,
                message="No such row is left: they were repaired and replayed.",
                advice="Nothing is to be done.",
                samples=(),
            )
