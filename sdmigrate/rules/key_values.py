"""Decimals as SQLite can compare them: one value for all spellings that PostgreSQL's numeric takes as equal.

Invariant: two decimal texts are equal as numeric exactly where their comparable values are equal in SQLite,
and a REAL below 2**53 is equal to the text of its shortest decimal.
"""

from decimal import Decimal, InvalidOperation

_LARGEST_INTEGER = 2**63 - 1
_MOST_DIGITS = 1100
"""Beyond what numeric(p,s) holds; a longer text is compared as it stands."""


def comparable_number(text: str) -> int | float | str:
    """The decimal as INTEGER or REAL where that is exact, else as one canonical text.

    Text that is no decimal is returned as it is.
    """
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return text
    if not number.is_finite() or len(text) > _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
        return text
    if number == number.to_integral_value() and abs(number) <= _LARGEST_INTEGER:
        return int(number)
    # A REAL in a numeric column stands for its shortest decimal text, so that text is what must agree.
    if Decimal(repr(float(number))) == number:
        return float(number)
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
