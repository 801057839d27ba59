"""A finding: one thing the operator must know.

Invariant: codes are stable and each is described in docs/findings.md.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from sdmigrate.model.record import Record
from sdmigrate.model.values import StoredValue

Severity: TypeAlias = Literal["error", "warning", "info"]
"""error: will fail or lose unless decided. warning: will change or behave differently. info: to know."""

SEVERITY_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


class Sample(Record):
    """One offending value with where it stands."""

    rowid: int | None
    """None where the row has no reachable rowid and no ordinal was taken."""
    value: StoredValue
    read_as: StoredValue | None = None
    """What it would be as the finding's advice has it, perhaps one or another; None where that names none."""


class Finding(Record):
    """One thing the operator must know."""

    code: str
    """kebab-case and stable."""
    severity: Severity
    table: str | None
    column: str | None
    count: int
    """How many values, rows or objects it concerns; 0 where counting has no meaning."""
    message: str
    """One sentence with the facts."""
    advice: str
    """One sentence: what can be decided or done."""
    samples: tuple[Sample, ...] = ()
    """At most five."""


def in_order(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then information; within each as found."""
    return tuple(sorted(findings, key=lambda finding: SEVERITY_ORDER[finding.severity]))


def told_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """In order, each once, though several stages may have told it."""
    unique: dict[tuple[str, str | None, str | None, str], Finding] = {}
    for finding in findings:
        unique.setdefault((finding.code, finding.table, finding.column, finding.message), finding)
    return in_order(tuple(unique.values()))


def findings_of(record: Record) -> tuple[Finding, ...]:
    """What a stage's record found; nothing where it is of a kind that finds nothing."""
    found: tuple[Finding, ...] = getattr(record, "findings", ())
    return found
