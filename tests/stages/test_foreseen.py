"""What an inspection foresees is what the gates of a run say; where it foresees nothing they let it pass."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.gate import GateVerdict
from sdmigrate.rules import gates
from sdmigrate.rules.breaker import judge
from sdmigrate.rules.foreseen import foreseen
from sdmigrate.stages.backup import backup
from sdmigrate.stages.clean import clean
from sdmigrate.stages.plan import plan
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext

MANY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"


@pytest.mark.parametrize(
    ("script", "told", "stopped"),
    [
        ("CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 'x')", (), set()),
        (
            "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t(v) VALUES (1), ('a'), (x'00')",
            ("1 of 3 rows of t would go to quarantine (column v as text)",),
            {"quarantine"},
        ),
        (
            "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT);"
            f"INSERT INTO t {MANY} SELECT i, iif(i % 50 = 0, CAST(x'ff' AS TEXT), 'n') FROM n",
            ("4 of 200 rows of t would go to quarantine (column name as text)",),
            {"quarantine"},
        ),
        (
            # Two of 200 rows are the share that passes.
            "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT);"
            f"INSERT INTO t {MANY} SELECT i, iif(i % 100 = 0, CAST(x'ff' AS TEXT), 'n') FROM n",
            (),
            set(),
        ),
        (
            "CREATE TABLE t(k TEXT PRIMARY KEY, d DATE);"
            f"INSERT INTO t {MANY} SELECT CASE WHEN i > 3 THEN i END, '2024-01-01' FROM n",
            ("3 of 200 rows of t would go to quarantine (column k as text)",),
            {"quarantine"},
        ),
        (
            "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER NOT NULL);"
            f"INSERT INTO t {MANY} SELECT i, CASE WHEN i > 5 THEN i ELSE '' END FROM n",
            ("5 of 200 rows of t would go to quarantine (column n as bigint)",),
            {"quarantine"},
        ),
        (
            "CREATE TABLE t(id INTEGER PRIMARY KEY, d DATE, e DATE);"
            f"INSERT INTO t {MANY} SELECT i, iif(i % 3, '2024-05-31', '2024-02-31'), NULL FROM n",
            ("dates that do not exist in t.d: 33.0% of t.d",),
            {"breaker"},
        ),
    ],
)
def test_foreseen(
    tmp_path: Path, make_context: MakeContext, script: str, told: tuple[str, ...], stopped: set[str]
) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        connection.executescript(script)
    context = make_context(tmp_path, source=str(tmp_path / "db"))
    snapshot = backup(context, preflight(context), None)
    found = profile(context, snapshot)
    decided = plan(context, snapshot, found)
    assert foreseen(snapshot, found, decided, context.limits) == told

    cleaned = clean(context, snapshot, found, decided)
    verdicts: tuple[GateVerdict, ...] = (
        gates.judge_integrity(snapshot, decided),
        judge(found, decided, context.limits),
        gates.judge_quality(found, cleaned, context.limits),
        gates.judge_quarantine(decided, cleaned, context.limits),
    )
    assert {verdict.name for verdict in verdicts if verdict.verdict == "stop"} == stopped
