"""Decisions changed one at a time: what follows, what is refused, what is left undecided, what is undone."""

from collections.abc import Sequence
from typing import Any

import pytest

from sdmigrate.model.catalog import Catalog, Index, IndexTerm
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.profile import KeyProfile
from sdmigrate.model.settings import Limits
from sdmigrate.model.values import Value
from sdmigrate.rules import plan_file
from sdmigrate.rules.plan_file import PlanProblem
from sdmigrate.rules.plan_review import Review, begun, with_accepted, with_column, with_table
from sdmigrate.rules.planning import propose
from tests.rules.profiles import column, table, table_profile
from tests.rules.profiles import profile as profile_of

_AMBIGUOUS = ["2024-01-02 03:04:05"] * 98 + ["03/04/2024 10:00"]


def review_of(declared: str, values: Sequence[Value], *, not_null: bool = False) -> Review:
    unique = Index(name="one_v", unique=True, origin="create", terms=(IndexTerm(column="v"),))
    one = table("t", column("v", declared, not_null=not_null), column("w", "TEXT"), indexes=(unique,))
    repeated = KeyProfile(
        columns=("v",),
        declared=True,
        unique=False,
        duplicate_rows=len(values) - len(set(values)),
        null_rows=0,
    )
    rows = [(value, "w") for value in values]
    catalog, profile = Catalog(tables=(one,)), profile_of(table_profile(one, rows, keys=(repeated,)))
    return begun(catalog, profile, propose(catalog, profile), day_first=None, limits=Limits())


def read_again(review: Review) -> str:
    return plan_file.read(review.decisions, review.catalog, review.profile).plan_id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "text"),
        ("type", "numeric(9,2)"),
        ("empty", "quarantine"),
        ("misfit", "null"),
        ("placeholders", ("-", "a, b", '"')),
        ("default", "7"),
        ("target", "The Value"),
    ],
)
def test_a_changed_plan_is_what_its_file_says(name: str, value: Any) -> None:
    before = review_of("INTEGER", [*range(96), "", "-"])
    after = with_column(before, "t", "v", name, value)
    assert getattr(after.column("t", "v"), name) == value
    assert read_again(after) == after.plan.plan_id != before.plan.plan_id
    assert after.changed
    assert after.undone.plan == before.plan
    assert not after.undone.changed


def test_what_the_evidence_would_decide_is_said_where_it_is_decided_otherwise() -> None:
    before = review_of("INTEGER", [1_700_000_000 + number * 86_400 for number in range(50)])
    stamped = with_column(before, "t", "v", "type", "timestamp")
    formed = with_column(stamped, "t", "v", "form", "epoch_s")
    back = with_column(formed, "t", "v", "form", "auto")
    assert formed.column("t", "v").form == "epoch_s"
    assert back.column("t", "v").form == "auto"
    assert read_again(back) == back.plan.plan_id


def test_a_date_order_makes_dates_of_a_column_that_only_it_kept_text() -> None:
    before = review_of("TIMESTAMP", _AMBIGUOUS)
    assert [finding.code for finding in before.undecided["t", "v"]] == ["ambiguous-dates"]
    after = with_column(before, "t", "v", "day_first", False)
    decided = after.column("t", "v")
    assert (decided.type, decided.day_first, decided.empty) == ("timestamp", False, "null")
    assert ("t", "v") not in after.undecided
    other = with_column(after, "t", "v", "day_first", True)
    assert (other.column("t", "v").type, other.column("t", "v").day_first) == ("timestamp", True)
    assert read_again(other) == other.plan.plan_id
    assert other.undone.undone.plan == before.plan


def test_a_type_is_taken_where_misfits_had_made_the_column_text() -> None:
    widened = with_column(review_of("INTEGER", [*range(99), "x"]), "t", "v", "misfit", "text")
    assert widened.column("t", "v").type == "text"
    typed = with_column(widened, "t", "v", "type", "bigint")
    assert (typed.column("t", "v").type, typed.column("t", "v").misfit) == ("bigint", "quarantine")


def test_what_the_file_refuses_a_review_refuses_without_a_line() -> None:
    review = review_of("INTEGER", [1, 2, ""], not_null=True)
    with pytest.raises(PlanProblem) as refused:
        with_column(review, "t", "v", "empty", "null")
    assert refused.value.problem == "empty is null, and the column must not be NULL."
    with pytest.raises(UsageProblem, match="'colour' is no type"):
        with_column(review, "t", "v", "type", "colour")
    with pytest.raises(UsageProblem):
        with_column(review, "t", "v", "target", "w")
    with pytest.raises(UsageProblem, match="where cannot be used"):
        with_table(review, "t", where="x > (")


def test_duplicates_are_decided_for_their_table() -> None:
    review = review_of("TEXT", ["a", "b", "b", "c"])
    assert [finding.count for finding in review.undecided["t", None]] == [1]
    after = with_table(review, "t", duplicates="last")
    assert ("t", None) not in after.undecided
    assert read_again(after) == after.plan.plan_id
    assert ("t", None) in after.decided
    assert ("t", "v") not in after.decided


def test_a_name_decides_nothing() -> None:
    review = review_of("INTEGER", [*range(99), "x"])
    named = with_column(review, "t", "v", "target", "number")
    assert ("t", "v") not in named.decided
    assert ("t", "v") in named.undecided


def test_rows_accepted_in_quarantine_can_be_taken_back() -> None:
    review = review_of("INTEGER", [*range(99), "x"])
    accepted = with_accepted(review, "t", 3)
    assert accepted.plan.accept_quarantine == {"t": 3}
    assert with_accepted(accepted, "t", 0).plan == review.plan


def test_the_same_decision_again_is_no_change() -> None:
    review = review_of("INTEGER", [1, 2])
    assert with_table(review, "t", include=True) is review
