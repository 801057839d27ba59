"""The inspection as grids: the tables, and the columns of one of them or of all.

Invariant: pure. What comes from a sample is marked in its cell: ~ for an estimate, ≥ for at least so many.
"""

from sdmigrate.model.profile import ColumnProfile, KeyProfile, ReferenceProfile, TableProfile
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import count, share
from sdmigrate.tui.views.grid import Detail, Grid, GridRow, Heading, Shown, Tone, numeric
from sdmigrate.tui.views.inspected import Inspection, TableView, filled, mark, table_mark

EVERY_TABLE = ("", "")
"""The place of the row that stands for all tables; a table's own has no column."""
_SURE = 0.95
_EMPTY_BELOW = 0.5
"""A fill below it stands out."""


def tables_grid(inspection: Inspection, *, roomy: bool) -> Grid:
    """Every table, after a row for all of them.

    Args:
        inspection: what is known.
        roomy: whether there is room for more than name, rows and problems.
    """
    rows = [_table_row(inspection, table, roomy=roomy) for table in inspection.tables]
    if len(rows) > 1:
        rows.insert(0, _sum_row(inspection, roomy=roomy))
    more = (
        Heading("Columns", right=True),
        Heading("Duplicates", right=True),
        Heading("Orphans", right=True),
    )
    headings = (
        Heading("Table", widest=40 if roomy else 20, name=True),
        Heading("Rows", right=True),
        *(more if roomy else ()),
        Heading("Problems", right=True),
    )
    return Grid("Tables", headings, tuple(rows), empty="The source has no tables.")


def _table_row(inspection: Inspection, table: TableView, *, roomy: bool) -> GridRow:
    profile = table.profile
    unknown = Shown("…", "muted", -1.0)
    if profile is None:
        cells = (unknown,) * (4 if roomy else 1)
        return GridRow((Shown(table.name, "muted"), *cells, unknown), place=(table.name, None))
    rows = unknown if table.rows is None else _approximate(table.rows, sampled=table.sampled)
    related = table.known == "related"
    more = (
        numeric(len(profile.columns)),
        numeric(_duplicates(table), "warn") if related else unknown,
        numeric(_orphans(table), "warn") if related else unknown,
    )
    return GridRow(
        (
            Shown(table.name),
            rows,
            *(more if roomy else ()),
            numeric(table.problems.total(), "warn"),
        ),
        preview=_table_preview(inspection, table, profile),
        place=(table.name, None),
    )


def _sum_row(inspection: Inspection, *, roomy: bool) -> GridRow:
    known = [table for table in inspection.tables if table.profile is not None]
    rows = sum(table.rows or 0 for table in known)
    exact = len(known) == len(inspection.tables) and not any(table.sampled for table in known)
    columns = sum(len(table.profile.columns) for table in known if table.profile)
    related = all(table.known == "related" for table in inspection.tables)
    unknown = Shown("…", "muted", -1.0)
    more = (
        numeric(columns),
        numeric(sum(map(_duplicates, known)), "warn") if related else unknown,
        numeric(sum(map(_orphans, known)), "warn") if related else unknown,
    )
    return GridRow(
        (
            Shown("All tables", "strong", float("-inf")),
            _approximate(rows, sampled=not exact),
            *(more if roomy else ()),
            numeric(sum(table.problems.total() for table in known), "warn"),
        ),
        preview=mark(inspection) or f"The columns of {plural(len(known), 'table')} together.",
        place=EVERY_TABLE,
    )


def _duplicates(table: TableView) -> int:
    """Rows that repeat a declared key."""
    keys = table.profile.keys if table.profile else ()
    return sum(key.duplicate_rows for key in keys if key.declared)


def _orphans(table: TableView) -> int:
    """Rows whose declared reference points at nothing."""
    references = table.profile.references if table.profile else ()
    return sum(reference.orphans for reference in references if reference.declared)


def _approximate(number: int, *, sampled: bool) -> Shown:
    return Shown(f"~{number:,}", "muted", float(number)) if sampled else numeric(number)


def _table_preview(inspection: Inspection, table: TableView, profile: TableProfile) -> str:
    said = table_mark(inspection, table)
    if not said:
        said = f"{plural(profile.rows, 'row')} in {plural(len(profile.columns), 'column')}"
        if table.quality is not None:
            said += f"; quality {table.quality:.1f} of 100"
    keys = "; ".join((*map(_key_line, profile.keys), *map(_reference_line, profile.references)))
    return "\n".join(filter(None, (f"{said[0].upper()}{said[1:]}.", keys)))


def _key_line(key: KeyProfile) -> str:
    state = "unique" if key.unique else f"{plural(key.duplicate_rows, 'row repeats', 'rows repeat')}"
    return f"key {', '.join(key.columns)}: {'declared' if key.declared else 'likely'}, {state}"


def _reference_line(reference: ReferenceProfile) -> str:
    problem = f", {reference.problem}" if reference.problem else ""
    kind = "declared" if reference.declared else "suggested"
    named = ", ".join(reference.columns)
    return f"{named} -> {reference.parent_table}: {kind}, {plural(reference.orphans, 'orphan')}{problem}"


def table_detail(inspection: Inspection, table: TableView) -> Detail:
    """The table with its keys and references."""
    facts = [("Known", table_mark(inspection, table) or "every row counted")]
    profile = table.profile
    if profile is not None:
        about = "about " if table.sampled else ""
        facts.append(("Rows", "not known" if table.rows is None else about + count(table.rows)))
        facts.append(("Columns", count(len(profile.columns))))
    if table.quality is not None:
        facts.append(("Quality", f"{table.quality:.1f} of 100"))
    lists = (
        ("Keys", tuple(map(_key_line, profile.keys)) if profile else ()),
        ("References", tuple(map(_reference_line, profile.references)) if profile else ()),
        ("Problems", tuple(f"! {finding.message}" for finding in table.findings if finding.column is None)),
    )
    return Detail(table.name, tuple(facts), tuple((title, lines) for title, lines in lists if lines))


def columns_grid(inspection: Inspection, chosen: str | None, *, roomy: bool) -> Grid:
    """The columns of the table of that name, or of all tables for None.

    Args:
        inspection: what is known.
        chosen: the table.
        roomy: whether there is room for the reason of each type.
    """
    tables = [table for table in inspection.tables if chosen is None or table.name == chosen]
    rows = tuple(
        _column_row(table, column, problems[column.name], named=chosen is None, roomy=roomy)
        for table in tables
        if table.profile is not None
        for problems in (table.problems,)
        for column in table.profile.columns
    )
    headings = (
        Heading("Column", widest=32, name=True),
        Heading("Type", widest=16),
        Heading("Sure", right=True),
        Heading("Fill", right=True),
        Heading("Distinct", right=True),
        Heading("Problems", right=True),
        *((Heading("Why", flexible=True),) if roomy else ()),
    )
    return Grid("Columns", headings, rows, empty="Nothing is known of its columns yet.")


def _column_row(
    table: TableView, column: ColumnProfile, problems: int, *, named: bool, roomy: bool
) -> GridRow:
    decided = table.decided(column.name)
    confidence = decided.confidence if decided else column.confidence
    sure: Tone = "" if confidence >= _SURE else "warn"
    declared = column.declared_type or "without a type"
    place = f"{table.name}.{column.name}"
    return GridRow(
        (
            Shown(place if named else column.name),
            Shown(decided.type if decided else column.proposed),
            _sampled(share(confidence), sure, confidence, table),
            _filled(column, table),
            _distinct(column),
            numeric(problems, "warn"),
            *((Shown(column.reason, "muted"),) if roomy else ()),
        ),
        preview=f"{column.reason}\n{place}, declared {declared}",
        place=(table.name, column.name),
    )


def _sampled(words: str, tone: Tone, order: float, table: TableView) -> Shown:
    return Shown(f"~{words}", tone or "muted", order) if table.sampled else Shown(words, tone, order)


def _filled(column: ColumnProfile, table: TableView) -> Shown:
    if not column.rows:
        return Shown("–", "muted", -1.0)
    part = filled(column) / column.rows
    return _sampled(share(part), "warn" if part < _EMPTY_BELOW else "", part, table)


def _distinct(column: ColumnProfile) -> Shown:
    if column.distinct_exact:
        return numeric(column.distinct)
    return Shown(f"≥{column.distinct:,}", "muted", float(column.distinct))
