"""What preflight learns of a target."""

import psycopg
import pytest

from sdmigrate.model.errors import TargetUnreachable
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import connect, endpoint_of
from sdmigrate.postgres.facts import examine
from tests.postgres.made import make_release, schemas
from tests.stages.by_hand import ask


def test_a_fresh_target_has_no_problem_and_is_left_as_it_was(postgres: Endpoint, schema_name: str) -> None:
    never = Bookkeeping(f"never {schema_name}")
    facts = examine(postgres, schema_name, bookkeeping=never)
    assert (facts.described, facts.version // 10000) == ("embedded", 18)
    assert (facts.live_exists, facts.live_is_ours) == (False, False)
    assert (facts.problems, facts.dependents, facts.staying_behind) == ((), (), ())
    assert "plpgsql" in facts.extensions
    assert "C" in facts.collations
    assert schemas(postgres, never.schema) == []
    assert examine(postgres, None).live_exists is False


def test_an_unreachable_target_is_an_error() -> None:
    with pytest.raises(TargetUnreachable):
        examine(endpoint_of("host=/nowhere"), "app")


def test_live_is_ours_only_when_we_published_it(postgres: Endpoint, schema_name: str) -> None:
    ask(postgres, f"CREATE SCHEMA {schema_name}")
    facts = examine(postgres, schema_name)
    assert (facts.live_exists, facts.live_is_ours) == (True, False)
    release, _ = make_release(postgres, schema_name, "1")
    with connect(postgres, purpose="test") as connection:
        Bookkeeping().publish(connection, release.name)
    assert examine(postgres, schema_name).live_is_ours is True


def test_what_follows_the_old_tables_and_what_stays_behind_is_listed(
    postgres: Endpoint, schema_name: str
) -> None:
    other = f"other_{schema_name}"
    for statement in (
        "CREATE SCHEMA {s}",
        "CREATE SCHEMA {o}",
        "CREATE TABLE {s}.tickets (id bigint PRIMARY KEY, a int, b int)",
        "CREATE VIEW {o}.open AS SELECT id FROM {s}.tickets",
        "CREATE TABLE {o}.notes (t bigint REFERENCES {s}.tickets)",
        "CREATE FUNCTION {o}.f() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM 1 FROM {s}.tickets; END'",
        "CREATE POLICY mine ON {s}.tickets USING (true)",
        "CREATE STATISTICS {s}.st ON a, b FROM {s}.tickets",
        "CREATE FUNCTION {s}.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER tr BEFORE INSERT ON {s}.tickets FOR EACH ROW EXECUTE FUNCTION {s}.touch()",
        "CREATE MATERIALIZED VIEW {s}.mv AS SELECT 1 AS n",
        "CREATE TYPE {s}.mood AS ENUM ('fine')",
    ):
        ask(postgres, statement.format(s=schema_name, o=other))
    facts = examine(postgres, schema_name)
    assert facts.problems == ()
    assert facts.dependents == (
        f"table constraint notes_t_fkey on {other}.notes",
        f"view {other}.open",
        f"function {other}.f()",
    )
    assert facts.staying_behind == (
        f"function {schema_name}.touch()",
        "materialized view mv",
        "policy mine on tickets",
        "statistics st",
        "trigger tr on tickets",
        "type mood",
    )


def test_every_problem_is_told_at_once(postgres: Endpoint, schema_name: str) -> None:
    role = f"poor_{schema_name}"
    ask(postgres, f"CREATE SCHEMA {schema_name}")
    ask(postgres, f"CREATE TABLE {schema_name}.tickets (id int)")
    make_release(postgres, f"other_{schema_name}", "1")
    ask(postgres, f"CREATE EXTENSION IF NOT EXISTS vector SCHEMA {schema_name}")
    ask(postgres, f"CREATE ROLE {role} LOGIN")
    ask(postgres, f"ALTER ROLE {role} SET default_transaction_read_only = on")
    try:
        theirs = endpoint_of(psycopg.conninfo.make_conninfo(postgres.conninfo, user=role))
        problems = examine(theirs, schema_name).problems
    finally:
        ask(postgres, "DROP EXTENSION vector")
        ask(postgres, f"DROP ROLE {role}")
    assert len(problems) == 5
    for problem, words in zip(
        problems,
        (
            "read only",
            "lacks CREATE",
            "may not write to 'sdmigrate'",
            f"does not own schema {schema_name}, table tickets",
            "vector",
        ),
        strict=True,
    ):
        assert words in problem


def test_a_database_in_another_encoding_is_told(postgres: Endpoint, schema_name: str) -> None:
    name = f"latin_{schema_name}"
    ask(
        postgres,
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'",
    )
    latin = endpoint_of(psycopg.conninfo.make_conninfo(postgres.conninfo, dbname=name))
    assert examine(latin, schema_name).problems == (
        f"The database {name!r} is encoded in LATIN1, not in UTF8.",
    )
    ask(postgres, f"DROP DATABASE {name} (FORCE)")
