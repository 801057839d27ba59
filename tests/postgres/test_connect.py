"""Connection strings, session settings, passwords kept to themselves, errors by name."""

import threading
import time

import psycopg
import pytest

from sdmigrate.model.errors import Aborted, Interrupted, TargetUnreachable, UsageProblem
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.connect import connect, endpoint_of, guarding, has_password
from sdmigrate.runtime.cancel import CancelToken

SECRET = "s3cr:t @/%"


@pytest.mark.parametrize(
    ("target", "described"),
    [
        ("postgresql://ann:s3cr%3At%20%40%2F%25@db:5433/desk", "user=ann dbname=desk host=db port=5433"),
        ("host=db user=ann password='s3cr:t @/%' dbname=desk", "user=ann dbname=desk host=db"),
        ("service=desk sslpassword=x", "service=desk"),
        ("postgres:///desk?host=/run/pg&password=s3cr%3At", "dbname=desk host=/run/pg"),
    ],
)
def test_a_description_holds_no_password(target: str, described: str) -> None:
    endpoint = endpoint_of(target)
    assert endpoint.described == described
    assert endpoint.conninfo == target
    assert "s3cr" not in repr(endpoint)


def test_an_empty_string_is_described_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGDATABASE", "desk")
    monkeypatch.setenv("PGPASSWORD", SECRET)
    described = endpoint_of("").described
    assert "host=db.example" in described
    assert "dbname=desk" in described
    assert "s3cr" not in described


@pytest.mark.parametrize("target", ["desk", "postgresql://a:s3cr@[bad", "host=db password=s3cr x"])
def test_what_libpq_cannot_read_is_refused_without_repeating_it(target: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        endpoint_of(target)
    assert "s3cr" not in caught.value.message + caught.value.hint
    assert caught.value.__cause__ is None


def test_a_password_in_the_string_is_noticed() -> None:
    assert has_password("postgresql://a:b@c/d")
    assert not has_password("postgresql://a@c/d")


def test_no_server_is_told_without_the_password() -> None:
    endpoint = endpoint_of(f"host=/nowhere user=ann password={'s3cr' * 3}")
    with pytest.raises(TargetUnreachable) as caught, connect(endpoint, purpose="test"):
        pass
    assert "/nowhere" in caught.value.message
    assert "s3cr" not in caught.value.message


def test_the_session_is_the_same_whatever_the_server_is_set_to(postgres: Endpoint) -> None:
    hostile = endpoint_of(
        postgres.conninfo + " options='-c TimeZone=Asia/Tokyo -c DateStyle=German -c statement_timeout=1"
        " -c bytea_output=escape -c extra_float_digits=0'"
    )
    with connect(hostile, purpose="test") as connection:
        row = connection.execute(
            "SELECT (timestamptz '2024-03-31 00:30+00')::text, '\\x00ff'::bytea::text,"
            " (0.1::float8 + 0.2)::text, current_setting('statement_timeout'),"
            " current_setting('search_path'), current_setting('application_name')"
        ).fetchone()
    assert row == (
        "2024-03-31 00:30:00+00",
        "\\x00ff",
        "0.30000000000000004",
        "0",
        "",
        "sdmigrate test",
    )


def test_a_connection_lost_while_working_is_the_environments_doing(postgres: Endpoint) -> None:
    def work() -> None:
        with connect(postgres, purpose="victim") as victim, connect(postgres, purpose="killer") as killer:
            killer.execute("SELECT pg_terminate_backend(%s, 5000)", (victim.info.backend_pid,))
            victim.execute("SELECT 1")

    with pytest.raises(Interrupted, match="failed while working"):
        work()


def test_an_error_of_what_was_asked_stays_what_it_is(postgres: Endpoint) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), connect(postgres, purpose="test") as connection:
        connection.execute("SELECT 1/0")


def test_cancel_ends_a_statement_and_the_connection_stays_usable(postgres: Endpoint) -> None:
    token = CancelToken()
    with connect(postgres, purpose="test") as connection:
        timer = threading.Timer(0.2, token.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Aborted), guarding(token, connection):
            connection.execute("SELECT pg_sleep(30)")
        assert time.monotonic() - began < 10
        timer.join()
        assert connection.execute("SELECT 1").fetchone() == (1,)
