"""What every test may ask for: a PostgreSQL server, a schema's name of its own, a run's context."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import settings
from msgspec.structs import replace
from psycopg import sql
from psycopg.conninfo import make_conninfo

from sdmigrate.model.events import Event
from sdmigrate.model.settings import Endpoint, Mode, Request
from sdmigrate.postgres import embedded
from sdmigrate.postgres.connect import connect, endpoint_of
from sdmigrate.postgres.unprivileged import remove_place
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import RunDirectory, make_private_directory

# The same examples on every run, so that a red run is about the change in hand; new ones are looked for with
# ``HYPOTHESIS_PROFILE=search make test``. How long an example takes is the machine's affair.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("search", print_blob=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


LONG = ("tui", "cli", "stages", "faults", "terminal", "postgres", "duck")
"""The directories whose modules take long, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long modules first: a module is one process's, and one begun last would leave the others idle."""
    tests = Path(__file__).parent
    ranks = {tests / name: rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path.parent, len(LONG)))


class RecordingSink:
    """An EventSink that keeps everything."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


class MakeContext(Protocol):
    """Builds a context over ``tmp_path``; further keywords are fields of Request."""

    def __call__(
        self, tmp_path: Path, mode: Mode = "migrate", *, started: datetime = ..., **request_fields: Any
    ) -> Context: ...


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One throw-away embedded server for each test process."""
    with embedded.throwaway(tmp_path_factory.mktemp("postgres")) as endpoint:
        yield endpoint


@pytest.fixture
def own_database(postgres: Endpoint, schema_name: str) -> Iterator[Endpoint]:
    """A database of the test's own on that server, where all that it holds is compared."""
    name = sql.Identifier(schema_name)
    with connect(postgres, purpose="test") as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        conninfo = make_conninfo(postgres.conninfo, dbname=schema_name)
        yield replace(postgres, conninfo=conninfo)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(scope="session", params=["embedded", "given"])
def any_postgres(request: pytest.FixtureRequest) -> Endpoint:
    """The embedded server, and the one that SDMIGRATE_TEST_DSN names where it is set."""
    if request.param == "embedded":
        endpoint = request.getfixturevalue("postgres")
        assert isinstance(endpoint, Endpoint)
        return endpoint
    target = os.environ.get("SDMIGRATE_TEST_DSN")
    if not target:
        pytest.skip("SDMIGRATE_TEST_DSN is not set")
    return endpoint_of(target)


@pytest.fixture
def work_directory(tmp_path: Path) -> Iterator[Path]:
    """A work directory, private as a real one; its lasting server is stopped and removed at the end."""
    directory = tmp_path / "work"
    make_private_directory(directory)
    yield directory
    embedded.stop(directory)
    remove_place(directory / "postgres")


@pytest.fixture
def schema_name() -> str:
    """A schema's name that no other test uses."""
    return f"app_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def make_context() -> MakeContext:
    """A factory of contexts; its events are in ``context.events.events``, its cancel is a CancelToken."""

    def make(
        tmp_path: Path,
        mode: Mode = "migrate",
        *,
        started: datetime = datetime(2026, 11, 23, 2, 15, tzinfo=UTC),
        **request_fields: Any,
    ) -> Context:
        fields: dict[str, Any] = {"source": str(tmp_path / "source.sqlite"), "target": None, "schema": None}
        directory = RunDirectory(tmp_path / "runs" / f"{started:%Y%m%dT%H%M%SZ}-source")
        make_private_directory(directory.path)
        make_private_directory(directory.scratch)
        return Context(
            request=Request(mode=mode, **(fields | request_fields)),
            directory=directory,
            cancel=CancelToken(),
            events=RecordingSink(),
            started=started,
        )

    return make
