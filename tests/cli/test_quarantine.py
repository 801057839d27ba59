"""``sdmigrate quarantine``: look, write out, edit, replay."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.settings import Endpoint
from tests.cli.calling import Called, call
from tests.stages.by_hand import ask


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the calls, with a source and a plan; runs are kept in ``work`` below it."""
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, note TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?, 'x')", [(n, n) for n in range(1, 400)])
        connection.execute("UPDATE t SET n = 'many' WHERE id IN (8, 9)")
    (tmp_path / "plan.toml").write_text('version = 1\n[tables.t.columns]\nn = { type = "bigint" }\n')
    return tmp_path


def asked(*arguments: str) -> Called:
    return call(*arguments, "--work-dir", "work")


def test_rows_are_written_out_edited_and_replayed(work: Path, postgres: Endpoint, schema_name: str) -> None:
    start = ["migrate", "s.sqlite", "--target", postgres.conninfo, "--schema", schema_name, "--confirm"]
    told = asked(*start, schema_name, "--plan", "plan.toml", "--gate", "breaker=warn", "--json")
    assert told.code == 0
    run = ["--run", told.last["run"]]

    told = asked("quarantine", "list", *run, "--json")
    assert (told.code, [(line["event"], line.get("code"), line.get("count")) for line in told.events]) == (
        0,
        [("finding", "not-an-integer", 2), ("run.finished", None, None)],
    )
    assert asked("quarantine", "show", *run, "--output", "rows.jsonl").code == 0
    assert asked("quarantine", "show", *run, "--output", "rows.jsonl").code == 2
    assert asked("quarantine", "show", *run, "--table", "t", "--output", "rows.csv").code == 0
    assert (work / "rows.csv").read_bytes().splitlines() == [
        b"rowid,reasons,id,n,note",
        b"8,n: no whole number,8,many,x",
        b"9,n: no whole number,9,many,x",
    ]
    rows = (work / "rows.jsonl").read_text().splitlines()
    assert [json.loads(row)["row"]["n"] for row in rows] == [{"class": "text", "value": "many"}] * 2

    (work / "rows.jsonl").write_text(rows[0].replace('"many"', '"80"') + "\n")
    assert asked("quarantine", "edit", *run, "--from", "rows.jsonl").code == 0
    assert asked("quarantine", "edit", *run, "--table", "t", "--row", "9", "--set", "n=1.5").code == 0
    told = asked("quarantine", "replay", *run, "--json")
    finished = told.last
    assert (told.code, finished["outcome"], finished["exit_code"]) == (1, "refused", 1)
    (table,) = finished["tables"]
    assert (table["loaded"], table["quarantined"], table["verified"]) == (398, 1, "changed")
    assert ask(postgres, f"SELECT id, n FROM {schema_name}.t WHERE id IN (8, 9)") == [(8, 80)]

    assert asked("quarantine", "show", *run, "--table", "t", "--output", "left.csv").code == 0
    left = (work / "left.csv").read_text()
    assert left.splitlines()[1] == "9,n: no whole number,9,1.5,x"
    (work / "left.csv").write_text(left.replace("9,1.5,x", "9,\\N,x"))
    assert asked("quarantine", "edit", *run, "--from", "left.csv").code == 2
    assert asked("quarantine", "edit", *run, "--from", "left.csv", "--table", "t").code == 0
    told = asked("quarantine", "show", *run)
    assert told.out.splitlines() == [
        "t rowid 9, n: no whole number [not-an-integer]",
        "  text 'many'",
        "  repaired, not replayed",
        "    n: NULL",
    ]
    told = asked("quarantine", "show", *run, "--json")
    shown = [(line["code"], line["table"], line["column"], line["message"]) for line in told.events[:-1]]
    line = "t rowid 9, n: no whole number [not-an-integer]"
    assert (told.code, shown) == (0, [("not-an-integer", "t", "n", f"{line}: text 'many'")])
    told = asked("plan", "show", *run, "--json")
    columns = [(line["event"], line.get("column"), line.get("decision")) for line in told.events]
    assert columns == [
        ("column", "id", "bigint (declared)"),
        ("column", "n", "bigint (proposed)"),
        ("column", "note", "text (proposed)"),
        ("run.finished", None, None),
    ]
    told = asked("quarantine", "replay", *run, "--json")
    finished = told.last
    assert (told.code, finished["outcome"]) == (0, "released")
    assert finished["tables"][0]["quarantined"] == 0

    assert asked("clean", *run, "--audit", "audit.jsonl").code == 0
    changes = [json.loads(line) for line in (work / "audit.jsonl").read_text().splitlines()]
    assert [(each["rowid"], each["after"]["value"], each["rule"]) for each in changes] == [
        (8, 80, "repaired-in-quarantine"),
        (9, None, "repaired-in-quarantine"),
    ]


def test_a_run_that_its_gate_refused_goes_on_once_the_rows_are_repaired(work: Path) -> None:
    with closing(sqlite3.connect(work / "s.sqlite")) as connection, connection:
        connection.execute("UPDATE t SET n = 'more' WHERE id < 4")
    told = asked("clean", "s.sqlite", "--plan", "plan.toml", "--gate", "breaker=warn", "--json")
    assert (told.code, told.last["outcome"]) == (1, "refused")
    run = ["--run", told.last["run"]]

    assert asked("quarantine", "edit", *run, "--table", "t", "--row", "1", "--set", "n=1").code == 0
    told = asked("quarantine", "replay", *run, "--json")
    gates = {line["name"]: line["verdict"] for line in told.events if line["event"] == "gate"}
    assert (told.code, told.last["outcome"], gates["quarantine"]) == (1, "refused", "stop")

    assert asked("quarantine", "edit", *run, "--table", "t", "--row", "2", "--set", "n=2").code == 0
    told = asked("quarantine", "replay", *run)
    assert told.code == 0
    assert "1  rows of t are in cleaned" in told.out
    assert "stands before canary" in told.out
    told = asked("status", run[1])
    assert "unfinished" in told.out
