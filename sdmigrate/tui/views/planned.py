"""The plan as a grid, what is undecided first; and what a trial found, as lines with before and after."""

from dataclasses import replace

from sdmigrate.model.finding import Finding
from sdmigrate.model.plan import ColumnPlan, TablePlan
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.model.trial import Example, QuarantineEffect, RuleEffect, Trial
from sdmigrate.model.values import StoredValue
from sdmigrate.pipeline.messages import Tried
from sdmigrate.rules.outcome import RULES
from sdmigrate.rules.plan_review import Place, Review
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import count, share
from sdmigrate.tui.trials import Trials
from sdmigrate.tui.views.grid import Grid, GridRow, Heading, Shown, Tone, numeric

Line = tuple[str, Tone]
"""A line and its tone."""

_SHORT_EMPTY = {"null": "empty → NULL", "keep": "", "quarantine": "empty → quarantine", "fail": "empty stops"}
_SHORT_MISFIT = {"null": "misfit → NULL", "quarantine": "", "text": "widened to text", "fail": "misfit stops"}
_SHORT_DUPLICATES = {
    "first": "first of duplicates",
    "last": "last of duplicates",
    "most_complete": "most complete of duplicates",
    "keep": "duplicates kept",
    "quarantine": "duplicates → quarantine",
}


def plan_grid(review: Review, trials: Trials, *, roomy: bool) -> Grid:
    """Every table and column with its decision; those that are undecided first.

    Args:
        review: the plan in hand.
        trials: what is known of its effect.
        roomy: whether there is room for the rules beside the names.
    """
    still_open = review.undecided
    places: list[Place] = []
    for table in review.plan.tables:
        places.append((table.source, None))
        if table.include:
            places += [(table.source, column.source) for column in table.columns]
    places.sort(key=lambda place: place not in still_open)
    rows = tuple(_row(review, trials, place, still_open.get(place, ())) for place in places)
    headings = (
        Heading("Table or column", widest=44 if roomy else 31, keeps_end=True),
        Heading("Becomes", widest=18),
        Heading("Touches", right=True),
        Heading("Decision", widest=12),
        *((Heading("Rules", flexible=True),) if roomy else ()),
    )
    if not roomy:
        rows = tuple(replace(row, cells=row.cells[:-1]) for row in rows)
    return Grid("Plan", headings, rows, empty="The source has no tables.")


def _row(review: Review, trials: Trials, place: Place, findings: tuple[Finding, ...]) -> GridRow:
    table, column = place
    planned = review.plan.table(table)
    touched = _touched(trials.known(planned), column)
    decision = Shown("as proposed", "muted", 2.0)
    if findings:
        decision = Shown("! undecided", "warn", 0.0)
    elif place in review.decided:
        decision = Shown("✓ decided", "good", 1.0)
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
        Shown("…", "muted", -1.0) if touched is None else numeric(touched),
        decision,
        Shown(rules, "muted"),
    )
    said = findings[0].message if findings else _evidence(review, place)
    advice = "Enter decides it." if findings else rules or "Nothing is changed but what the type needs."
    return GridRow(cells, preview=f"{said}\n{advice}", place=place)


def _evidence(review: Review, place: Place) -> str:
    table, column = place
    if column is None:
        found = review.profile.table(table)
        return f"{plural(found.rows, 'row')} in {plural(len(found.columns), 'column')}"
    evidence = review.evidence(table, column)
    return f"{evidence.proposed}, {share(evidence.confidence)} sure: {evidence.reason}"


def evidence_line(review: Review, place: Place) -> str:
    """What the decision rests on, on one line."""
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
    keyed = any((table.key, *table.unique_keys))
    parts = (
        _SHORT_DUPLICATES[table.duplicates] if keyed else "",
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
        "" if column.source == column.target else f"named {column.target}",
    )
    return " · ".join(filter(None, parts))


def _touched(tried: Tried | None, column: str | None) -> int | None:
    """Values changed and rows sent to quarantine; for a table rows that do not stay. None: not known."""
    if tried is None or tried.trial is None:
        return None
    trial = tried.trial
    if column is None:
        return trial.ledger.read - trial.ledger.loaded
    rules, gone = _of_column(trial, column)
    return sum(rule.values for rule in rules) + sum(reason.rows for reason in gone)


def _of_column(trial: Trial, column: str) -> tuple[tuple[RuleEffect, ...], tuple[QuarantineEffect, ...]]:
    return (
        tuple(rule for rule in trial.rules if rule.column == column),
        tuple(reason for reason in trial.quarantined if reason.column == column),
    )


def effect_lines(tried: Tried | None, column: str | None) -> tuple[Line, ...]:
    """What would happen: numbers first, then each rule and reason with before and after."""
    if tried is None:
        return (("Being tried out on the snapshot…", "muted"),)
    if tried.trial is None:
        return (("The run would stop:", "bad"), (tried.stopped_by or "", ""))
    trial = tried.trial
    rules, gone = (trial.rules, trial.quarantined) if column is None else _of_column(trial, column)
    lines: list[Line] = [] if column is None else [_column_summary(rules, gone)]
    lines.append(_table_summary(trial))
    for reason in gone:
        where = f"{reason.column}: " if column is None and reason.column else ""
        lines.append((f"{plural(reason.rows, 'row')} to quarantine: {where}{reason.reason}", "warn"))
        lines += (_example(example) for example in reason.examples)
    for rule in rules:
        where = f"{rule.column}: " if column is None else ""
        lines.append((f"{plural(rule.values, 'value')}: {where}{RULES.get(rule.rule, rule.rule)}", "strong"))
        lines += (_example(example) for example in rule.examples)
    return tuple(lines)


def _column_summary(rules: tuple[RuleEffect, ...], gone: tuple[QuarantineEffect, ...]) -> Line:
    changed, rows = sum(rule.values for rule in rules), sum(reason.rows for reason in gone)
    if not changed and not rows:
        return ("No value of this column is changed.", "good")
    verb = "changes" if changed == 1 else "change"
    return (f"{plural(changed, 'value')} {verb}, {plural(rows, 'row')} to quarantine.", "")


def _table_summary(trial: Trial) -> Line:
    ledger = trial.ledger
    gone = [
        f"{count(number)} {words}"
        for number, words in (
            (ledger.quarantined, "to quarantine"),
            (ledger.deduplicated, "removed as duplicates"),
            (ledger.excluded, "left out"),
        )
        if number
    ]
    stays = f"{count(ledger.loaded)} of {plural(ledger.read, 'row')} stay" if gone else ""
    told = "; ".join(filter(None, (stays, *gone))) or f"all {plural(ledger.read, 'row')} stay"
    return (f"{trial.table}: {told}.", "muted")


def _example(example: Example) -> Line:
    after = "quarantine" if example.after is None else quoted(example.after)
    times = f"   {count(example.count)} ×" if example.count > 1 else f"   row {example.rowid}"
    return (f"  {quoted(example.before)} → {after}{times}", "")


def quoted(value: StoredValue) -> str:
    """A value so that text, a number, NULL and bytes can be told apart."""
    match value.storage:
        case "null":
            return "NULL"
        case "text":
            return f"'{value.text}'"
        case "blob":
            return f"x'{value.text}'"
        case _:
            return value.text


def headline(review: Review) -> tuple[Line, ...]:
    """How the review stands: what is undecided, and what was changed in it."""
    left, decided = len(review.undecided), len(review.decided)
    words = f"! {count(left)} undecided" if left else "✓ nothing is undecided"
    return (
        (words, "warn" if left else "good"),
        (f"{count(decided)} not as proposed", "muted"),
        (
            "press a to use it" if review.changed else "in force",
            "strong" if review.changed else "muted",
        ),
    )
