"""What a trial found, as lines with before and after."""

from sdmigrate.model.trial import Example, QuarantineEffect, ReferenceEffect, RuleEffect, Trial
from sdmigrate.model.values import StoredValue
from sdmigrate.rules.gates import exceeds_quarantine
from sdmigrate.rules.outcome import RULES
from sdmigrate.rules.plan_review import Place, Review
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import count, share
from sdmigrate.tui.trials import Outcome
from sdmigrate.tui.views.grid import Tone

Line = tuple[str, Tone]
"""A line and its tone."""

_LONGEST_EXAMPLE = 48
"""Characters of a value, so that before and after stand on one line of a wide screen."""
_ORPHANS = {
    "keep": "they stay, and the foreign key is left NOT VALID",
    "null": "their reference becomes NULL",
    "quarantine": "they go to quarantine",
}


def over_gate(review: Review, trial: Trial | None) -> int:
    """The rows to quarantine where they are more than the gate lets pass and the plan accepts; else 0."""
    if trial is None:
        return 0
    accepted = review.plan.accept_quarantine.get(trial.table, 0)
    return trial.ledger.quarantined if exceeds_quarantine(trial.ledger, accepted, review.limits) else 0


def effects_of_column(
    trial: Trial, column: str
) -> tuple[tuple[RuleEffect, ...], tuple[QuarantineEffect, ...]]:
    """What changes its values, and what sends rows to quarantine because of it."""
    return (
        tuple(rule for rule in trial.rules if rule.column == column),
        tuple(reason for reason in trial.quarantined if reason.column == column),
    )


def effect_lines(review: Review, outcome: Outcome | None, place: Place) -> tuple[Line, ...]:
    """What would happen: numbers first, then each rule and reason with before and after."""
    _, column = place
    if outcome is None:
        return (("Being tried out on the snapshot…", "muted"),)
    trial = outcome.trial
    if trial is None:
        return (("The run would stop:", "bad"), (outcome.stopped_by or "", ""))
    rules, gone = (trial.rules, trial.quarantined) if column is None else effects_of_column(trial, column)
    lines: list[Line] = [] if column is None else [_column_summary(rules, gone)]
    lines += [_table_summary(trial), *_gate(review, trial, column), *_tied(outcome, trial)]
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
    told = [f"{plural(changed, 'value')} {verb}"] if changed else []
    told += [f"{plural(rows, 'row')} to quarantine"] if rows else []
    return (f"{', '.join(told)}.", "")


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


def _gate(review: Review, trial: Trial, column: str | None) -> tuple[Line, ...]:
    rows = over_gate(review, trial)
    if not rows:
        return ()
    part, limit = share(rows / trial.ledger.read), share(review.limits.quarantine)
    accepting = "y accepts them." if column is None else "y on the table's own line accepts them."
    return ((f"✗ {part} of the rows to quarantine, and the gate lets {limit} pass: {accepting}", "bad"),)


def _tied(outcome: Outcome, trial: Trial) -> tuple[Line, ...]:
    """What foreign keys bring."""
    if not outcome.is_whole:
        return (("What rows of other tables bring is being tried out…", "muted"),)
    if outcome.stopped_by:
        return ((f"Together with other tables the run would stop: {outcome.stopped_by}", "bad"),)
    return tuple((_reference(effect), "warn") for effect in trial.references)


def _reference(effect: ReferenceEffect) -> str:
    verb = "points" if effect.rows == 1 else "point"
    return (
        f"{effect.child}: {plural(effect.rows, 'row')} {verb} by {', '.join(effect.columns)} at no row of"
        f" {effect.parent} that is loaded; {_ORPHANS[effect.orphans]}."
    )


def _example(example: Example) -> Line:
    after = "quarantine" if example.after is None else quoted(example.after)
    times = f"   {count(example.count)} ×" if example.count > 1 else f"   row {example.rowid}"
    return (f"  {quoted(example.before)} → {after}{times}", "")


def quoted(value: StoredValue) -> str:
    """A value so that text, a number, NULL and bytes can be told apart, cut where it is long."""
    text = value.text
    if len(text) > _LONGEST_EXAMPLE:
        text = text[: _LONGEST_EXAMPLE - 1].removesuffix("…") + "…"
    match value.storage:
        case "null":
            return "NULL"
        case "text":
            return f"'{text}'"
        case "blob":
            return f"x'{text}'"
        case _:
            return text
