"""Names: folding, shortening, collisions, schema names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.plan import Naming
from sdmigrate.rules import naming

LONG_ONE = "a_column_name_that_is_definitely_longer_than_sixty_three_bytes_x1"
LONG_TWO = "a_column_name_that_is_definitely_longer_than_sixty_three_bytes_x2"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TKT-Ticket ID", "tkt_ticket_id"),
        ("TKT-Job#/Ref#", "tkt_job_ref"),
        ("userId", "user_id"),
        ("UserID2", "user_id2"),
        ("HTTPServer", "http_server"),
        ("_id", "_id"),
        ("9lives", "9lives"),
        ("naïve", "naïve"),
        ("%", ""),
    ],
)
def test_snake_case(name: str, expected: str) -> None:
    assert naming.folded(name, "snake_case") == expected


def test_preserve_keeps_every_name_but_the_longest() -> None:
    sources = ["userId", "user_id", "select", 'col"q', "9lives", "naïve", LONG_ONE, LONG_TWO]
    names = naming.column_names("Order Items", sources, "preserve")
    assert {source: target for source, target in names.items() if source != target}.keys() == {
        LONG_ONE,
        LONG_TWO,
    }
    assert names[LONG_ONE] != names[LONG_TWO]
    assert all(len(target.encode()) <= 63 for target in names.values())


@pytest.mark.parametrize("policy", ["lower", "snake_case"])
def test_collision_names_both(policy: Naming) -> None:
    with pytest.raises(UsageProblem) as raised:
        naming.column_names("t", ["User_ID", "user_id"], policy)
    assert "'User_ID'" in raised.value.message
    assert "'user_id'" in raised.value.message
    with pytest.raises(UsageProblem):
        naming.table_names(["User_ID", "user_id"], policy)


def test_nameless_columns_get_names_that_no_other_has() -> None:
    names = naming.column_names("t", ["", "unnamed", "xmin"], "preserve")
    assert names == {"": "unnamed_2", "unnamed": "unnamed", "xmin": "xmin_"}


@given(st.text())
def test_shortened_is_whole_and_short(name: str) -> None:
    name = naming.folded(name, "preserve")
    short = naming.shortened(name)
    assert len(short.encode()) <= 63
    assert short == name or name.startswith(short[:-9])


def test_shortening_splits_no_character() -> None:
    short = naming.shortened("🙂" * 20)
    assert short.startswith("🙂" * 13 + "_")
    assert len(short.encode()) == 13 * 4 + 9


@given(st.lists(st.text(max_size=4), max_size=30))
def test_name_space_never_repeats(wanted: list[str]) -> None:
    space = naming.NameSpace()
    given_out = [space.take(naming.folded(name, "preserve")) for name in wanted]
    assert len(set(given_out)) == len(given_out)


def test_name_space_numbers_long_names_within_63_bytes() -> None:
    space = naming.NameSpace()
    names = {space.take("é" * 40) for _ in range(12)}
    assert len(names) == 12
    assert all(len(name.encode()) <= 63 for name in names)


@pytest.mark.parametrize(
    "name", ["", "public", "pg_app", "information_schema", "sdmigrate", "a" * 45, "é" * 23, "a\0b", "a\udc80"]
)
def test_refused_schema_names(name: str) -> None:
    with pytest.raises(UsageProblem):
        naming.check_schema_name(name)


@pytest.mark.parametrize("name", ["app", "a" * 44, "é" * 22, "Order Items", "select", 'a"b'])
def test_accepted_schema_names(name: str) -> None:
    naming.check_schema_name(name)
