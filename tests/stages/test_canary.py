"""The canary: sampled, loaded, verified, queried, and never left behind."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sdmigrate.model.blueprint import TargetForeignKey, TargetKey
from sdmigrate.model.errors import Refused, UsageProblem
from sdmigrate.model.settings import Endpoint
from sdmigrate.stages.canary import canary
from sdmigrate.stages.load import load
from sdmigrate.stages.verify import verify
from tests.conftest import MakeContext
from tests.stages.by_hand import ask, blueprint_of, cleaned_of, table_of, write_table

PARENT = table_of("parent", {"id": "bigint"}, primary_key=TargetKey(name="parent_pkey", columns=("id",)))
CHILD = table_of(
    "child",
    {"id": "bigint", "up": "bigint", "day": "date"},
    foreign_keys=(
        TargetForeignKey(name="child_up", columns=("up",), parent="parent", parent_columns=("id",)),
    ),
)


def write_both(path: Path, bad_day: str = "2024-01-01") -> None:
    write_table(path, "parent", ["id"], [(n,) for n in range(1000)])
    write_table(
        path,
        "child",
        ["id", "up", "day"],
        [(n, n % 1000, bad_day if n == 0 else "2024-01-01") for n in range(3000)],
    )


def schemas(endpoint: Endpoint, schema: str) -> list[str]:
    found = ask(endpoint, "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE %s", f"{schema}%")
    return [name for (name,) in found]


def test_a_sample_is_loaded_verified_queried_and_dropped(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    write_both(tmp_path / "c.sqlite")
    queries = tmp_path / "q.sql"
    queries.write_text("-- name: children\nSELECT id FROM child;\nSELECT nope;")
    context = make_context(tmp_path, schema=schema_name, queries_path=str(queries))
    cleaned = cleaned_of(tmp_path / "c.sqlite", {"parent": 1000, "child": 3000})
    for _ in range(2):
        result = canary(context, postgres, blueprint_of(PARENT, CHILD), cleaned)
        assert result.tables["child"] in range(300, 304)
        assert result.tables["parent"] >= 100
        assert result.rows == sum(result.tables.values())
        assert result.verification.passed
        assert [(query.name, query.rows) for query in result.queries] == [
            ("children", result.tables["child"]),
            ("query 2", 0),
        ]
        assert "nope" in (result.queries[1].error or "")
        assert not result.passed
        assert result.rows_per_second > 0
        assert result.bytes_per_row > 0
        assert result.findings == ()
        assert {name: digest.rows for name, digest in result.must_hold.tables.items()} == {
            "parent": 1000,
            "child": 3000,
        }
        assert schemas(postgres, schema_name) == []
        assert list(context.directory.scratch.iterdir()) == []


def test_what_it_tells_of_all_rows_finds_a_change_of_cleaned_before_the_load(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    write_both(tmp_path / "c.sqlite")
    context = make_context(tmp_path, schema=schema_name)
    cleaned = cleaned_of(tmp_path / "c.sqlite", {"parent": 1000, "child": 3000})
    must_hold = canary(context, postgres, blueprint_of(PARENT, CHILD), cleaned).must_hold
    with closing(sqlite3.connect(tmp_path / "c.sqlite")) as connection, connection:
        connection.execute("UPDATE child SET day = '2024-01-02' WHERE id = 2999")
    release = load(context, postgres, blueprint_of(PARENT, CHILD), cleaned)
    verification = verify(context, postgres, release, cleaned, must_hold)
    assert [table.verdict for table in verification.tables] == ["identical", "different"]


def test_nothing_is_left_where_it_fails(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    write_both(tmp_path / "c.sqlite", bad_day="2024-02-30")
    context = make_context(tmp_path, schema=schema_name)
    cleaned = cleaned_of(tmp_path / "c.sqlite", {"parent": 1000, "child": 3000})
    with pytest.raises(Refused, match="row 1 of table 'child'"):
        canary(context, postgres, blueprint_of(PARENT, CHILD), cleaned)
    assert schemas(postgres, schema_name) == []
    assert list(context.directory.scratch.iterdir()) == []


def test_a_missing_file_of_queries_is_told_before_anything_is_made(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    context = make_context(tmp_path, schema=schema_name, queries_path=str(tmp_path / "none.sql"))
    with pytest.raises(UsageProblem, match=r"none\.sql"):
        canary(context, postgres, blueprint_of(PARENT), cleaned_of(tmp_path / "c.sqlite", {"parent": 1}))
    assert schemas(postgres, schema_name) == []


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.stages import canary as stage
from tests.conftest import RecordingSink
from tests.stages.by_hand import blueprint_of, cleaned_of
from tests.stages.test_canary import CHILD, PARENT, write_both
tmp_path = Path(sys.argv[3])
context = Context(
    request=Request(mode="migrate", source="/none", target=None, schema=sys.argv[2]),
    directory=RunDirectory(tmp_path / "runs" / "20260304T000000Z-source"),
    cancel=CancelToken(), events=RecordingSink(), started=datetime(2026, 3, 4, tzinfo=UTC),
)
def waits(*arguments, **options):
    sys.stdout.write("loaded\\n")
    sys.stdout.flush()
    import time
    time.sleep(60)
stage.compare = waits
stage.canary(context, Endpoint(conninfo=sys.argv[1], described="test"), blueprint_of(PARENT, CHILD),
             cleaned_of(tmp_path / "c.sqlite", {"parent": 1000, "child": 3000}))
"""


def test_what_a_killed_one_left_the_next_one_drops(
    postgres: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    write_both(tmp_path / "c.sqlite")
    context = make_context(tmp_path, schema=schema_name, started=datetime(2026, 3, 4, tzinfo=UTC))
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, postgres.conninfo, schema_name, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"loaded\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    time.sleep(0.1)
    assert schemas(postgres, schema_name) == [f"{schema_name}__c{context.stamp}"]
    cleaned = cleaned_of(tmp_path / "c.sqlite", {"parent": 1000, "child": 3000})
    assert canary(context, postgres, blueprint_of(PARENT, CHILD), cleaned).passed
    assert schemas(postgres, schema_name) == []
