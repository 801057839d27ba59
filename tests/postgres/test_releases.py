"""Releases listed, pruned and dropped: object by object, only ours, and never what others hang on."""

from pathlib import Path

import pytest

from sdmigrate.model.approval import approve
from sdmigrate.model.errors import Aborted, UnsafeToContinue, UsageProblem
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.dropping import drop_schema, outside_dependents
from sdmigrate.postgres.locks import held
from sdmigrate.postgres.releases import current_live, drop_release, list_releases, prune
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.stages.cutover import cutover
from tests.conftest import MakeContext
from tests.postgres.made import make_release, schemas
from tests.stages.by_hand import ask


@pytest.fixture
def context(make_context: MakeContext, tmp_path: Path) -> Context:
    return make_context(tmp_path)


def publish(context: Context, endpoint: Endpoint, schema: str, *stamps: str) -> None:
    for stamp in stamps:
        release, verification = make_release(endpoint, schema, stamp)
        cutover(context, endpoint, release, verification, approve(schema, schema))


def test_a_target_that_never_saw_us_has_no_releases(postgres: Endpoint, schema_name: str) -> None:
    never = Bookkeeping(f"never {schema_name}")
    assert list_releases(postgres, schema_name, bookkeeping=never) == ()
    assert current_live(postgres, schema_name, bookkeeping=never) is None
    assert prune(postgres, schema_name, bookkeeping=never) == ()
    assert drop_release(postgres, "x", bookkeeping=never) is False
    assert schemas(postgres, never.schema) == []


def test_prune_keeps_live_and_the_youngest(postgres: Endpoint, context: Context, schema_name: str) -> None:
    publish(context, postgres, schema_name, "1", "2", "3", "4")
    assert prune(postgres, schema_name) == (f"{schema_name}__r1", f"{schema_name}__r2")
    assert schemas(postgres, schema_name) == [schema_name, f"{schema_name}__r3"]
    assert [entry.state for entry in list_releases(postgres, schema_name)] == [
        "dropped",
        "dropped",
        "kept",
        "live",
    ]
    assert prune(postgres, schema_name) == ()
    assert prune(postgres, schema_name, keep=0) == (f"{schema_name}__r3",)
    assert schemas(postgres, schema_name) == [schema_name]
    with pytest.raises(UsageProblem):
        prune(postgres, schema_name, keep=-1)


def test_prune_drops_what_was_never_live_when_asked_and_while_no_run_is_at_work(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    publish(context, postgres, schema_name, "1")
    make_release(postgres, schema_name, "2")
    assert prune(postgres, schema_name, keep=0) == ()
    with (
        held(postgres, Bookkeeping(), schema_name, "another"),
        pytest.raises(UnsafeToContinue, match="locked by run another"),
    ):
        prune(postgres, schema_name, never_live=True)
    assert prune(postgres, schema_name, never_live=True) == (f"{schema_name}__r2",)
    assert schemas(postgres, schema_name) == [schema_name]
    assert [entry.state for entry in list_releases(postgres, schema_name)] == ["live"]


@pytest.mark.parametrize(
    ("create", "drop", "told"),
    [
        ("CREATE VIEW {o}.v AS SELECT id FROM {r}.tickets", "DROP VIEW {o}.v", "view .*v"),
        (
            "CREATE MATERIALIZED VIEW {o}.v AS SELECT id FROM {r}.tickets",
            "DROP MATERIALIZED VIEW {o}.v",
            "materialized view",
        ),
        (
            "CREATE TABLE {o}.c (t bigint REFERENCES {r}.tickets)",
            "DROP TABLE {o}.c",
            "table constraint",
        ),
        ("CREATE TABLE {o}.c () INHERITS ({r}.comments)", "DROP TABLE {o}.c", "table .*c"),
        ("CREATE TABLE {o}.c (t {r}.tickets)", "DROP TABLE {o}.c", "table .*c"),
        (
            "CREATE FUNCTION {o}.f() RETURNS bigint RETURN (SELECT max(id) FROM {r}.tickets)",
            "DROP FUNCTION {o}.f()",
            "function",
        ),
        ("CREATE PUBLICATION p_{o} FOR TABLE {r}.tickets", "DROP PUBLICATION p_{o}", "publication"),
        ("CREATE PUBLICATION p_{o} FOR TABLES IN SCHEMA {r}", "DROP PUBLICATION p_{o}", "publication"),
        (
            "CREATE TABLE {o}.c (t bigint DEFAULT nextval('{r}.tickets_id_seq'))",
            "DROP TABLE {o}.c",
            "{o}.c",
        ),
    ],
    ids=["view", "matview", "foreign-key", "child", "row-type", "function", "publication", "all", "sequence"],
)
def test_what_others_hang_on_is_not_dropped(
    postgres: Endpoint,
    context: Context,
    schema_name: str,
    create: str,
    drop: str,
    told: str,
) -> None:
    publish(context, postgres, schema_name, "1", "2", "3")
    names = {"o": f"other_{schema_name}", "r": f"{schema_name}__r2"}
    ask(postgres, f"CREATE SCHEMA {names['o']}")
    ask(postgres, create.format(**names))
    with pytest.raises(UnsafeToContinue, match=told.format(**names)):
        prune(postgres, schema_name, keep=0)
    assert schemas(postgres, schema_name) == [schema_name, f"{schema_name}__r1", f"{schema_name}__r2"]
    ask(postgres, drop.format(**names))
    assert len(prune(postgres, schema_name, keep=0)) == 2


def test_what_we_never_make_inside_a_release_stops_the_drop(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    publish(context, postgres, schema_name, "1", "2")
    ask(postgres, f"CREATE FUNCTION {schema_name}__r1.mine() RETURNS int RETURN 1")
    with pytest.raises(UnsafeToContinue, match="mine"):
        prune(postgres, schema_name, keep=0)
    ask(postgres, f"DROP FUNCTION {schema_name}__r1.mine()")
    assert prune(postgres, schema_name, keep=0) == (f"{schema_name}__r1",)
    assert schemas(postgres, schema_name) == [schema_name]


def test_a_release_that_was_never_live_is_dropped_and_forgotten(postgres: Endpoint, schema_name: str) -> None:
    release, _ = make_release(postgres, schema_name, "1")
    assert drop_release(postgres, release.name) is True
    assert drop_release(postgres, release.name) is False
    assert list_releases(postgres, schema_name) == ()
    assert schemas(postgres, schema_name) == []


def test_live_and_other_peoples_schemas_are_not_dropped(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    publish(context, postgres, schema_name, "1")
    ask(postgres, f"CREATE SCHEMA other_{schema_name}")
    with pytest.raises(UnsafeToContinue):
        drop_release(postgres, f"other_{schema_name}")
    with pytest.raises(UnsafeToContinue, match="is live"):
        drop_release(postgres, f"{schema_name}__r1")
    assert schemas(postgres, schema_name) == [schema_name]


def test_a_stopped_drop_is_finished_by_the_next_prune(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    publish(context, postgres, schema_name, "1", "2")
    stopped = CancelToken()
    stopped.set()
    with pytest.raises(Aborted):
        prune(postgres, schema_name, keep=0, cancel=stopped)
    assert list_releases(postgres, schema_name)[0].state == "dropped"
    assert prune(postgres, schema_name) == (f"{schema_name}__r1",)
    assert schemas(postgres, schema_name) == [schema_name]


def test_many_tables_that_point_at_each_other(postgres: Endpoint, schema_name: str) -> None:
    with connect(postgres, purpose="test") as connection:
        connection.execute(f"CREATE SCHEMA {schema_name}".encode())
        for number in range(30):
            connection.execute(
                f'CREATE TABLE {schema_name}."t""{number}" (id int PRIMARY KEY, t int)'.encode()
            )
        for number in range(30):
            following = (number + 1) % 30
            connection.execute(
                f'ALTER TABLE {schema_name}."t""{number}" ADD FOREIGN KEY (t)'
                f' REFERENCES {schema_name}."t""{following}"'.encode()
            )
        connection.execute(f"CREATE VIEW {schema_name}.a AS SELECT 1 AS n".encode())
        connection.execute(f"CREATE VIEW {schema_name}.b AS SELECT n FROM {schema_name}.a".encode())
        connection.execute(f"CREATE SEQUENCE {schema_name}.loose".encode())
        assert outside_dependents(connection, schema_name) == ()
        assert drop_schema(connection, schema_name) is True
        assert drop_schema(connection, schema_name) is False
