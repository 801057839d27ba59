"""The operator's queries: split by PostgreSQL's rules, read-only, bounded in time."""

import pytest

from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.queries import Query, run_queries, split_queries
from tests.stages.by_hand import ask


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("SELECT 1; SELECT 2", [("query 1", "SELECT 1"), ("query 2", "SELECT 2")]),
        ("-- about\n\n-- name: first: one\nSELECT 1;\n;\n -- only a comment\n", [("first: one", "SELECT 1")]),
        ("/* a ; /* nested */ ; */ SELECT ';' AS \";\", $$;$$, $x$;$$;$x$ -- ;\n, E'\\';'", None),
        ("SELECT 'it''s; fine', a$b$ /* ; */ FROM t", None),
        ("", []),
        ("SELECT 'open ; quote", [("query 1", "SELECT 'open"), ("query 2", "quote")]),
    ],
)
def test_splitting(text: str, queries: list[tuple[str, str]] | None) -> None:
    found = [(query.name, query.text) for query in split_queries(text)]
    if queries is None:
        assert len(found) == 1
        assert text.endswith(found[0][1])
    else:
        assert found == queries


def test_each_runs_alone_and_changes_nothing(postgres: Endpoint, schema_name: str) -> None:
    ask(postgres, f'CREATE SCHEMA "{schema_name}"')
    ask(postgres, f'CREATE TABLE "{schema_name}".t AS SELECT generate_series(1, 7) AS n')
    queries = tuple(
        Query(name=str(number), text=text)
        for number, text in enumerate(
            [
                "SELECT n FROM t WHERE n % 2 = 1",
                "SELECT nope FROM t",
                "DELETE FROM t RETURNING n",
                "SELECT 1; DELETE FROM t",
                "SET TRANSACTION READ WRITE",
                "SELECT pg_sleep(5)",
                "SELECT count(*) FROM t",
            ]
        )
    )
    with connect(postgres, purpose="test") as connection:
        results = list(run_queries(connection, schema_name, queries, timeout_ms=200))
    assert [result.rows for result in results] == [4, 0, 0, 0, 0, 0, 1]
    errors = [result.error or "" for result in results]
    assert errors[0] == errors[6] == ""
    assert "nope" in errors[1]
    assert "read-only transaction" in errors[2]
    assert "multiple commands" in errors[3]
    assert errors[4] != ""
    assert "statement timeout" in errors[5]
    assert ask(postgres, f'SELECT count(*) FROM "{schema_name}".t') == [(7,)]
