"""The inspection: every table as far as it is known by now, and how far that is.

Invariant: pure. A number from a sample never looks like a counted one, and what was stopped says it is
partial.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sdmigrate.model.finding import Finding, told_once
from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile, TableProfile
from sdmigrate.model.so_far import Known
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import count
from sdmigrate.tui.journey import Journey, goes_on_by_itself
from sdmigrate.tui.views.grid import Tone


@dataclass(frozen=True)
class TableView:
    """One table."""

    name: str
    profile: TableProfile | None = None
    """None before anything of it is known."""
    known: Known | None = None
    rows: int | None = None
    """Of the table; an estimate where it is sampled, None where nothing tells."""
    findings: tuple[Finding, ...] = ()
    plan: TablePlan | None = None
    """What is decided for it; None before every table was counted."""
    quality: float | None = None

    @property
    def sampled(self) -> bool:
        """Whether its numbers are those of a sample."""
        return self.known == "sampled"

    @property
    def problems(self) -> Counter[str | None]:
        """Findings that matter, by column."""
        return Counter(finding.column for finding in self.findings if finding.severity != "info")

    def decided(self, column: str) -> ColumnPlan | None:
        """What is decided for the column."""
        columns = self.plan.columns if self.plan else ()
        return next((planned for planned in columns if planned.source == column), None)


@dataclass(frozen=True)
class Inspection:
    """All tables; a view of the profile's step like a grid is."""

    tables: tuple[TableView, ...]
    whole: bool
    """Whether the profile is made; until then it is partial."""
    busy: bool
    """Whether it goes on."""
    title: str = "Tables"
    tone: Tone = ""
    numbered: bool = True

    @property
    def rows(self) -> tuple[TableView, ...]:
        """What is numbered beside its title."""
        return self.tables

    def table(self, name: str) -> TableView | None:
        """The table of that name; None where it is gone."""
        return next((table for table in self.tables if table.name == name), None)


def inspection_of(journey: Journey) -> Inspection | None:
    """What is known of the tables; None before anything is."""
    profile = journey.results.get("profile")
    if isinstance(profile, Profile):
        plan = journey.results.get("plan")
        decided = plan if isinstance(plan, Plan) else None
        return Inspection(tuple(_profiled(profile, decided)), whole=True, busy=False)
    if not journey.seen:
        return None
    busy = journey.busy or goes_on_by_itself(journey)
    return Inspection(tuple(_seen(journey)), whole=False, busy=busy)


def _profiled(profile: Profile, plan: Plan | None) -> Iterator[TableView]:
    findings: dict[str | None, list[Finding]] = {}
    for finding in told_once(profile.findings + (plan.findings if plan else ())):
        findings.setdefault(finding.table, []).append(finding)
    plans = {table.source: table for table in plan.tables} if plan else {}
    for table in profile.tables:
        yield TableView(
            name=table.name,
            profile=table,
            known="related",
            rows=table.rows,
            findings=tuple(findings.get(table.name, ())),
            plan=plans.get(table.name),
            quality=profile.quality.tables.get(table.name),
        )


def _seen(journey: Journey) -> Iterator[TableView]:
    for name in dict.fromkeys((*_declared(journey), *journey.seen)):
        seen = journey.seen.get(name)
        if seen is None:
            yield TableView(name)
        else:
            yield TableView(name, seen.profile, seen.known, seen.rows, seen.findings)


def _declared(journey: Journey) -> Iterator[str]:
    """The tables in the source's order, as soon as its catalog is known."""
    for record in (journey.results.get("backup"), journey.results.get("preflight")):
        if isinstance(record, Snapshot | Source):
            yield from (table.name for table in record.catalog.tables)
            return


def how_partial(journey: Journey) -> str:
    """How far what is known of the tables is from being counted; empty where nothing is, or all."""
    inspection = inspection_of(journey)
    return mark(inspection) if inspection else ""


def mark(inspection: Inspection) -> str:
    """How far all of it is from being counted; empty once the profile is made."""
    if inspection.whole:
        return ""
    tables = inspection.tables
    sampled = [table for table in tables if table.sampled]
    unknown = sum(1 for table in tables if table.known is None)
    counted = len(tables) - len(sampled) - unknown
    said = [f"{count(counted)} of {plural(len(tables), 'table')} counted"] if counted else []
    if sampled:
        said.append(f"{'the others ' if counted else ''}{_of_sample(*sampled)}")
    if unknown:
        said.append(f"{count(unknown)} {'not looked at yet' if inspection.busy else 'not looked at'}")
    if not sampled and not unknown:
        rest = "looking at keys and references" if inspection.busy else "keys and references not looked at"
        said = [f"every row of {plural(len(tables), 'table')} counted", rest]
    elif inspection.busy:
        said.append("counting all")
    words = "; ".join(said)
    return f"{words[0].upper()}{words[1:]}." if inspection.busy else f"Partial: {words}."


def table_mark(inspection: Inspection, table: TableView) -> str:
    """How far one table is from being counted; empty once it is."""
    if table.known is None:
        return "to be counted" if inspection.busy else "not looked at"
    if table.sampled:
        rest = "counting all" if inspection.busy else "not counted"
        return f"{_of_sample(table)}; {rest}"
    if table.known == "counted":
        return f"every row counted; keys and references {'to come' if inspection.busy else 'not looked at'}"
    return ""


def _of_sample(*tables: TableView) -> str:
    read = sum(table.profile.rows for table in tables if table.profile)
    if any(table.rows is None for table in tables):
        return f"from a sample of {plural(read, 'row')} of more"
    about = sum(table.rows or 0 for table in tables)
    return f"from a sample of {count(read)} of about {plural(about, 'row')}"


def filled(column: ColumnProfile) -> int:
    """Rows that hold something: no NULL, no empty and no blank text."""
    return column.rows - column.nulls - column.empties - column.blanks
