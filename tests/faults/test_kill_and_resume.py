"""kill -9 at each stage's end, then resume: the same rows and values as an undisturbed run."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from sdmigrate.demo.database import write_demo
from sdmigrate.model.settings import Endpoint
from tests.cli.calling import call, command

STAGES = ("preflight", "backup", "profile", "plan", "clean", "canary", "load", "verify", "cutover")
TABLES = ("tickets", "comments", "timesheets")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small demo database for all."""
    path = tmp_path_factory.mktemp("kill") / "desk.sqlite"
    write_demo(path, rows=1_500, seed=5)
    return path


@pytest.fixture(scope="module")
def undisturbed(source: Path, postgres: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run that nobody kills leaves."""
    work = tmp_path_factory.mktemp("undisturbed")
    assert call(*asked(source, postgres, work, "calm")).code == 0
    return contents(postgres, "calm")


def asked(source: Path, postgres: Endpoint, work: Path, schema: str) -> tuple[str | Path, ...]:
    confirmed = ("--target", postgres.conninfo, "--schema", schema, "--confirm", schema)
    return ("migrate", source, *confirmed, "--json", "--work-dir", work)


def contents(postgres: Endpoint, schema: str) -> dict[str, Any]:
    """Each table's rows, as PostgreSQL prints them, and the number of schemas of that name."""
    with psycopg.connect(postgres.conninfo) as connection:
        found: dict[str, Any] = {
            table: connection.execute(
                sql.SQL(
                    "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {} t"
                ).format(sql.Identifier(schema, table))
            ).fetchone()
            for table in TABLES
        }
        found["schemas"] = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname LIKE %s", (f"{schema}%",)
        ).fetchone()
    return found


def lines_until(process: "subprocess.Popen[str]", stage: str) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        yield event
        if event["event"] == "stage.finished" and event["stage"] == stage:
            return


@pytest.mark.parametrize("stage", STAGES)
def test_resume_after_kill(
    stage: str, source: Path, postgres: Endpoint, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    schema = f"kill_{stage}"
    with subprocess.Popen(
        command(*asked(source, postgres, tmp_path, schema)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        told = list(lines_until(process, stage))
        os.kill(process.pid, signal.SIGKILL)
    assert told[-1]["status"] == "done"
    resumed = call("resume", "--confirm", schema, "--json", "--work-dir", tmp_path)
    last = resumed.last
    assert (resumed.code, last["outcome"], last["exit_code"]) == (0, "released", 0), resumed.err
    assert last["run"] == told[0]["run"]
    assert contents(postgres, schema) == undisturbed
    assert all(table["verified"] in ("identical", "changed") for table in last["tables"])
