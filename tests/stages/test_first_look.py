"""The first look of an inspection, and the tables as they come: a sample said to be one, then every row."""

import dataclasses
import math
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.plan import TablePlan
from sdmigrate.model.settings import Mode
from sdmigrate.model.so_far import Known, TableSoFar
from sdmigrate.stages.backup import backup
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext
from tests.sqlite.sources import state, writer

_ROWS = 30_000
_SQL = """
CREATE TABLE visits(id INTEGER PRIMARY KEY, day TIMESTAMP, note TEXT, small NUMERIC);
CREATE TABLE rooms(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE bookings(room INTEGER REFERENCES rooms(id), visit INTEGER);
INSERT INTO rooms VALUES (1, 'north'), (2, 'south');
INSERT INTO bookings VALUES (1, 1), (7, 2);
"""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdmigrate.stages.first_look.SECONDS", math.inf)


def _source(home: Path) -> Path:
    path = home / "source.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_SQL)
        rows = (
            (f"2025-05-{number % 28 + 1:02} 08:00:00", None if number % 4 else "x") for number in range(_ROWS)
        )
        connection.executemany("INSERT INTO visits(day, note) VALUES (?, ?)", rows)
        # One in 30,000 is in no sample that leaves out 9 rows of 10, and in every count.
        connection.execute("UPDATE visits SET day = '2025-06-31 08:00:00' WHERE id = 1000")
        connection.commit()
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "home"
    directory.mkdir()
    return directory


def _by_name(shown: list[TableSoFar | TablePlan], *known: Known) -> dict[str, TableSoFar]:
    tables = [table for table in shown if isinstance(table, TableSoFar)]
    return {table.profile.name: table for table in tables if not known or table.known in known}


def test_before_anything_is_copied_each_table_is_seen_from_some_of_its_rows(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    path = _source(home)
    before = state(home)
    shown: list[TableSoFar | TablePlan] = []
    context = make_context(tmp_path, "inspect", source=str(path))
    preflight(dataclasses.replace(context, tables=shown.append))
    assert not context.directory.snapshot.exists()
    seen = _by_name(shown)
    visits, rooms = seen["visits"], seen["rooms"]
    assert (visits.known, visits.rows, visits.profile.rows) == ("sampled", _ROWS, 2048)
    day, note = visits.profile.column("day"), visits.profile.column("note")
    assert (day.proposed, day.forms, day.rows) == ("timestamp", {"iso_datetime": 2048}, 2048)
    assert note.nulls == 1536
    assert not day.distinct_exact
    assert day.top[0].count >= 2048 // 28
    # A table of two rows is read whole, and that is no sample.
    assert (rooms.known, rooms.rows, rooms.profile.rows) == ("counted", 2, 2)
    assert rooms.profile.column("name").distinct_exact
    assert state(home) == before


def test_then_every_table_is_counted_and_then_with_its_keys(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    path = _source(home)
    shown: list[TableSoFar | TablePlan] = []
    context = dataclasses.replace(make_context(tmp_path, "inspect", source=str(path)), tables=shown.append)
    snapshot = backup(context, preflight(context), None)
    shown.clear()
    found = profile(context, snapshot)
    counted = _by_name(shown, "counted")
    related = _by_name(shown, "related")
    assert counted.keys() == related.keys() == {"visits", "rooms", "bookings"}
    for table in found.tables:
        assert counted[table.name].profile.columns == table.columns
        assert counted[table.name].rows == table.rows
        assert related[table.name].profile == table
    assert {finding.code for finding in counted["visits"].findings} >= {"impossible-dates"}
    assert "orphans" not in {finding.code for finding in counted["bookings"].findings}
    assert "orphans" in {finding.code for finding in related["bookings"].findings}
    told = {finding for table in related.values() for finding in table.findings}
    assert told == set(found.findings)


@pytest.mark.parametrize("mode", ["rehearse", "migrate"])
def test_only_an_inspection_takes_a_sample(
    mode: Mode, home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    shown: list[TableSoFar | TablePlan] = []
    context = make_context(tmp_path, mode, source=str(_source(home)))
    preflight(dataclasses.replace(context, tables=shown.append))
    assert shown == []


def test_a_source_in_use_is_sampled_with_its_log_and_left_as_it_is(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    path = home / "source.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t(a)")
    with writer(path) as other:
        assert other.say("INSERT INTO t VALUES ('in the log alone')") == "done"
        before = state(home)
        shown: list[TableSoFar | TablePlan] = []
        context = make_context(tmp_path, "inspect", source=str(path))
        preflight(dataclasses.replace(context, tables=shown.append))
        assert state(home) == before
        assert other.say("INSERT INTO t VALUES ('and it goes on')") == "done"
    assert _by_name(shown)["t"].profile.column("a").top[0].value.text == "in the log alone"


def test_a_table_that_cannot_be_read_is_passed_over(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    path = home / "source.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE odd(a)")
        connection.execute("INSERT INTO odd VALUES (-9223372036854775807 - 1)")
        connection.execute("ALTER TABLE odd ADD COLUMN b AS (abs(a)) VIRTUAL")
        connection.execute("CREATE TABLE plain(a)")
        connection.execute("INSERT INTO plain VALUES (1)")
        connection.commit()
    shown: list[TableSoFar | TablePlan] = []
    context = make_context(tmp_path, "inspect", source=str(path))
    preflight(dataclasses.replace(context, tables=shown.append))
    assert _by_name(shown).keys() == {"plain"}


def test_what_is_not_reached_in_time_is_left_to_the_count(
    home: Path, tmp_path: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sdmigrate.stages.first_look.SECONDS", -math.inf)
    shown: list[TableSoFar | TablePlan] = []
    context = make_context(tmp_path, "inspect", source=str(_source(home)))
    preflight(dataclasses.replace(context, tables=shown.append))
    assert shown == []
