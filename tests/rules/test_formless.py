"""What certainly has no form, against what parsing says of the same text."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmigrate.rules.form_numbers import NOT_FINITE, PADDED_INTEGER
from sdmigrate.rules.formless import FOREIGN, FORMLESS, HEX, HEX_LENGTHS
from sdmigrate.rules.forms import FORMS, form_of

PATTERNS = {form.name: form.compiled for form in FORMS} | {
    "leading_zeros": PADDED_INTEGER,
    "not_finite": NOT_FINITE,
}


def is_formless(text: str) -> bool:
    return (
        re.search(FOREIGN, text, re.ASCII) is not None
        or re.fullmatch(FORMLESS, text, re.ASCII) is not None
        or (re.fullmatch(HEX, text, re.ASCII) is not None and len(text) not in HEX_LENGTHS)
    )


@pytest.mark.parametrize("name", PATTERNS)
@settings(max_examples=40)
@given(data=st.data())
def test_no_text_of_a_form_is_called_formless(name: str, data: st.DataObject) -> None:
    assert not is_formless(data.draw(st.from_regex(PATTERNS[name], fullmatch=True)))


@pytest.mark.parametrize("pattern", [FORMLESS, HEX], ids=["formless", "hex"])
@settings(max_examples=100)
@given(data=st.data())
def test_what_is_formless_is_counted_as_other(pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    assert not is_formless(text) or form_of(text) == "other"


@settings(max_examples=200)
@given(st.from_regex(r"[0-9 .,:/+TZe-]{0,12}[A-Za-z=#]{0,4}[0-9 .:-]{0,6}", fullmatch=True))
def test_neither_is_a_form_with_something_foreign(text: str) -> None:
    assert not is_formless(text) or form_of(text) == "other"


@pytest.mark.parametrize(
    "text",
    [
        "06b261d5e6f897876bdffe00e57b3b6ec8efa384",
        "8776a1073244e7e98b8d3b49",
        "0B:a0:b6:cb:d2:1d",
        "10 customers failed to login",
        '{"id": 7, "name": "x"}',
        "7K2xq9",
        "74.13%",
        "2024-05-20 (approx.)",
        "2018/00042",
        "94309-0295",
        "+49 80 4163849",
        "15.24.786",
        "-19.305500,-8.864163",
    ],
)
def test_what_begins_as_a_form_may_and_is_none(text: str) -> None:
    assert is_formless(text)
    assert form_of(text) == "other"
