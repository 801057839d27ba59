"""Catalogs and profiles for pure tests: tables written as Python, their values counted by the real rules."""

from collections.abc import Mapping, Sequence

from sdmigrate.model.catalog import Affinity, Catalog, Column, Table
from sdmigrate.model.finding import Finding
from sdmigrate.model.profile import (
    ColumnProfile,
    KeyProfile,
    Profile,
    Quality,
    ReferenceProfile,
    TableProfile,
)
from sdmigrate.model.source import Fingerprint
from sdmigrate.model.values import Value
from sdmigrate.rules import types
from sdmigrate.rules.declared_types import declared_digits, declared_length, interest_of
from sdmigrate.rules.epoch_readings import settle_epoch
from sdmigrate.rules.evidence import Evidence
from sdmigrate.stages.profile_columns import profile_of

FINGERPRINT = Fingerprint(size=4096, modified_ns=1, change_counter=1)
Rows = Sequence[Sequence[Value]]


def affinity(declared: str) -> Affinity:
    """https://www.sqlite.org/datatype3.html section 3.1."""
    name = declared.upper()
    if "INT" in name:
        return "INTEGER"
    if any(word in name for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not name or "BLOB" in name:
        return "BLOB"
    return "REAL" if any(word in name for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"


def column(
    name: str,
    declared: str = "",
    *,
    not_null: bool = False,
    default: str | None = None,
    collation: str = "BINARY",
) -> Column:
    return Column(
        name=name,
        declared_type=declared,
        affinity=affinity(declared),
        not_null=not_null,
        default=default,
        collation=collation,
    )


def table(name: str, *columns: Column, **fields: object) -> Table:
    """A table; ``fields`` are those of the record."""
    return Table(name=name, columns=columns, **fields)  # type: ignore[arg-type]


def column_profile(
    declared: Column, values: Sequence[Value], *, is_rowid: bool = False, day_first: bool | None = None
) -> ColumnProfile:
    evidence = Evidence(
        interest=interest_of(declared),
        declared_digits=declared_digits(declared),
        declared_length=declared_length(declared),
    )
    counts: dict[tuple[str, Value], tuple[int, int]] = {}
    for rowid, value in enumerate(values, start=1):
        if value is None:
            evidence.add_nulls(1)
            continue
        count, first = counts.get((type(value).__name__, value), (0, rowid))
        counts[type(value).__name__, value] = (count + 1, first)
    for (_, value), (count, first) in counts.items():
        evidence.add(value, count, first)
    settled = types.settle_day_order(evidence, (), day_first)
    separators = types.settle_separators(declared, evidence, ())
    proposal = types.propose(
        declared,
        evidence,
        day_first=settled,
        separators=separators,
        epoch=settle_epoch(evidence, ()),
        is_rowid=is_rowid,
    )
    return profile_of(declared, evidence, proposal)


def table_profile(
    declared: Table,
    rows: Rows = (),
    *,
    keys: tuple[KeyProfile, ...] = (),
    references: tuple[ReferenceProfile, ...] = (),
) -> TableProfile:
    return TableProfile(
        name=declared.name,
        rows=len(rows),
        columns=tuple(
            column_profile(one, [row[position] for row in rows], is_rowid=one.name == declared.rowid_alias)
            for position, one in enumerate(declared.columns)
        ),
        keys=keys,
        references=references,
    )


def facts(
    tables: Mapping[Table, Rows] | Sequence[tuple[Table, Rows]], findings: tuple[Finding, ...] = ()
) -> tuple[Catalog, Profile]:
    """Catalog and profile of tables with these rows."""
    pairs = list(tables.items()) if isinstance(tables, Mapping) else list(tables)
    return (
        Catalog(tables=tuple(declared for declared, _ in pairs)),
        profile(*(table_profile(declared, rows) for declared, rows in pairs), findings=findings),
    )


def profile(*tables: TableProfile, findings: tuple[Finding, ...] = ()) -> Profile:
    return Profile(
        source_fingerprint=FINGERPRINT,
        tables=tables,
        findings=findings,
        quality=Quality(score=100.0, parts=()),
    )
