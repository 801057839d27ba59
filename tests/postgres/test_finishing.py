"""Statistics: at once for every table, the full sample left to autovacuum where it takes long."""

from collections.abc import Iterator

import pytest

from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.connect import Connection, connect
from sdmigrate.postgres.finishing import Finisher
from tests.stages.by_hand import table_of

TABLE = table_of("t", {"n": "bigint", "v": "text"})


@pytest.fixture
def connection(postgres: Endpoint) -> Iterator[Connection]:
    with connect(postgres, purpose="test") as connection:
        yield connection


def unheard(words: str) -> None:
    """A Beat that nobody hears."""


def filled(connection: Connection, schema: str, rows: int) -> Finisher:
    """A table of so many rows that autovacuum leaves alone, its rows counted as changed."""
    connection.execute(f'CREATE SCHEMA "{schema}"')
    connection.execute(f'CREATE TABLE "{schema}".t (n bigint, v text) WITH (autovacuum_enabled = false)')
    connection.execute(f"INSERT INTO \"{schema}\".t SELECT n, 'v' || n FROM generate_series(1, {rows}) AS n")
    connection.execute("SELECT pg_stat_force_next_flush()")
    return Finisher(connection, schema, unheard)


def statistics(connection: Connection, schema: str) -> tuple[list[tuple[str, int]], int]:
    """The most bounds of each column's histogram, and the rows that wait for an ANALYZE."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    columns = connection.execute(
        "SELECT attname::text, cardinality(histogram_bounds) FROM pg_stats WHERE schemaname = %s"
        " ORDER BY attname",
        (schema,),
    ).fetchall()
    waiting = connection.execute(
        "SELECT n_mod_since_analyze FROM pg_stat_user_tables WHERE schemaname = %s", (schema,)
    ).fetchone()
    assert waiting is not None
    return [(name, bounds) for name, bounds in columns], int(waiting[0])


def test_a_large_table_has_coarse_statistics_and_waits_for_autovacuum(
    connection: Connection, schema_name: str
) -> None:
    assert filled(connection, schema_name, 3_001).finish_table(TABLE, 3_001) == ()
    assert statistics(connection, schema_name) == ([("n", 11), ("v", 11)], 3_001)


def test_a_small_table_has_full_statistics(connection: Connection, schema_name: str) -> None:
    assert filled(connection, schema_name, 3_000).finish_table(TABLE, 3_000) == ()
    assert statistics(connection, schema_name) == ([("n", 101), ("v", 101)], 0)


def test_a_server_without_autovacuum_has_full_statistics(connection: Connection, schema_name: str) -> None:
    finisher = filled(connection, schema_name, 3_001)
    connection.execute("SET track_counts = off")
    assert finisher.finish_table(TABLE, 3_001) == ()
    columns, _ = statistics(connection, schema_name)
    assert columns == [("n", 101), ("v", 101)]


def test_statistics_that_are_there_stay(connection: Connection, schema_name: str) -> None:
    finisher = filled(connection, schema_name, 3_000)
    finisher.finish_table(TABLE, 3_000)
    connection.execute(f'DELETE FROM "{schema_name}".t WHERE n > 5')
    again = Finisher(connection, schema_name, unheard)
    assert again.finish_table(TABLE, 5) == ()
    columns, _ = statistics(connection, schema_name)
    assert columns == [("n", 101), ("v", 101)]
