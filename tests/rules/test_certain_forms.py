"""What a pattern settles without parsing, against what parsing says of the same text."""

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmigrate.rules.certain_dates import MIDNIGHT
from sdmigrate.rules.convert_numbers import decimal_digits
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
