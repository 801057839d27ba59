"""One column as the checks see it: its declaration, its evidence and the type proposed.

Invariant: values only; a finding made here names the column's own table and name.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sdmigrate.model.catalog import Column, Table
from sdmigrate.model.finding import Finding, Sample, Severity
from sdmigrate.rules.declared_types import declared_type
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.types import Proposal
from sdmigrate.rules.value_group import located


@dataclass(frozen=True)
class SeenColumn:
    """One column as every check sees it."""

    table: Table
    column: Column
    evidence: Evidence
    proposal: Proposal

    @property
    def declared(self) -> str:
        """The PostgreSQL type that the declaration asks for."""
        return declared_type(self.column)

    def tell(
        self,
        code: str,
        severity: Severity,
        count: int,
        message: str,
        advice: str,
        samples: tuple[Sample, ...] = (),
    ) -> Finding:
        """A finding on this column."""
        return Finding(
            code=code,
            severity=severity,
            table=self.table.name,
            column=self.column.name,
            count=count,
            message=message,
            advice=advice,
            samples=samples,
        )


def real_texts(evidence: Evidence, but: Collection[str] = ()) -> tuple[Sample, ...]:
    """At most five texts that are neither empty nor blank, nor of the forms named, located."""
    return located(
        [
            sample
            for (kind, form), group in evidence.groups.items()
            if kind == "text" and form not in ("empty", "blank", *but)
            for sample in group.samples
        ]
    )
