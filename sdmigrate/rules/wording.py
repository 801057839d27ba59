"""Numbers with their nouns, as findings, reports and screens say them.

Invariant: one thing is never told in the plural.
"""


def plural(number: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``2,000 rows``; with a verb, both are given: ``plural(n, "row is", "rows are")``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
