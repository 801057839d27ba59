"""Rollback on a real server: to the previous, to a named one, to nothing, and where there is none."""

from pathlib import Path

import pytest

from sdmigrate.model.approval import approve
from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.result import Switch
from sdmigrate.model.settings import Endpoint, Limits
from sdmigrate.postgres.releases import current_live, list_releases, prune
from sdmigrate.runtime.context import Context
from sdmigrate.stages.cutover import cutover
from sdmigrate.stages.rollback import rollback
from tests.conftest import MakeContext
from tests.postgres.made import make_release, schemas, subjects
from tests.stages.by_hand import ask


@pytest.fixture
def context(make_context: MakeContext, tmp_path: Path) -> Context:
    return make_context(tmp_path, limits=Limits(lock_timeout_ms=100, lock_attempts=3))


def publish(context: Context, endpoint: Endpoint, schema: str, *stamps: str) -> None:
    for stamp in stamps:
        release, verification = make_release(endpoint, schema, stamp, subject=f"subject {stamp} no")
        cutover(context, endpoint, release, verification, approve(schema, schema))


def back(
    context: Context, endpoint: Endpoint, schema: str, to: str | None = None, *, discard: bool = False
) -> Switch:
    return rollback(context, endpoint, schema, to, approve(schema, schema), discard_live_writes=discard)


def live_name(endpoint: Endpoint, schema: str) -> str | None:
    live = current_live(endpoint, schema)
    return None if live is None else live.name.removeprefix(schema)


def test_the_previous_release_is_live_again(postgres: Endpoint, context: Context, schema_name: str) -> None:
    publish(context, postgres, schema_name, "1", "2")
    done = back(context, postgres, schema_name)
    assert (done.release, done.previous) == (f"{schema_name}__r1", f"{schema_name}__r2")
    assert subjects(postgres, schema_name)[0] == "subject 1 no 1"
    assert subjects(postgres, f"{schema_name}__r2")[0] == "subject 2 no 1"
    assert [entry.state for entry in list_releases(postgres, schema_name)] == ["live", "kept"]


def test_going_back_from_the_first_leaves_nothing_live(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    publish(context, postgres, schema_name, "1")
    done = back(context, postgres, schema_name)
    assert (done.release, done.previous) == (None, f"{schema_name}__r1")
    assert schemas(postgres, schema_name) == [f"{schema_name}__r1"]
    assert current_live(postgres, schema_name) is None


def test_each_step_back_goes_one_further_and_any_kept_one_can_be_named(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    publish(context, postgres, schema_name, "1", "2", "3")
    back(context, postgres, schema_name)
    back(context, postgres, schema_name)
    assert live_name(postgres, schema_name) == "__r1"
    back(context, postgres, schema_name, f"{schema_name}__r3")
    assert live_name(postgres, schema_name) == "__r3"
    back(context, postgres, schema_name)
    assert live_name(postgres, schema_name) == "__r2"
    done = back(context, postgres, schema_name, f"{schema_name}__r2")
    assert (done.release, done.milliseconds) == (f"{schema_name}__r2", 0)


def test_an_adopted_schema_comes_back(postgres: Endpoint, context: Context, schema_name: str) -> None:
    ask(postgres, f"CREATE SCHEMA {schema_name}")
    ask(postgres, f"CREATE TABLE {schema_name}.tickets AS SELECT 1 AS id, 'theirs' AS subject")
    release, verification = make_release(postgres, schema_name, "1")
    cutover(context, postgres, release, verification, approve(schema_name, schema_name), adopt=True)
    done = back(context, postgres, schema_name)
    assert done.release == f"{schema_name}__r0"
    assert subjects(postgres, schema_name) == ["theirs"]
    again = cutover(context, postgres, release, verification, approve(schema_name, schema_name))
    assert again.previous == f"{schema_name}__r0"
    assert [finding.code for finding in again.findings] == ["live-writes-unknown"]
    assert prune(postgres, schema_name, keep=0) == ()
    assert schemas(postgres, schema_name) == [schema_name, f"{schema_name}__r0"]


def test_rows_written_into_live_are_not_left_behind_unasked(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    publish(context, postgres, schema_name, "1", "2")
    ask(postgres, f"INSERT INTO {schema_name}.tickets (id, subject) VALUES (99, 'late')")
    with pytest.raises(UnsafeToContinue, match="tickets: 1 row more"):
        back(context, postgres, schema_name)
    assert live_name(postgres, schema_name) == "__r2"
    done = back(context, postgres, schema_name, discard=True)
    assert done.findings[0].count == 1
    assert subjects(postgres, f"{schema_name}__r2")[-1] == "late"


def test_a_lock_that_a_dead_run_left_is_taken_over_with_a_word(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    publish(context, postgres, schema_name, "1", "2")
    ask(
        postgres,
        "INSERT INTO sdmigrate.locks (stable, run, who, host, process, heartbeat)"
        " VALUES (%s, 'the dead one', 'ann', 'elsewhere', '1 1.00', now() - interval '1 day')",
        schema_name,
    )
    (told,) = back(context, postgres, schema_name).findings
    assert (told.code, told.severity) == ("lock-taken-over", "info")
    assert "the dead one" in told.message


def test_where_there_is_nothing_to_go_back_to_it_says_so(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    with pytest.raises(UsageProblem, match="nothing to go back from"):
        back(context, postgres, schema_name)
    publish(context, postgres, schema_name, "1", "2")
    with pytest.raises(UsageProblem, match="is not kept"):
        back(context, postgres, schema_name, f"{schema_name}__r7")
    prune(postgres, schema_name, keep=0)
    with pytest.raises(UsageProblem, match="is not kept"):
        back(context, postgres, schema_name)
    with pytest.raises(UnsafeToContinue, match="approval"):
        rollback(context, postgres, schema_name, None, approve("x", "x"))
    assert live_name(postgres, schema_name) == "__r2"


def test_going_back_where_live_was_dropped_by_hand(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    publish(context, postgres, schema_name, "1", "2")
    ask(postgres, f"DROP SCHEMA {schema_name} CASCADE")
    done = back(context, postgres, schema_name)
    assert (done.release, done.previous) == (f"{schema_name}__r1", None)
    assert subjects(postgres, schema_name)[0] == "subject 1 no 1"
