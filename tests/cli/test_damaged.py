"""A file with a damaged table and a schema that does not parse: read as far as it goes, moved by decision."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from sdmigrate.model.settings import Endpoint
from tests.cli.calling import Called, call
from tests.cli.test_inspect import state_of
from tests.sqlite.damaging import PAGE, break_page, leaves

ROWS = 1_000


@pytest.fixture(scope="module")
def wreck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A healthy table of 3 rows, one of 1,000 with a broken page, and a view that does not parse."""
    path = tmp_path_factory.mktemp("wreck") / "wreck.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            f"PRAGMA page_size={PAGE}; CREATE TABLE well(id INTEGER PRIMARY KEY, name TEXT);"
            "INSERT INTO well VALUES (1, 'a'), (2, 'b'), (3, 'c');"
            "CREATE TABLE hurt(id INTEGER PRIMARY KEY, body TEXT); CREATE VIEW shown AS SELECT 1;"
            "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = 'CREATE VIEW ((' WHERE name = 'shown'"
        )
        connection.execute("BEGIN")
        for number in range(ROWS):
            connection.execute("INSERT INTO hurt(body) VALUES (?)", (f"body of {number} " * 3,))
        connection.execute("COMMIT")
    break_page(path, leaves(path, "hurt")[4].number)
    return path


def lost(wreck: Path) -> int:
    """How many rows stand in the broken page."""
    pages = leaves(wreck, "hurt")
    return pages[5].rowids[0] - 1 - pages[3].rowids[-1]


def finding(called: Called, code: str) -> dict[str, object]:
    return next(event for event in called.events if event["event"] == "finding" and event["code"] == code)


def test_inspect_tells_what_can_be_read(wreck: Path, work: Path) -> None:
    before = state_of(wreck.parent)
    called = call("inspect", wreck, "--json", "--work-dir", work)
    assert (called.code, called.last["outcome"]) == (0, "inspected")
    assert state_of(wreck.parent) == before
    damage = finding(called, "source-damaged")
    assert (damage["table"], damage["severity"], damage["count"]) == ("hurt", "error", ROWS - lost(wreck))
    assert finding(called, "view-refused-by-sqlite")["table"] == "shown"
    counted = {
        (event["table"], event["column"]): event["rows"]
        for event in called.events
        if event["event"] == "column"
    }
    assert counted["well", "id"] == 3
    assert counted["hurt", "body"] == ROWS - lost(wreck)


def test_migrate_wants_a_decision(
    wreck: Path, postgres: Endpoint, schema_name: str, work: Path, tmp_path: Path
) -> None:
    def migrated(*more: str | Path) -> Called:
        target = ("--target", postgres.conninfo, "--schema", schema_name, "--confirm", schema_name)
        return call("migrate", wreck, *target, *more, "--json", "--work-dir", work)

    refused = migrated()
    assert (refused.code, refused.last["outcome"]) == (1, "refused")
    gates = {event["name"]: event["verdict"] for event in refused.events if event["event"] == "gate"}
    assert gates["integrity"] == "stop"

    plan = tmp_path / "plan.toml"
    plan.write_text("version = 1\n[tables.hurt]\ninclude = false\n")
    without = migrated("--plan", plan)
    assert (without.code, without.last["outcome"]) == (0, "released")
    ledgers = {table["source"]: (table["loaded"], table["excluded"]) for table in without.last["tables"]}
    assert ledgers == {"well": (3, 0), "hurt": (0, ROWS - lost(wreck))}

    taken = migrated("--gate", "integrity=warn")
    assert (taken.code, taken.last["outcome"]) == (0, "released")
    with psycopg.connect(postgres.conninfo) as connection:
        rows = sql.SQL("SELECT count(*), min(id), max(id) FROM {}").format(
            sql.Identifier(schema_name, "hurt")
        )
        assert connection.execute(rows).fetchone() == (ROWS - lost(wreck), 1, ROWS)
