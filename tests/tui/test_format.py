"""Data as text: nothing of it is read as markup, nothing of it moves the terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.model.values import stored
from sdmigrate.tui import format as text


@given(st.text())
def test_no_control_or_formatting_character_is_left(value: str) -> None:
    shown = text.plain(value)
    assert not [character for character in shown if unicodedata.category(character) in ("Cc", "Cf", "Cs")]
    assert "\n" not in shown


@given(st.text(max_size=300), st.integers(min_value=2, max_value=40))
def test_a_cell_keeps_to_its_width(value: str, width: int) -> None:
    assert text.cell(value, width).cell_len <= width


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ("[red]x[/red]", "[red]x[/red]"),
        ("a\nb\tc", "a↵b⇥c"),
        ("\x1b[31mred", "␛[31mred"),
        ("left\u202eright", "left�right"),
        ("nul\0byte", "nul␀byte"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf�"),
        (stored(b"\x00\xff"), "00ff"),
        (stored(0.001), "0.001"),
    ],
)
def test_odd_values_are_shown_as_text(value: object, shown: str) -> None:
    assert text.plain(value) == shown


def test_a_long_value_is_cut_with_an_ellipsis() -> None:
    assert text.plain("x" * 10_000, 10) == "xxxxxxxxx…"


def test_markup_is_text_in_a_cell() -> None:
    assert text.cell("[bold]x[/]").plain == "[bold]x[/]"
    assert text.cell("[bold]x[/]").spans == []


@pytest.mark.parametrize(
    ("part", "words"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.99999, "> 99.9 %"), (0.00001, "< 0.1 %"), (0.6842, "68.4 %")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(part: float, words: str) -> None:
    assert text.share(part) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.041, "41 ms"), (2.66, "2.7 s"), (75.0, "1:15"), (3_725.0, "1:02:05")],
)
def test_durations(seconds: float, words: str) -> None:
    assert text.duration(seconds) == words


@pytest.mark.parametrize(
    ("octets", "words"), [(0, "0 bytes"), (1023, "1,023 bytes"), (12_582_912, "12.0 MiB")]
)
def test_sizes(octets: int, words: str) -> None:
    assert text.size(octets) == words


def test_rates() -> None:
    assert text.rate(412_300, "rows") == "412,300 rows/s"
    assert text.rate(1_250_000, "rows") == "1.2 M rows/s"
    assert text.rate(0, "rows") == "- rows/s"
