import pytest
from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog, Column, Table
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.profile import (
    Candidate,
    ClassCounts,
    ColumnProfile,
    KeyProfile,
    Quality,
    ReferenceProfile,
    TableProfile,
)
from sdmigrate.rules.quality import WEIGHTS, score
from sdmigrate.rules.rule_pack import RulePack, read_rule_pack
from sdmigrate.rules.rule_results import by_counts

CATALOG = Catalog(
    tables=(
        Table(
            name="t",
            columns=(
                Column(name="id", declared_type="INTEGER", affinity="INTEGER", not_null=True),
                Column(name="d", declared_type="DATE", affinity="NUMERIC", not_null=False),
            ),
            primary_key=("id",),
        ),
    )
)
ID = ColumnProfile(
    name="id",
    declared_type="INTEGER",
    rows=100,
    nulls=0,
    empties=0,
    blanks=0,
    classes=ClassCounts(integer=100),
    distinct=100,
    distinct_exact=True,
    proposed="bigint",
    confidence=1.0,
    reason="",
    forms={"integer": 100},
    candidates=(Candidate(type="bigint", fits=100, misfits=0),),
)
DAY = replace(
    ID,
    name="d",
    declared_type="DATE",
    classes=ClassCounts(text=100),
    proposed="date",
    forms={"iso_date": 100},
    candidates=(Candidate(type="date", fits=100, misfits=0),),
)
KEY = KeyProfile(columns=("id",), declared=True, unique=True, duplicate_rows=0, null_rows=0)


def table(
    *columns: ColumnProfile,
    keys: tuple[KeyProfile, ...] = (KEY,),
    references: tuple[ReferenceProfile, ...] = (),
) -> TableProfile:
    return TableProfile(name="t", rows=100, columns=columns, keys=keys, references=references)


def parts(quality: Quality) -> dict[str, tuple[float, float]]:
    return {part.name: (round(part.score, 6), round(part.weight, 6)) for part in quality.parts}


def test_clean_data_scores_a_hundred() -> None:
    quality = score(CATALOG, (table(ID, DAY),))
    assert quality.score == pytest.approx(100)
    assert [round(one, 6) for one in quality.tables.values()] == [100.0]


def test_a_dimension_without_rules_gives_its_points_to_the_others() -> None:
    found = parts(score(CATALOG, (table(ID, DAY),)))
    assert found["integrity"] == (0.0, 0.0)
    assert sum(weight for _, weight in found.values()) == pytest.approx(100)
    assert found["completeness"][1] == round(40 * 100 / 95, 6)
    assert sum(WEIGHTS.values()) == 100


def test_an_empty_database_scores_a_hundred() -> None:
    assert score(Catalog(tables=()), ()).score == 100


@pytest.mark.parametrize(
    ("dimension", "profile", "expected"),
    [
        ("completeness", table(replace(ID, nulls=10), DAY), 0.9),
        ("validity", table(ID, replace(DAY, forms={"iso_date": 60, "zero_date": 40})), 1 - 0.4 / 4),
        ("validity", table(ID, replace(DAY, nul_texts=20, invalid_utf8=20)), 1 - 0.4 / 4),
        ("consistency", table(ID, replace(DAY, forms={"iso_date": 80, "dmy": 20})), 0.9),
        ("uniqueness", table(ID, DAY, keys=(replace(KEY, duplicate_rows=5),)), 0.95),
        (
            "integrity",
            table(
                ID,
                DAY,
                references=(
                    ReferenceProfile(
                        columns=("id",), parent_table="p", parent_columns=("id",), declared=True, orphans=25
                    ),
                ),
            ),
            0.75,
        ),
    ],
)
def test_what_costs_points(dimension: str, profile: TableProfile, expected: float) -> None:
    quality = score(CATALOG, (profile,))
    reached, possible = parts(quality)[dimension]
    assert reached / possible == pytest.approx(expected, abs=1e-6)
    assert next(part for part in quality.parts if part.name == dimension).costs


def test_a_rule_pack_weighs_what_must_be_filled() -> None:
    pack = read_rule_pack(
        """
        name = "test"
        [[rules]]
        family = "completeness"
        name = "ids"
        table = "t"
        column = "id"
        check = "filled"
        weight = 3
        [[rules]]
        family = "completeness"
        name = "days"
        table = "t"
        column = "d"
        check = "filled"
        """
    )
    tables = (table(ID, replace(DAY, nulls=20, empties=20)),)
    quality = score(CATALOG, tables, pack, by_counts(pack, tables))
    reached, possible = parts(quality)["completeness"]
    assert reached / possible == pytest.approx((3 + 0.6) / 4)


def test_a_rule_pack_may_expect_orphans() -> None:
    reference = ReferenceProfile(
        columns=("id",), parent_table="p", parent_columns=("id",), declared=False, orphans=90
    )
    pack = read_rule_pack(
        """
        name = "test"
        [[rules]]
        family = "integrity"
        name = "administrative time"
        table = "t"
        column = "id"
        check = "references"
        parent_table = "p"
        parent_column = "id"
        orphans_minimum = 0.85
        orphans_maximum = 0.95
        """
    )
    tables = (table(ID, DAY, references=(reference,)),)
    found = parts(score(CATALOG, tables, pack, by_counts(pack, tables)))
    assert found["integrity"][0] == found["integrity"][1] > 0


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "name = 1",
        'name = "x"\nunknown = 1',
        "rules = []",
        'name = "x"\nrules = [{family = "f", name = "r", check = "rnage"}]',
        'name = "x"\nrules = [{family = "f", name = "r", check = "matches_not", pattern = "("}]',
        'name = "x"\nrules = [{family = "f", name = "r", table = "t", column = "c", check = "type"}]',
        'name = "x"\nrules = [{family = "f", name = "r", check = "row_count"}]',
        'name = "x"\nrules = [{family = "f", name = "r", table = "t", check = "holds"}]',
    ],
)
def test_another_shape_is_told(text: str) -> None:
    with pytest.raises(UsageProblem, match="rule pack"):
        read_rule_pack(text)


def test_a_rule_pack_without_rules_is_one() -> None:
    assert read_rule_pack('name = "empty"') == RulePack(name="empty")
