"""Preflight and backup as grids: checks, tables as declared, what cannot be carried over, the copies."""

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.source import PreflightCheck, Snapshot, Source
from sdmigrate.tui.format import size
from sdmigrate.tui.views.grid import Detail, Grid, GridRow, Heading, Shown, Tone, numeric

_CHECK_WORDS = {"pass": "✓ PASS", "warn": "! WARN", "fail": "✗ FAIL"}
_CHECK_TONES: dict[str, Tone] = {"pass": "good", "warn": "warn", "fail": "bad"}
_CHECK_ORDER = {"fail": 0.0, "warn": 1.0, "pass": 2.0}


def checks_grid(source: Source) -> Grid:
    """Every check, those that say no first."""
    ranked = sorted(source.checks, key=lambda check: _CHECK_ORDER[check.verdict])
    worst = ranked[0].verdict if ranked else "pass"
    headings = (Heading("Verdict"), Heading("Check", widest=24), Heading("What was found", flexible=True))
    return Grid("Checks", headings, tuple(_check(check) for check in ranked), tone=_CHECK_TONES[worst])


def _check(check: PreflightCheck) -> GridRow:
    return GridRow(
        (
            Shown(_CHECK_WORDS[check.verdict], _CHECK_TONES[check.verdict], _CHECK_ORDER[check.verdict]),
            Shown(check.name),
            Shown(check.message),
        ),
        Detail(
            check.name,
            (
                ("Verdict", _CHECK_WORDS[check.verdict]),
                ("Found", check.message),
                ("Do", check.hint or "Nothing is needed."),
            ),
        ),
        preview="\n".join(filter(None, (check.message, check.hint))),
    )


def catalog_grid(catalog: Catalog) -> Grid:
    """Every table as it is declared."""
    rows = tuple(
        GridRow(
            (
                Shown(table.name),
                numeric(len(table.columns)),
                Shown(", ".join(table.primary_key) or "none", "" if table.primary_key else "muted"),
                numeric(len(table.foreign_keys)),
                numeric(len(table.indexes)),
            ),
            Detail(
                table.name,
                (
                    ("Columns", ", ".join(column.name for column in table.columns)),
                    ("Key", ", ".join(table.primary_key) or "none declared"),
                    ("Declared as", table.sql or "not known"),
                ),
            ),
        )
        for table in catalog.tables
    )
    headings = (
        Heading("Table", widest=32, name=True),
        Heading("Columns", right=True),
        Heading("Key", widest=24),
        Heading("References", right=True),
        Heading("Indexes", right=True),
    )
    return Grid("Tables", headings, rows, empty="The source has no tables.")


def others_grid(catalog: Catalog) -> Grid:
    """Views, triggers, virtual tables: told, never run."""
    rows = tuple(
        GridRow(
            (Shown(other.kind), Shown(other.name), Shown(other.problem or "")),
            Detail(
                other.name,
                (
                    ("Kind", other.kind),
                    ("Problem", other.problem or "none"),
                    ("Declared as", other.sql),
                ),
            ),
        )
        for other in catalog.others
    )
    headings = (Heading("Kind"), Heading("Name", widest=36, name=True), Heading("Problem", flexible=True))
    return Grid("Others", headings, rows, empty="No views, triggers or virtual tables.")


def snapshot_grid(snapshot: Snapshot) -> Grid:
    """The copies that were made, and their digests."""
    facts = [
        ("Snapshot", snapshot.path),
        ("Source", size(snapshot.source_fingerprint.size)),
        ("Source MD5", snapshot.source_digests.md5),
        ("Source SHA-256", snapshot.source_digests.sha256),
        ("Snapshot MD5", snapshot.snapshot_digests.md5),
        ("Snapshot SHA-256", snapshot.snapshot_digests.sha256),
        ("Integrity", "; ".join(snapshot.integrity) or "ok"),
        ("Dump of the live schema", snapshot.dump_path or "none: there was no such schema"),
    ]
    headings = (Heading("What", widest=24), Heading("Value", flexible=True))
    rows = tuple(
        GridRow((Shown(label), Shown(text)), Detail(label, ((label, text),)), preview=text)
        for label, text in facts
    )
    return Grid("Copies", headings, rows)
