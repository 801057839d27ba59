"""Whole numbers that no double tells apart, counted in DuckDB as one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmigrate.duck import wide
from sdmigrate.duck.connection import open_snapshot
from sdmigrate.duck.encoding import Carriage
from sdmigrate.model.catalog import Column, Table
from sdmigrate.model.values import Value
from sdmigrate.runtime.cancel import CancelToken
from tests.duck.naively import facts, make, naive, write

LARGE = [sign * (2**power + more) for sign in (1, -1) for power in (53, 62) for more in (-1, 0, 1, 2)]
UNWATCHED = Table(
    name="unwatched",
    columns=tuple(
        Column(name=declared, declared_type=declared, affinity="BLOB", not_null=False)
        for declared in (
            "BIGINT",
            "JSON",
            "VARCHAR(17)",
            "NUMERIC(18,0)",
            "CREATED_AT TIMESTAMP",
            "DOUBLE",
            "BLOB",
        )
    ),
)


@settings(max_examples=20)
@given(
    st.permutations(
        [
            *LARGE,
            2**63 - 1,
            -(2**63),
            float(2**53),
            7,
            *map(str, (*LARGE, 2**63 - 1, 2**63, 10**18, 10**14 + 1)),
        ]
    )
)
def test_large_whole_numbers_are_told_apart(
    tmp_path_factory: pytest.TempPathFactory, stored: list[Value]
) -> None:
    scratch = tmp_path_factory.mktemp("large")
    path = scratch / "s.sqlite"
    write(path, UNWATCHED, [(value,) * len(UNWATCHED.columns) for value in [*stored, *stored[:4]]])
    evidence = {column.name: make(UNWATCHED, column.name) for column in UNWATCHED.columns}
    with open_snapshot(path, scratch) as cursor:
        samples = dict.fromkeys(evidence, (2**60, str(2**60), "7"))
        wide.count_values(
            cursor, UNWATCHED, evidence, dict.fromkeys(evidence, Carriage()), CancelToken(), (), samples
        )
    for column, expected in naive(path, UNWATCHED).items():
        assert facts(evidence[column]) == facts(expected), column
