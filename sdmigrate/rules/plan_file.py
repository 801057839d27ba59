"""The operator's plan, read over the proposal.

Invariant: what is read is a complete plan; a key, table, column or value that cannot be meant stops the
reading with its line, so that nothing the operator wrote is passed over in silence.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.plan import (
    WHOLE_ROW,
    ColumnPlan,
    Naming,
    Plan,
    TablePlan,
)
from sdmigrate.model.profile import ColumnProfile, Profile
from sdmigrate.rules import conversion, row_filter
from sdmigrate.rules.column_decisions import (
    fate_of_empty,
    misfits,
    missing_texts,
    with_day_first,
    with_default,
    with_form,
    with_type,
)
from sdmigrate.rules.naming import check_collisions
from sdmigrate.rules.plan_difference import Drift, Path, drift, drift_findings, in_words, with_values
from sdmigrate.rules.plan_keys import COLUMN_KEYS, TABLE_KEYS, TOP_KEYS, PlanProblem, Reader, likely
from sdmigrate.rules.plan_text import write
from sdmigrate.rules.planning import CONFIDENCE, finished, propose
from sdmigrate.rules.reference_types import carried, parted
from sdmigrate.rules.stated_decisions import with_stated
from sdmigrate.rules.type_families import family

__all__ = ["PlanProblem", "read", "write"]

_MOST_NAMED = 10


def read(
    text: str,
    catalog: Catalog,
    profile: Profile,
    *,
    day_first: bool | None = None,
    accept_drift: bool = False,
    confidence: float = CONFIDENCE,
) -> Plan:
    """The plan that the text makes of the proposal for this catalog and profile.

    ``day_first`` (from the command line) wins over the text's. With ``accept_drift`` tables and columns
    that are gone are left out, new and changed ones follow the proposal, each told as a finding.

    Raises:
        UsageProblem: the text is no plan for this source; the message names the line.
    """
    reader = Reader(text)
    top = reader.table((), TOP_KEYS)
    naming: Naming = top.get("naming", "preserve")
    first = top.get("day_first") if day_first is None else day_first
    proposal = propose(catalog, profile, day_first=first, naming=naming, confidence=confidence)
    tables = reader.mappings(("tables",))
    for name in tables:
        reader.mappings(("tables", name, "columns"))
    drifted = drift(tables, catalog, complete=top.get("complete", False))
    if top.get("complete", False):
        drifted = with_values(drifted, tables, profile)
    if drifted and not accept_drift:
        _refuse(reader, drifted, catalog)
    evidence = {table.name: {column.name: column for column in table.columns} for table in profile.tables}
    planned = tuple(
        _table(reader, catalog.table(table.source), table, evidence[table.source], drifted)
        if table.source in tables
        else table
        for table in proposal.tables
    )
    planned = carried(catalog, proposal.tables, planned, _decided(tables))
    if not accept_drift:
        _require_one_type(reader, catalog, proposal, planned)
    plan = replace(
        proposal,
        tables=planned,
        accept_quarantine=_accepted(reader, proposal, drifted),
    )
    check_collisions("tables", {table.source: table.target for table in plan.tables if table.include})
    plan = finished(catalog, profile, plan)
    asked = (*profile.findings, *proposal.findings)
    plan = with_stated(plan, proposal, tables, asked, complete=top.get("complete", False))
    return replace(plan, findings=(*drift_findings(drifted), *plan.findings))


def _table(
    reader: Reader,
    declared: Table,
    table: TablePlan,
    evidence: Mapping[str, ColumnProfile],
    drifted: Drift,
) -> TablePlan:
    path = ("tables", table.source)
    given = reader.table(path, TABLE_KEYS)
    names = [column.source for column in table.columns]
    for key in ("order", "duplicate_key"):
        for name in given.get(key, ()):
            if name not in names and (key, given[key]) != ("duplicate_key", WHOLE_ROW):
                reader.refuse(
                    (*path, key), f"table {table.source!r} has no column {name!r}.", likely(name, names)
                )
    if problem := row_filter.problem(given.get("where", ""), names):
        reader.refuse((*path, "where"), f"where cannot be used: {problem}.")
    if given.get("orphans", "keep") != "keep" and not declared.foreign_keys:
        reader.refuse((*path, "orphans"), f"table {table.source!r} declares no foreign key, so it has none.")
    if given.get("orphans") == "null":
        referring = {column for key in declared.foreign_keys for column in key.columns}
        for column in table.columns:
            if column.not_null and column.source in referring:
                problem = f"orphans is null, and {column.source!r} must not be NULL."
                reader.refuse((*path, "orphans"), problem, "Set it to quarantine.")
    written = reader.mappings((*path, "columns"))
    columns = tuple(
        _column(reader, declared.name, column, evidence[column.source])
        if column.source in written
        and (*path, "columns", column.source) not in (*drifted.changed, *drifted.reread)
        else column
        for column in table.columns
    )
    check_collisions(
        f"columns of table {table.source!r}", {column.source: column.target for column in columns}
    )
    return replace(table, columns=columns, **given)


def _column(reader: Reader, table: str, column: ColumnPlan, evidence: ColumnProfile) -> ColumnPlan:
    path = ("tables", table, "columns", column.source)
    given = reader.table(path, COLUMN_KEYS)
    default = given.get("default", column.default)
    decided = column if default == column.default else with_default(column, default)
    if "type" not in given:
        # What the operator settles by these decides the type, as if the values had settled it.
        if "day_first" in given:
            decided = with_day_first(decided, evidence, day_first=given["day_first"])
        if "form" in given:
            decided = with_form(decided, evidence, given["form"])
    chosen = given.pop("type", decided.type)
    widens = given.get("misfit") == "text" and family(chosen) != "text"
    day_first = given.get("day_first", column.day_first)
    fate = fate_of_empty(replace(decided, type=chosen, **given))
    unheld = fate == "text" and missing_texts(evidence, chosen)
    if widens and (unheld or misfits(evidence, chosen, day_first, given.get("form")) != 0):
        chosen = "text"
    if chosen != decided.type:
        retyped = with_type(decided, chosen, evidence.separators)
        decided = replace(retyped, decision="operator", confidence=1.0)
    decided = replace(decided, **given)
    _check_agreement(reader, path, decided)
    return decided


def _check_agreement(reader: Reader, path: Path, column: ColumnPlan) -> None:
    """Refuse decisions that contradict each other or the column's declaration."""
    for name in ("empty", "misfit"):
        if getattr(column, name) == "null" and column.not_null and not column.default:
            reader.refuse(
                (*path, name) if name in reader.at(path) else path,
                f"{name} is null, and the column must not be NULL.",
                f"Set {name} to quarantine, or give the column a default.",
            )
    if column.default:
        outcome = conversion.fill(column)
        if isinstance(outcome, conversion.Misfit):
            reader.refuse(
                (*path, "default") if "default" in reader.at(path) else path,
                f"the default {column.default!r} is no {column.type}.",
            )


def _decided(tables: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The columns of which the file says what type they are or how they are read."""
    return {
        (name, column)
        for name, table in tables.items()
        for column, given in table.get("columns", {}).items()
        if given.keys() & {"type", "form", "day_first", "zone"} or given.get("misfit") == "text"
    }


def _require_one_type(
    reader: Reader, catalog: Catalog, proposal: Plan, planned: tuple[TablePlan, ...]
) -> None:
    """Refuse two types for the ends of a foreign key that would stand without the file."""
    apart = parted(catalog, proposal.tables, planned)
    if apart is None:
        return
    types = {(table.source, column.source): column.type for table in planned for column in table.columns}
    table, column = next(
        place for place in apart if types[place] != proposal.table(place[0]).column(place[1]).type
    )
    other = apart[apart[0] == (table, column)]
    path: Path = ("tables", table, "columns", column)
    reader.refuse(
        (*path, "type") if "type" in reader.at(path) else path,
        f"{table}.{column} is {types[table, column]}, and {'.'.join(other)}, to which a foreign key ties it,"
        f" is {types[other]}.",
        "Say one type for both; where only one says a type, the other follows.",
    )


def _accepted(reader: Reader, proposal: Plan, drifted: Drift) -> dict[str, int]:
    path = ("accept_quarantine",)
    given = reader.at(path)
    if not isinstance(given, dict):
        reader.refuse(path, "accept_quarantine must be a table of table = rows.")
    known = [table.source for table in proposal.tables]
    gone = {place[1] for place in drifted.gone if len(place) == 2}
    for name, rows in given.items():
        if name not in known and name not in gone:
            reader.refuse((*path, name), f"there is no table {name!r}.", likely(name, known))
        if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
            reader.refuse((*path, name), f"{name!r} must be a number of rows.")
    return {name: rows for name, rows in given.items() if name in known}


def _refuse(reader: Reader, drifted: Drift, catalog: Catalog) -> NoReturn:
    """Name everything that is gone or new, what is gone with its line."""
    named = [
        f"line {reader.places.line_of(path)}: the source has no {in_words(path)}"
        for path in drifted.gone[:_MOST_NAMED]
    ]
    named += [f"not in the plan: {in_words(path)}" for path in drifted.new[: _MOST_NAMED - len(named)]]
    named += [
        f"line {reader.places.line_of((*path, 'type'))}: most values of {in_words(path)} are no"
        f" {reader.at(path)['type']}"
        for path in drifted.changed[: _MOST_NAMED - len(named)]
    ]
    named += [
        f"line {reader.places.line_of(path)}: the values of {in_words(path)} say another order of day and"
        " month, or another decimal separator"
        for path in drifted.reread[: _MOST_NAMED - len(named)]
    ]
    more = len(drifted.lines) - len(named)
    meant = ""
    if drifted.gone:
        path = drifted.gone[0]
        known = (
            [table.name for table in catalog.tables]
            if len(path) == 2
            else [column.name for column in catalog.table(path[1]).columns]
        )
        meant = likely(path[-1], known, otherwise="")
    raise UsageProblem(
        "The plan is for another shape of the source. Plan, "
        + "; ".join(named)
        + (f"; and {more} more." if more > 0 else "."),
        (meant + " " if meant else "")
        + "Correct the plan, or pass --accept-drift to follow the proposal for them.",
    )
