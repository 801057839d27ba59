"""What a column's bounds prove about a range."""

from collections.abc import Sequence

import pytest

from sdmigrate.model.rule import Rule
from sdmigrate.model.values import Value
from sdmigrate.rules.rule_values import bounds_in_range, in_range
from tests.rules.profiles import column, column_profile


@pytest.mark.parametrize(
    ("values", "minimum", "maximum", "proven"),
    [
        (["2024-01-01", "2024-12-31 23:59:59", None], "2024-01-01", "2024-12-31", True),
        (["2024-01-01", "2024-12-31 23:59:59"], "2024-01-02", None, False),
        (["2024-01-01", "2024-12-31 23:59:59"], None, "2024-12-30", False),
        # 31/12/1999 sorts behind 2024: only ISO text comes in the order of its days.
        (["2024-01-01", "31/12/1999"], "2000-01-01", "9999-12-31", False),
        (["2024-02-30"], "2024-01-01", "2024-12-31", False),
        ([20240101], "2024-01-01", None, False),
        ([1, 24, 7.5], 1, 24, True),
        ([1, 24.5], 1, 24, False),
        ([-1, 3], 0, None, False),
        ([2**63 - 1, -(2**63)], -(2**63), 2**63 - 1, True),
        ([1, "25"], 0, 24, False),
        ([1, "2"], 0, 24, False),
        ([None], 0, 24, False),
    ],
)
def test_bounds_prove_a_range_only_where_every_value_is_in_it(
    values: Sequence[Value], minimum: int | str | None, maximum: int | str | None, proven: bool
) -> None:
    rule = Rule(family="f", name="r", check="range", minimum=minimum, maximum=maximum)
    profile = column_profile(column("c"), values)
    assert bounds_in_range(rule, profile) is proven
    if proven:
        assert all(in_range(rule, profile)(value) for value in values if value is not None)
