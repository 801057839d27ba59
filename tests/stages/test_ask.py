"""PostgreSQL's own word: what it refuses is told with where it stands, and nothing is left there."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sdmigrate.model.events import FindingSeen
from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.run import opened_run
from sdmigrate.rules.blueprint import draw
from sdmigrate.rules.planning import propose
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.stages.ask import ask
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext
from tests.stages.by_hand import ask as asked
from tests.stages.by_hand import blueprint_of, table_of
from tests.stages.test_profile import snapshot_of

ROWS = """
CREATE TABLE "100%"(id INTEGER PRIMARY KEY, "n%s" INTEGER, day TEXT, body BLOB);
INSERT INTO "100%" VALUES (1, 7, '2024-01-02', x'00ff'), (2, 70000, NULL, NULL),
    (3, 80000, '31/12/2024', NULL);
"""
NOTHING_LEFT = "SELECT count(*) FROM pg_class WHERE relname IN ('100%', 'gone')"


def made(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(ROWS)


def test_what_postgresql_takes_gives_no_finding(
    tmp_path: Path, make_context: MakeContext, postgres: Endpoint
) -> None:
    made(tmp_path / "snapshot.sqlite")
    context, snapshot = make_context(tmp_path, "inspect"), snapshot_of(tmp_path / "snapshot.sqlite")
    found = profile(context, snapshot)
    plan = propose(snapshot.catalog, found)
    assert ask(context, postgres, snapshot, found, plan, draw(snapshot.catalog, found, plan)) == ()
    assert asked(postgres, NOTHING_LEFT) == [(0,)]


def test_what_it_refuses_is_told_with_column_and_rows(
    tmp_path: Path, make_context: MakeContext, postgres: Endpoint
) -> None:
    made(tmp_path / "snapshot.sqlite")
    context, snapshot = make_context(tmp_path, "inspect"), snapshot_of(tmp_path / "snapshot.sqlite")
    found = profile(context, snapshot)
    narrow = table_of("100%", {"id": "bigint", "n%s": "smallint", "day": "text", "body": "bytea"})
    refused = ask(context, postgres, snapshot, found, propose(snapshot.catalog, found), blueprint_of(narrow))
    assert [(each.code, each.table, each.column, each.count) for each in refused] == [
        ("refused-by-postgresql", "100%", "n%s", 2)
    ]
    assert [(sample.rowid, sample.value.text) for sample in refused[0].samples] == [
        (2, "70000"),
        (3, "80000"),
    ]
    assert "smallint" in refused[0].message
    assert asked(postgres, NOTHING_LEFT) == [(0,)]


def test_an_inspection_with_a_target_runs_the_operators_queries(tmp_path: Path, postgres: Endpoint) -> None:
    made(tmp_path / "source.db")
    queries = tmp_path / "queries.sql"
    queries.write_text(
        '-- name: fits\nSELECT "n%s" / 0 FROM "100%" WHERE day IS NULL AND id = 9;\n'
        '-- name: text\nSELECT upper("n%s") FROM "100%";\n'
        "-- name: missing\nSELECT 1 FROM gone;\n"
        '-- name: divides\nSELECT 1 / (id - 1) FROM "100%";\n'
    )
    request = Request(
        mode="inspect",
        source=str(tmp_path / "source.db"),
        target="throw-away",
        schema=None,
        queries_path=str(queries),
    )
    begin = Begin(request=request, work_directory=str(tmp_path / "work"), conninfo=postgres.conninfo)
    told: list[FindingSeen] = []
    listeners = (lambda _line, event: told.append(event) if isinstance(event, FindingSeen) else None,)
    with opened_run(begin, CancelToken(), listeners) as run:
        while run.journey.following is not None:
            run.journey.advance()
        finished, _ = run.conclude()
    assert (finished.outcome, finished.exit_code) == ("inspected", 0)
    assert [each.message for each in told if each.code == "query-refused"] == [
        "The query 'text' fails: function upper(bigint) does not exist.",
        "The query 'missing' fails: relation \"gone\" does not exist.",
        "The query 'divides' fails: division by zero.",
    ]
    assert [each.code for each in told if each.code == "refused-by-postgresql"] == []
    assert asked(postgres, NOTHING_LEFT) == [(0,)]
