"""The default decisions, each where it bites."""

from collections.abc import Sequence

import msgspec
import pytest

from sdmigrate.model.catalog import ForeignKey, Index, IndexTerm
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import KeyProfile
from sdmigrate.model.values import Value
from sdmigrate.rules.planning import plan_id, propose
from tests.rules.profiles import column, facts, profile, table, table_profile


def codes(plan: Plan) -> dict[tuple[str, str | None], int]:
    return {(finding.code, finding.column): finding.count for finding in plan.findings}


def plan_of(
    declared: str, values: Sequence[Value], *, not_null: bool = False, day_first: bool | None = None
) -> Plan:
    one = table("t", column("v", declared, not_null=not_null))
    return propose(*facts([(one, [(value,) for value in values])]), day_first=day_first)


def test_empty_text_in_a_nullable_number_column_becomes_null() -> None:
    plan = plan_of("INTEGER", [1, 2, "", "  "])
    decided = plan.table("t").column("v")
    assert (decided.type, decided.empty, decided.not_null) == ("bigint", "null", False)
    assert codes(plan) == {("empty-strings-for-null", "v"): 2}


def test_empty_text_in_a_not_null_number_column_is_quarantined() -> None:
    plan = plan_of("INTEGER", [1, 2, ""], not_null=True)
    assert plan.table("t").column("v").empty == "quarantine"
    assert codes(plan) == {("empty-refused", "v"): 1}


@pytest.mark.parametrize("declared", ["TEXT", "BLOB"])
def test_empty_text_stays_in_text_and_bytes(declared: str) -> None:
    plan = plan_of(declared, ["a", "", b"x" if declared == "BLOB" else "b"])
    assert plan.table("t").column("v").empty == "keep"
    assert ("empty-strings-for-null", "v") not in codes(plan)


def test_misfits_are_quarantined_and_counted() -> None:
    plan = plan_of("INTEGER", [*range(99), "abc"])
    assert plan.table("t").column("v").misfit == "quarantine"
    assert codes(plan) == {("misfits", "v"): 1}
    assert plan.findings[0].samples[0].value.text == "abc"


def test_ambiguous_dates_stay_text_until_the_operator_says() -> None:
    values = ["2024-01-02 03:04:05"] * 98 + ["03/04/2024 10:00"]
    undecided = plan_of("TIMESTAMP", values)
    assert undecided.table("t").column("v").type == "text"
    assert codes(undecided) == {("ambiguous-dates", "v"): 1}
    decided = plan_of("TIMESTAMP", values, day_first=True)
    assert decided.table("t").column("v").type == "timestamp"
    assert decided.table("t").column("v").day_first is True
    assert codes(decided) == {}


def test_all_ambiguous_dates_in_a_date_column_settled() -> None:
    values = ["03/04/2024", "05/06/2024"]
    assert plan_of("DATE", values).table("t").column("v").type == "text"
    assert plan_of("DATE", values, day_first=False).table("t").column("v").type == "date"


def test_own_evidence_for_the_order_of_day_and_month_wins() -> None:
    plan = plan_of("DATE", ["20/05/2024", "03/04/2024"], day_first=False)
    assert plan.table("t").column("v").day_first is True
    assert plan.table("t").column("v").type == "date"


def test_primary_key_columns_are_not_null_and_its_nulls_are_told() -> None:
    one = table("t", column("code", "TEXT"), column("v", "TEXT"), primary_key=("code",))
    plan = propose(*facts([(one, [("a", "1"), (None, "2"), (None, "3")])]))
    assert plan.table("t").column("code").not_null
    assert plan.table("t").key == ("code",)
    assert codes(plan) == {("null-in-primary-key", "code"): 2}


def test_duplicates_of_a_declared_key_keep_the_first() -> None:
    one = table("t", column("id", "INT"), primary_key=("id",))
    repeated = KeyProfile(columns=("id",), declared=True, unique=False, duplicate_rows=3, null_rows=0)
    catalog, _ = facts([(one, [])])
    plan = propose(catalog, profile(table_profile(one, [(1,), (1,)], keys=(repeated,))))
    assert plan.table("t").duplicates == "first"
    assert codes(plan) == {("duplicate-declared-key", "id"): 3}


def test_a_doubtful_proposal_leaves_the_declared_type_where_all_fits() -> None:
    one = table("t", column("v", "TIMESTAMP"))
    catalog, found = facts([(one, [("2024-01-02 00:00:00",)])])
    (seen,) = found.tables
    doubtful = msgspec.structs.replace(seen.columns[0], proposed="date", confidence=0.5)
    plan = propose(catalog, profile(msgspec.structs.replace(seen, columns=(doubtful,))))
    assert plan.table("t").column("v").type == "timestamp"
    assert codes(plan) == {("type-as-declared", "v"): 0}


def test_unique_keys_are_whole_plain_indexes() -> None:
    def index(name: str, *terms: IndexTerm, where: str | None = None) -> Index:
        return Index(name=name, unique=True, origin="create", terms=terms, where=where)

    one = table(
        "t",
        column("id", "INTEGER"),
        column("a", "TEXT"),
        column("b", "TEXT"),
        primary_key=("id",),
        rowid_alias="id",
        indexes=(
            index("whole", IndexTerm(column="a"), IndexTerm(column="b")),
            index("partial", IndexTerm(column="a"), where="b = 1"),
            index("expression", IndexTerm(column=None, expression="lower(a)")),
            index("same_as_key", IndexTerm(column="id")),
        ),
    )
    assert propose(*facts([(one, [])])).table("t").unique_keys == (("a", "b"),)


def test_rowid_is_bigint_whatever_it_looks_like() -> None:
    one = table("t", column("id", "INTEGER"), primary_key=("id",), rowid_alias="id")
    assert propose(*facts([(one, [(0,), (1,)])])).table("t").column("id").type == "bigint"


def referring(
    child_type: str, parent_type: str, child: Sequence[Value], parent: Sequence[Value]
) -> tuple[str, str]:
    parents = table("p", column("id", parent_type), primary_key=("id",))
    key = ForeignKey(columns=("pid",), parent_table="P", parent_columns=("id",))
    children = table("c", column("pid", child_type), foreign_keys=(key,))
    plan = propose(
        *facts([(parents, [(value,) for value in parent]), (children, [(value,) for value in child])])
    )
    return plan.table("p").column("id").type, plan.table("c").column("pid").type


def test_tied_columns_take_one_type() -> None:
    assert referring("NUMERIC", "INT", [1, 2], [1, 2, 3]) == ("bigint", "bigint")
    assert referring("TEXT", "INT", ["1", "2"], [1, 2]) == ("bigint", "bigint")
    assert referring("INT", "TEXT", [1, 2], ["1", "2"]) == ("text", "text")


def test_tied_columns_without_a_common_type_stay() -> None:
    assert referring("TEXT", "INT", ["x", "2"], [1, 2]) == ("bigint", "text")


def test_a_childs_dirt_never_makes_text_of_a_rowid() -> None:
    parents = table("p", column("id", "INTEGER"), primary_key=("id",), rowid_alias="id")
    key = ForeignKey(columns=("pid",), parent_table="p", parent_columns=("id",))
    children = table("c", column("pid", "TEXT"), foreign_keys=(key,))
    plan = propose(*facts([(parents, [(1,)]), (children, [("x",)])]))
    assert plan.table("p").column("id").type == "bigint"


def test_a_type_taken_from_a_key_is_told() -> None:
    parents = table("p", column("k", "TEXT"), primary_key=("k",))
    key = ForeignKey(columns=("pk",), parent_table="p", parent_columns=("k",))
    children = table("c", column("pk", "INTEGER"), foreign_keys=(key,))
    plan = propose(*facts([(parents, [("1",)]), (children, [(1,)])]))
    assert plan.table("c").column("pk").type == "text"
    assert codes(plan) == {("type-by-reference", "pk"): 0}


def test_collisions_are_refused_before_anything_is_written() -> None:
    one = table("Order Items", column("userId"), column("user_id"))
    with pytest.raises(UsageProblem, match="user_id"):
        propose(*facts([(one, [])]), naming="snake_case")
    assert propose(*facts([(one, [])])).table("Order Items").column("userId").target == "userId"


def test_the_id_is_of_the_decisions_alone() -> None:
    first = plan_of("INTEGER", [*range(99), "abc"])
    second = plan_of("INTEGER", [*range(5)])
    assert first.plan_id == second.plan_id
    assert len(first.plan_id) == 16
    changed = msgspec.structs.replace(first, accept_quarantine={"t": 1})
    assert plan_id(changed) != first.plan_id


def test_what_the_profile_told_is_not_told_twice() -> None:
    first = plan_of("INTEGER", [*range(99), "abc"])
    one = table("t", column("v", "INTEGER"))
    again = propose(*facts([(one, [*((value,) for value in range(99)), ("abc",)])], findings=first.findings))
    assert again.findings == ()
