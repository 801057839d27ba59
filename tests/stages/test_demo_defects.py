"""Every defect planted in the demo ends as its manifest says, by the stages themselves."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sdmigrate.demo.database import write_demo
from sdmigrate.model.finding import Finding
from sdmigrate.model.profile import Profile
from sdmigrate.model.result import Cleaned
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.stages.backup import backup
from sdmigrate.stages.clean import clean
from sdmigrate.stages.plan import plan
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext

OTHERWISE = """
version = 1
[tables.tickets]
duplicate_key = ["TKT-Ticket ID"]
[tables.tickets.columns]
"TKT-Created Time" = { day_first = false, misfit = "null" }
"TKT-Actual Response Date" = { misfit = "null" }
"TKT-Title" = { invalid_utf8 = "cp1252" }
"TKT-Description" = { nul_bytes = "quarantine" }
[tables.comments]
duplicate_key = ["CT-COMMENT-ID"]
[tables.comments.columns]
"CT-COMMENT" = { invalid_utf8 = "cp1252", nul_bytes = "quarantine" }
"CT-DATEAMDTIME" = { misfit = "null" }
[tables.timesheets.columns]
"TS-Date" = { misfit = "null" }
"TS-Hours" = { empty = "quarantine", misfit = "null" }
"TS-Rate" = { misfit = "null" }
"TS-Description" = { invalid_utf8 = "cp1252", nul_bytes = "quarantine" }
"""
"""A plan that decides otherwise wherever the default decides something."""


@pytest.mark.parametrize("seed", [1, 7])
def test_every_planted_defect_ends_as_its_manifest_says(
    tmp_path: Path, make_context: MakeContext, seed: int
) -> None:
    manifest, profiled, cleaned, wrong = run_to_cleaned(tmp_path, make_context, seed, None)
    assert manifest
    assert wrong == []
    assert cleaned.quality.score >= profiled.quality.score >= 80


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_under_another_plan_every_planted_defect_ends_as_that_one_says(
    tmp_path: Path, make_context: MakeContext, seed: int
) -> None:
    plan_path = tmp_path / "otherwise.toml"
    plan_path.write_text(OTHERWISE, encoding="utf-8")
    manifest, _, cleaned, wrong = run_to_cleaned(tmp_path, make_context, seed, plan_path)
    assert wrong == []
    by_kind = {kind: [entry for entry in manifest if entry["kind"] == kind] for kind in DECIDED_OTHERWISE}
    assert all(by_kind.values())
    assert sum(ledger.deduplicated for ledger in cleaned.ledgers) == len(by_kind["duplicate-id"])


DECIDED_OTHERWISE: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "impossible-date": lambda _: {"outcome": "value", "value": None},
    "impossible-day-first-date": lambda _: {"outcome": "value", "value": None},
    "zero-date": lambda _: {"outcome": "value", "value": None},
    "number-with-text": lambda _: {"outcome": "value", "value": None},
    "ambiguous-date": lambda entry: {"outcome": "value", "value": month_first(entry["expected"]["value"])},
    "invalid-utf8": lambda entry: recoded(entry["before"]),
    "nul-byte": lambda _: {"outcome": "quarantine"},
    "duplicate-id": lambda _: {"outcome": "dedupe"},
}
"""The kind of a defect -> how an entry of the manifest ends under the other plan."""


def recoded(before: dict[str, str]) -> dict[str, Any]:
    """All bytes of the text read as Windows-1252, which has no character for some."""
    try:
        return {"outcome": "value", "value": bytes.fromhex(before["hex"]).decode("cp1252")}
    except UnicodeDecodeError:
        return {"outcome": "quarantine"}


def month_first(moment: str) -> str:
    """The moment with month and day taken for each other."""
    return f"{moment[:5]}{moment[8:10]}-{moment[5:7]}{moment[10:]}"


def decided_otherwise(entry: dict[str, Any]) -> dict[str, Any]:
    if (entry["column"], entry["before"]) == ("TS-Hours", ""):
        return entry | {"expected": {"outcome": "quarantine"}}
    ends = DECIDED_OTHERWISE.get(entry["kind"])
    return entry if ends is None else entry | {"expected": ends(entry)}


def run_to_cleaned(
    tmp_path: Path, make_context: MakeContext, seed: int, plan_path: Path | None
) -> tuple[list[dict[str, Any]], Profile, Cleaned, list[dict[str, Any]]]:
    """The manifest, the profile, cleaned, and the entries that ended otherwise than told."""
    path = tmp_path / "demo.sqlite"
    write_demo(path, rows=4_000, seed=seed)
    manifest = json.loads(path.with_name("demo.sqlite.manifest.json").read_text(encoding="utf-8"))
    if plan_path is not None:
        manifest = [decided_otherwise(entry) for entry in manifest]
    context = make_context(tmp_path, source=str(path), plan_path=str(plan_path) if plan_path else None)
    source = preflight(context)
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
    assert all(ledger.balances for ledger in cleaned.ledgers)
    return manifest, profiled, cleaned, wrong


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
