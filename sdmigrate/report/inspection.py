"""The chapters of an inspection: every table and column with what its values are.

Invariant: evidence is the profile's; the type a column becomes is the plan's where there is one.
"""

from collections import Counter
from collections.abc import Mapping

from sdmigrate.model.catalog import OtherKind
from sdmigrate.model.plan import ColumnPlan, Plan
from sdmigrate.model.profile import ColumnProfile, TableProfile
from sdmigrate.report.numbers import count, share
from sdmigrate.report.page import Block, Grid, Line, Section, Tone
from sdmigrate.report.story import RunStory
from sdmigrate.rules.wording import plural

_TITLES = (
    "Column",
    "Declared",
    "Becomes",
    "Sure",
    "NULL",
    "Empty",
    "Distinct",
    "Forms",
    "Most frequent",
    "Why",
)
_SURE = 0.95
_OTHERS: dict[OtherKind, tuple[str, ...]] = {
    "view": ("view",),
    "trigger": ("trigger",),
    "virtual": ("virtual table",),
    "shadow": ("table of a virtual one", "tables of virtual ones"),
    "internal": ("table of SQLite's own", "tables of SQLite's own"),
    "table": ("table that cannot be read", "tables that cannot be read"),
    "index": ("index that cannot be read", "indexes that cannot be read"),
    "repeated": ("entry that is there already", "entries that are there already"),
    "renamed": ("table read under another name", "tables read under another name"),
    "entry": ("entry of no known kind", "entries of no known kind"),
}
"""What there may be beside tables, one and many."""


def tables(story: RunStory, only: str | None, most: int | None = None) -> tuple[Section, ...]:
    """One section for each table, or for the one asked for; at most ``most``, first those with findings."""
    if story.profile is None:
        return ()
    told = [table for table in story.profile.tables if only is None or table.name == only]
    left_out = 0 if most is None else max(0, len(told) - most)
    if left_out:
        concerned = {finding.table for finding in story.findings if finding.severity != "info"}
        chosen = sorted(told, key=lambda table: table.name not in concerned)[:most]
        names = {table.name for table in chosen}
        told = [table for table in told if table.name in names]
    sections = tuple(Section(title=f"Table {table.name}", blocks=_table(table, story.plan)) for table in told)
    if not left_out:
        return sections
    more = f"{plural(left_out, 'more table')}: --table NAME tells of one, --html FILE of all."
    return (*sections, Section(title="Other tables", blocks=(Line(text=more),)))


def overview(story: RunStory) -> tuple[Block, ...]:
    """Every table with its size, and what is there beside tables."""
    if story.profile is None:
        return ()
    problems = Counter(finding.table for finding in story.findings)
    scores = story.profile.quality.tables
    grid = Grid(
        titles=("Table", "Rows", "Columns", "Quality", "Findings"),
        rows=tuple(
            (
                table.name,
                count(table.rows),
                count(len(table.columns)),
                f"{scores[table.name]:.1f}" if table.name in scores else "",
                count(problems[table.name]),
            )
            for table in story.profile.tables
        ),
        numbers=frozenset({"Rows", "Columns", "Quality", "Findings"}),
    )
    others = story.snapshot.catalog.others if story.snapshot is not None else ()
    kinds = Counter(other.kind for other in others)
    beside = ", ".join(plural(number, *_OTHERS[kind]) for kind, number in kinds.items())
    return (grid, Line(text=f"Beside tables: {beside}.", tone="dim")) if beside else (grid,)


def _table(table: TableProfile, plan: Plan | None) -> tuple[Block, ...]:
    planned = None if plan is None else {one.source: one for one in plan.table(table.name).columns}
    grid = Grid(
        titles=_TITLES,
        rows=tuple(_column(column, planned) for column in table.columns),
        numbers=frozenset({"Sure", "NULL", "Empty", "Distinct"}),
        tones=tuple(_tone(column) for column in table.columns),
        optional=frozenset({"Declared", "Distinct", "Most frequent", "Why", "Forms"}),
    )
    lines: list[Block] = [Line(text=f"{plural(table.rows, 'row')}.")]
    for key in table.keys:
        kind = "declared" if key.declared else "likely"
        state = "unique" if key.unique else f"{plural(key.duplicate_rows, 'row')} beyond the first"
        lines.append(
            Line(
                text=f"{kind} key {', '.join(key.columns)}: {state}.", tone="plain" if key.unique else "warn"
            )
        )
    for reference in table.references:
        kind = "declared" if reference.declared else "likely"
        state = reference.problem or f"{plural(reference.orphans, 'orphan')}"
        to = f"{reference.parent_table}({', '.join(reference.parent_columns)})"
        tone: Tone = "warn" if reference.orphans or reference.problem else "plain"
        lines.append(
            Line(text=f"{kind} reference {', '.join(reference.columns)} to {to}: {state}.", tone=tone)
        )
    return (*lines, grid)


def _column(column: ColumnProfile, planned: Mapping[str, ColumnPlan] | None) -> tuple[str, ...]:
    becomes = column.proposed if planned is None else planned[column.name].type
    forms = sorted(column.forms.items(), key=lambda form: -form[1])
    return (
        column.name,
        column.declared_type,
        becomes,
        share(column.confidence),
        share(column.nulls / column.rows) if column.rows else "",
        count(column.empties) if column.empties else "",
        count(column.distinct) if column.distinct_exact else f"about {count(column.distinct)}",
        ", ".join(f"{name} {count(number)}" for name, number in forms[:4]),
        ", ".join(f"{top.value.text} ({count(top.count)})" for top in column.top[:2]),
        column.reason,
    )


def _tone(column: ColumnProfile) -> Tone:
    if column.confidence < _SURE:
        return "warn"
    return "dim" if column.rows and column.nulls == column.rows else "plain"
