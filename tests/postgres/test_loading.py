"""Parts and their checkpoints, and what a loader finds on the server when it begins."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from sdmigrate.model.blueprint import TargetTable
from sdmigrate.model.errors import InternalFault, Interrupted, UnsafeToContinue
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import Connection, connect
from sdmigrate.postgres.loading import Loader
from tests.stages.by_hand import ask, table_of


@dataclass(frozen=True)
class Part:
    """Rows n … high, as text ``n``."""

    rows: int
    high: int
    data: bytes
    octets: int = 0
    cells: tuple[int, ...] = ()


@dataclass(frozen=True)
class Numbers:
    """A RowSource of the numbers 1 … last, in blocks of ten; ``large`` ones only come by cells."""

    last: int
    large: frozenset[int] = frozenset()

    def marked(self, after: int | None) -> Iterator[Part]:
        first = (after or 0) + 1
        while first <= self.last:
            numbers = []
            for number in range(first, min(first + 10, self.last + 1)):
                if number in self.large:
                    break
                numbers.append(number)
            if not numbers:
                return
            data = b"".join(b"%d\xfe" % number for number in numbers)
            yield Part(rows=len(numbers), high=numbers[-1], data=data)
            first = numbers[-1] + 1

    def rows(self, after: int | None) -> Iterator[Part]:
        for number in range((after or 0) + 1, self.last + 1):
            yield Part(rows=1, high=number, data=b"", octets=8, cells=(number,))

    def locator_of(self, after: int | None, ordinal: int) -> int | None:
        found = (after or 0) + ordinal
        return found if found <= self.last else None


TABLE = table_of("t", {"n": "bigint"})


@pytest.fixture
def connection(postgres: Endpoint) -> Iterator[Connection]:
    with connect(postgres, purpose="test") as connection:
        yield connection


def loader_of(connection: Connection, schema: str, told: list[tuple[str, int]], rows: int = 25) -> Loader:
    loader = Loader(
        connection=connection,
        bookkeeping=Bookkeeping(),
        release=f"{schema}__r1",
        beat=lambda table, done: told.append((table, done)),
        part_rows=rows,
    )
    loader.open_release(stable=schema, run="run", plan_id="plan")
    return loader


def parts_of(connection: Connection, schema: str) -> list[tuple[int, int, int | None, int | None]]:
    found = Bookkeeping().finished_parts(connection, f"{schema}__r1")
    return [(number, part.rows, part.low, part.high) for (_, number), part in sorted(found.items())]


def numbers_in(connection: Connection, schema: str) -> list[int]:
    return [n for (n,) in connection.execute(f'SELECT n FROM "{schema}__r1".t ORDER BY n').fetchall()]


def test_parts_follow_each_other(connection: Connection, schema_name: str) -> None:
    told: list[tuple[str, int]] = []
    assert loader_of(connection, schema_name, told).load_table(TABLE, Numbers(70)) == 70
    assert parts_of(connection, schema_name) == [(0, 30, 1, 30), (1, 30, 31, 60), (2, 10, 61, 70)]
    assert told == [("t", 30), ("t", 60), ("t", 70)]
    assert numbers_in(connection, schema_name) == list(range(1, 71))


def test_it_goes_on_behind_the_last_part(connection: Connection, schema_name: str) -> None:
    loader_of(connection, schema_name, []).load_table(TABLE, Numbers(60))
    told: list[tuple[str, int]] = []
    assert loader_of(connection, schema_name, told).load_table(TABLE, Numbers(65)) == 65
    assert told == [("t", 65)]
    assert numbers_in(connection, schema_name) == list(range(1, 66))


def test_large_rows_go_by_cells_and_the_rest_as_text(connection: Connection, schema_name: str) -> None:
    loader = loader_of(connection, schema_name, [], rows=15)
    assert loader.load_table(TABLE, Numbers(45, frozenset({1, 26, 45}))) == 45
    assert [part[1] for part in parts_of(connection, schema_name)] == [15, 10, 15, 4, 1]
    assert numbers_in(connection, schema_name) == list(range(1, 46))


def test_an_empty_table_is_one_part(connection: Connection, schema_name: str) -> None:
    for _ in range(2):
        assert loader_of(connection, schema_name, []).load_table(TABLE, Numbers(0)) == 0
    assert parts_of(connection, schema_name) == [(0, 0, None, None)]


@dataclass(frozen=True)
class Vanishing(Numbers):
    """Its connection is cut while the second part is under way."""

    victim: Connection | None = None

    def marked(self, after: int | None) -> Iterator[Part]:
        for part in super().marked(after):
            yield part
            if part.high > 40 and self.victim is not None:
                with psycopg.connect(self.victim.info.dsn) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", (self.victim.info.backend_pid,))


def test_a_cut_connection_leaves_whole_parts(postgres: Endpoint, schema_name: str) -> None:
    with pytest.raises(Interrupted), connect(postgres, purpose="test") as connection:
        loader_of(connection, schema_name, []).load_table(TABLE, Vanishing(100, victim=connection))
    with connect(postgres, purpose="test") as connection:
        assert parts_of(connection, schema_name) == [(0, 30, 1, 30)]
        assert numbers_in(connection, schema_name) == list(range(1, 31))
        assert loader_of(connection, schema_name, []).load_table(TABLE, Numbers(50)) == 50
        assert numbers_in(connection, schema_name) == list(range(1, 51))


class Lying(Numbers):
    """Says fewer rows than it gives."""

    def marked(self, after: int | None) -> Iterator[Part]:
        for part in super().marked(after):
            yield Part(rows=part.rows - 1, high=part.high, data=part.data)


def test_another_number_of_rows_than_sent_is_a_fault(connection: Connection, schema_name: str) -> None:
    with pytest.raises(InternalFault, match="18 rows of table 't' were sent and 20 arrived"):
        loader_of(connection, schema_name, []).load_table(TABLE, Lying(20))
    assert parts_of(connection, schema_name) == []


@pytest.mark.parametrize(
    ("state", "run", "plan_id", "exists", "usable"),
    [
        ("loading", "run", "plan", True, True),
        ("loaded", "run", "plan", True, True),
        ("loading", "other", "plan", True, False),
        ("loading", "run", "other", True, False),
        ("live", "run", "plan", True, False),
        ("kept", "run", "plan", True, False),
        ("dropped", "run", "plan", False, True),
        ("dropped", "run", "plan", True, False),
        (None, "run", "plan", True, False),
    ],
)
def test_whose_schema_it_is(
    connection: Connection,
    postgres: Endpoint,
    schema_name: str,
    state: str | None,
    run: str,
    plan_id: str,
    exists: bool,
    usable: bool,
) -> None:
    bookkeeping, name = Bookkeeping(), f"{schema_name}__r1"
    bookkeeping.create(connection)
    if state is not None:
        bookkeeping.register_release(connection, name=name, stable=schema_name, run=run, plan_id=plan_id)
        bookkeeping.mark(connection, name, state)  # type: ignore[arg-type]
    if exists:
        ask(postgres, f'CREATE SCHEMA "{name}"')
    if usable:
        loader = loader_of(connection, schema_name, [])
        assert connection.execute("SHOW search_path").fetchall() == [(f'"{name}"',)]
        loader.close_release(5)
        recorded = bookkeeping.release(connection, name)
        assert recorded is not None
        assert (recorded.state, recorded.rows) == ("loaded", 0 if state == "loaded" else 5)
    else:
        with pytest.raises(UnsafeToContinue, match="not this run's"):
            loader_of(connection, schema_name, [])


def test_no_table_is_made_of_a_type_of_others(connection: Connection, schema_name: str) -> None:
    table: TargetTable = table_of("t", {"n": "bigint); DROP TABLE t; --"})
    with pytest.raises(InternalFault, match="not one of the PostgreSQL types"):
        loader_of(connection, schema_name, []).load_table(table, Numbers(1))
