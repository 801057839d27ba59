"""jsonb's text without PostgreSQL, held against PostgreSQL."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmigrate.sqlite.canonical_json import jsonb_text

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('{"bb":1,"a":2,"a":3}', '{"a": 3, "bb": 1}'),
        (" [ ] ", "[]"),
        ("{}", "{}"),
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("0e5", "0"),
        ("0e-5", "0.00000"),
        ("1.50e1", "15.0"),
        ("-1e3", "-1000"),
        ("1E-5", "0.00001"),
        ("12345678901234567890.10", "12345678901234567890.10"),
        ('"\\u00e9\\ud83d\\ude42\\/\\u007f\\u001f\\b"', '"é🙂/\x7f\\u001f\\b"'),
        ('{"é":1,"zz":2,"z":3}', '{"z": 3, "zz": 2, "é": 1}'),
    ],
)
def test_known_forms(text: str, canonical: str) -> None:
    assert jsonb_text(text) == canonical


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "", "{", "1 2"])
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        jsonb_text(text)


@given(VALUES)
@settings(max_examples=50)
def test_its_form_is_its_own_canonical_form(value: object) -> None:
    text = jsonb_text(json.dumps(value))
    assert jsonb_text(text) == text
