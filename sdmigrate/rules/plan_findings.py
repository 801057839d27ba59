"""What a plan decides by default, told where it bites, so that the operator can decide otherwise.

Invariant: a finding here is a decision with its number. A default decision that the profile tells with its
fact has the profile's code and is not told twice; the same matter decided otherwise has a code of its own.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.finding import Finding, Sample, Severity
from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile, TableProfile
from sdmigrate.rules.column_decisions import (
    AMBIGUOUS,
    fate_of_empty,
    misfits_under,
    missing_texts,
    read_in,
)
from sdmigrate.rules.declared_types import declared_type
from sdmigrate.rules.reference_types import tied
from sdmigrate.rules.type_families import MOMENTS, family, holds_empty_text
from sdmigrate.rules.wording import plural

_MISFIT_WORDS = {
    "quarantine": "such rows go to quarantine",
    "null": "such values become NULL",
    "text": "such values keep the column text",
    "fail": "such values stop the run",
}
_UNREAD_WORDS = {
    "quarantine": "the rows go to quarantine",
    "null": "the values become NULL",
    "text": "the rows go to quarantine",
    "fail": "the first stops the run",
}
_EMPTY_WORDS = {
    "null": "becomes NULL",
    "quarantine": "sends its row to quarantine",
    "fail": "stops the run",
}
_DUPLICATE_WORDS = {
    "first": "the first of each is kept",
    "last": "the last of each is kept",
    "most_complete": "the most complete of each is kept",
    "keep": "all are kept and the key is not created",
    "quarantine": "all but the first go to quarantine",
}


def plan_findings(catalog: Catalog, profile: Profile, plan: Plan) -> tuple[Finding, ...]:
    """The findings of a complete plan, in the order of its tables and columns."""
    told = {(finding.code, finding.table, finding.column) for finding in profile.findings}
    declared_tables = {table.name: table for table in catalog.tables}
    profiles = {table.name: table for table in profile.tables}
    places = tied(catalog)
    found: list[Finding] = []
    for table in plan.tables:
        if table.include:
            declared = declared_tables[table.source]
            evidence = profiles[table.source]
            declarations = {column.name: declared_type(column) for column in declared.columns}
            found += _of_table(table, evidence)
            columns = {column.name: column for column in evidence.columns}
            existing = profile.existing.get(table.target, {})
            found += _of_existing(table, existing, columns)
            for column in table.columns:
                found += _of_column(
                    table,
                    column,
                    columns[column.source],
                    declarations[column.source],
                    is_tied=(table.source, column.source) in places,
                )
    return tuple(
        finding
        for finding in found
        if not {(finding.code, finding.table, column) for column in (finding.column, None)} & told
    )


def _of_table(table: TablePlan, profile: TableProfile) -> Iterator[Finding]:
    if table.source != table.target:
        yield Finding(
            code="name-changed",
            severity="info",
            table=table.source,
            column=None,
            count=1,
            message=f"Table {table.source!r} is named {table.target!r} in PostgreSQL.",
            advice="Set target in the plan for another name.",
        )
    renamed = [column for column in table.columns if column.source != column.target]
    if renamed:
        yield Finding(
            code="columns-renamed",
            severity="info",
            table=table.source,
            column=None,
            count=len(renamed),
            message="Columns get other names in PostgreSQL: "
            + ", ".join(f"{column.source!r} to {column.target!r}" for column in renamed[:5])
            + (" and others." if len(renamed) > 5 else "."),
            advice="Set target in the plan for another name.",
        )
    declared_keys = {frozenset(table.key), *(frozenset(key) for key in table.unique_keys)}
    for key in profile.keys:
        if key.duplicate_rows and frozenset(key.columns) in declared_keys:
            yield Finding(
                code="duplicate-declared-key" if table.duplicates == "first" else "duplicates-decided",
                severity="warning",
                table=table.source,
                column=key.columns[0] if len(key.columns) == 1 else None,
                count=key.duplicate_rows,
                message=f"{plural(key.duplicate_rows, 'row')} more than once with the same key "
                f"({', '.join(key.columns)}); "
                f"{_DUPLICATE_WORDS[table.duplicates]}.",
                advice="Set duplicates (and order) of this table in the plan to decide otherwise.",
                samples=key.samples[:5],
            )


def _of_existing(
    table: TablePlan, existing: dict[str, str], columns: dict[str, ColumnProfile]
) -> Iterator[Finding]:
    """Where a table of the target, which an application made, and the plan have other types."""
    for column in table.columns:
        there, evidence = existing.get(column.target), columns[column.source]
        kept = column.decision == "existing"
        if there is None or (column.type == there and not kept):
            continue
        unfit = misfits_under(replace(column, type=there), evidence) or 0
        yield Finding(
            code="existing-type-kept" if kept else "existing-type-differs",
            severity="info" if kept else "warning",
            table=table.source,
            column=column.source,
            count=unfit,
            message=f"Planned {evidence.proposed}, existing {there}: keeping existing, all values fit."
            if kept
            else f"Planned {column.type}, existing {there}"
            + (f": {plural(unfit, 'value')} would not fit." if unfit else "."),
            advice="Set type of this column in the plan to decide otherwise."
            if kept
            else "The application that made the table may rely on its type; set type in the plan if it does.",
        )


def _of_column(
    table: TablePlan, column: ColumnPlan, profile: ColumnProfile, declared: str, *, is_tied: bool
) -> Iterator[Finding]:
    told = [
        *_type_decisions(column, profile, declared, is_tied=is_tied),
        *_missing_decisions(table, column, profile),
    ]
    if family(column.type) == "text":
        told += _byte_decisions(column, profile)
    for code, count, message, advice, severity in told:
        yield Finding(
            code=code,
            severity=severity,
            table=table.source,
            column=column.source,
            count=count,
            message=message,
            advice=advice,
            samples=_examples(column, profile) if code == "misfits" else (),
        )


def _examples(column: ColumnPlan, profile: ColumnProfile) -> tuple[Sample, ...]:
    """Values that do not fit the planned type, where the profile has some."""
    return next((one.examples[:5] for one in profile.candidates if one.type == column.type), ())


def _missing_decisions(
    table: TablePlan, column: ColumnPlan, profile: ColumnProfile
) -> Iterator[tuple[str, int, str, str, Severity]]:
    missing, fate = missing_texts(profile, column.type), fate_of_empty(column)
    if missing and fate in _EMPTY_WORDS and not (fate == "null" and column.default):
        each = "Each empty text" if holds_empty_text(column.type) else f"Empty text is no {column.type}; each"
        yield (
            "empty-strings-for-null" if fate == "null" else "empty-refused",
            missing,
            f"{each} {_EMPTY_WORDS[fate]}.",
            "Set empty or default of this column in the plan to decide otherwise.",
            "info" if fate == "null" else "warning",
        )
    # Texts that are not UTF-8 are told as such.
    not_utf8 = profile.invalid_utf8 - read_in(profile, column.invalid_utf8)
    is_text = family(column.type) == "text"
    if unfit := (misfits_under(column, profile) or 0) - (not_utf8 if is_text else 0):
        yield (
            "misfits",
            unfit,
            f"{plural(unfit, 'value')} cannot be {column.type}; {_MISFIT_WORDS[column.misfit]}.",
            "Correct the source, or set type, form or misfit of this column in the plan.",
            "warning",
        )
    if column.not_null and profile.nulls and not column.default:
        part = "the primary key" if column.source in table.key else "a NOT NULL column"
        yield (
            "null-in-primary-key" if column.source in table.key else "null-refused",
            profile.nulls,
            f"{plural(profile.nulls, 'row')} with NULL in {part}; such rows go to quarantine.",
            "Set default of this column in the plan to give them a value.",
            "warning",
        )


def _type_decisions(
    column: ColumnPlan, profile: ColumnProfile, declared: str, *, is_tied: bool
) -> Iterator[tuple[str, int, str, str, Severity]]:
    ambiguous = profile.forms.get(AMBIGUOUS, 0)
    if column.decision == "operator":
        return
    if ambiguous and column.day_first is None and family(profile.proposed) in MOMENTS:
        yield (
            "ambiguous-dates",
            ambiguous,
            f"{plural(ambiguous, 'date')} may be read day first or month first; the column stays text.",
            "Say --day-first or --month-first, or set day_first or form in the plan.",
            "warning",
        )
    elif column.type == profile.proposed or column.decision == "existing":
        return
    elif is_tied:
        yield (
            "type-by-reference",
            0,
            f"The values look like {profile.proposed}; the column is {column.type}, like the one that a "
            "foreign key ties it to.",
            "Set type of all tied columns in the plan to decide otherwise.",
            "info",
        )
    elif column.decision == "declared":
        yield (
            "type-as-declared",
            0,
            f"The evidence for {profile.proposed} is {profile.confidence:.1%}; the column stays "
            f"{column.type} as declared.",
            "Set type of this column in the plan to decide otherwise.",
            "info",
        )
    elif column.type == "text":
        yield (
            "kept-as-text",
            0,
            f"The evidence for {profile.proposed} is {profile.confidence:.1%} and not all values are "
            f"{declared}; the column stays text.",
            "Set type of this column in the plan to decide otherwise.",
            "warning",
        )


def _byte_decisions(
    column: ColumnPlan, profile: ColumnProfile
) -> Iterator[tuple[str, int, str, str, Severity]]:
    if profile.nul_texts:
        does = "they are taken out" if column.nul_bytes == "strip" else "their rows go to quarantine"
        yield (
            "nul-bytes" if column.nul_bytes == "strip" else "nul-bytes-decided",
            profile.nul_texts,
            f"{plural(profile.nul_texts, 'text')} with NUL bytes, which PostgreSQL cannot store; {does}.",
            "Set nul_bytes of this column in the plan to decide otherwise.",
            "warning",
        )
    if profile.invalid_utf8:
        read, encoding = read_in(profile, column.invalid_utf8), column.invalid_utf8
        does = _UNREAD_WORDS[column.misfit]
        if read == profile.invalid_utf8:
            does = f"they are read as {encoding}"
        elif read:
            does = f"{encoding} reads {read:,}, and of the others {does}"
        yield (
            "texts-not-utf8" if column.invalid_utf8 == "quarantine" else "invalid-utf8-decided",
            profile.invalid_utf8,
            f"{plural(profile.invalid_utf8, 'text')} with bytes that are not UTF-8; {does}.",
            "Set invalid_utf8 of this column in the plan to decide otherwise.",
            "warning",
        )
