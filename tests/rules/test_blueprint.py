"""What a plan means for PostgreSQL: keys, indexes, checks, foreign keys, identities, views; what is told."""

import time
from collections.abc import Sequence

import msgspec
import pytest

from sdmigrate.model.blueprint import Blueprint, TargetIndex, TargetKey
from sdmigrate.model.catalog import (
    Catalog,
    Check,
    Column,
    ForeignKey,
    Index,
    IndexTerm,
    OtherObject,
    Table,
)
from sdmigrate.model.plan import Duplicates, Plan
from sdmigrate.model.profile import Profile, ReferenceProfile
from sdmigrate.model.values import Value
from sdmigrate.rules.blueprint import draw
from sdmigrate.rules.planning import propose
from tests.rules.profiles import Rows, column, facts, profile, table, table_profile


def drawn(*tables: tuple[Table, Rows], others: tuple[OtherObject, ...] = ()) -> Blueprint:
    catalog, evidence = facts(tables)
    catalog = msgspec.structs.replace(catalog, others=others)
    return draw(catalog, evidence, propose(catalog, evidence))


def codes(blueprint: Blueprint) -> list[str]:
    return [finding.code for finding in blueprint.findings]


def unique(name: str, *terms: IndexTerm) -> Index:
    return Index(name=name, unique=True, origin="unique", terms=terms)


def created(
    name: str, *terms: IndexTerm, unique: bool = False, where: str | None = None, sql: str = "CREATE INDEX …"
) -> Index:
    return Index(name=name, unique=unique, origin="create", terms=terms, where=where, sql=sql)


def term(name: str, **fields: object) -> IndexTerm:
    return IndexTerm(column=name, **fields)  # type: ignore[arg-type]


ID = column("id", "INTEGER")


def rowid_table(name: str, *columns: Column, **fields: object) -> Table:
    return table(name, ID, *columns, primary_key=("id",), rowid_alias="id", **fields)


@pytest.mark.parametrize(
    ("ids", "sequence", "following", "exhausted"),
    [
        ([], None, 1, False),
        ([1], 50, 51, False),
        ([7], 3, 8, False),
        ([-5, 0], None, 1, False),
        ([2**63 - 1], None, 2**63 - 1, True),
        ([2**63 - 2], None, 2**63 - 1, False),
    ],
)
def test_identity_goes_on_after_the_highest_id_ever_given(
    ids: Sequence[int], sequence: int | None, following: int, exhausted: bool
) -> None:
    one = rowid_table("t", sequence=sequence, autoincrement=sequence is not None)
    found = drawn((one, [(number,) for number in ids]))
    key = found.tables[0].columns[0]
    assert (key.identity_next, key.identity_exhausted, key.not_null) == (following, exhausted, True)
    assert ("identity-exhausted" in codes(found)) is exhausted
    assert key.default is None


def test_composite_primary_key_keeps_its_own_order() -> None:
    one = table("t", column("b", "INTEGER"), column("a", "TEXT"), primary_key=("a", "b"))
    assert drawn((one, [])).tables[0].primary_key == TargetKey(name="t_pkey", columns=("a", "b"))


def test_generated_names_give_way_in_the_schemas_one_name_space() -> None:
    first = rowid_table("p40", column("a", "TEXT"), indexes=(unique("sqlite_autoindex_p40_1", term("a")),))
    second = rowid_table(
        "p40_pkey",
        column("p40_a_key", "TEXT"),
        indexes=(
            unique("sqlite_autoindex_p40_pkey_1", term("p40_a_key")),
            created("p40_a_key", term("id")),
            created("p40_id_seq", term("id")),
        ),
    )
    found = drawn((first, []), (second, []))
    names = [one.name for one in found.tables]
    for one in found.tables:
        assert one.primary_key is not None
        names += [
            one.primary_key.name,
            *(key.name for key in one.uniques),
            *(index.name for index in one.indexes),
        ]
        names.append(one.columns[0].identity_sequence or "")
    assert len(names) == len(set(names)) == 10
    assert found.table("p40_pkey").indexes[0].name == "p40_a_key"
    assert found.table("p40").uniques[0].name == "p40_a_key_2"
    assert found.table("p40").columns[0].identity_sequence == "p40_id_seq_2"
    assert codes(found) == []


def test_a_sequence_gives_way_to_a_table_of_its_name() -> None:
    found = drawn((rowid_table("t"), []), (rowid_table("t_id_seq"), []))
    assert [one.columns[0].identity_sequence for one in found.tables] == ["t_id_seq_2", "t_id_seq_id_seq"]


def test_indexes_keep_condition_direction_and_uniqueness() -> None:
    long_name = "p34_a_very_long_index_name_that_is_longer_than_sixty_three_bytes_"
    one = rowid_table(
        "p34",
        column("a", "TEXT"),
        column("del", "INTEGER"),
        indexes=(
            created("p34_live", term("a"), unique=True, where="del=0"),
            created(
                "p34_lower",
                IndexTerm(column=None, expression="lower(a)", descending=True),
                term("a", collation="NOCASE"),
            ),
            created("p34_strf", IndexTerm(column=None, expression="strftime('%Y',a)"), sql="CREATE strf"),
            created("partial_by_now", term("a"), unique=True, where="date('now') > a"),
            created(long_name + "one", term("a")),
            created(long_name + "two", term("del")),
        ),
    )
    found = drawn((one, [(1, "x", 1), (2, "x", 1), (3, "x", 0)]))
    live, lower, first, second = found.tables[0].indexes
    assert live == TargetIndex(name="p34_live", unique=True, terms=('"a"',), where='("del" = 0)')
    assert lower.terms == ('(lower("a")) DESC', 'lower("a")')
    assert first.name != second.name
    assert len(first.name.encode()) == 63
    assert codes(found).count("index-not-translated") == 2
    assert any("CREATE strf" in finding.message for finding in found.findings)


def test_nocase_uniqueness_is_kept_by_lower() -> None:
    email = column("email", "TEXT", collation="NOCASE")
    one = rowid_table("t", email, indexes=(unique("auto", term("email", collation="NOCASE")),))
    found = drawn((one, [(1, "Bob@x.org"), (2, "É@x.org"), (3, "é@x.org")]))
    assert found.tables[0].uniques == ()
    assert found.tables[0].indexes == (
        TargetIndex(name="t_email_lower_key", unique=True, terms=('lower("email" COLLATE "C")',)),
    )
    assert codes(found) == ["unique-without-case"]


def test_a_nocase_key_that_is_referred_to_is_plainly_unique_as_well() -> None:
    email = column("email", "TEXT", collation="NOCASE")
    parent = rowid_table("p", email, indexes=(unique("auto", term("email", collation="NOCASE")),))
    key = ForeignKey(columns=("e",), parent_table="P", parent_columns=("email",))
    child = table("c", column("e", "TEXT"), foreign_keys=(key,))
    found = drawn((parent, []), (child, []))
    assert found.table("p").uniques == (TargetKey(name="p_email_key", columns=("email",)),)
    assert found.table("c").foreign_keys[0].parent == "p"


def test_long_values_are_unique_by_their_hash_and_otherwise_not_indexed() -> None:
    one = rowid_table(
        "t",
        column("url", "TEXT"),
        column("kind", "TEXT"),
        indexes=(
            unique("auto", term("url")),
            created("by_both", term("url"), term("kind"), unique=True),
            created("by_url", term("url")),
        ),
    )
    found = drawn((one, [(1, "x" * 4000, "a"), (2, "short", "b")]))
    assert found.tables[0].uniques == ()
    assert [(index.name, index.unique, index.terms) for index in found.tables[0].indexes] == [
        ("by_both", True, ('md5("url")', '"kind"')),
        ("t_url_key", True, ('md5("url")',)),
    ]
    assert sorted(codes(found)) == ["index-on-hash", "index-on-hash", "index-too-long"]


def referring(
    child: Column, parent: Table, values: Rows = (), orphans: int = 0, **fields: object
) -> Blueprint:
    key = ForeignKey(columns=(child.name,), parent_table="P", parent_columns=("id",), **fields)  # type: ignore[arg-type]
    children = table("c", child, foreign_keys=(key,))
    catalog = Catalog(tables=(children, parent))
    reference = ReferenceProfile(
        columns=(child.name,), parent_table="p", parent_columns=("id",), declared=True, orphans=orphans
    )
    evidence = profile(table_profile(children, values, references=(reference,)), table_profile(parent, []))
    return draw(catalog, evidence, propose(catalog, evidence))


def test_foreign_keys_carry_their_actions() -> None:
    found = referring(
        column("references", "INTEGER"),
        rowid_table("p"),
        on_delete="CASCADE",
        deferrable=True,
        initially_deferred=True,
    )
    (key,) = found.table("c").foreign_keys
    assert (key.name, key.columns, key.parent, key.parent_columns) == (
        "c_references_fkey",
        ("references",),
        "p",
        ("id",),
    )
    assert (key.on_delete, key.deferrable, key.initially_deferred, key.validate) == (
        "CASCADE",
        True,
        True,
        True,
    )


def test_orphans_leave_the_constraint_not_valid() -> None:
    (key,) = referring(column("pid", "INTEGER"), rowid_table("p"), [(9,)], orphans=1).table("c").foreign_keys
    assert key.validate is False


@pytest.mark.parametrize(
    ("child", "parent", "values", "reason"),
    [
        (column("pid", "INTEGER"), table("p", column("id", "INTEGER")), [], "no key of that table"),
        (column("pid", "TEXT"), rowid_table("p"), [("x",)], "pid is text and p.id is bigint"),
        (column("pid", "INTEGER"), table("other", ID), [], "is not there"),
        (column("pid", "INTEGER"), table("p", column("x")), [], "columns it points at are not there"),
    ],
)
def test_foreign_keys_that_postgresql_would_refuse_are_told(
    child: Column, parent: Table, values: Rows, reason: str
) -> None:
    found = referring(child, parent, values)
    assert found.table("c").foreign_keys == ()
    assert codes(found) == ["foreign-key-not-created"]
    assert reason in found.findings[0].message


def test_composite_self_and_cyclic_foreign_keys() -> None:
    pair = table("pair", column("a", "INT"), column("b", "INT"), primary_key=("a", "b"))
    both = ForeignKey(columns=("x", "y"), parent_table="pair", parent_columns=("a", "b"))
    own = ForeignKey(columns=("parent",), parent_table="TREE", parent_columns=("id",))
    tree = rowid_table(
        "tree",
        column("parent", "INTEGER"),
        column("x", "INT"),
        column("y", "INT"),
        foreign_keys=(own, both),
    )
    found = drawn((tree, []), (pair, []))
    assert [key.name for key in found.table("tree").foreign_keys] == ["tree_parent_fkey", "tree_x_y_fkey"]
    assert found.table("tree").foreign_keys[1].parent_columns == ("a", "b")


def decided(tables: Sequence[tuple[Table, Rows]], **fields: object) -> tuple[Catalog, Profile, Plan]:
    """The first table's plan with other decisions."""
    catalog, evidence = facts(tables)
    plan = propose(catalog, evidence)
    first = msgspec.structs.replace(plan.tables[0], **fields)
    return catalog, evidence, msgspec.structs.replace(plan, tables=(first, *plan.tables[1:]))


def test_excluded_tables_are_not_drawn_and_take_their_foreign_keys_along() -> None:
    key = ForeignKey(columns=("pid",), parent_table="p", parent_columns=("id",))
    child = table("c", column("pid", "INTEGER"), foreign_keys=(key,))
    found = draw(*decided([(rowid_table("p"), []), (child, [])], include=False))
    assert [one.source for one in found.tables] == ["c"]
    assert codes(found) == ["foreign-key-not-created"]


@pytest.mark.parametrize(
    ("values", "expected"), [(["1", "2"], True), ([1, 2], True), (["1", "2", " 2"], False)]
)
def test_keeping_duplicates_gives_up_a_key_that_cleaning_may_repeat(
    values: Sequence[Value], expected: bool
) -> None:
    one = table("t", column("k", "INT" if expected else "BIGINT"), primary_key=("k",))
    keep: Duplicates = "keep"
    rows = [(int(value) if expected and isinstance(value, str) else value,) for value in values]
    found = draw(*decided([(one, rows)], duplicates=keep))
    assert (found.tables[0].primary_key is not None) is expected
    assert ("key-not-created" in codes(found)) is not expected


def test_checks_are_translated_or_told() -> None:
    one = table(
        "t",
        column("n", "INT"),
        column("c", "TEXT"),
        checks=(
            Check(name=None, expression="typeof(n)=='integer' AND ifnull(n,0)>=0"),
            Check(name="Upper", expression="c GLOB '[A-Z]*'"),
            Check(name=None, expression="c REGEXP '^x'"),
        ),
    )
    found = drawn((one, [(1, "Abc")]))
    first, second = found.tables[0].checks
    assert (first.name, second.name) == ("t_check", "Upper")
    assert second.expression == "(\"c\" ~ '^[A-Z]')"
    assert codes(found) == ["check-not-translated"]
    assert "REGEXP" in found.findings[0].message


def generated(name: str, declared: str, expression: str) -> Column:
    return msgspec.structs.replace(
        column(name, declared), generated="virtual", generated_expression=expression
    )


def test_generated_columns_are_computed_only_where_certain() -> None:
    one = rowid_table(
        "t",
        column("a", "INT"),
        generated("v", "INT", "a*2"),
        generated("s", "TEXT", "upper(a)||'-'||id"),
    )
    found = drawn((one, [(1, 10, 20, "10-1")])).tables[0]
    assert found.columns[2].generated == '("a" * 2)'
    assert found.columns[3].generated is None
    assert [copied.name for copied in found.copied] == ["id", "a", "s"]
    dirty = drawn((one, [(1, 1.5, 3, "1.5-1")]))
    assert dirty.tables[0].columns[2].generated is None
    assert codes(dirty).count("generated-as-column") == 2


def test_defaults_are_translated_or_told() -> None:
    one = table(
        "t",
        column("e", "TEXT", default='"it\'s"'),
        column("f", "INT", default="'null'"),
        column("m", "BOOLEAN", default="1"),
        column("n", "TEXT", default="NULL"),
    )
    found = drawn((one, [("x", 1, 0, None)]))
    assert [target.default for target in found.tables[0].columns] == ["'it''s'", None, "true", None]
    assert codes(found) == ["default-not-translated"]


def test_views_come_in_the_order_in_which_they_need_each_other() -> None:
    def view(name: str, select: str, problem: str | None = None) -> OtherObject:
        return OtherObject(
            name=name, kind="view", table=None, sql=f"CREATE VIEW {name} AS {select}", problem=problem
        )

    others = (
        view("second", "SELECT id FROM first"),
        view("first", "SELECT id FROM t"),
        view("odd", "SELECT regexp(id) FROM t"),
        view("broken", "SELECT nope FROM t", "no such column: nope"),
    )
    found = drawn((rowid_table("t"), []), others=others)
    assert [one.name for one in found.views] == ["first", "second"]
    assert codes(found) == ["view-not-translated"]


def test_names_follow_the_plan_everywhere() -> None:
    one = table(
        "Order Items",
        column("itemId", "INTEGER"),
        column("Qty", "INT"),
        primary_key=("itemId",),
        rowid_alias="itemId",
        checks=(Check(name="qtyPositive", expression="Qty > 0"),),
        indexes=(created("byQty", term("Qty")),),
    )
    catalog, evidence = facts([(one, [])])
    found = draw(catalog, evidence, propose(catalog, evidence, naming="snake_case")).tables[0]
    assert found.name == "order_items"
    assert found.primary_key == TargetKey(name="order_items_pkey", columns=("item_id",))
    assert found.checks[0].name == "qty_positive"
    assert found.checks[0].expression == '("qty" > 0)'
    assert found.indexes[0] == TargetIndex(name="by_qty", unique=False, terms=('"qty"',))


def test_two_thousand_tables_are_quick() -> None:
    tables: list[tuple[Table, Rows]] = [
        (
            rowid_table(
                f"t{number}",
                *(column(f"c{place}", "TEXT", default="'x'") for place in range(5)),
                foreign_keys=(
                    ForeignKey(
                        columns=("c0",), parent_table=f"t{max(number - 1, 0)}", parent_columns=("id",)
                    ),
                ),
                indexes=(created(f"i{number}", term("c1")),),
            ),
            [],
        )
        for number in range(2000)
    ]
    catalog, evidence = facts(tables)
    began = time.process_time()
    found = draw(catalog, evidence, propose(catalog, evidence))
    assert len(found.tables) == 2000
    assert time.process_time() - began < 10
