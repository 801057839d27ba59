"""A whole run, to live and back, on every server at hand: what a version lacks costs no row and no value."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from sdmigrate.model.approval import approve
from sdmigrate.model.result import Release, Verification
from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.run import opened_run
from sdmigrate.runtime.cancel import CancelToken

SOURCE = """
CREATE TABLE people(
    id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE, born DATE, paid DECIMAL(10,2) DEFAULT 0,
    active BOOLEAN DEFAULT 1, profile TEXT CHECK(json_valid(profile)), twice INT AS (id * 2) VIRTUAL
);
CREATE TABLE visits(
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE, at TIMESTAMP, place TEXT,
    PRIMARY KEY (person, at)
);
CREATE INDEX visits_of_places ON visits(place) WHERE place IS NOT NULL;
CREATE VIEW busy AS SELECT person, count(*) AS visits FROM visits GROUP BY person;
INSERT INTO people(id, email, born, paid, active, profile) VALUES
    (1, 'Ada@example.org', '1815-12-10', 19.99, 1, '{"a": 1}'), (2, 'Bob@example.org', '', 0.1, 0, '[]');
INSERT INTO visits VALUES
    (1, '2024-05-20 08:42:00', 'Zürich'), (1, '20/05/2025 8:42', NULL), (2, '2024-06-01 10:00:00', 'Graz');
"""


@pytest.fixture
def dropped(any_postgres: Endpoint, schema_name: str) -> Iterator[str]:
    """The schema's name; every schema that begins with it is dropped at the end."""
    yield schema_name
    with psycopg.connect(any_postgres.conninfo, autocommit=True) as connection:
        found = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", (schema_name,)
        ).fetchall()
        for (name,) in found:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


def test_to_live_and_back(any_postgres: Endpoint, dropped: str, tmp_path: Path) -> None:
    source = tmp_path / "source.sqlite"
    with closing(sqlite3.connect(source)) as connection:
        connection.executescript(SOURCE)
    request = Request(
        mode="migrate", source=str(source), target=any_postgres.conninfo, schema=dropped, day_first=True
    )
    begin = Begin(request=request, work_directory=str(tmp_path / "work"), conninfo=any_postgres.conninfo)
    with opened_run(begin, CancelToken()) as run:
        while run.journey.following not in ("cutover", None):
            run.journey.advance()
        tables = run.journey.result("verify", Verification).tables
        assert {table.table: table.verdict for table in tables} == {"people": "changed", "visits": "changed"}
        run.journey.cut_over(approve(dropped, dropped))
        with psycopg.connect(any_postgres.conninfo) as connection:
            connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(dropped)))
            seen = "SELECT id, email, born::text, paid::text, active, twice FROM people ORDER BY id"
            assert connection.execute(seen).fetchall() == [
                (1, "Ada@example.org", "1815-12-10", "19.99", True, 2),
                (2, "Bob@example.org", None, "0.10", False, 4),
            ]
            assert connection.execute(
                "SELECT person, at::text, place FROM visits ORDER BY person, at"
            ).fetchall() == [
                (1, "2024-05-20 08:42:00", "Zürich"),
                (1, "2025-05-20 08:42:00", None),
                (2, "2024-06-01 10:00:00", "Graz"),
            ]
            assert connection.execute("SELECT visits FROM busy WHERE person = 1").fetchone() == (2,)
            added = connection.execute("INSERT INTO people(email) VALUES ('c@example.org') RETURNING id")
            assert added.fetchone() == (3,)
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO people(email) VALUES ('ADA@example.org')")
        run.journey.roll_back(approve(dropped, dropped))
        release = run.journey.result("load", Release).name
    with psycopg.connect(any_postgres.conninfo) as connection:
        named = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)"
        assert connection.execute(named, (dropped,)).fetchall() == [(release,)]
