"""Every defect planted in the demo ends as its manifest says, by the stages themselves."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sdmigrate.demo.database import write_demo
from sdmigrate.model.finding import Finding
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.stages.backup import backup
from sdmigrate.stages.clean import clean
from sdmigrate.stages.plan import plan
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext


@pytest.mark.parametrize("seed", [1, 7])
def test_every_planted_defect_ends_as_its_manifest_says(
    tmp_path: Path, make_context: MakeContext, seed: int
) -> None:
    path = tmp_path / "demo.sqlite"
    write_demo(path, rows=4_000, seed=seed)
    manifest = json.loads(path.with_name("demo.sqlite.manifest.json").read_text(encoding="utf-8"))
    context = make_context(tmp_path, source=str(path))
    source = preflight(context, None)
    snapshot = backup(context, source, None)
    profiled = profile(context, snapshot)
    planned = plan(context, snapshot, profiled)
    cleaned = clean(context, snapshot, profiled, planned)
    findings = (*source.findings, *profiled.findings, *planned.findings, *cleaned.findings)
    with (
        closing(open_read_only(cleaned.path)) as good,
        closing(open_read_only(cleaned.quarantine_path)) as bad,
    ):
        wrong = [entry for entry in manifest if not ends_as_told(entry, good, bad, findings)]
    assert manifest
    assert wrong == []
    assert all(ledger.balances for ledger in cleaned.ledgers)
    assert cleaned.quality.score >= profiled.quality.score >= 80


def ends_as_told(
    entry: dict[str, Any],
    cleaned: sqlite3.Connection,
    quarantine: sqlite3.Connection,
    findings: tuple[Finding, ...],
) -> bool:
    table, column = quote_identifier(entry["table"]), quote_identifier(entry["column"])
    stands = cleaned.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (entry["rowid"],)).fetchone()
    expected = entry["expected"]
    match expected["outcome"]:
        case "value":
            return bool(stands == (expected["value"],))
        case "quarantine":
            kept = quarantine.execute(f"SELECT 1 FROM {table} WHERE rowid = ?", (entry["rowid"],)).fetchone()
            return stands is None and kept is not None
        case "dedupe":
            return stands is None
        case _:
            told = {(finding.code, finding.table) for finding in findings}
            return (expected["finding"], entry["table"]) in told
