"""The profile and the plan as grids: tables, columns with their evidence, quality."""

from collections import Counter

from sdmigrate.model.finding import Finding
from sdmigrate.model.plan import ColumnPlan, Plan
from sdmigrate.model.profile import ColumnProfile, Profile, Quality, TableProfile
from sdmigrate.tui.format import count, share
from sdmigrate.tui.views.grid import Detail, Grid, GridRow, Heading, Shown, Tone, numeric


def columns_grid(profile: Profile, plan: Plan | None, findings: tuple[Finding, ...]) -> Grid:
    """Every column: its type, how sure that is, and what is odd about it."""
    problems = Counter((finding.table, finding.column) for finding in findings if finding.severity != "info")
    rows = tuple(
        _column_row(table, column, _decided(plan, table.name, column.name), problems)
        for table in profile.tables
        for column in table.columns
    )
    headings = (
        Heading("Column", widest=28, keeps_end=True),
        Heading("Type", widest=16),
        Heading("Sure", right=True),
        Heading("Nulls", right=True),
        Heading("Empty", right=True),
        Heading("Distinct", right=True),
        Heading("Issues", right=True),
    )
    return Grid("Columns", headings, rows, empty="The source has no tables.")


def _decided(plan: Plan | None, table: str, column: str) -> ColumnPlan | None:
    if plan is None:
        return None
    for decided in plan.tables:
        if decided.source == table:
            return next((found for found in decided.columns if found.source == column), None)
    return None


def _column_row(
    table: TableProfile,
    column: ColumnProfile,
    decided: ColumnPlan | None,
    problems: Counter[tuple[str | None, str | None]],
) -> GridRow:
    confidence = decided.confidence if decided else column.confidence
    sure: Tone = "" if confidence >= 0.95 else "warn"
    declared = column.declared_type or "without a type"
    approximately = "" if column.distinct_exact else "~"
    return GridRow(
        (
            Shown(f"{table.name}.{column.name}"),
            Shown(decided.type if decided else column.proposed),
            Shown(share(confidence), sure, confidence),
            numeric(column.nulls),
            numeric(column.empties),
            Shown(approximately + count(column.distinct), "", float(column.distinct)),
            numeric(problems[table.name, column.name], "warn"),
        ),
        _evidence(table, column, decided),
        preview=f"{column.reason}\n{table.name}.{column.name}, declared {declared}",
    )


def _evidence(table: TableProfile, column: ColumnProfile, decided: ColumnPlan | None) -> Detail:
    classes = {
        "integer": column.classes.integer,
        "real": column.classes.real,
        "text": column.classes.text,
        "blob": column.classes.blob,
        "null": column.nulls,
    }
    facts = [
        ("Declared", column.declared_type or "no type"),
        ("Proposed", f"{column.proposed} ({share(column.confidence)} of the values fit)"),
    ]
    if decided is not None:
        facts.append(("Decided", f"{decided.type}, {_DECIDERS[decided.decision]}"))
        facts.append(("Misfits", _MISFITS[decided.misfit]))
    facts.append(("Because", column.reason))
    facts.append(
        ("Stored as", ", ".join(f"{count(found)} {name}" for name, found in classes.items() if found) or "-")
    )
    facts.append(("Distinct", ("" if column.distinct_exact else "about ") + count(column.distinct)))
    if column.minimum is not None and column.maximum is not None:
        facts.append(("Range", f"{column.minimum.text} … {column.maximum.text}"))
    if column.longest_characters:
        facts.append(("Longest", f"{count(column.longest_characters)} characters"))
    lists = (
        ("Forms", tuple(f"{count(found):>12}  {form}" for form, found in column.forms.items())),
        ("Most frequent", tuple(f"{count(top.count):>12}  {top.value.text}" for top in column.top)),
        (
            "Types considered",
            tuple(
                f"{count(candidate.fits):>12}  {candidate.type}"
                + ("" if candidate.form == "auto" else f" as {candidate.form}")
                + (f", {count(candidate.misfits)} do not fit" if candidate.misfits else "")
                + (
                    f", {candidate.first.text} to {candidate.last.text}"
                    if candidate.first is not None and candidate.last is not None
                    else ""
                )
                + "".join(f" · {sample.value.text}" for sample in candidate.examples[:2])
                for candidate in column.candidates
            ),
        ),
    )
    return Detail(
        f"{table.name}.{column.name}", tuple(facts), tuple((title, lines) for title, lines in lists if lines)
    )


_DECIDERS = {
    "proposed": "by the evidence",
    "declared": "as declared, since the evidence is not strong enough",
    "existing": "as the target's table has it",
    "operator": "by you, in the plan",
}
_MISFITS = {
    "quarantine": "the row goes to the quarantine",
    "null": "become NULL",
    "text": "none: the column was widened to text",
    "fail": "stop the run",
}


def tables_grid(profile: Profile, findings: tuple[Finding, ...]) -> Grid:
    """Every table: its size, its keys and what is odd about it."""
    problems = Counter(finding.table for finding in findings if finding.severity != "info")
    rows = tuple(
        GridRow(
            (
                Shown(table.name),
                numeric(table.rows),
                numeric(len(table.columns)),
                numeric(sum(key.duplicate_rows for key in table.keys if key.declared), "warn"),
                numeric(
                    sum(reference.orphans for reference in table.references if reference.declared), "warn"
                ),
                numeric(problems[table.name], "warn"),
            ),
            _table_detail(profile, table),
        )
        for table in profile.tables
    )
    headings = (
        Heading("Table", widest=32),
        Heading("Rows", right=True),
        Heading("Columns", right=True),
        Heading("Duplicates", right=True),
        Heading("Orphans", right=True),
        Heading("Problems", right=True),
    )
    return Grid("Tables", headings, rows, empty="The source has no tables.")


def _table_detail(profile: Profile, table: TableProfile) -> Detail:
    quality = profile.quality.tables.get(table.name)
    keys = tuple(
        f"{', '.join(key.columns)}: {'declared' if key.declared else 'likely'}, "
        + ("unique" if key.unique else f"{count(key.duplicate_rows)} rows repeat")
        for key in table.keys
    )
    references = tuple(
        f"{', '.join(reference.columns)} -> {reference.parent_table}: "
        f"{'declared' if reference.declared else 'suggested'}, {count(reference.orphans)} orphans"
        + (f", {reference.problem}" if reference.problem else "")
        for reference in table.references
    )
    facts = [("Rows", count(table.rows)), ("Columns", count(len(table.columns)))]
    if quality is not None:
        facts.append(("Quality", f"{quality:.1f} of 100"))
    lists = (("Keys", keys), ("References", references))
    return Detail(table.name, tuple(facts), tuple((title, lines) for title, lines in lists if lines))


def quality_grid(quality: Quality) -> Grid:
    """The score's five dimensions, and what cost points."""
    rows = tuple(
        GridRow(
            (
                Shown(part.name.capitalize()),
                Shown(f"{part.score:.1f}", "", part.score),
                Shown(f"{part.weight:g}" if part.weight else "no rule", "muted", part.weight),
                Shown(part.costs[0] if part.costs else "nothing lost"),
            ),
            Detail(
                part.name.capitalize(),
                (("Score", f"{part.score:.1f} of {part.weight:g}"),),
                (("What cost points", part.costs or ("Nothing.",)),),
            ),
            preview="\n".join(part.costs[:2]),
        )
        for part in quality.parts
    )
    headings = (
        Heading("Dimension"),
        Heading("Points", right=True),
        Heading("Of", right=True),
        Heading("What cost most", flexible=True),
    )
    return Grid(f"Quality {quality.score:.1f}", headings, rows, numbered=False)
