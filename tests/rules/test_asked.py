"""What a database asks of its operator: what stops a migration before what is only to look at."""

import pytest

from sdmigrate.model.finding import Finding, Severity
from sdmigrate.rules.asked import asked_of_the_operator


def _found(severity: Severity, number: int) -> list[Finding]:
    return [
        Finding(code="c", severity=severity, table="t", column=None, count=1, message=f"{one}", advice="")
        for one in range(number)
    ]


@pytest.mark.parametrize(
    ("errors", "warnings", "stops", "line"),
    [
        (0, 0, (), "nothing must be decided."),
        (0, 1, (), "nothing must be decided, 1 finding to look at."),
        (2, 1_000, (), "2 findings to decide on, 1,000 to look at."),
        (1, 2, ("a is b",), "a migration needs 1 decision first: a is b. 3 findings to look at."),
        (
            0,
            0,
            ("a", "b", "c", "d", "e"),
            "a migration needs 5 decisions first: a; b; c and 2 more.",
        ),
    ],
)
def test_the_line(errors: int, warnings: int, stops: tuple[str, ...], line: str) -> None:
    found = [*_found("info", 4), *_found("error", errors), *_found("warning", warnings)]
    assert asked_of_the_operator(found, stops) == line
