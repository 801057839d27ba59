"""Cutover on a real server: first, again, over a foreign schema, under writers, readers and locks."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from sdmigrate.model.approval import approve
from sdmigrate.model.errors import Aborted, Refused, TargetUnreachable, UnsafeToContinue
from sdmigrate.model.result import Release, Switch, Verification
from sdmigrate.model.settings import Endpoint, Limits
from sdmigrate.postgres import switching
from sdmigrate.postgres.bookkeeping import Bookkeeping, RecordedRelease
from sdmigrate.postgres.connect import Connection, connect, endpoint_of
from sdmigrate.postgres.live_writes import LiveWrite, Watched, watch
from sdmigrate.postgres.locks import held
from sdmigrate.postgres.releases import current_live, list_releases
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.stages.cutover import cutover
from tests.conftest import MakeContext
from tests.postgres.made import make_release, schemas, subjects
from tests.stages.by_hand import ask

QUICK = Limits(lock_timeout_ms=100, lock_attempts=3)


@pytest.fixture
def context(make_context: MakeContext, tmp_path: Path) -> Context:
    return make_context(tmp_path, limits=QUICK)


def switch(
    context: Context, endpoint: Endpoint, made: tuple[Release, Verification], **options: Any
) -> Switch:
    release, verification = made
    return cutover(
        context, endpoint, release, verification, approve(release.schema, release.schema), **options
    )


def test_the_first_release_gets_the_name_at_once(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    made = make_release(postgres, schema_name, "1")
    done = switch(context, postgres, made)
    assert (done.schema, done.release, done.previous) == (schema_name, f"{schema_name}__r1", None)
    assert done.findings == ()
    assert 0 < done.milliseconds < 2000
    assert schemas(postgres, schema_name) == [schema_name]
    assert subjects(postgres, schema_name) == ["printer 1", "printer 2", "printer 3"]
    live = current_live(postgres, schema_name)
    assert live is not None
    assert (live.name, live.state, live.live, live.rows) == (f"{schema_name}__r1", "live", True, 5)


def test_the_next_release_takes_the_name_and_the_old_one_is_kept(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    done = switch(context, postgres, make_release(postgres, schema_name, "2", subject="phone"))
    assert (done.release, done.previous) == (f"{schema_name}__r2", f"{schema_name}__r1")
    assert schemas(postgres, schema_name) == [schema_name, f"{schema_name}__r1"]
    assert subjects(postgres, schema_name)[0] == "phone 1"
    assert subjects(postgres, f"{schema_name}__r1")[0] == "printer 1"
    assert [(entry.name, entry.state) for entry in list_releases(postgres, schema_name)] == [
        (f"{schema_name}__r1", "kept"),
        (f"{schema_name}__r2", "live"),
    ]


def test_run_again_after_a_kill_it_finds_its_work_done(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    made = make_release(postgres, schema_name, "2")
    first, second = switch(context, postgres, made), switch(context, postgres, made)
    assert (second.release, second.previous) == (first.release, first.previous)
    assert second.milliseconds == 0


@pytest.mark.parametrize("name", ['a"; DROP SCHEMA x; --', "Ünï %s {x} 'q'", "a.b[red]\n"])
def test_hostile_names_are_names(postgres: Endpoint, context: Context, name: str, schema_name: str) -> None:
    schema = f"{schema_name[:8]}{name}"
    switch(context, postgres, make_release(postgres, schema, "1"))
    done = switch(context, postgres, make_release(postgres, schema, "2"))
    assert done.previous == f"{schema}__r1"
    assert schemas(postgres, schema) == [schema, f"{schema}__r1"]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("INSERT INTO {}.tickets (subject) VALUES ('late')", "tickets: 1 row more"),
        ("DELETE FROM {}.comments", "comments: 2 rows fewer"),
        ("UPDATE {}.tickets SET subject = 'x' WHERE id = 2", "tickets: rows changed"),
        ("ALTER TABLE {}.tickets ADD COLUMN extra int", "tickets: columns changed"),
        ("ALTER TABLE {}.tickets ALTER COLUMN subject TYPE varchar(90)", "tickets: columns changed"),
        ("CREATE TABLE {}.mine (n int)", "mine: a table that was not published"),
        ("DROP TABLE {}.comments", "comments: the table is gone"),
    ],
)
def test_what_was_written_into_live_is_not_left_behind_unasked(
    postgres: Endpoint, context: Context, schema_name: str, statement: str, told: str
) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    if "ALTER COLUMN" in statement:
        ask(postgres, f"DROP VIEW {schema_name}.open_tickets")
    ask(postgres, statement.format(schema_name))
    made = make_release(postgres, schema_name, "2")

    with pytest.raises(UnsafeToContinue, match=told) as caught:
        switch(context, postgres, made)
    assert "--discard-live-writes" in caught.value.hint
    live = current_live(postgres, schema_name)
    assert live is not None
    assert live.name == f"{schema_name}__r1"

    done = switch(context, postgres, made, discard_live_writes=True)
    assert [finding.code for finding in done.findings] == ["live-writes-left"]
    assert told in done.findings[0].message
    assert done.previous == f"{schema_name}__r1"


def test_what_another_version_published_cannot_be_compared_and_is_not_left_behind_unasked(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    # As written before the form was written down.
    ask(
        postgres,
        "UPDATE sdmigrate.releases SET digests ="
        " (SELECT jsonb_object_agg(key, value - 'form') FROM jsonb_each(digests))"
        f" WHERE stable = '{schema_name}'",
    )
    made = make_release(postgres, schema_name, "2")

    with pytest.raises(UnsafeToContinue, match="may have been written to since") as caught:
        switch(context, postgres, made)
    assert "comments: published by another version of sdmigrate" in caught.value.message
    done = switch(context, postgres, made, discard_live_writes=True)
    assert [finding.count for finding in done.findings] == [0, 0]
    assert "if anything" in done.findings[0].message


def test_a_schema_of_others_is_only_taken_when_told_to(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    ask(postgres, f"CREATE SCHEMA {schema_name}")
    ask(postgres, f"CREATE TABLE {schema_name}.tickets (subject text)")
    made = make_release(postgres, schema_name, "1")
    with pytest.raises(UnsafeToContinue, match="not published by sdmigrate"):
        switch(context, postgres, made)
    done = switch(context, postgres, made, adopt=True)
    assert (done.release, done.previous) == (f"{schema_name}__r1", f"{schema_name}__r0")
    assert schemas(postgres, schema_name) == [schema_name, f"{schema_name}__r0"]


def test_grants_go_with_the_name(postgres: Endpoint, context: Context, schema_name: str) -> None:
    role = f"reader {schema_name}"
    ask(postgres, f'CREATE ROLE "{role}"')
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    for grant in (
        f'USAGE ON SCHEMA {schema_name} TO "{role}"',
        f'SELECT, INSERT ON {schema_name}.tickets TO "{role}" WITH GRANT OPTION',
        f"SELECT ON {schema_name}.open_tickets TO PUBLIC",
        f'UPDATE (at) ON {schema_name}.comments TO "{role}"',
        f'USAGE ON SEQUENCE {schema_name}.tickets_id_seq TO "{role}"',
    ):
        ask(postgres, f"GRANT {grant}")
    ask(postgres, f'ALTER DEFAULT PRIVILEGES IN SCHEMA {schema_name} GRANT SELECT ON TABLES TO "{role}"')

    def privileges() -> list[tuple[Any, ...]]:
        return ask(
            postgres,
            "SELECT relname, relacl::text, (SELECT array_agg(attacl::text ORDER BY attnum)"
            "  FROM pg_attribute WHERE attrelid = pg_class.oid AND attacl IS NOT NULL)"
            " FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'v', 'S') ORDER BY 1",
            schema_name,
        ) + ask(
            postgres,
            "SELECT nspacl::text, defaclobjtype::text, defaclacl::text FROM pg_namespace"
            " JOIN pg_default_acl ON defaclnamespace = pg_namespace.oid WHERE nspname = %s",
            schema_name,
        )

    before = privileges()
    switch(context, postgres, make_release(postgres, schema_name, "2"))
    assert privileges() == before
    assert len([acl for _, acl, _ in before if acl]) > 3
    ask(postgres, f'SET ROLE "{role}"; SELECT * FROM {schema_name}.tickets')
    ask(postgres, f'DROP OWNED BY "{role}"')
    ask(postgres, f'DROP ROLE "{role}"')


def test_an_old_transaction_on_live_is_named_and_nothing_is_switched(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    with connect(postgres, purpose="nightly report") as reader, reader.transaction():
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute(f"SELECT count(*) FROM {schema_name}.tickets".encode())
        made = make_release(postgres, schema_name, "2")
        with pytest.raises(UnsafeToContinue, match="sdmigrate nightly report of sdmigrate"):
            switch(context, postgres, made)
    live = current_live(postgres, schema_name)
    assert live is not None
    assert live.name == f"{schema_name}__r1"
    assert switch(context, postgres, made).release == f"{schema_name}__r2"


def test_a_writer_in_flight_is_waited_for_and_counted(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    patient = make_context(tmp_path, limits=Limits(lock_timeout_ms=1000, lock_attempts=10))
    switch(patient, postgres, make_release(postgres, schema_name, "1"))
    made = make_release(postgres, schema_name, "2")
    with connect(postgres, purpose="writer") as writer:
        writer.execute("BEGIN")
        writer.execute(f"INSERT INTO {schema_name}.tickets (subject) VALUES ('in flight')".encode())
        timer = threading.Timer(0.5, writer.execute, args=("COMMIT",))
        timer.start()
        with pytest.raises(UnsafeToContinue, match="tickets: 1 row more"):
            switch(patient, postgres, made)
        timer.join()


def test_a_writer_that_waits_lands_in_the_new_release(
    postgres: Endpoint, context: Context, schema_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    made = make_release(postgres, schema_name, "2", subject="phone")
    real, writers = Bookkeeping.publish, []

    def publish_while_a_writer_waits(books: Bookkeeping, connection: Any, name: str) -> None:
        statement = f"INSERT INTO {schema_name}.tickets (subject) VALUES ('waited')"
        writer = threading.Thread(target=ask, args=(postgres, statement))
        writers.append(writer)
        writer.start()
        time.sleep(0.3)
        assert writer.is_alive()
        real(books, connection, name)

    monkeypatch.setattr(Bookkeeping, "publish", publish_while_a_writer_waits)
    switch(context, postgres, made)
    for writer in writers:
        writer.join()
    assert subjects(postgres, schema_name)[-1] == "waited"
    assert len(subjects(postgres, f"{schema_name}__r1")) == 3


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("INSERT INTO {}.tickets (subject) VALUES ('late')", "tickets: 1 row more"),
        ("DELETE FROM {}.tickets WHERE id = 3", "tickets: 1 row fewer"),
        ("UPDATE {}.tickets SET subject = subject || '!' WHERE id = 3", "tickets: rows changed"),
        ("TRUNCATE {}.comments", "comments: 2 rows fewer"),
        ("ALTER TABLE {}.tickets ADD COLUMN extra int", "tickets: columns changed"),
    ],
)
def test_what_is_written_between_reading_and_locking_is_seen(
    postgres: Endpoint,
    context: Context,
    schema_name: str,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    told: str,
) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    made = make_release(postgres, schema_name, "2")

    def read_then_write(connection: Connection, schema: str, release: RecordedRelease) -> Watched:
        watched = watch(connection, schema, release)
        ask(postgres, statement.format(schema))
        return watched

    monkeypatch.setattr(switching, "watch", read_then_write)
    with pytest.raises(UnsafeToContinue, match=told):
        switch(context, postgres, made)
    monkeypatch.undo()
    assert switch(context, postgres, made, discard_live_writes=True).release == f"{schema_name}__r2"


def test_what_nobody_touched_is_not_read_again_under_the_lock(
    postgres: Endpoint, context: Context, schema_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    asked: list[str] = []

    def read(connection: Connection, schema: str, release: RecordedRelease) -> tuple[LiveWrite, ...]:
        asked.append(schema)
        return ()

    monkeypatch.setattr(switching, "live_writes", read)
    assert switch(context, postgres, make_release(postgres, schema_name, "2")).findings == ()
    assert asked == []


def test_readers_go_on_through_cutovers_and_see_one_release_whole(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    patient = make_context(tmp_path, limits=Limits(lock_timeout_ms=500, lock_attempts=10))
    switch(patient, postgres, make_release(postgres, schema_name, "0", subject="release 0 no"))
    over, seen = threading.Event(), set[tuple[str, ...]]()

    def read() -> None:
        with connect(postgres, purpose="reader") as connection:
            while not over.is_set():
                found = connection.execute(f"SELECT subject FROM {schema_name}.tickets ORDER BY id".encode())
                seen.add(tuple(row[0] for row in found))

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        for number in range(1, 5):
            made = make_release(postgres, schema_name, str(number), subject=f"release {number} no")
            switch(patient, postgres, made)
        over.set()
        for reader in readers:
            reader.result()
    assert seen <= {tuple(f"release {n} no {row}" for row in (1, 2, 3)) for n in range(5)}
    assert len(seen) > 1


def test_cancel_while_waiting_switches_nothing(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    slow = make_context(tmp_path, limits=Limits(lock_timeout_ms=60_000, lock_attempts=1))
    switch(slow, postgres, make_release(postgres, schema_name, "1"))
    made = make_release(postgres, schema_name, "2")
    assert isinstance(slow.cancel, CancelToken)
    with connect(postgres, purpose="reader") as reader, reader.transaction():
        reader.execute(f"SELECT count(*) FROM {schema_name}.tickets".encode())
        timer = threading.Timer(0.3, slow.cancel.set)
        timer.start()
        with pytest.raises(Aborted):
            switch(slow, postgres, made)
        timer.join()
    assert schemas(postgres, schema_name) == [schema_name, f"{schema_name}__r2"]


def test_another_runs_lock_is_respected(postgres: Endpoint, context: Context, schema_name: str) -> None:
    made = make_release(postgres, schema_name, "1")
    with (
        held(postgres, Bookkeeping(), schema_name, "another-run"),
        pytest.raises(UnsafeToContinue, match="locked by run another-run"),
    ):
        switch(context, postgres, made)
    assert switch(context, postgres, made).release == f"{schema_name}__r1"


def test_a_verification_that_failed_or_is_of_something_else_is_refused(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    release, verification = make_release(postgres, schema_name, "1")
    replace = msgspec.structs.replace
    failed = replace(
        verification, tables=(replace(verification.tables[0], verdict="different"), verification.tables[1])
    )
    with pytest.raises(Refused, match="tickets"):
        switch(context, postgres, (release, failed))
    with pytest.raises(Refused, match="comments"):
        switch(context, postgres, (release, replace(verification, tables=verification.tables[:1])))
    with pytest.raises(UnsafeToContinue, match="not of"):
        switch(context, postgres, (release, replace(verification, plan_id="another")))
    with pytest.raises(UnsafeToContinue, match="approval is for"):
        cutover(context, postgres, release, verification, approve("x", "x"))
    assert current_live(postgres, schema_name) is None


def test_a_kept_name_that_is_taken_stops_it(postgres: Endpoint, context: Context, schema_name: str) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    ask(postgres, f"CREATE SCHEMA {schema_name}__r1")
    with pytest.raises(UnsafeToContinue, match="is there already"):
        switch(context, postgres, make_release(postgres, schema_name, "2"))
    assert subjects(postgres, schema_name)[0] == "printer 1"


def test_a_role_that_does_not_own_live_is_told_what_it_needs(
    postgres: Endpoint, context: Context, schema_name: str
) -> None:
    role = f"tool_{schema_name}"
    ask(postgres, f"CREATE ROLE {role} LOGIN")
    ask(postgres, f"GRANT CREATE ON DATABASE sdmigrate TO {role}")
    ask(postgres, f"CREATE SCHEMA {schema_name}")
    made = make_release(postgres, schema_name, "1")
    ask(postgres, f"GRANT USAGE ON SCHEMA sdmigrate TO {role}")
    ask(postgres, f"GRANT ALL ON ALL TABLES IN SCHEMA sdmigrate TO {role}")
    theirs = endpoint_of(psycopg.conninfo.make_conninfo(postgres.conninfo, user=role))
    try:
        with pytest.raises(TargetUnreachable, match="may not switch"):
            switch(context, theirs, made, adopt=True)
    finally:
        ask(postgres, f"DROP OWNED BY {role}")
        ask(postgres, f"DROP ROLE {role}")


def test_publication_times_are_utc(postgres: Endpoint, context: Context, schema_name: str) -> None:
    switch(context, postgres, make_release(postgres, schema_name, "1"))
    live = current_live(postgres, schema_name)
    assert live is not None
    assert live.published is not None
    age = datetime.now(UTC) - datetime.fromisoformat(live.published)
    assert abs(age.total_seconds()) < 60
