"""Verification finds whatever is not the same, and says which row."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from sdmigrate.model.blueprint import TargetColumn, TargetKey, TargetTable
from sdmigrate.model.errors import Aborted, UnsafeToContinue
from sdmigrate.model.result import Cleaned, MustHold, Release, TableDigest, TableVerification
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.digests import DIGEST_FORM
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.stages.load import load
from sdmigrate.stages.verify import verify
from tests.conftest import MakeContext
from tests.stages.by_hand import ask, blueprint_of, cleaned_of, table_of, write_table

ROWS = [(n, f"text {n}", n / 10, "" if n == 40 else None if n == 41 else "x") for n in range(1, 401)]
COLUMNS = {"id": "bigint", "words": "text", "share": "double precision", "maybe": "text"}


class Loaded:
    """One loaded table, to be tampered with."""

    def __init__(self, context: Context, endpoint: Endpoint, release: Release, cleaned: Cleaned) -> None:
        self.context, self.endpoint, self.release, self.cleaned = context, endpoint, release, cleaned
        self.must_hold = MustHold()

    def in_postgres(self, *statements: str) -> None:
        for statement in statements:
            ask(self.endpoint, statement.replace("THE_TABLE", f'"{self.release.name}".t'))

    def in_cleaned(self, statement: str) -> None:
        with closing(sqlite3.connect(self.cleaned.path)) as connection, connection:
            connection.execute(statement)

    def verified(self) -> TableVerification:
        (table,) = verify(self.context, self.endpoint, self.release, self.cleaned, self.must_hold).tables
        return table


@pytest.fixture(params=[True, False], ids=["key", "no key"])
def loaded(
    request: pytest.FixtureRequest,
    postgres: Endpoint,
    make_context: MakeContext,
    tmp_path: Path,
    schema_name: str,
) -> Loaded:
    path = tmp_path / "c.sqlite"
    write_table(path, "t", list(COLUMNS), ROWS)
    key = TargetKey(name="t_pkey", columns=("id",)) if request.param else None
    context = make_context(tmp_path, schema=schema_name)
    cleaned = cleaned_of(path, {"t": len(ROWS)})
    release = load(context, postgres, blueprint_of(table_of("t", COLUMNS, primary_key=key)), cleaned)
    return Loaded(context, postgres, release, cleaned)


@pytest.mark.parametrize(
    ("tampering", "example"),
    [
        (
            ["UPDATE THE_TABLE SET words = 'text 77!' WHERE id = 77"],
            "row 77: column 'words' is 'text 77' in cleaned and 'text 77!' in PostgreSQL",
        ),
        (
            ["UPDATE THE_TABLE SET maybe = NULL WHERE id = 40"],
            "row 40: column 'maybe' is '' in cleaned and NULL in PostgreSQL",
        ),
        (
            ["UPDATE THE_TABLE SET maybe = '' WHERE id = 41"],
            "row 41: column 'maybe' is NULL in cleaned and '' in PostgreSQL",
        ),
        (
            ["UPDATE THE_TABLE SET share = 0.10000000000000002 WHERE id = 1"],
            "row 1: column 'share' is 0.1 in cleaned and 0.10000000000000002 in PostgreSQL",
        ),
        (
            ["DELETE FROM THE_TABLE WHERE id = 5"],
            "row 5 is not in PostgreSQL: id '5', words 'text 5', share 0.5, …",
        ),
        (
            ["INSERT INTO THE_TABLE VALUES (999, 'more', 0, NULL)"],
            "PostgreSQL holds a row that cleaned does not: id '999', words 'more', share 0.0, …",
        ),
    ],
)
def test_one_tampered_row_is_found(loaded: Loaded, tampering: list[str], example: str) -> None:
    assert loaded.verified().verdict == "identical"
    loaded.in_postgres(*tampering)
    table = loaded.verified()
    assert table.verdict == "different"
    assert [
        told.replace("share 0.5, maybe 'x'", "share 0.5, …").replace("maybe NULL", "…")
        for told in table.examples
    ] == [example]


def test_two_swapped_values_are_found(loaded: Loaded) -> None:
    loaded.in_postgres(
        "UPDATE THE_TABLE SET words = CASE id WHEN 8 THEN 'text 9' ELSE 'text 8' END WHERE id IN (8, 9)"
    )
    assert loaded.verified().examples == (
        "row 8: column 'words' is 'text 8' in cleaned and 'text 9' in PostgreSQL",
        "row 9: column 'words' is 'text 9' in cleaned and 'text 8' in PostgreSQL",
    )


def test_a_value_that_moved_to_the_next_column_is_found(loaded: Loaded) -> None:
    loaded.in_postgres("UPDATE THE_TABLE SET words = '', maybe = 'text 3x' WHERE id = 3")
    assert loaded.verified().verdict == "different"


def test_one_row_twice_and_another_gone_is_found(loaded: Loaded) -> None:
    if loaded.release.blueprint.tables[0].primary_key is not None:
        loaded.in_postgres("ALTER TABLE THE_TABLE DROP CONSTRAINT t_pkey")
    loaded.in_postgres(
        "DELETE FROM THE_TABLE WHERE id = 7", "INSERT INTO THE_TABLE SELECT * FROM THE_TABLE WHERE id = 6"
    )
    table = loaded.verified()
    assert (table.verdict, table.expected.rows, table.actual.rows) == ("different", 400, 400)
    assert any(told.startswith(("row 7 is not in PostgreSQL", "row 7:")) for told in table.examples)


def test_a_change_of_cleaned_is_found_too(loaded: Loaded) -> None:
    loaded.in_cleaned("UPDATE t SET words = words || ' ' WHERE id = 200")
    assert loaded.verified().examples == (
        "row 200: column 'words' is 'text 200 ' in cleaned and 'text 200' in PostgreSQL",
    )


def test_a_change_of_cleaned_to_another_kind_of_value_is_found(loaded: Loaded) -> None:
    loaded.in_cleaned("UPDATE t SET share = 'a lot' WHERE id = 200")
    (told,) = loaded.verified().examples
    assert told.startswith("row 200: column 'share' is ")
    assert told.endswith(" and 20.0 in PostgreSQL")


def test_digests_taken_before_the_load_find_a_change_of_cleaned_that_was_loaded(loaded: Loaded) -> None:
    before = loaded.verified()
    loaded.must_hold = MustHold(tables={"t": before.expected}, form=DIGEST_FORM)
    assert loaded.verified() == before
    loaded.in_cleaned("UPDATE t SET words = 'other' WHERE id = 200")
    loaded.in_postgres("UPDATE THE_TABLE SET words = 'other' WHERE id = 200")
    table = loaded.verified()
    assert table.verdict == "different"
    assert table.examples == (
        "no row differs: cleaned was changed after its digests were taken, before it was loaded",
    )


def test_digests_of_another_form_are_not_believed(loaded: Loaded) -> None:
    wrong = TableDigest(rows=1, sum="1")
    loaded.must_hold = MustHold(tables={"t": wrong}, form=DIGEST_FORM - 1)
    assert loaded.verified().verdict == "identical"


def test_many_differences_are_five_examples(loaded: Loaded) -> None:
    loaded.in_postgres("UPDATE THE_TABLE SET words = upper(words)")
    table = loaded.verified()
    assert table.verdict == "different"
    assert len(table.examples) == 5


def test_changed_by_rules_is_another_verdict_than_identical(loaded: Loaded) -> None:
    (ledger,) = loaded.cleaned.ledgers
    for fields in ({"changed": 3}, {"read": 401, "quarantined": 1}):
        other = msgspec.structs.replace(ledger, **fields)
        loaded.cleaned = msgspec.structs.replace(loaded.cleaned, ledgers=(other,))
        assert loaded.verified().verdict == "changed"


def test_a_table_that_is_gone_and_anothers_release_are_refused(loaded: Loaded) -> None:
    loaded.in_postgres("ALTER TABLE THE_TABLE DROP COLUMN words")
    with pytest.raises(UnsafeToContinue, match="words"):
        loaded.verified()
    loaded.in_postgres("DROP TABLE THE_TABLE")
    with pytest.raises(UnsafeToContinue, match="not what was loaded"):
        loaded.verified()
    loaded.cleaned = msgspec.structs.replace(loaded.cleaned, plan_id="other")
    with pytest.raises(UnsafeToContinue, match="not loaded from"):
        loaded.verified()


def test_a_cancel_stops_it(loaded: Loaded) -> None:
    token = loaded.context.cancel
    assert isinstance(token, CancelToken)
    token.set()
    with pytest.raises(Aborted):
        loaded.verified()


def test_the_next_id_is_proven_or_said_not_to_be(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    path = tmp_path / "c.sqlite"
    write_table(path, "plain", ["id", "v"], [(1, "a"), (50, "b")])
    write_table(path, "needy", ["id", "v"], [(1, "a")])
    write_table(path, "unique", ["id", "v"], [(1, "")])
    write_table(path, "empty", ["id", "v"], [])
    write_table(path, "full", ["id"], [(2**63 - 1,)])

    def identity(following: int, *, exhausted: bool = False) -> TargetColumn:
        return TargetColumn(
            source="id",
            name="id",
            type="bigint",
            not_null=True,
            identity_next=following,
            identity_exhausted=exhausted,
        )

    def table(name: str, *columns: TargetColumn, unique: bool = False) -> TargetTable:
        return msgspec.structs.replace(
            table_of(name, {}),
            columns=columns,
            primary_key=TargetKey(name=f"{name}_pkey", columns=("id",)),
            uniques=(TargetKey(name=f"{name}_v", columns=("v",)),) if unique else (),
        )

    free = TargetColumn(source="v", name="v", type="text")
    needed = TargetColumn(source="v", name="v", type="text", not_null=True)
    blueprint = blueprint_of(
        table("plain", identity(51), free),
        table("needy", identity(2), needed),
        table("unique", identity(2), needed, unique=True),
        table("empty", identity(1), needed),
        table("full", identity(2**63 - 1, exhausted=True)),
    )
    cleaned = cleaned_of(path, {"plain": 2, "needy": 1, "unique": 1, "empty": 0, "full": 1})
    context = make_context(tmp_path, schema=schema_name, started=datetime(2026, 1, 2, tzinfo=UTC))
    release = load(context, postgres, blueprint, cleaned)
    verification = verify(context, postgres, release, cleaned, MustHold())
    assert verification.passed
    assert [(finding.code, finding.table) for finding in verification.findings] == [
        ("identity-not-proven", "unique")
    ]
    for name, following in (("plain", 51), ("needy", 2), ("unique", 2), ("empty", 1)):
        assert ask(
            postgres,
            f'INSERT INTO "{release.name}"."{name}" (v) VALUES (\'new\') RETURNING id',
        ) == [(following,)]
