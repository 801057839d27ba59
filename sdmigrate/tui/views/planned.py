"""The plan as a grid: what is undecided and what the quarantine gate would refuse stand first."""

from collections.abc import Mapping
from dataclasses import replace

from sdmigrate.model.finding import Finding
from sdmigrate.model.plan import ColumnPlan, TablePlan
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.rules.plan_review import Place, Review
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import count, share
from sdmigrate.tui.trials import Outcome
from sdmigrate.tui.views.effects import Line, effects_of_column, over_gate
from sdmigrate.tui.views.grid import Grid, GridRow, Heading, Shown, numeric

_SHORT_EMPTY = {"null": "empty → NULL", "keep": "", "quarantine": "empty → quarantine", "fail": "empty stops"}
_SHORT_MISFIT = {"null": "misfit → NULL", "quarantine": "", "text": "widened to text", "fail": "misfit stops"}
_SHORT_DUPLICATES = {
    "first": "first of duplicates",
    "last": "last of duplicates",
    "most_complete": "most complete of duplicates",
    "keep": "duplicates kept",
    "quarantine": "duplicates → quarantine",
}
_SHORT_ORPHANS = {"keep": "", "null": "orphans → NULL", "quarantine": "orphans → quarantine"}


def plan_grid(review: Review, outcomes: Mapping[str, Outcome], *, roomy: bool) -> Grid:
    """Every table and column with its decision; those that ask for one first.

    Args:
        review: the plan in hand.
        outcomes: what is known of its effect, by table.
        roomy: whether there is room for the rules beside the names.
    """
    still_open = review.undecided
    refused = {(table, None) for table in refused_tables(review, outcomes)}
    places: list[Place] = []
    for table in review.plan.tables:
        places.append((table.source, None))
        if table.include:
            places += [(table.source, column.source) for column in table.columns]
    stopping = dict.fromkeys(refused, "✗ gate stops") | dict.fromkeys(review.halting, "✗ breaker")
    places.sort(key=lambda place: place not in still_open and place not in stopping)
    rows = tuple(
        _row(review, outcomes.get(place[0]), place, still_open.get(place, ()), stopping.get(place, ""))
        for place in places
    )
    headings = (
        Heading("Table or column", widest=44 if roomy else 31, name=True),
        Heading("Becomes", widest=18, name=True),
        Heading("Touches", right=True),
        Heading("Decision", widest=12),
        *((Heading("Rules", flexible=True),) if roomy else ()),
    )
    if not roomy:
        rows = tuple(replace(row, cells=row.cells[:-1]) for row in rows)
    return Grid("Plan", headings, rows, empty="The source has no tables.")


def refused_tables(review: Review, outcomes: Mapping[str, Outcome]) -> tuple[str, ...]:
    """The tables of which more rows would go to quarantine than the gate lets pass."""
    return tuple(table for table, outcome in outcomes.items() if over_gate(review, outcome.trial))


def _row(
    review: Review, outcome: Outcome | None, place: Place, findings: tuple[Finding, ...], stopped_by: str
) -> GridRow:
    table, column = place
    planned = review.plan.table(table)
    decision = Shown("as proposed", "muted", 4.0)
    if stopped_by:
        decision = Shown(stopped_by, "bad", 0.0)
    elif findings:
        decision = Shown("! undecided", "warn", 1.0)
    elif column is None and review.plan.accept_quarantine.get(table):
        decision = Shown("✓ accepted", "good", 2.0)
    elif place in review.decided:
        decision = Shown("✓ decided", "good", 2.0)
    elif place in review.agreed:
        decision = Shown("✓ agreed", "good", 3.0)
    if column is None:
        became = planned.target if planned.include else "left out"
        rules, name = _table_rules(planned), table
    else:
        decided = review.column(table, column)
        became, rules, name = (
            decided.type,
            _column_rules(decided, review.evidence(table, column)),
            f"{table}.{column}",
        )
    cells = (
        Shown(name),
        Shown(became, "strong" if column is None else ""),
        _touched(outcome, column),
        decision,
        Shown(rules, "muted"),
    )
    said = next(iter(asked_lines(review, place)), "") or _evidence(review, place)
    return GridRow(cells, preview=said, place=place)


def _evidence(review: Review, place: Place) -> str:
    table, column = place
    if column is None:
        found = review.profile.table(table)
        return f"{plural(found.rows, 'row')} in {plural(len(found.columns), 'column')}"
    evidence = review.evidence(table, column)
    return f"{evidence.proposed}, {share(evidence.confidence)} sure: {evidence.reason}"


def asked_lines(review: Review, place: Place) -> tuple[str, ...]:
    """What there asks for a decision, in sentences."""
    halts = ("The breaker stops the run here: choose its type, its form, or what becomes of misfits.",)
    return (
        *(halts if place in review.halting else ()),
        *(finding.message for finding in review.undecided.get(place, ())),
    )


def evidence_line(review: Review, place: Place | None) -> str:
    """What the decision rests on, on one line; None: the decisions for the whole plan."""
    if place is None:
        return "What holds for every table and column that is not decided on its own."
    table, column = place
    if column is None:
        return _evidence(review, place)
    evidence = review.evidence(table, column)
    declared = f"declared {evidence.declared_type}" if evidence.declared_type else "without a type"
    parts = [
        declared,
        plural(evidence.classes.values, "value"),
        f"{count(evidence.nulls)} NULL",
        f"{count(evidence.empties)} empty",
    ]
    return ", ".join(parts) + ". " + _evidence(review, place)


def _table_rules(table: TablePlan) -> str:
    keyed = any((table.key, *table.unique_keys, table.duplicate_key))
    parts = (
        _SHORT_DUPLICATES[table.duplicates] if keyed else "",
        _SHORT_ORPHANS[table.orphans],
        f"only {table.where}" if table.where else "",
    )
    return " · ".join(filter(None, parts))


def _column_rules(column: ColumnPlan, evidence: ColumnProfile) -> str:
    order = {None: "", True: "D/M", False: "M/D"}[column.day_first]
    parts = (
        "" if column.form == "auto" else column.form,
        order,
        _SHORT_EMPTY[column.empty] if evidence.empties or evidence.blanks else "",
        _SHORT_MISFIT[column.misfit],
        f"{len(column.placeholders)} mean NULL" if column.placeholders else "",
        f"default {column.default}" if column.default else "",
        "blanks at the end off" if column.trailing_blanks == "strip" else "",
        "one line break of several" if column.newline_runs == "single" else "",
        "" if column.source == column.target else f"named {column.target}",
    )
    return " · ".join(filter(None, parts))


def _touched(outcome: Outcome | None, column: str | None) -> Shown:
    """Values changed and rows sent to quarantine; for a table rows that do not stay."""
    if outcome is None:
        return Shown("…", "muted", -1.0)
    trial = outcome.trial
    if trial is None:
        return Shown("stops", "bad", float("inf"))
    if column is None:
        return numeric(trial.ledger.read - trial.ledger.loaded)
    rules, gone = effects_of_column(trial, column)
    return numeric(sum(rule.values for rule in rules) + sum(reason.rows for reason in gone))


def headline(review: Review, outcomes: Mapping[str, Outcome], *, roomy: bool) -> tuple[Line, ...]:
    """How the review stands: what is undecided, what would be refused, and what was changed in it."""
    left, decided = len(review.undecided), len(review.decided)
    refused, halting = len(refused_tables(review, outcomes)), len(review.halting)
    stopped = refused + halting
    uses = "a uses it" if refused and halting and not roomy else "press a to use it"
    words = f"! {count(left)} undecided" if left else "✓ nothing is undecided"
    return (
        (words, "warn" if left else "good"),
        *(((f"✗ breaker at {plural(halting, 'column')}", "bad"),) if halting else ()),
        *(((f"✗ gate at {plural(refused, 'table')}", "bad"),) if refused else ()),
        *(((f"{count(decided)} not as proposed", "muted"),) if decided and (roomy or not stopped) else ()),
        (
            uses if review.changed else "in force",
            "strong" if review.changed else "muted",
        ),
    )
