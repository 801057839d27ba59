"""What the stages after the plan hand over: cleaned, canary, release, verification, switch."""

from typing import Literal, TypeAlias

from sdmigrate.model.blueprint import Blueprint
from sdmigrate.model.finding import Finding
from sdmigrate.model.profile import Quality
from sdmigrate.model.record import Record
from sdmigrate.model.source import Fingerprint


class TableLedger(Record):
    """read = loaded + quarantined + deduplicated + excluded, or the run fails."""

    table: str
    """Source name."""
    read: int
    loaded: int
    """Rows of cleaned, each to be in PostgreSQL exactly once."""
    quarantined: int = 0
    deduplicated: int = 0
    excluded: int = 0
    changed: int = 0
    """Values changed by accepted rules."""

    @property
    def balances(self) -> bool:
        """Whether every row read is accounted for once."""
        return self.read == self.loaded + self.quarantined + self.deduplicated + self.excluded


class TableDigest(Record):
    """Order-independent digest of one table's rows: their number and the sum of their hashes."""

    rows: int
    sum: str
    """Decimal digits of the sum of 64-bit row hashes, not reduced. (Never XOR: pairs would vanish.)"""


class MustHold(Record):
    """What PostgreSQL must hold once all of cleaned is loaded, told before that."""

    tables: dict[str, TableDigest] = {}
    """By source table; one that is not among them is told when it is verified."""
    form: int = 0
    """The digests' form; of another form than the verifier's they say nothing."""


class Cleaned(Record):
    """The cleaned file with its audit trail and quarantine, made only where it was proven reversible."""

    path: str
    audit_path: str
    quarantine_path: str
    source_fingerprint: Fingerprint
    plan_id: str
    ledgers: tuple[TableLedger, ...]
    """In the catalog's order, excluded tables included."""
    quality: Quality
    findings: tuple[Finding, ...] = ()
    replayed: dict[str, int] = {}
    """Source table -> rows that came back from quarantine before the load."""

    def ledger(self, table: str) -> TableLedger:
        """The ledger of that source table.

        Raises:
            KeyError: there is none.
        """
        for ledger in self.ledgers:
            if ledger.table == table:
                return ledger
        raise KeyError(table)


Verdict: TypeAlias = Literal["identical", "changed", "different", "not_checked"]
"""identical: equal to the source value for value. changed: equal to cleaned, which accepted rules changed."""


class TableVerification(Record):
    """One table on both sides."""

    table: str
    """Source name."""
    target: str
    expected: TableDigest
    actual: TableDigest
    verdict: Verdict
    examples: tuple[str, ...] = ()
    """Where different: up to five rows in words."""


class Verification(Record):
    """Every table on both sides."""

    release: str
    plan_id: str
    tables: tuple[TableVerification, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """No table differs and none was left out."""
        return all(table.verdict in ("identical", "changed") for table in self.tables)


class QueryResult(Record):
    """One of the operator's queries, run on the canary or the release."""

    name: str
    rows: int
    error: str | None = None
    """PostgreSQL's message; None where it ran."""


class CanaryResult(Record):
    """A sample, loaded by the same code, verified, dropped; and what the load must bring."""

    plan_id: str
    rows: int
    tables: dict[str, int]
    """Source table -> rows in the sample."""
    verification: Verification
    rows_per_second: float
    bytes_per_row: float
    passed: bool
    queries: tuple[QueryResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    must_hold: MustHold = MustHold()


class Release(Record):
    """One loaded, versioned schema, unpublished."""

    name: str
    """``<schema>__r<UTC stamp>``."""
    schema: str
    plan_id: str
    source_fingerprint: Fingerprint
    blueprint: Blueprint
    rows: dict[str, int]
    """Source table -> rows loaded."""
    findings: tuple[Finding, ...] = ()
    """What PostgreSQL refused that is no data failure: a view, an index row too large, a check left
    NOT VALID."""


class Approval(Record):
    """The operator's answer to the question before a switch; build it with ``approve`` only."""

    schema: str


class Switch(Record):
    """What a cutover or rollback did."""

    schema: str
    release: str | None
    """The release now live; None after going back to nothing."""
    previous: str | None
    """The release that was live before, kept under this name; None where nothing was live."""
    milliseconds: float
    """From the first lock to the commit."""
    findings: tuple[Finding, ...] = ()


ReleaseState: TypeAlias = Literal["loading", "loaded", "verified", "live", "kept", "dropped"]


class ExportedTable(Record):
    """What of one table was written since its release was published."""

    table: str
    rows: int
    """Rows that came or changed."""
    missing: int
    """Rows that were published and went, or are among those that changed."""


class ReleaseEntry(Record):
    """One line of ``releases list``."""

    name: str
    schema: str
    live: bool
    state: ReleaseState
    run: str
    created: str
    """UTC, ISO 8601."""
    published: str | None = None
    previous: str | None = None
    """What was live before it; None where nothing was, or where it was never live."""
    rows: int = 0
