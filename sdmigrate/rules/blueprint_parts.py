"""What the parts of a blueprint share: one table with its plan and evidence, names, and findings.

Invariant: a name is given out once in its name space: relations (tables, indexes, views, sequences) in the
schema, constraints in their table.
"""

from dataclasses import dataclass, field

from sdmigrate.model.catalog import Column, Table
from sdmigrate.model.finding import Finding, Severity
from sdmigrate.model.plan import ColumnPlan, Naming, TablePlan
from sdmigrate.model.profile import ColumnProfile, TableProfile
from sdmigrate.rules.expressions import Relation, ScopeColumn
from sdmigrate.rules.naming import LONGEST_NAME, NameSpace, folded
from sdmigrate.rules.type_families import family

LONGEST_SHOWN_SQL = 2000


@dataclass(frozen=True)
class Subject:
    """One included table, from all sides."""

    table: Table
    plan: TablePlan
    profile: TableProfile
    relation: Relation
    columns: dict[str, tuple[Column, ColumnPlan, ColumnProfile]]
    """By source name."""
    constraints: NameSpace

    @property
    def name(self) -> str:
        """Target name."""
        return self.plan.target

    def planned(self, column: str) -> ColumnPlan:
        """The decision for a source column."""
        return self.columns[column][1]

    def profiled(self, column: str) -> ColumnProfile:
        """The evidence of a source column."""
        return self.columns[column][2]

    def targets(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Their names in PostgreSQL."""
        return tuple(self.planned(column).target for column in columns)


@dataclass
class Drawing:
    """The blueprint while it is drawn."""

    naming: Naming
    relations: NameSpace
    index_names: dict[str, str] = field(default_factory=dict)
    """Declared index -> its name in PostgreSQL; they are given out before generated ones."""
    findings: list[Finding] = field(default_factory=list)

    def tell(
        self,
        code: str,
        severity: Severity,
        message: str,
        advice: str,
        *,
        table: str | None = None,
        column: str | None = None,
        count: int = 1,
    ) -> None:
        """Add a finding."""
        self.findings.append(
            Finding(
                code=code,
                severity=severity,
                table=table,
                column=column,
                count=count,
                message=message,
                advice=advice,
            )
        )

    def named(self, kind: str, source: str) -> str:
        """The target name of an index or view, told where it is not simply the source's under the policy."""
        wanted = folded(source, self.naming)
        name = self.relations.take(wanted)
        if name != wanted:
            self.tell(
                "object-renamed",
                "info",
                f"The {kind} {source!r} is named {name!r} in PostgreSQL.",
                "A name has at most 63 bytes and is shared with no table, view, key or index.",
            )
        return name

    def constraint_name(self, subject: Subject, wanted: str) -> str:
        """A name that is free in the table and, since keys are indexes, in the schema."""
        return subject.constraints.take(self.relations.take(wanted))


def subject_of(table: Table, plan: TablePlan, profile: TableProfile) -> Subject:
    """The table from all sides; ``plan`` and ``profile`` are of the same table."""
    plans = {column.source: column for column in plan.columns}
    profiles = {column.name: column for column in profile.columns}
    columns = {column.name: (column, plans[column.name], profiles[column.name]) for column in table.columns}
    # PostgreSQL names its NOT NULL constraints so.
    reserved = [f"{plan.target}_{one.target}_not_null"[:LONGEST_NAME] for one in plan.columns if one.not_null]
    return Subject(
        table=table,
        plan=plan,
        profile=profile,
        relation=Relation(
            name=plan.target,
            columns=tuple(
                ScopeColumn(
                    source=column.name,
                    name=decided.target,
                    family=family(decided.type),
                    collation=column.collation.upper(),
                    affinity=column.affinity,
                )
                for column, decided, _ in columns.values()
            ),
        ),
        columns=columns,
        constraints=NameSpace(reserved),
    )


def shown(sql: str | None) -> str:
    """SQL for a message, cut where it is very long."""
    text = sql or ""
    return text if len(text) <= LONGEST_SHOWN_SQL else text[: LONGEST_SHOWN_SQL - 1] + "…"
