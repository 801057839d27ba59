"""Numbers as text.

Invariant: the shortest text that reads back as the same number (Python's ``repr``), never SQLite's fifteen
digits.
"""


def shortest_text(number: float) -> str:
    """``42``, ``1.5``, ``0.30000000000000004``; infinities as PostgreSQL writes them."""
    if number == float("inf"):
        return "Infinity"
    if number == float("-inf"):
        return "-Infinity"
    return repr(number)
