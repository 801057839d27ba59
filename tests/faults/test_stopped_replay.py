"""A replay killed or out of disk on its way: the next one ends as if nothing had happened."""

import os
import resource
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from sdmigrate.model.settings import Endpoint
from sdmigrate.sqlite.quarantine import open_quarantine, read_reasons
from sdmigrate.sqlite.repaired_rows import editing_quarantine, repair_row
from tests.cli.calling import Called, call, read_events
from tests.faults.test_stopped_on_the_way import begun, run_directory

ROWS, BAD = 400, 300


@pytest.fixture
def work(tmp_path: Path, postgres: Endpoint, schema_name: str) -> Path:
    """A work directory with one run whose release is live, most rows in quarantine, and all repaired."""
    source, plan, work = tmp_path / "desk.sqlite", tmp_path / "plan.toml", tmp_path / "work"
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, filling TEXT)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?, ?)",
            [(row, "many" if row <= BAD else row, "x" * 500) for row in range(1, ROWS + 1)],
        )
    plan.write_text(
        f'accept_quarantine = {{ t = {BAD} }}\n[tables.t.columns]\nn = {{ type = "bigint" }}\n',
        encoding="utf-8",
    )
    told = call(
        *("migrate", source, "--plan", plan, "--target", postgres.conninfo, "--schema", schema_name),
        *("--confirm", schema_name, "--gate", "quality=warn", "--json", "--work-dir", work),
    )
    assert told.code == 0, told.err
    with editing_quarantine(run_directory(work) / "quarantine.sqlite") as quarantine:
        for row in range(1, BAD + 1):
            assert repair_row(quarantine, "t", row, {"n": -row}, as_is=False)
    return work


def asked(work: Path) -> tuple[str | Path, ...]:
    return ("quarantine", "replay", "--run", run_directory(work).name, "--json", "--work-dir", work)


def require_ended_well(work: Path, again: Called, postgres: Endpoint, schema: str) -> None:
    """Every row is in PostgreSQL and in cleaned, none in quarantine, and the snapshot comes back."""
    assert again.code == 0, again.err
    with psycopg.connect(postgres.conninfo) as connection:
        found = connection.execute(
            sql.SQL("SELECT count(*), sum(n), count(*) FILTER (WHERE n = -id) FROM {}").format(
                sql.Identifier(schema, "t")
            )
        ).fetchone()
    good = sum(range(BAD + 1, ROWS + 1))
    assert found == (ROWS, good - sum(range(1, BAD + 1)), BAD)
    directory = run_directory(work)
    with closing(open_quarantine(directory / "quarantine.sqlite")) as quarantine:
        assert list(read_reasons(quarantine)) == []
    assert not list((directory / "scratch").iterdir())
    (ledger,) = again.last["tables"]
    assert (ledger["read"], ledger["loaded"], ledger["quarantined"]) == (ROWS, ROWS, 0)
    undone = work.parent / "undone.sqlite"
    assert call("clean", "--undo", "--run", directory.name, "--output", undone, "--work-dir", work).code == 0


def killed(work: Path, postgres: Endpoint, is_time: str, place: str) -> None:
    """Replay, and kill -9 as soon as PostgreSQL answers that question with true."""
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection, begun(*asked(work)) as process:
        while process.poll() is None:
            found = connection.execute(is_time.encode(), {"place": place}).fetchone()
            if found is not None and found[0]:
                break
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def test_killed_inside_the_transaction(work: Path, postgres: Endpoint, schema_name: str) -> None:
    """A writer who has the same id holds it up half way."""
    waits = (
        "SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND starts_with(query, 'INSERT INTO') AND strpos(query, %(place)s) > 0)"
    )
    with psycopg.connect(postgres.conninfo) as writer:
        writer.execute(
            sql.SQL("INSERT INTO {} VALUES (%s)").format(sql.Identifier(schema_name, "t")), (BAD // 2,)
        )
        killed(work, postgres, waits, schema_name)
        writer.rollback()
    require_ended_well(work, call(*asked(work)), postgres, schema_name)


def test_killed_behind_the_commit(work: Path, postgres: Endpoint, schema_name: str) -> None:
    """The rows are in PostgreSQL and still in quarantine; a lock on cleaned holds it up there."""
    there = f"SELECT count(*) = {ROWS} FROM {schema_name}.t"
    with closing(sqlite3.connect(run_directory(work) / "cleaned.sqlite", isolation_level=None)) as cleaned:
        cleaned.execute("BEGIN IMMEDIATE")
        killed(work, postgres, there, schema_name)
    # Killed at once, it has not removed the rows that it brought; a kill a moment later finds it done.
    (run_directory(work) / "scratch" / "replay.sqlite").touch()
    with closing(open_quarantine(run_directory(work) / "quarantine.sqlite")) as quarantine:
        assert len(list(read_reasons(quarantine))) == BAD
    require_ended_well(work, call(*asked(work)), postgres, schema_name)


def test_no_room_while_replaying(work: Path, postgres: Endpoint, schema_name: str) -> None:
    """A limit on the size of files stands for a full disk: cleaned cannot grow."""
    cleaned = run_directory(work) / "cleaned.sqlite"
    before = cleaned.read_bytes()

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), resource.RLIM_INFINITY))

    with begun(*asked(work), before=limit) as process:
        assert process.stdout is not None
        events = read_events(process.stdout.read())
    assert (process.returncode, events[-1]["outcome"], events[-1]["exit_code"]) == (6, "stopped", 6)
    assert cleaned.read_bytes() == before
    require_ended_well(work, call(*asked(work)), postgres, schema_name)
