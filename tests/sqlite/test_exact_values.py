"""Values through JSON and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.model.values import Value
from sdmigrate.rules.repaired import same
from sdmigrate.sqlite.exact_values import from_exact, row_from_json, row_to_json

VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(),
    st.binary().map(lambda octets: octets.decode("utf-8", "surrogateescape")),
    st.binary(),
)


@given(st.dictionaries(st.text(), VALUES))
def test_a_row_comes_back_exactly(row: dict[str, Value]) -> None:
    back = row_from_json(row_to_json(row))
    assert back.keys() == row.keys()
    assert all(same(back[name], value) for name, value in row.items())


@pytest.mark.parametrize(
    "told", [True, [], {}, {"class": "text"}, {"class": "date", "value": "x"}, {"hex": "00"}]
)
def test_what_is_no_value_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match=r"neither|no value of class"):
        from_exact(told)
