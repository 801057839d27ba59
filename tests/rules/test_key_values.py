"""Decimal texts as SQLite can compare them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.rules.key_values import comparable_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.50", 1.5),
        ("7", 7),
        ("7.0", 7),
        ("-0", 0),
        ("9223372036854775807", 9223372036854775807),
        ("18446744073709551615", "18446744073709551615"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("1.2300000000000000000001000", "1.2300000000000000000001"),
        ("1e3", 1000),
        ("1e999999", "1e999999"),
        ("NaN", "NaN"),
        ("x", "x"),
    ],
)
def test_examples(text: str, value: float | str) -> None:
    comparable = comparable_number(text)
    assert (type(comparable), comparable) == (type(value), value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.integers(0, 5))
def test_trailing_zeros_make_no_difference(number: Decimal, zeros: int) -> None:
    assert comparable_number(f"{number:f}{'0' * zeros}") == comparable_number(f"{number:f}")
