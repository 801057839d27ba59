"""Decisions changed one at a time: what follows, what is refused, what is left undecided, what is undone."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from sdmigrate.model.catalog import Catalog, ForeignKey, Index, IndexTerm
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.finding import Finding
from sdmigrate.model.profile import KeyProfile, ReferenceProfile
from sdmigrate.model.settings import Limits
from sdmigrate.model.values import Value
from sdmigrate.rules import plan_file
from sdmigrate.rules.plan_file import PlanProblem
from sdmigrate.rules.plan_review import (
    Review,
    begun,
    with_accepted,
    with_agreed,
    with_column,
    with_plan,
    with_table,
)
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


def test_blobs_become_text_by_a_form_and_by_nothing_else() -> None:
    proposed = review_of("TEXT", [b"a", b"b", b"\xff"])
    assert proposed.column("t", "v").type == "bytea"
    read = with_column(proposed, "t", "v", "form", "utf8_bytes")
    assert (read.column("t", "v").type, read.column("t", "v").empty) == ("text", "keep")
    assert [(finding.code, finding.count) for finding in read.plan.findings] == [("misfits", 1)]
    assert read_again(read) == read.plan.plan_id
    mixed = review_of("TEXT", [b"a", "b", b"\xff"])
    assert [(finding.code, finding.count) for finding in mixed.undecided["t", "v"]] == [("misfits", 2)]
    assert ("t", "v") in with_column(mixed, "t", "v", "form", "utf8_bytes").decided


def test_numbers_among_blobs_become_bytes_by_a_form() -> None:
    mixed = review_of("", [b"a", "b", 7, 0.5])
    assert mixed.column("t", "v").type == "text"
    read = with_column(mixed, "t", "v", "form", "text_bytes")
    assert read.column("t", "v").type == "bytea"
    assert (read.plan.findings, read.halting) == ((), frozenset())
    assert read_again(read) == read.plan.plan_id
    without = with_column(read, "t", "v", "form", "auto")
    assert [(finding.code, finding.count) for finding in without.plan.findings] == [("misfits", 2)]


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


def test_what_is_agreed_to_is_asked_no_more_and_decides_nothing() -> None:
    review = review_of("INTEGER", [*range(96), "x", "x"])
    assert set(review.undecided) == {("t", "v"), ("t", None)}
    agreed = with_agreed(review, review.undecided)
    assert agreed.undecided == {}
    assert agreed.agreed == {("t", "v"), ("t", None)}
    assert agreed.decided == frozenset()
    assert agreed.changed
    assert agreed.plan.plan_id == review.plan.plan_id
    read = plan_file.read(agreed.decisions, agreed.catalog, agreed.profile)
    assert read.table("t").agreed == ("duplicate-declared-key",)
    assert read.table("t").column("v").agreed == agreed.plan.table("t").column("v").agreed != ()
    assert plan_file.read(agreed.text, agreed.catalog, agreed.profile).tables == agreed.plan.tables
    assert agreed.undone.undecided == review.undecided
    assert with_agreed(agreed, [("t", "v")]) is agreed


_HEAD = "version = 1\n"


@pytest.mark.parametrize(
    ("stated", "still_asked"),
    [
        ("", {"nul-bytes", "texts-not-utf8", "misfits"}),
        ('invalid_utf8 = "quarantine"', {"nul-bytes", "misfits"}),
        ('invalid_utf8 = "quarantine"\nnul_bytes = "strip"\nmisfit = "quarantine"', set()),
        ('empty = "keep"\ntype = "text"', {"nul-bytes", "texts-not-utf8", "misfits"}),
    ],
)
def test_a_default_that_the_file_states_is_agreed_to(stated: str, still_asked: set[str]) -> None:
    proposed = review_of("TEXT", ["a", "ca\udce9", "a\0b", b"\xff"])
    text = f"{_HEAD}[tables.t.columns.v]\n{stated}\n"
    plan = plan_file.read(text, proposed.catalog, proposed.profile)
    review = begun(proposed.catalog, proposed.profile, plan, day_first=None, limits=Limits())
    assert {finding.code for finding in review.undecided.get(("t", "v"), ())} == still_asked
    assert plan.plan_id == proposed.plan.plan_id
    for saved in (review.text, review.decisions):
        assert plan_file.read(saved, proposed.catalog, proposed.profile).tables == plan.tables


def test_a_complete_plan_agrees_by_what_is_never_written_by_itself() -> None:
    proposed = review_of("TEXT", ["a", "ca\udce9", b"\xff"])
    untouched = plan_file.read(proposed.text, proposed.catalog, proposed.profile)
    assert untouched.table("t").column("v").agreed == ()
    edited = proposed.text.replace("columns.v]\n", 'columns.v]\ninvalid_utf8 = "quarantine"\n')
    read = plan_file.read(edited, proposed.catalog, proposed.profile)
    assert read.table("t").column("v").agreed == ("texts-not-utf8",)


def test_keys_of_a_table_and_of_a_date_agree_as_well() -> None:
    orphans = _family()
    text = f'{_HEAD}[tables.child]\norphans = "keep"\n'
    plan = plan_file.read(text, orphans.catalog, orphans.profile)
    assert begun(orphans.catalog, orphans.profile, plan, day_first=None, limits=Limits()).undecided == {}
    dates = review_of("TIMESTAMP", _AMBIGUOUS)
    text = f'{_HEAD}[tables.t.columns.v]\ntype = "text"\n'
    plan = plan_file.read(text, dates.catalog, dates.profile)
    review = begun(dates.catalog, dates.profile, plan, day_first=None, limits=Limits())
    assert ("t", "v") not in review.undecided


def test_what_a_review_writes_beside_a_type_agrees_to_nothing() -> None:
    review = review_of("INTEGER", [*range(95), "x", ""], not_null=True)
    typed = with_column(review, "t", "v", "type", "smallint")
    assert "empty" in typed.decisions
    assert typed.column("t", "v").agreed == ()


def test_agreeing_to_one_finding_leaves_another_of_the_column_open() -> None:
    review = review_of("INTEGER", [*range(95), "x"], not_null=True)
    agreed = with_agreed(review, [("t", "v")])
    codes = agreed.plan.table("t").column("v").agreed
    worse = review_of("INTEGER", [*range(95), "x", ""], not_null=True)
    text = agreed.decisions
    plan = plan_file.read(text, worse.catalog, worse.profile)
    again = begun(worse.catalog, worse.profile, plan, day_first=None, limits=Limits())
    asked = {finding.code for finding in again.undecided["t", "v"]}
    assert asked
    assert asked.isdisjoint(codes)


def test_a_naming_holds_for_what_is_not_named_and_is_undone() -> None:
    catalog = Catalog(tables=(table("Big Table", column("firstName", "TEXT"), column("Other", "TEXT")),))
    profile = profile_of(table_profile(catalog.tables[0], [("a", "b")]))
    before = begun(catalog, profile, propose(catalog, profile), day_first=None, limits=Limits())
    named = with_column(before, "Big Table", "Other", "target", "Mine")
    after = with_plan(named, naming="snake_case")
    (planned,) = after.plan.tables
    assert (planned.target, [one.target for one in planned.columns]) == ("big_table", ["first_name", "Mine"])
    assert read_again(after) == after.plan.plan_id
    back = after.undone
    assert back.plan == named.plan
    assert with_plan(back, naming="lower").plan.table("Big Table").target == "big table"


def test_a_date_order_for_every_column_settles_the_ambiguous_ones() -> None:
    before = review_of("TIMESTAMP", _AMBIGUOUS)
    after = with_plan(before, day_first=True)
    assert (after.column("t", "v").type, after.column("t", "v").day_first) == ("timestamp", True)
    assert after.decided == frozenset()
    assert ("t", "v") not in after.undecided
    assert with_plan(after, day_first=None).plan == before.plan


def test_a_date_order_of_the_command_line_stands() -> None:
    review = review_of("TIMESTAMP", _AMBIGUOUS)
    given = begun(review.catalog, review.profile, review.plan, day_first=False, limits=Limits())
    with pytest.raises(UsageProblem, match="--month-first was given"):
        with_plan(given, day_first=True)


def _family() -> Review:
    parent = table("parent", column("id", "INTEGER"), primary_key=("id",), rowid_alias="id")
    key = ForeignKey(columns=("p",), parent_table="PARENT", parent_columns=("id",))
    child = table("child", column("p", "INTEGER"), foreign_keys=(key,))
    other = table("other", column("p", "INTEGER"))
    lost = ReferenceProfile(
        columns=("p",), parent_table="parent", parent_columns=("id",), declared=True, orphans=2
    )
    suggested = msgspec.structs.replace(lost, declared=False, orphans=1)
    findings = tuple(
        Finding(code="orphans", severity="warning", table=name, column="p", count=2, message="m", advice="a")
        for name in ("child", "other")
    )
    catalog = Catalog(tables=(child, other, parent))
    profile = profile_of(
        table_profile(child, [(1,), (8,), (9,)], references=(lost,)),
        table_profile(other, [(1,)], references=(suggested,)),
        table_profile(parent, [(1,)]),
    )
    profile = msgspec.structs.replace(profile, findings=findings)
    return begun(catalog, profile, propose(catalog, profile), day_first=None, limits=Limits())


def test_orphans_of_a_declared_key_are_asked_about_until_decided() -> None:
    review = _family()
    assert {place: [one.code for one in found] for place, found in review.undecided.items()} == {
        ("child", None): ["orphans"]
    }
    assert with_table(review, "child", orphans="null").undecided == {}
    assert with_agreed(review, [("child", None)]).undecided == {}
    assert with_table(review, "child", include=False).undecided == {}


def test_a_doubtful_epoch_is_asked_about_until_decided() -> None:
    doubt = Finding(
        code="doubtful-epoch", severity="warning", table="t", column="v", count=2, message="m", advice="a"
    )
    bare = review_of("DATETIME", [669643209, 769423320])
    profile = msgspec.structs.replace(bare.profile, findings=(doubt,))
    review = begun(bare.catalog, profile, bare.proposal, day_first=None, limits=Limits())
    assert (review.column("t", "v").type, review.column("t", "v").form) == ("timestamp", "epoch_s")
    assert [finding.code for finding in review.undecided["t", "v"]] == ["doubtful-epoch"]
    assert ("t", "v") not in with_column(review, "t", "v", "form", "apple_s").undecided
    assert ("t", "v") not in with_column(review, "t", "v", "type", "bigint").undecided
    assert ("t", "v") not in with_agreed(review, [("t", "v")]).undecided


def test_tables_that_foreign_keys_join_are_one_group() -> None:
    names = [[table.source for table in group] for group in _family().groups]
    assert names == [["child", "parent"], ["other"]]


def test_what_is_decided_for_one_end_of_a_foreign_key_goes_to_the_other_and_back() -> None:
    key = ForeignKey(columns=("owner",), parent_table="person", parent_columns=("id",))
    person = table("person", column("id", "INTEGER"), primary_key=("id",), rowid_alias="id")
    pet = table("pet", column("owner", "INTEGER"), foreign_keys=(key,))
    catalog = Catalog(tables=(person, pet))
    profile = profile_of(*(table_profile(one, [(number,) for number in range(9)]) for one in (person, pet)))
    begin = begun(catalog, profile, propose(catalog, profile), day_first=None, limits=Limits())

    def types(review: Review) -> tuple[str, str]:
        return review.column("person", "id").type, review.column("pet", "owner").type

    for place in (("person", "id"), ("pet", "owner")):
        texts = with_column(begin, *place, "type", "text")
        assert types(texts) == ("text", "text")
        assert read_again(texts) == texts.plan.plan_id
        assert (
            types(texts.undone) == types(with_column(texts, *place, "type", "bigint")) == ("bigint", "bigint")
        )
        # PostgreSQL compares all integers with each other.
        assert set(types(with_column(begin, *place, "type", "integer"))) == {"integer", "bigint"}
