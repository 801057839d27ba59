"""``sdmigrate quarantine`` as the program itself: look, write out, edit, replay."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sdmigrate.model.settings import Endpoint
from tests.stages.by_hand import ask


@pytest.fixture
def work(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, note TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?, 'x')", [(n, n) for n in range(1, 400)])
        connection.execute("UPDATE t SET n = 'many' WHERE id IN (8, 9)")
    (tmp_path / "plan.toml").write_text('version = 1\n[tables.t.columns]\nn = { type = "bigint" }\n')
    return tmp_path


def call(work: Path, *arguments: str) -> tuple[int, str]:
    program = [sys.executable, "-m", "sdmigrate", *arguments, "--work-dir", str(work / "work")]
    ended = subprocess.run(program, capture_output=True, text=True, check=False, cwd=work)
    return ended.returncode, ended.stdout


def events(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_rows_are_written_out_edited_and_replayed(work: Path, postgres: Endpoint, schema_name: str) -> None:
    start = ["migrate", "s.sqlite", "--target", postgres.conninfo, "--schema", schema_name, "--confirm"]
    code, out = call(work, *start, schema_name, "--plan", "plan.toml", "--gate", "breaker=warn", "--json")
    assert code == 0
    run = ["--run", events(out)[-1]["run"]]

    code, out = call(work, "quarantine", "list", *run, "--json")
    assert (code, [(line["event"], line.get("code"), line.get("count")) for line in events(out)]) == (
        0,
        [("finding", "not-an-integer", 2), ("run.finished", None, None)],
    )
    assert call(work, "quarantine", "show", *run, "--output", "rows.jsonl")[0] == 0
    assert call(work, "quarantine", "show", *run, "--output", "rows.jsonl")[0] == 2
    assert call(work, "quarantine", "show", *run, "--table", "t", "--output", "rows.csv")[0] == 0
    assert (work / "rows.csv").read_bytes().splitlines() == [
        b"rowid,reasons,id,n,note",
        b"8,n: no whole number,8,many,x",
        b"9,n: no whole number,9,many,x",
    ]
    rows = (work / "rows.jsonl").read_text().splitlines()
    assert [json.loads(row)["row"]["n"] for row in rows] == [{"class": "text", "value": "many"}] * 2

    (work / "rows.jsonl").write_text(rows[0].replace('"many"', '"80"') + "\n")
    assert call(work, "quarantine", "edit", *run, "--from", "rows.jsonl")[0] == 0
    assert call(work, "quarantine", "edit", *run, "--table", "t", "--row", "9", "--set", "n=1.5")[0] == 0
    code, out = call(work, "quarantine", "replay", *run, "--json")
    finished = events(out)[-1]
    assert (code, finished["outcome"], finished["exit_code"]) == (1, "refused", 1)
    (table,) = finished["tables"]
    assert (table["loaded"], table["quarantined"], table["verified"]) == (398, 1, "changed")
    assert ask(postgres, f"SELECT id, n FROM {schema_name}.t WHERE id IN (8, 9)") == [(8, 80)]

    assert call(work, "quarantine", "show", *run, "--table", "t", "--output", "left.csv")[0] == 0
    left = (work / "left.csv").read_text()
    assert left.splitlines()[1] == "9,n: no whole number,9,1.5,x"
    (work / "left.csv").write_text(left.replace("9,1.5,x", "9,\\N,x"))
    assert call(work, "quarantine", "edit", *run, "--from", "left.csv")[0] == 2
    assert call(work, "quarantine", "edit", *run, "--from", "left.csv", "--table", "t")[0] == 0
    code, out = call(work, "quarantine", "show", *run)
    assert out.splitlines() == [
        "t rowid 9, n: no whole number [not-an-integer]",
        "  text 'many'",
        "  repaired, not replayed",
        "    n: NULL",
    ]
    code, out = call(work, "quarantine", "show", *run, "--json")
    told = [(line["code"], line["table"], line["column"], line["message"]) for line in events(out)[:-1]]
    line = "t rowid 9, n: no whole number [not-an-integer]"
    assert (code, told) == (0, [("not-an-integer", "t", "n", f"{line}: text 'many'")])
    code, out = call(work, "plan", "show", *run, "--json")
    columns = [(line["event"], line.get("column"), line.get("decision")) for line in events(out)]
    assert columns == [
        ("column", "id", "bigint (declared)"),
        ("column", "n", "bigint (proposed)"),
        ("column", "note", "text (proposed)"),
        ("run.finished", None, None),
    ]
    code, out = call(work, "quarantine", "replay", *run, "--json")
    finished = events(out)[-1]
    assert (code, finished["outcome"]) == (0, "released")
    assert finished["tables"][0]["quarantined"] == 0

    assert call(work, "clean", *run, "--audit", "audit.jsonl")[0] == 0
    changes = [json.loads(line) for line in (work / "audit.jsonl").read_text().splitlines()]
    assert [(each["rowid"], each["after"]["value"], each["rule"]) for each in changes] == [
        (8, 80, "repaired-in-quarantine"),
        (9, None, "repaired-in-quarantine"),
    ]


def test_a_run_that_its_gate_refused_goes_on_once_the_rows_are_repaired(work: Path) -> None:
    with closing(sqlite3.connect(work / "s.sqlite")) as connection, connection:
        connection.execute("UPDATE t SET n = 'more' WHERE id < 4")
    code, out = call(work, "clean", "s.sqlite", "--plan", "plan.toml", "--gate", "breaker=warn", "--json")
    assert (code, events(out)[-1]["outcome"]) == (1, "refused")
    run = ["--run", events(out)[-1]["run"]]

    assert call(work, "quarantine", "edit", *run, "--table", "t", "--row", "1", "--set", "n=1")[0] == 0
    code, out = call(work, "quarantine", "replay", *run, "--json")
    gates = {line["name"]: line["verdict"] for line in events(out) if line["event"] == "gate"}
    assert (code, events(out)[-1]["outcome"], gates["quarantine"]) == (1, "refused", "stop")

    assert call(work, "quarantine", "edit", *run, "--table", "t", "--row", "2", "--set", "n=2")[0] == 0
    code, out = call(work, "quarantine", "replay", *run)
    assert code == 0
    assert "1  rows of t are in cleaned" in out
    assert "stands before canary" in out
    code, out = call(work, "status", run[1])
    assert "unfinished" in out
