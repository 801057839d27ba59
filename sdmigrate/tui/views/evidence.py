"""One column's evidence: why it has its type, what would become of it, its forms and values as bars, the odd.

Invariant: pure; texts are as they came, and each odd value stands with its row.
"""

from collections.abc import Iterable

from sdmigrate.model.finding import Finding
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.model.values import StoredValue
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import bar, count, fitted, share
from sdmigrate.tui.views.findings import SEVERITY_WORDS, sample_lines
from sdmigrate.tui.views.grid import Detail
from sdmigrate.tui.views.inspected import Inspection, TableView, filled, table_mark

_LABEL_CELLS, _BAR_CELLS, _COUNT_CELLS, _SHARE_CELLS = 22, 20, 11, 9
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


def evidence(inspection: Inspection, table: TableView, column: ColumnProfile) -> Detail:
    """All that is known of the column."""
    findings = [finding for finding in table.findings if finding.column == column.name]
    lists = (
        ("Problems, and the odd values with their rows", tuple(_problem_lines(findings, column))),
        ("Forms", tuple(_forms(column))),
        ("Most frequent values", tuple(_frequent(column))),
        ("Types considered", tuple(_candidates(column))),
    )
    return Detail(
        f"{table.name}.{column.name}",
        tuple(_facts(inspection, table, column)),
        tuple((title, lines) for title, lines in lists if lines),
    )


def _facts(inspection: Inspection, table: TableView, column: ColumnProfile) -> Iterable[tuple[str, str]]:
    about = table_mark(inspection, table)
    if about:
        yield "Known", f"{about[0].upper()}{about[1:]}."
    yield "Declared", column.declared_type or "no type"
    yield "Proposed", f"{column.proposed} ({share(column.confidence)} of the values fit)"
    yield from _decision(table.decided(column.name))
    yield "Because", column.reason
    classes = {
        "integer": column.classes.integer,
        "real": column.classes.real,
        "text": column.classes.text,
        "blob": column.classes.blob,
        "null": column.nulls,
    }
    yield "Stored as", ", ".join(f"{count(found)} {name}" for name, found in classes.items() if found) or "-"
    if column.rows:
        yield "Filled", f"{share(filled(column) / column.rows)} of {plural(column.rows, 'row')}"
    yield "Distinct", ("" if column.distinct_exact else "at least ") + count(column.distinct)
    if column.minimum is not None and column.maximum is not None:
        yield "Range", f"{column.minimum.text} … {column.maximum.text}"
    if column.longest_characters:
        yield "Longest", f"{count(column.longest_characters)} characters"


def _decision(decided: ColumnPlan | None) -> Iterable[tuple[str, str]]:
    if decided is not None:
        yield "Decided", f"{decided.type}, {_DECIDERS[decided.decision]}"
        yield "Misfits", _MISFITS[decided.misfit]


def _problem_lines(findings: Iterable[Finding], column: ColumnProfile) -> Iterable[str]:
    shown: set[tuple[int | None, StoredValue]] = set()
    for finding in findings:
        yield f"{SEVERITY_WORDS[finding.severity]}: {finding.message}"
        yield from (f"  {line}" for line in sample_lines(finding.samples))
        shown |= {(sample.rowid, sample.value) for sample in finding.samples}
    proposed = next((each for each in column.candidates if each.type == column.proposed), None)
    examples = proposed.examples if proposed else ()
    left = [sample for sample in examples if (sample.rowid, sample.value) not in shown]
    if left:
        yield f"Does not fit {column.proposed}:"
        yield from (f"  {line}" for line in sample_lines(left))


def _forms(column: ColumnProfile) -> Iterable[str]:
    """Every row once: the forms of its values, and what is missing."""
    missing = (("empty text", column.empties), ("blank text", column.blanks), ("NULL", column.nulls))
    for name, number in (*column.forms.items(), *missing):
        if number:
            yield _line(name, number, column.rows)


def _frequent(column: ColumnProfile) -> Iterable[str]:
    for top in column.top:
        yield _line(top.value.text, top.count, column.rows)
    values = column.rows - column.nulls
    others = values - sum(top.count for top in column.top)
    if column.top and others > 0:
        yield _line("(all other values)", others, column.rows)


def _line(label: str, number: int, of: int) -> str:
    drawn = fitted(bar(number, of, _BAR_CELLS), _BAR_CELLS)
    return (
        f"{fitted(label, _LABEL_CELLS)} {drawn} {count(number):>{_COUNT_CELLS}}"
        f" {share(number / of if of else 0.0):>{_SHARE_CELLS}}"
    )


def _candidates(column: ColumnProfile) -> Iterable[str]:
    for candidate in column.candidates:
        form = "" if candidate.form == "auto" else f" as {candidate.form}"
        misfits = f", {count(candidate.misfits)} do not fit" if candidate.misfits else ""
        meant = ""
        if candidate.first is not None and candidate.last is not None:
            meant = f", {candidate.first.text} to {candidate.last.text}"
        examples = "".join(f" · {sample.value.text}" for sample in candidate.examples[:2])
        yield f"{count(candidate.fits):>12}  {candidate.type}{form}{misfits}{meant}{examples}"
