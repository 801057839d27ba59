"""Text made safe, numbers made readable, values made shapes."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.model.values import stored
from sdmigrate.report.masking import masked, shape
from sdmigrate.report.numbers import count, duration, measured, rate, share, size
from sdmigrate.report.plain import plain
from sdmigrate.rules.wording import plural
from tests.report.stories import SECRET, released


def test_what_acts_is_written_as_its_escape() -> None:
    assert plain("a\nb\tc\0d\x1b[31me") == "a\\nb\\tc\\0d\\x1b[31me"
    assert plain("\u202eevil\u2066\u2028") == "\\u202eevil\\u2066\\u2028"
    assert plain("caf\udce9") == "caf\\udce9"
    assert plain("\U000e0001") == "\\U000e0001"


def test_what_shows_is_left_as_it_is() -> None:
    for text in ("", "Zoë – café ✓", "日本語", "C:\\path [red]", "🙂"):
        assert plain(text) == text


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert plain("abcdef", 4) == "abc…"
    assert plain("abcd", 4) == "abcd"


@given(st.text(st.characters()))
def test_no_text_gets_a_control_character_through(text: str) -> None:
    assert not {unicodedata.category(character) for character in plain(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_numbers_are_written_one_way() -> None:
    assert count(260130) == "260,130"
    assert (plural(1, "row"), plural(0, "row"), plural(2, "query", "queries")) == (
        "1 row",
        "0 rows",
        "2 queries",
    )
    assert (share(0.0), share(1.0), share(0.00001), share(0.99999), share(0.123)) == (
        "0 %",
        "100 %",
        "< 0.1 %",
        "> 99.9 %",
        "12.3 %",
    )
    assert (measured("x"), measured(80.0), measured(0.0125), measured(1234567)) == (
        "x",
        "80",
        "0.0125",
        "1,234,567",
    )
    assert (duration(0.0124), duration(2.5), duration(125), duration(7300)) == (
        "12 ms",
        "2.5 s",
        "2 min 05 s",
        "2 h 01 min",
    )
    assert (rate(1000, 0.5), rate(0, 1), rate(5, 0)) == ("2,000 rows/s", "", "")
    assert (size(1023), size(1536), size(3 * 1024**3)) == ("1,023 bytes", "1.5 KiB", "3.0 GiB")


def test_a_shape_shows_the_form_and_nothing_of_the_content() -> None:
    assert shape(stored("20/05/2025 8:42")) == "99/99/9999 9:99"
    assert shape(stored("Zoë@example.org")) == "Xxx@xxxxxxx.xxx"
    assert shape(stored(-12.5)) == "-99.9"
    assert shape(stored(b"\x00secret")) == "blob"
    assert shape(stored("x" * 100)) == "x" * 39 + "…"


@given(st.text())
def test_a_shape_keeps_no_letter_or_digit(text: str) -> None:
    assert set(filter(str.isalnum, shape(stored(text)))) <= {"x", "X", "9"}


def test_masking_reaches_every_value_of_a_story() -> None:
    story = released()
    assert SECRET in repr(story)
    assert SECRET not in repr(masked(story))
    assert masked(story).findings[0].count == story.findings[0].count


def test_names_that_nobody_would_read_are_shortened() -> None:
    name = "n" * 99_990 + "the end"
    told = plain(f"Table {name} is damaged; see /a/path.")
    assert told == f"Table {'n' * 80}…(99,993 characters)…{'n' * 17}the end is damaged; see /a/path."
    spaced = plain("a " * 100_000)
    assert len(spaced) < 200
    assert "(200,000 characters)" in spaced
    path = "/" + "p" * 998
    assert plain(path) == path
