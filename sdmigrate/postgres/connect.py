"""The way to a PostgreSQL target: libpq's own rules, one set of session settings, our own errors.

Invariant: a password is in ``Endpoint.conninfo`` alone. No message, no ``described`` and no child's
arguments hold one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sdmigrate.model.errors import Interrupted, TargetUnreachable, UsageProblem
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.settings import Endpoint

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret"})
"""Connection parameters whose values are never shown."""

CONNECT_TIMEOUT_SECONDS = 10

SESSION_SETTINGS = {
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "default_transaction_isolation": "read committed",
    "extra_float_digits": "1",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "lock_timeout": "0",
    # Only pg_catalog: no function or operator of the target's other schemas can stand in for a built-in one.
    "search_path": "",
    # A policy that would hide rows from a digest is an error, not a smaller table.
    "row_security": "off",
    "standard_conforming_strings": "on",
    "statement_timeout": "0",
    "transaction_timeout": "0",
}
"""Settings by name; those that the server's version lacks are left out."""

LOST_CONNECTION = ("08", "53", "57P01", "57P02", "57P03", "57P05", "58")
"""SQLSTATEs, by their beginning, that are the environment's doing: connection, resources, shutdown, I/O."""


def endpoint_of(target: str) -> Endpoint:
    """The endpoint that a libpq string (URI, ``key=value`` or ``service=``) names.

    An empty string is what the PG* environment says. ``described`` is a libpq string again.

    Raises:
        UsageProblem: libpq cannot read the string.
    """
    try:
        parameters = conninfo_to_dict(target)
    except psycopg.ProgrammingError:
        # libpq's text repeats the string, and with it a password.
        raise UsageProblem(
            "The target is not a PostgreSQL connection string.",
            "Write postgresql://user@host:5432/database, or host=… dbname=…, or service=…, or embedded.",
        ) from None
    return Endpoint(conninfo=target, described=_described(parameters))


def _described(parameters: dict[str, Any]) -> str:
    shown = {name: value for name, value in parameters.items() if name not in SECRETS}
    if not shown:
        shown = {
            option.keyword.decode(): option.val.decode()
            for option in psycopg.pq.Conninfo.get_defaults()
            if option.val and option.keyword in (b"host", b"port", b"user", b"dbname")
        }
    return make_conninfo("", **shown)


def has_password(target: str) -> bool:
    """Whether the string itself holds a password, so that a face can warn of it.

    Raises:
        UsageProblem: libpq cannot read the string.
    """
    endpoint_of(target)
    return bool(SECRETS & conninfo_to_dict(target).keys())


@contextmanager
def connect(endpoint: Endpoint, *, purpose: str) -> Iterator[Connection]:
    """A connection in autocommit, closed on leaving; ``purpose`` is seen in pg_stat_activity.

    Raises:
        TargetUnreachable: no connection can be made.
        Interrupted: it was made and then lost, or the server ran out of a resource.
    """
    connection = _open(endpoint, purpose)
    try:
        yield connection
    except psycopg.Error as error:
        if not is_environment(error, connection):
            raise
        raise Interrupted(
            f"The connection to {endpoint.described} failed while working: {_one_line(error, endpoint)}",
            "Look at the server and the network, then run 'sdmigrate resume'.",
        ) from error
    finally:
        connection.close()


def is_environment(error: psycopg.Error, connection: Connection) -> bool:
    """Whether the server or the network failed, rather than what was asked of it."""
    return connection.closed or bool(error.sqlstate and error.sqlstate.startswith(LOST_CONNECTION))


@contextmanager
def guarding(cancel: CancelSignal, connection: Connection) -> Iterator[None]:
    """While the block runs, a cancel stops the connection's statement and the block ends in Aborted."""
    with cancel.interrupting(connection.cancel_safe):
        yield


def _open(endpoint: Endpoint, purpose: str) -> Connection:
    given = conninfo_to_dict(endpoint.conninfo)
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 6,
    }
    parameters = {name: value for name, value in defaults.items() if name not in given}
    try:
        connection = psycopg.connect(
            endpoint.conninfo,
            autocommit=True,
            application_name=f"sdmigrate {purpose}",
            client_encoding="UTF8",
            **parameters,
        )
    except psycopg.Error as error:
        raise TargetUnreachable(
            f"The target {endpoint.described} cannot be reached: {_one_line(error, endpoint)}",
            "Check host, port, user, database and password (PGPASSWORD or ~/.pgpass), and that it runs.",
        ) from None
    try:
        _prepare_session(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare_session(connection: Connection) -> None:
    # First, since a short timeout of the role or the database would end the next statement as well.
    connection.execute("SET statement_timeout = 0")
    connection.execute(
        "SELECT pg_catalog.set_config(known.name, wanted.value, false)"
        " FROM unnest(%s::text[], %s::text[]) AS wanted(name, value)"
        " JOIN pg_catalog.pg_settings AS known ON known.name = wanted.name",
        (list(SESSION_SETTINGS), list(SESSION_SETTINGS.values())),
    )


def _one_line(error: psycopg.Error, endpoint: Endpoint) -> str:
    text = " ".join(str(error).split())
    for name, value in conninfo_to_dict(endpoint.conninfo).items():
        if name in SECRETS and value:
            text = text.replace(str(value), "…")
    return text
