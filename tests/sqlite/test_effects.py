"""The examples of a change begin where the change is."""

import pytest

from sdmigrate.model.values import Value
from sdmigrate.sqlite.effects import from_the_change


@pytest.mark.parametrize("alike", [33, 100, 4095, 4096, 4097, 20_000])
def test_what_long_texts_begin_with_alike_is_left_out(alike: int) -> None:
    same = "".join(chr(ord("a") + place % 26) for place in range(alike))
    before, after = from_the_change(same + "\x00 and the rest", same + " and the rest")
    assert before == f"…{same[-16:]}\x00 and the rest"
    assert after == f"…{same[-16:]} and the rest"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("13/10/2022 11:01", "2022-10-13 11:01:00"),
        ("a" * 32 + "x", "a" * 32 + "y"),
        ("a" * 32, "a" * 32),
        ("", "x"),
        (1, "1"),
        ("n/a", None),
        (b"\x00" * 100, "0" * 100),
    ],
)
def test_short_texts_and_other_values_are_shown_whole(before: Value, after: Value) -> None:
    assert from_the_change(before, after) == (before, after)


def test_a_cut_end_is_a_change() -> None:
    assert from_the_change("a" * 50 + "   ", "a" * 50) == (f"…{'a' * 16}   ", f"…{'a' * 16}")
