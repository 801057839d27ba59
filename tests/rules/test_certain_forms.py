"""What a pattern settles without parsing, against what parsing says of the same text."""

import json
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmigrate.rules.certain_dates import MIDNIGHT
from sdmigrate.rules.convert_numbers import decimal_digits
from sdmigrate.rules.form_json import CERTAIN_JSON, JSON_SUSPECT, json_form
from sdmigrate.rules.form_record import LONGEST_FORM, Moment
from sdmigrate.rules.forms import CERTAIN, understood


@pytest.mark.parametrize("name", CERTAIN)
@settings(max_examples=20)
@given(data=st.data())
def test_what_is_certain_is_understood_as_that_form(name: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(CERTAIN[name], re.ASCII), fullmatch=True))
    assert len(text) <= LONGEST_FORM
    form, meaning = understood(text)
    assert form == name
    if isinstance(meaning, Moment):
        assert not meaning.rounded
        assert meaning.zoned == (name == "iso_offset")
        assert (re.fullmatch(MIDNIGHT, text) is not None) == (meaning.at.isoformat()[10:] == "T00:00:00")
    elif isinstance(meaning, Decimal):
        before, after = decimal_digits(meaning)
        assert before + after <= 15
        assert after <= 4


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
).map(lambda value: json.dumps(value, ensure_ascii=False))


@given(
    text=documents, place=st.integers(0, 30), letter=st.sampled_from(("", "\\", "\n", " ", "0", '"', "NaN"))
)
def test_certain_json_is_json_and_what_it_cannot_be_is_not(text: str, place: int, letter: str) -> None:
    for written in (text, text[:place] + letter + text[place + 1 :]):
        if re.fullmatch(CERTAIN_JSON, written):
            assert json_form(written) == "json"
        if not re.match(JSON_SUSPECT, written):
            assert json_form(written) == "other"
