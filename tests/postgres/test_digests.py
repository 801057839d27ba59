"""PostgreSQL's digests against those computed from cleaned, over generated values of every type."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from sdmigrate.model.errors import InternalFault
from sdmigrate.model.result import TableDigest
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.digests import BUCKETS, bucket_digests, table_digest
from sdmigrate.sqlite.canonical_json import jsonb_text
from sdmigrate.sqlite.copied_table import reading_values
from sdmigrate.sqlite.value_digests import expected
from tests.stages.by_hand import write_table

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4).map(float)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.integers(0, 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "numeric": st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.decimals(allow_nan=False, allow_infinity=False).map(str),
    ),
    "double precision": st.floats(allow_nan=False),
    "text": TEXTS,
    "jsonb": JSONS.map(json.dumps),
    "bytea": st.binary(max_size=40),
}


def digests_of(
    endpoint: Endpoint, path: Path, columns: list[tuple[str, str]], rows: list[tuple[Any, ...]]
) -> tuple[TableDigest, TableDigest]:
    """Expected, by SQLite; actual, by PostgreSQL, of rows inserted by value."""
    path.unlink(missing_ok=True)
    write_table(path, "t", [name for name, _ in columns], rows)
    with reading_values(path) as source:
        wanted = expected(source, "t", columns).digest(lambda _: None)
    with connect(endpoint, purpose="test") as connection, connection.transaction(force_rollback=True):
        definitions = ", ".join(f'"{name}" {kind}' for name, kind in columns)
        connection.execute(sql.SQL(f"CREATE TEMP TABLE t ({definitions})"))
        for row in rows:
            values = sql.SQL(", ").join(
                sql.SQL("{}").format(_literal(value, kind))
                for value, (_, kind) in zip(row, columns, strict=True)
            )
            connection.execute(sql.SQL("INSERT INTO t VALUES ({})").format(values))
        (found,) = connection.execute("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")
        actual = table_digest(connection, found[0], "t", columns)
        buckets = bucket_digests(connection, found[0], "t", columns)
        assert sum(each.rows for each in buckets.values()) == actual.rows
        assert sum(int(each.sum) for each in buckets.values()) == int(actual.sum)
        assert set(buckets) <= set(range(BUCKETS))
    return wanted, actual


def _literal(value: Any, kind: str) -> sql.Composable:
    if value is None or isinstance(value, bytes):
        return sql.Literal(value)
    if kind == "numeric" and isinstance(value, float):
        value = Decimal(repr(value))
    if kind == "double precision":
        return sql.SQL("{}::float8").format(sql.Literal(repr(value)))
    return sql.SQL("{}::text::{}").format(sql.Literal(str(value)), sql.SQL(kind))


@pytest.mark.parametrize("kind", VALUES)
def test_both_sides_agree(postgres: Endpoint, tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    path = tmp_path_factory.mktemp("digests") / "c.sqlite"

    @given(st.lists(st.none() | VALUES[kind], min_size=1, max_size=25))
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    def agree(values: list[Any]) -> None:
        wanted, actual = digests_of(postgres, path, [("a", kind), ("b", "text")], [(v, "x") for v in values])
        assert wanted == actual

    agree()


@given(JSONS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_is_printed_as_postgresql_prints_it(postgres: Endpoint, value: object) -> None:
    text = json.dumps(value)
    with connect(postgres, purpose="test") as connection:
        row = connection.execute("SELECT %s::jsonb::text", (text,)).fetchone()
    assert row == (jsonb_text(text),)


def test_more_columns_than_a_function_takes(postgres: Endpoint, tmp_path: Path) -> None:
    columns = [(f"c{n}", "text" if n % 2 else "double precision") for n in range(250)]
    rows = [tuple(f"v{n}" if n % 2 else n / 7 for n in range(250)), (None,) * 250]
    wanted, actual = digests_of(postgres, tmp_path / "c.sqlite", columns, rows)
    assert wanted == actual
    assert wanted.rows == 2


def test_no_rows_have_no_sum(postgres: Endpoint, tmp_path: Path) -> None:
    wanted, actual = digests_of(postgres, tmp_path / "c.sqlite", [("a", "text")], [])
    assert wanted == actual == TableDigest(rows=0, sum="0")


@pytest.mark.parametrize("kind", ["int4; DROP TABLE t", "text[]", "numeric(1,2,3)", "varchar(0)", "TEXT", ""])
def test_a_type_of_ours_only(postgres: Endpoint, kind: str) -> None:
    with connect(postgres, purpose="test") as connection, pytest.raises(InternalFault):
        table_digest(connection, "s", "t", [("a", kind)])
