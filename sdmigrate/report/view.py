"""How a report is asked for: of which table, with or without sample values, into which files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReportView:
    """What the operator asked to see."""

    html: Path | None = None
    """Where to write the report as a page; None: nowhere beyond the run directory."""
    markdown: Path | None = None
    table: str | None = None
    """Tell of this source table only."""
    most_tables: int | None = None
    """Tables told column by column, those with findings before others; None: all."""
    show_values: bool = False
    """False: values of the data are shown by their shape only."""


WHOLE = ReportView()
"""Every table, values masked."""
