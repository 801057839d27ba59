from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.model.catalog import Affinity, Column
from sdmigrate.model.values import Value
from sdmigrate.rules.conversion import Misfit, convert, split_type
from sdmigrate.rules.declared_types import declared_digits, declared_length, declared_type, interest_of
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.fitting import fits, type_plan
from sdmigrate.rules.types import Proposal, propose
from tests.rules.values import values


def column(declared: str, affinity: Affinity, name: str = "c") -> Column:
    return Column(name=name, declared_type=declared, affinity=affinity, not_null=False)


def evidence_of(declared: Column, stored: Sequence[Value]) -> Evidence:
    evidence = Evidence(
        interest=interest_of(declared),
        declared_digits=declared_digits(declared),
        declared_length=declared_length(declared),
    )
    for rowid, value in enumerate(stored, 1):
        if value is None:
            evidence.add_nulls(1)
        else:
            evidence.add(value, 1, rowid)
    return evidence


def proposed(declared: str, affinity: Affinity, stored: Sequence[Value], name: str = "c") -> Proposal:
    one = column(declared, affinity, name)
    return propose(one, evidence_of(one, stored))


@pytest.mark.parametrize(
    ("declared", "affinity", "expected"),
    [
        ("", "BLOB", "bytea"),
        ("INT", "INTEGER", "bigint"),
        ("INTEGER", "INTEGER", "bigint"),
        ("POINT", "INTEGER", "bigint"),
        ("FLOATING POINT", "INTEGER", "bigint"),
        ("DOUBLE PRECISION", "REAL", "double precision"),
        ("FLOAT8", "REAL", "double precision"),
        ("DECIMAL(10,2)", "NUMERIC", "numeric(10,2)"),
        ("NUMERIC (10, 2)", "NUMERIC", "numeric(10,2)"),
        ("DECIMAL(2,10)", "NUMERIC", "numeric"),
        ("NUMBER", "NUMERIC", "numeric"),
        ("VARCHAR(10)", "TEXT", "text"),
        ("DATETIME", "NUMERIC", "timestamp"),
        ("TIMESTAMP WITHOUT TIME ZONE", "NUMERIC", "timestamp"),
        ("TIMESTAMP WITH TIME ZONE", "NUMERIC", "timestamptz"),
        ("TIMESTAMPTZ", "NUMERIC", "timestamptz"),
        ("DATE", "NUMERIC", "date"),
        ("TIME", "NUMERIC", "time"),
        ("BOOLEAN", "NUMERIC", "boolean"),
        ("JSONB", "BLOB", "jsonb"),
        ("UUID", "NUMERIC", "uuid"),
        ("VARBINARY(16)", "NUMERIC", "bytea"),
        ("ENUM", "NUMERIC", "numeric"),
    ],
)
def test_declared_types(declared: str, affinity: Affinity, expected: str) -> None:
    assert declared_type(column(declared, affinity)) == expected


@pytest.mark.parametrize(
    ("declared", "affinity", "stored", "expected"),
    [
        ("INTEGER", "INTEGER", [1] * 95 + ["x"] * 5, "bigint"),
        ("INTEGER", "INTEGER", [1] * 94 + ["x"] * 6, "text"),
        ("INTEGER", "INTEGER", [1, 2.5], "double precision"),
        ("INTEGER", "INTEGER", [2**53 + 1, 2.5], "numeric"),
        ("INTEGER", "INTEGER", ["", None, 1], "bigint"),
        ("INTEGER", "INTEGER", ["", None], "bigint"),
        ("REAL", "REAL", [1.5] * 99 + ["n/a"], "double precision"),
        ("DECIMAL(10,2)", "NUMERIC", [19.99, 5], "numeric(10,2)"),
        ("DECIMAL(10,2)", "NUMERIC", [19.999, 5], "numeric"),
        ("BOOLEAN", "NUMERIC", [0, 1, "yes", "f", "", None], "boolean"),
        ("BOOLEAN", "NUMERIC", [0] * 99 + [2], "bigint"),
        ("UUID", "NUMERIC", ["DE13F867-70EC-49E4-A398-041B83F1A535", b"\1" * 16], "uuid"),
        ("UUID", "NUMERIC", ["DE13F867-70EC-49E4-A398-041B83F1A535"] * 99 + ["x"], "text"),
        ("TEXT", "TEXT", ["de13f867-70ec-49e4-a398-041b83f1a535"], "text"),
        ("TEXT", "TEXT", ["1", "2"], "text"),
        ("TEXT", "TEXT", ["2024-01-02"] * 96 + ["0000-00-00"] * 4, "date"),
        ("TEXT", "TEXT", ["2024-01-02"] * 94 + ["0000-00-00"] * 6, "text"),
        ("TEXT", "TEXT", ["2024-01-02"] * 99 + ["pending"], "text"),
        ("TEXT", "TEXT", ["31.12.24"], "text"),
        ("TEXT", "TEXT", ["31.12.2024"], "date"),
        ("DATETIME", "NUMERIC", ["2024-01-02"], "timestamp"),
        ("DATETIME", "NUMERIC", ["2024-01-02 03:04:05"] * 95 + ["x"] * 5, "timestamp"),
        ("DATETIME", "NUMERIC", ["2024-01-02 03:04:05"] * 94 + ["x"] * 6, "text"),
        ("DATETIME", "NUMERIC", [1, 2, 3], "bigint"),
        ("DATETIME", "NUMERIC", ["2024-01-02T03:04:05Z"], "timestamptz"),
        ("DATE", "NUMERIC", ["2024-01-02 00:00:00", "2024-01-02"], "date"),
        ("DATE", "NUMERIC", ["2024-01-02 00:00:01"], "timestamp"),
        ("TIME", "NUMERIC", ["8:42", "23:59:59"], "time"),
        ("BLOB", "BLOB", [b"x", "y"], "bytea"),
        ("BLOB", "BLOB", ["x", "y"], "text"),
        ("", "BLOB", [1, 2], "bigint"),
        ("", "BLOB", [1, 2.5], "double precision"),
        ("", "BLOB", [b"x"], "bytea"),
        ("", "BLOB", ["x", 1], "text"),
        ("STRING", "NUMERIC", [7, 8], "bigint"),
        ("ENUM", "NUMERIC", ["PG", "R"], "text"),
    ],
)
def test_proposals(declared: str, affinity: Affinity, stored: list[Value], expected: str) -> None:
    assert proposed(declared, affinity, stored).type == expected


def test_confidence_is_the_share_of_fitting_values() -> None:
    proposal = proposed("INTEGER", "INTEGER", [1] * 97 + ["x", "y", 2.5, "", None])
    assert (proposal.type, proposal.confidence) == ("bigint", 0.97)
    assert proposal.reason == "All but 3 of 100 values fit the declared type."
    examples = next(one.examples for one in proposal.candidates if one.type == "bigint")
    assert [(sample.rowid, sample.value.text) for sample in examples] == [(98, "x"), (99, "y"), (100, "2.5")]


def test_julian_days_are_told_by_name_and_range() -> None:
    assert proposed("REAL", "REAL", [2460311.5], name="start_jd").form == "julian_day"
    assert proposed("REAL", "REAL", [2460311.5], name="price").type == "double precision"
    assert proposed("REAL", "REAL", [2460311.5, 1.0], name="jd").type == "double precision"


numbers_as_text = st.from_regex(r"[+-]?[0-9]{1,4}([., '][0-9]{3}){0,2}([.,][0-9]{1,4})?", fullmatch=True)


@given(
    stored=st.lists(numbers_as_text, max_size=8),
    declared=st.sampled_from(["TEXT", "DECIMAL(7,2)"]),
    type_=st.sampled_from(["bigint", "numeric", "numeric(7,2)", "double precision"]),
    form=st.sampled_from(["auto", "thousands", "decimal_comma"]),
)
def test_numbers_with_separators_fit_where_they_convert(
    stored: list[Value], declared: str, type_: str, form: str
) -> None:
    if type_.startswith("numeric(") and declared == "TEXT":
        type_ = "numeric"
    evidence = evidence_of(column(declared, "NUMERIC"), stored)
    plan = type_plan(type_, form)
    assert fits(evidence, type_, form) == sum(not isinstance(convert(each, plan), Misfit) for each in stored)


declarations: st.SearchStrategy[tuple[str, Affinity]] = st.sampled_from(
    [
        ("", "BLOB"),
        ("INTEGER", "INTEGER"),
        ("REAL", "REAL"),
        ("DECIMAL(10,2)", "NUMERIC"),
        ("TEXT", "TEXT"),
        ("VARCHAR(5)", "TEXT"),
        ("DATETIME", "NUMERIC"),
        ("DATE", "NUMERIC"),
        ("TIME", "NUMERIC"),
        ("BOOLEAN", "NUMERIC"),
        ("JSON", "NUMERIC"),
        ("UUID", "NUMERIC"),
        ("BLOB", "BLOB"),
    ]
)


@given(declared=declarations, stored=st.lists(st.one_of(st.none(), values), max_size=10))
def test_a_proposal_holds_what_it_claims(declared: tuple[str, Affinity], stored: list[Value]) -> None:
    proposal = proposed(*declared, stored)
    split_type(proposal.type)
    assert 0 <= proposal.confidence <= 1
    assert proposal.type in {one.type for one in proposal.candidates}
    if proposal.confidence == 1:
        plan = type_plan(proposal.type, proposal.form, proposal.day_first)
        for value in stored:
            missing = isinstance(value, str) and not value.strip(" \t\n\r\f\v")
            if value is not None and not missing:
                assert not isinstance(convert(value, plan), Misfit), value
    elif proposal.type not in ("text", "bigint", "double precision", "numeric", "json"):
        assert proposal.confidence >= 0.95
