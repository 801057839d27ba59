"""Keys and references of the profile: what is declared, what values suggest, and which rows break it.

Invariant: counts are exact; a suggestion is told as information and never becomes a constraint by itself.
"""

import sqlite3
from collections.abc import Iterator

from sdmigrate.model.catalog import Catalog, ForeignKey, Table
from sdmigrate.model.finding import Finding, Severity
from sdmigrate.model.profile import KeyProfile, ReferenceProfile
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.likely_keys import LikelyParents, likely_key
from sdmigrate.rules.value_group import located
from sdmigrate.rules.wording import plural
from sdmigrate.sqlite.references import incomplete, orphans, referring, repeated

_SUGGESTED_SHARE = 0.90
"""Rows that must have a parent before a reference is suggested."""


def profile_keys(
    connection: sqlite3.Connection, table: Table, evidence: dict[str, Evidence], *, sound: bool
) -> tuple[tuple[KeyProfile, ...], tuple[Finding, ...]]:
    """The primary key, the unique keys and a likely key, with the findings on them.

    Where the file is ``sound``, what SQLite keeps unique is so.
    """
    declared = dict.fromkeys((table.primary_key, *_unique_keys(table)))
    keys = [
        _key(connection, table, columns, evidence, declared=True, sound=sound)
        for columns in declared
        if columns
    ]
    likely = likely_key(table, evidence)
    if likely is not None and (likely,) not in declared:
        keys.append(_key(connection, table, (likely,), evidence, declared=False))
    return tuple(keys), tuple(finding for key in keys for finding in _key_findings(table, key))


def _unique_keys(table: Table) -> Iterator[tuple[str, ...]]:
    for index in table.indexes:
        columns = tuple(term.column for term in index.terms if term.column is not None)
        if index.unique and index.where is None and len(columns) == len(index.terms):
            yield columns


def _key(
    connection: sqlite3.Connection,
    table: Table,
    columns: tuple[str, ...],
    evidence: dict[str, Evidence],
    *,
    declared: bool,
    sound: bool = True,
) -> KeyProfile:
    nulls = any(evidence[column].nulls for column in columns)
    missing = incomplete(connection, table, columns) if nulls else None
    duplicates = 0
    samples = missing.samples if missing else ()
    if declared and not sound:
        twice = repeated(connection, table, columns)
        duplicates, samples = twice.rows, twice.samples or samples
    elif not declared:
        found = evidence[columns[0]]
        duplicates = found.rows - found.nulls - found.distinct
        if duplicates and found.repeated is not None:
            samples = located(found.repeated)
        elif duplicates:
            samples = repeated(connection, table, columns).samples
    return KeyProfile(
        columns=columns,
        declared=declared,
        unique=duplicates == 0,
        duplicate_rows=duplicates,
        null_rows=missing.rows if missing else 0,
        samples=samples,
    )


def _key_findings(table: Table, key: KeyProfile) -> Iterator[Finding]:
    named = ", ".join(key.columns)
    column = key.columns[0] if len(key.columns) == 1 else None
    if key.declared and key.null_rows and key.columns == table.primary_key:
        yield Finding(
            code="null-in-primary-key",
            severity="error",
            table=table.name,
            column=column,
            count=key.null_rows,
            message=f"{plural(key.null_rows, 'row has', 'rows have')} NULL in the primary key ({named}),"
            " which PostgreSQL refuses.",
            advice="Their rows go to quarantine; give them a key in the source to keep them.",
            samples=key.samples,
        )
    # Of a declared key the plan tells them, and what becomes of them.
    if key.duplicate_rows and not key.declared:
        yield Finding(
            code="duplicate-likely-key",
            severity="warning",
            table=table.name,
            column=column,
            count=key.duplicate_rows,
            message=f"{plural(key.duplicate_rows, 'row repeats', 'rows repeat')} {named}, which looks like"
            " an undeclared key.",
            advice="All rows are kept; correct the source where they are the same row twice.",
            samples=key.samples,
        )


def profile_references(
    connection: sqlite3.Connection,
    catalog: Catalog,
    table: Table,
    evidence: dict[str, Evidence],
    parents: LikelyParents,
) -> tuple[tuple[ReferenceProfile, ...], tuple[Finding, ...]]:
    """Declared and suggested references of a table, with the findings on them."""
    references: list[ReferenceProfile] = []
    findings: list[Finding] = []
    for key in table.foreign_keys:
        reference = _declared(connection, catalog, table, key)
        references.append(reference)
        findings += _declared_findings(connection, catalog, table, reference)
    for column, parent, parent_key in parents.references(table):
        values = evidence[column].rows - evidence[column].nulls
        lost = orphans(connection, table, (column,), parent, (parent_key,))
        if lost.rows > (1 - _SUGGESTED_SHARE) * values:
            continue
        reference = ReferenceProfile(
            columns=(column,),
            parent_table=parent,
            parent_columns=(parent_key,),
            declared=False,
            orphans=lost.rows,
            samples=lost.samples,
        )
        references.append(reference)
        findings += _suggested_findings(table, reference)
    return tuple(references), tuple(findings)


def _find(catalog: Catalog, name: str) -> Table | None:
    """The table, whatever the case of its name."""
    return next((table for table in catalog.tables if table.name.lower() == name.lower()), None)


def _declared(
    connection: sqlite3.Connection, catalog: Catalog, table: Table, key: ForeignKey
) -> ReferenceProfile:
    parent = _find(catalog, key.parent_table)
    problem = _problem(parent, key)
    lost = None
    if parent is not None and problem != "parent missing":
        lost = orphans(connection, table, key.columns, parent.name, key.parent_columns)
    return ReferenceProfile(
        columns=key.columns,
        parent_table=parent.name if parent else key.parent_table,
        parent_columns=key.parent_columns,
        declared=True,
        orphans=lost.rows if lost else 0,
        problem=problem,
        samples=lost.samples if lost else (),
    )


def _problem(parent: Table | None, key: ForeignKey) -> str | None:
    if parent is None or len(key.parent_columns) != len(key.columns):
        return "parent missing"
    known = {column.name for column in parent.columns}
    if not set(key.parent_columns) <= known:
        return "parent missing"
    unique = {frozenset(parent.primary_key), *(frozenset(columns) for columns in _unique_keys(parent))}
    return None if frozenset(key.parent_columns) in unique else "parent not unique"


def _declared_findings(
    connection: sqlite3.Connection, catalog: Catalog, table: Table, reference: ReferenceProfile
) -> Iterator[Finding]:
    named, parent = ", ".join(reference.columns), reference.parent_table
    if reference.problem == "parent missing":
        yield _finding(
            "parent-missing",
            "warning",
            table,
            reference,
            f"The foreign key ({named}) points at {parent}, which has no such table or key.",
            "It cannot be made; the rows are kept.",
        )
    elif reference.problem == "parent not unique":
        yield _finding(
            "parent-not-unique",
            "warning",
            table,
            reference,
            f"The foreign key ({named}) points at columns of {parent} that no key makes unique.",
            "PostgreSQL needs a unique key there; declare one in the source, or go without.",
        )
    if reference.orphans:
        further = _further(connection, catalog, table, reference)
        yield _finding(
            "orphans",
            "warning",
            table,
            reference,
            f"{plural(reference.orphans, 'row points', 'rows point')} through ({named}) at no row of"
            f" {parent}.{further}",
            "The rows are kept and the constraint stays NOT VALID; correct them in the source.",
        )


def _further(
    connection: sqlite3.Connection, catalog: Catalog, table: Table, reference: ReferenceProfile
) -> str:
    """Which rows of other tables point at the orphans, and so would go with them."""
    told = []
    for child in catalog.tables:
        for key in child.foreign_keys:
            if key.parent_table.lower() != table.name.lower() or _problem(table, key) == "parent missing":
                continue
            rows = referring(
                connection,
                child,
                key.columns,
                table.name,
                key.parent_columns,
                reference.columns,
                reference.parent_table,
                reference.parent_columns,
            )
            if rows:
                told.append(f"{plural(rows, 'row')} of {child.name}")
    return f" Removing them would orphan {', '.join(told)}." if told else ""


def _suggested_findings(table: Table, reference: ReferenceProfile) -> Iterator[Finding]:
    (column,), parent, (key,) = reference.columns, reference.parent_table, reference.parent_columns
    yield _finding(
        "undeclared-foreign-key",
        "info",
        table,
        reference,
        f"{column} looks like a reference to {parent}.{key}, though no foreign key is declared.",
        "Nothing is made from it; declare it in the source, or add it to the release.",
        count=0,
    )
    if reference.orphans:
        yield _finding(
            "orphans",
            "warning",
            table,
            reference,
            f"{plural(reference.orphans, 'row has', 'rows have')} a {column} that is no {key} of {parent}.",
            "The rows are kept; correct them in the source.",
        )


def _finding(
    code: str,
    severity: Severity,
    table: Table,
    reference: ReferenceProfile,
    message: str,
    advice: str,
    *,
    count: int | None = None,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        table=table.name,
        column=reference.columns[0] if len(reference.columns) == 1 else None,
        count=reference.orphans if count is None else count,
        message=message,
        advice=advice,
        samples=reference.samples if count is None else (),
    )
