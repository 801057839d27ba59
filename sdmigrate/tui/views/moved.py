"""Cleaned, canary, release, verification and the last line as grids."""

from sdmigrate.model.events import RunFinished, TableSummary
from sdmigrate.model.result import CanaryResult, Cleaned, Release, TableVerification, Verdict, Verification
from sdmigrate.tui.format import count
from sdmigrate.tui.views.grid import Detail, Grid, GridRow, Heading, Shown, Tone, numeric

VERDICT_WORDS: dict[Verdict, str] = {
    "identical": "✓ identical",
    "changed": "✓ changed by rules",
    "different": "✗ different",
    "not_checked": "! not checked",
}
VERDICT_TONES: dict[Verdict, Tone] = {
    "identical": "good",
    "changed": "good",
    "different": "bad",
    "not_checked": "warn",
}


def ledger_grid(cleaned: Cleaned) -> Grid:
    """Where every row read went."""
    rows = tuple(
        GridRow(
            (
                Shown(ledger.table),
                numeric(ledger.read),
                numeric(ledger.loaded),
                numeric(ledger.quarantined, "warn"),
                numeric(ledger.deduplicated, "warn"),
                numeric(ledger.excluded),
                numeric(ledger.changed),
            ),
            Detail(
                ledger.table,
                (
                    ("Read", count(ledger.read)),
                    ("To load", count(ledger.loaded)),
                    ("Quarantined", count(ledger.quarantined)),
                    ("Duplicates", count(ledger.deduplicated)),
                    ("Excluded", count(ledger.excluded)),
                    ("Values changed", count(ledger.changed)),
                    ("Ledger", "balances" if ledger.balances else "does not balance"),
                ),
            ),
        )
        for ledger in cleaned.ledgers
    )
    headings = (
        Heading("Table", widest=28, name=True),
        Heading("Read", right=True),
        Heading("To load", right=True),
        Heading("Quarantined", right=True),
        Heading("Duplicates", right=True, spare=True),
        Heading("Excluded", right=True, spare=True),
        Heading("Changed", right=True, spare=True),
    )
    return Grid("Ledger", headings, rows)


def verification_grid(verification: Verification, title: str = "Verification") -> Grid:
    """Every table on both sides."""
    wrong = not verification.passed
    headings = (
        Heading("Table", widest=30, name=True),
        Heading("In PostgreSQL", widest=30, name=True),
        Heading("Expected", right=True),
        Heading("Found", right=True),
        Heading("Verdict"),
    )
    return Grid(
        title,
        headings,
        tuple(_verified(table) for table in verification.tables),
        tone="bad" if wrong else "good",
    )


def _verified(table: TableVerification) -> GridRow:
    return GridRow(
        (
            Shown(table.table),
            Shown(table.target),
            numeric(table.expected.rows),
            numeric(table.actual.rows),
            Shown(VERDICT_WORDS[table.verdict], VERDICT_TONES[table.verdict]),
        ),
        Detail(
            table.table,
            (
                ("Verdict", VERDICT_WORDS[table.verdict]),
                ("Rows", f"{count(table.expected.rows)} expected, {count(table.actual.rows)} found"),
                ("Digest", f"{table.expected.sum} expected"),
                ("", f"{table.actual.sum} found"),
            ),
            (("Rows that differ", table.examples),) if table.examples else (),
        ),
    )


def queries_grid(canary: CanaryResult) -> Grid:
    """The operator's queries, as they ran on the sample; those that failed first."""
    rows = tuple(
        GridRow(
            (
                Shown(query.name),
                numeric(query.rows),
                Shown("✓ ran" if query.error is None else f"✗ {query.error}", _ran(query.error)),
            ),
            Detail(query.name, (("Rows", count(query.rows)), ("Result", query.error or "ran"))),
            preview=query.error or "",
        )
        for query in sorted(canary.queries, key=lambda query: query.error is None)
    )
    headings = (Heading("Query", name=True), Heading("Rows", right=True), Heading("Result", flexible=True))
    failed = any(query.error for query in canary.queries)
    return Grid(
        "Queries", headings, rows, empty="No queries were given to run.", tone="bad" if failed else ""
    )


def _ran(error: str | None) -> Tone:
    return "good" if error is None else "bad"


def release_grid(release: Release) -> Grid:
    """The tables of the new release."""
    rows = tuple(
        GridRow(
            (
                Shown(table.source),
                Shown(table.name),
                numeric(release.rows.get(table.source, 0)),
                numeric(len(table.columns)),
                numeric(len(table.indexes) + len(table.uniques) + (table.primary_key is not None)),
                numeric(len(table.foreign_keys)),
            )
        )
        for table in release.blueprint.tables
    )
    headings = (
        Heading("Table", widest=30, name=True),
        Heading("In PostgreSQL", widest=30, name=True),
        Heading("Rows", right=True),
        Heading("Columns", right=True),
        Heading("Indexes", right=True, spare=True),
        Heading("References", right=True, spare=True),
    )
    return Grid("Loaded", headings, rows)


def summary_grid(finished: RunFinished) -> Grid:
    """The last line's tables: where every row went, or would have, and whether it was proven."""
    loaded = finished.has_loaded
    rows = tuple(
        GridRow(
            (
                Shown(table.source),
                numeric(table.read),
                numeric(table.loaded),
                numeric(table.quarantined, "warn"),
                numeric(table.deduplicated, "warn"),
                numeric(table.changed),
                *((_proven(table),) if loaded else ()),
            )
        )
        for table in finished.tables
    )
    headings = (
        Heading("Table", widest=24, name=True),
        Heading("Read", right=True),
        Heading("Loaded" if loaded else "To load", right=True),
        Heading("Quarantine", right=True),
        Heading("Duplicates", right=True, spare=True),
        Heading("Changed", right=True, spare=True),
        *((Heading("Verified"),) if loaded else ()),
    )
    return Grid("Rows", headings, rows, empty="No table was reached.")


def _proven(table: TableSummary) -> Shown:
    return Shown(VERDICT_WORDS[table.verified].removesuffix(" by rules"), VERDICT_TONES[table.verified])
