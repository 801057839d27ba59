"""Findings as a grid, the gravest first, each opening its message, advice and samples."""

from collections.abc import Iterable

from sdmigrate.model.events import FindingSeen
from sdmigrate.model.finding import SEVERITY_ORDER, Finding, Sample, Severity
from sdmigrate.tui.format import count
from sdmigrate.tui.views.grid import Detail, Grid, GridRow, Heading, Shown, Tone, numeric

SEVERITY_WORDS: dict[Severity, str] = {"error": "✗ error", "warning": "! warning", "info": "· info"}
SEVERITY_TONES: dict[Severity, Tone] = {"error": "bad", "warning": "warn", "info": "muted"}

_HEADINGS = (
    Heading("Severity", widest=9),
    Heading("Where", widest=30, name=True),
    Heading("Count", right=True),
    Heading("Finding", flexible=True),
)


def place(table: str | None, column: str | None) -> str:
    """``table.column``, ``table``, or a word for the whole file."""
    if table is None:
        return "whole file"
    return table if column is None else f"{table}.{column}"


def findings_grid(findings: Iterable[Finding | FindingSeen]) -> Grid:
    """All findings, errors first."""
    ranked = sorted(findings, key=lambda finding: SEVERITY_ORDER[finding.severity])
    worst = ranked[0].severity if ranked else "info"
    return Grid(
        "Findings",
        _HEADINGS,
        tuple(_row(finding) for finding in ranked),
        empty="✓ No findings.",
        tone=SEVERITY_TONES[worst],
    )


def _row(finding: Finding | FindingSeen) -> GridRow:
    return GridRow(
        (
            Shown(
                SEVERITY_WORDS[finding.severity],
                SEVERITY_TONES[finding.severity],
                float(SEVERITY_ORDER[finding.severity]),
            ),
            Shown(place(finding.table, finding.column)),
            numeric(finding.count),
            Shown(finding.message),
        ),
        _detail(finding),
        preview="\n".join(filter(None, (finding.message, finding.advice))),
    )


def sample_lines(samples: Iterable[Sample]) -> tuple[str, ...]:
    """Each sample with its row and storage class, and with what the advice would make of it."""
    return tuple(
        f"{'row ' + str(sample.rowid) if sample.rowid is not None else 'some row'}: "
        f"{sample.value.storage} {sample.value.text}"
        + (f" → {sample.read_as.text}" if sample.read_as else "")
        for sample in samples
    )


def _detail(finding: Finding | FindingSeen) -> Detail:
    lines = sample_lines(finding.samples if isinstance(finding, Finding) else ())
    return Detail(
        title=finding.code,
        facts=(
            ("Severity", SEVERITY_WORDS[finding.severity]),
            ("Where", place(finding.table, finding.column)),
            ("Count", count(finding.count) if finding.count else "not counted"),
            ("What", finding.message),
            ("Advice", finding.advice or "None needed."),
        ),
        lists=(("Samples", lines),) if lines else (),
    )
