"""What the target remembers: idempotent, in the caller's transaction, and whose lock it is."""

import os
import platform
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from sdmigrate.model.errors import TargetUnreachable, UnsafeToContinue
from sdmigrate.model.result import TableDigest
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping, FinishedPart, PublishedTable
from sdmigrate.postgres.connect import Connection, connect
from sdmigrate.postgres.locks import STALE_SECONDS, held, holder, require
from tests.stages.by_hand import ask

DIGESTS = {
    'ti"ckets\n': PublishedTable(
        columns=(("id", "bigint"), ("a b'", "numeric(12,2)")),
        digest=TableDigest(rows=3, sum="-184467440737095516160"),
        server_types=("bigint", "numeric(12,2)"),
    )
}


@pytest.fixture
def books(schema_name: str) -> Bookkeeping:
    return Bookkeeping(f"books {schema_name}")


def register(connection: Connection, books: Bookkeeping, name: str) -> None:
    books.register_release(connection, name=name, stable="desk", run="run-1", plan_id="plan")


def test_it_is_created_once_though_many_ask_at_once(postgres: Endpoint, books: Bookkeeping) -> None:
    def create(_: int) -> bool:
        with connect(postgres, purpose="test") as connection:
            books.create(connection)
            return books.exists(connection)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(create, range(8))) == [True] * 8


def test_a_schema_of_that_name_that_is_not_ours_is_left_alone(postgres: Endpoint, books: Bookkeeping) -> None:
    ask(postgres, f'CREATE SCHEMA "{books.schema}"')
    with connect(postgres, purpose="test") as connection, pytest.raises(TargetUnreachable, match="is not"):
        books.create(connection)
    assert ask(postgres, "SELECT to_regclass(%s)", f'"{books.schema}".releases') == [(None,)]


def test_a_release_and_its_parts_are_remembered(postgres: Endpoint, books: Bookkeeping) -> None:
    with connect(postgres, purpose="test") as connection:
        books.create(connection)
        register(connection, books, "desk__r1")
        register(connection, books, "desk__r1")
        books.record_part(connection, release="desk__r1", table="t", part=0, rows=5)
        books.record_part(connection, release="desk__r1", table="t", part=1, rows=2, low=6, high=2**63 - 1)
        assert books.finished_parts(connection, "desk__r1") == {
            ("t", 0): FinishedPart(rows=5, low=None, high=None),
            ("t", 1): FinishedPart(rows=2, low=6, high=2**63 - 1),
        }
        books.mark(connection, "desk__r1", "verified", rows=7)
        books.record_digests(connection, "desk__r1", DIGESTS)
        books.publish(connection, "desk__r1")
        books.record_previous(connection, "desk__r1", "desk__r0")
        live = books.live(connection, "desk")
        assert live is not None
        assert (live.name, live.state, live.rows, live.run, live.plan_id, live.previous, live.adopted) == (
            "desk__r1",
            "live",
            7,
            "run-1",
            "plan",
            "desk__r0",
            False,
        )
        assert live.digests == DIGESTS
        assert live.published is not None
        assert books.release(connection, "desk__r9") is None


def test_a_part_of_a_transaction_that_failed_was_never_there(postgres: Endpoint, books: Bookkeeping) -> None:
    with connect(postgres, purpose="test") as connection:
        books.create(connection)
        register(connection, books, "desk__r1")

        def record_twice() -> None:
            with connection.transaction():
                for _ in range(2):
                    books.record_part(connection, release="desk__r1", table="t", part=0, rows=5)

        with pytest.raises(psycopg.errors.UniqueViolation):
            record_twice()
        assert books.finished_parts(connection, "desk__r1") == {}


def test_two_releases_cannot_be_live_under_one_name(postgres: Endpoint, books: Bookkeeping) -> None:
    with connect(postgres, purpose="test") as connection:
        books.create(connection)
        for name in ("desk__r1", "desk__r2"):
            register(connection, books, name)
        books.publish(connection, "desk__r1")
        with pytest.raises(psycopg.errors.UniqueViolation):
            books.publish(connection, "desk__r2")


def test_what_was_never_live_is_forgotten_and_what_was_is_history(
    postgres: Endpoint, books: Bookkeeping
) -> None:
    with connect(postgres, purpose="test") as connection:
        books.create(connection)
        for name in ("desk__c1", "desk__r1"):
            register(connection, books, name)
            books.record_part(connection, release=name, table="t", part=0, rows=5)
        books.publish(connection, "desk__r1")
        for name in ("desk__c1", "desk__r1"):
            books.mark(connection, name, "dropped")
            books.forget(connection, name)
            assert books.finished_parts(connection, name) == {}
        assert [release.name for release in books.releases(connection, "desk")] == ["desk__r1"]


def test_a_lock_keeps_others_out_until_it_is_given_back(postgres: Endpoint, books: Bookkeeping) -> None:
    with held(postgres, books, "desk", "run-1") as taken:
        assert taken.taken_over_from is None
        with held(postgres, books, "desk", "run-1"), held(postgres, books, "other", "run-2"):
            pass
        with (
            pytest.raises(UnsafeToContinue, match="locked by run run-1"),
            held(postgres, books, "desk", "run-2"),
        ):
            pass
        with connect(postgres, purpose="test") as connection:
            require(connection, books, "desk", "run-1")
            with pytest.raises(UnsafeToContinue, match="no longer held"):
                require(connection, books, "desk", "run-2")
            found = holder(connection, books, "desk")
            assert found is not None
            assert (found.host, found.process.split()[0]) == (platform.node(), str(os.getpid()))
    with connect(postgres, purpose="test") as connection:
        assert holder(connection, books, "desk") is None
    assert threading.active_count() >= 1


@pytest.mark.parametrize(
    ("process", "host", "silent", "dead"),
    [
        ("999999999 1.00", platform.node(), STALE_SECONDS + 1, True),
        (f"{os.getpid()} 1.00", platform.node(), STALE_SECONDS + 1, True),
        ("999999999 1.00", "elsewhere", STALE_SECONDS + 1, True),
        ("999999999 1.00", platform.node(), STALE_SECONDS - 10, False),
        ("999999999 1.00", "elsewhere", STALE_SECONDS - 10, False),
        ("not a process", platform.node(), STALE_SECONDS + 1, True),
    ],
    ids=[
        "gone",
        "another under its number",
        "elsewhere",
        "gone just now",
        "elsewhere just now",
        "unreadable",
    ],
)
def test_only_a_dead_runs_lock_is_taken_over(
    postgres: Endpoint, books: Bookkeeping, process: str, host: str, silent: int, dead: bool
) -> None:
    with connect(postgres, purpose="test") as connection:
        books.create(connection)
        connection.execute(
            f'INSERT INTO "{books.schema}".locks (stable, run, who, host, process, heartbeat)'
            " VALUES ('desk', 'old', 'ann', %s, %s, now() - %s * interval '1 s')".encode(),
            (host, process, silent),
        )
    if dead:
        with held(postgres, books, "desk", "new") as taken:
            assert taken.taken_over_from == "old"
    else:
        with pytest.raises(UnsafeToContinue, match="of ann on"), held(postgres, books, "desk", "new"):
            pass


def test_a_silent_process_that_still_runs_keeps_its_lock(postgres: Endpoint, books: Bookkeeping) -> None:
    with held(postgres, books, "desk", "old"):
        ask(postgres, f"UPDATE \"{books.schema}\".locks SET heartbeat = now() - interval '1 hour'")
        with pytest.raises(UnsafeToContinue), held(postgres, books, "desk", "new"):
            pass


def test_a_heart_beats(postgres: Endpoint, books: Bookkeeping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdmigrate.postgres.locks.BEAT_SECONDS", 0.05)
    with held(postgres, books, "desk", "run"), connect(postgres, purpose="test") as connection:
        ask(postgres, f"UPDATE \"{books.schema}\".locks SET heartbeat = now() - interval '1 hour'")
        for _ in range(200):
            found = holder(connection, books, "desk")
            assert found is not None
            if found.silent_seconds < 60:
                return
            threading.Event().wait(0.05)
    pytest.fail("no beat came")
