"""A demo database on its whole journey: every planted defect ends as its manifest entry says."""

from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.demo.companions import queries_path, rules_path
from sdmigrate.demo.database import write_demo
from sdmigrate.demo.manifest import Manifest, Planted
from sdmigrate.model.approval import approve
from sdmigrate.model.events import RunFinished
from sdmigrate.model.settings import Endpoint, Mode, Request
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.run import Run, opened_run
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.connection import open_read_only, quote_identifier

ROWS = 2_500
SEEN_IN_THE_SOURCE = {
    "impossible-date": "impossible-dates",
    "zero-date": "zero-dates",
    "invalid-utf8": "texts-not-utf8",
    "blob-in-text": "blobs-in-text",
    "not-a-number": "text-in-number",
}
"""Code of a row in quarantine -> code of the profile's finding on its column."""


def begin(source: Path, mode: Mode, endpoint: Endpoint | None, schema: str | None) -> Begin:
    request = Request(
        mode=mode,
        source=str(source),
        target="throw-away" if endpoint is not None else None,
        schema=schema,
        queries_path=str(queries_path()),
        rules_path=str(rules_path()),
    )
    conninfo = endpoint.conninfo if endpoint is not None else None
    return Begin(request=request, work_directory=str(source.parent / "work"), conninfo=conninfo)


def driven(run: Run, schema: str) -> RunFinished:
    while (stage := run.journey.following) is not None:
        if stage == "cutover":
            run.journey.cut_over(approve(schema, schema))
        else:
            run.journey.advance()
    finished, _ = run.conclude()
    return finished


def ended_well(entry: Planted, cleaned: Path, quarantine: Path) -> bool:
    column, table = quote_identifier(entry.column), quote_identifier(entry.table)
    with closing(open_read_only(cleaned)) as loaded, closing(open_read_only(quarantine)) as kept_back:
        row = loaded.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (entry.rowid,)).fetchone()
        reasons = kept_back.execute(
            'SELECT finding FROM _rows WHERE "table" = ? AND rowid = ?', (entry.table, entry.rowid)
        ).fetchall()
    if entry.expected.outcome == "quarantine":
        return row is None and reasons == [(entry.expected.finding,)]
    value = None if row is None or row[0] is None else str(row[0])
    return row is not None and not reasons and value == entry.expected.value


def test_every_defect_ends_as_its_entry_says(tmp_path: Path, postgres: Endpoint, schema_name: str) -> None:
    source = tmp_path / "desk.sqlite"
    manifest = write_demo(source, rows=ROWS)
    with opened_run(begin(source, "migrate", postgres, schema_name), CancelToken()) as run:
        finished = driven(run, schema_name)
        directory = run.directory
    assert (finished.outcome, finished.exit_code) == ("released", 0)
    assert all(table.verified in ("identical", "changed") for table in finished.tables)
    wrong = [
        entry for entry in manifest.planted if not ended_well(entry, directory.cleaned, directory.quarantine)
    ]
    assert wrong == []
    told = {(finding.code, finding.table, finding.column) for finding in finished.findings}
    assert {(entry.expected.finding, entry.table, entry.column) for entry in manifest.planted} <= told
    in_quarantine = sum(entry.expected.outcome == "quarantine" for entry in manifest.planted)
    assert sum(table.quarantined for table in finished.tables) == in_quarantine


def expected_findings(manifest: Manifest) -> dict[tuple[str, str, str], int]:
    counts: dict[tuple[str, str, str], int] = {}
    for entry in manifest.planted:
        code = entry.expected.finding or ""
        spot = (SEEN_IN_THE_SOURCE.get(code, code), entry.table, entry.column)
        counts[spot] = counts.get(spot, 0) + 1
    return counts


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_profile_finds_each_defect_and_invents_none(tmp_path: Path, seed: int) -> None:
    source = tmp_path / "desk.sqlite"
    manifest = write_demo(source, rows=ROWS, seed=seed)
    with opened_run(begin(source, "inspect", None, None), CancelToken()) as run:
        finished = driven(run, "")
    found = {
        (finding.code, finding.table, finding.column): finding.count
        for finding in finished.findings
        # That a reference is undeclared is no defect, and the manifest tells its orphans; what the default
        # plan does with values that do not fit is told beside the defect that they are.
        if finding.code not in ("undeclared-foreign-key", "misfits")
    }
    expected = expected_findings(manifest)
    assert set(found) == set(expected)
    for spot, count in expected.items():
        # The label is wrong for the whole column; the manifest tells its first value.
        assert found[spot] == count or spot[0] == "text-in-timestamp"
