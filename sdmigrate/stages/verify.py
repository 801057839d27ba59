"""Verify: every value of the release against cleaned, each side by its own code.

Invariant: a table is said to be identical only where both sides counted the same rows and the same sum over
all values. Nothing of the release changes.
"""

from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path

from sdmigrate.model.blueprint import TargetTable
from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.events import Advanced, StageName
from sdmigrate.model.result import (
    Cleaned,
    MustHold,
    Release,
    TableDigest,
    TableVerification,
    Verdict,
    Verification,
)
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.connect import Connection, connect, guarding
from sdmigrate.postgres.digests import DIGEST_FORM, table_digest
from sdmigrate.postgres.proofs import prove_identities, unvalidated
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.copied_table import reading_values
from sdmigrate.sqlite.value_digests import Expected, expected
from sdmigrate.stages.beside import beside
from sdmigrate.stages.differences import Comparison

_TOLD_EVERY_ROWS = 5_000
_CLEANED_CHANGED = "no row differs: cleaned was changed after its digests were taken, before it was loaded"


def verify(
    context: Context, endpoint: Endpoint, release: Release, cleaned: Cleaned, must_hold: MustHold
) -> Verification:
    """The verdict on each table of the release, and the proof of its next ids.

    Raises:
        UnsafeToContinue: release and cleaned are not of one plan and source, or a table is gone.
        TargetUnreachable: the target cannot be reached.
        Interrupted: the connection was lost.
        Aborted: the operator stopped it.
    """
    if (release.plan_id, release.source_fingerprint) != (cleaned.plan_id, cleaned.source_fingerprint):
        raise UnsafeToContinue(
            f"The release {release.name!r} was not loaded from this cleaned file.",
            "Load again under the plan in force.",
        )
    path = Path(cleaned.path)
    # A run may be resumed by a later version, whose digests are of another form.
    known = must_hold.tables if must_hold.form == DIGEST_FORM else {}
    return compare(context, endpoint, release, cleaned, path=path, stage="verify", known=known)


def compare(
    context: Context,
    endpoint: Endpoint,
    release: Release,
    cleaned: Cleaned,
    *,
    path: Path,
    stage: StageName,
    known: Mapping[str, TableDigest],
) -> Verification:
    """The verification of the release against ``path``: cleaned, or the canary's sample of it.

    Args:
        context: the run's.
        endpoint: its target.
        release: what was loaded.
        cleaned: with its ledgers.
        path: the file that was loaded.
        stage: whose progress is told.
        known: source table -> what PostgreSQL must hold, where that was computed from ``path`` before.
    """
    tables = release.blueprint.tables
    with (
        connect(endpoint, purpose=stage) as connection,
        guarding(context.cancel, connection),
        reading_values(path) as source,
    ):
        verifier = _Verifier(context, connection, release, cleaned, stage)
        with beside(connection) as worker:
            actual = {
                table.name: worker.submit(table_digest, connection, release.name, table.name, columns(table))
                for table in tables
            }
            pairs = []
            for table in tables:
                side = expected(source, table.source, [(each.source, each.type) for each in table.columns])
                wanted = known.get(table.source) or side.digest(verifier.beat(table))
                pairs.append((table, side, wanted, verifier.awaited(table, actual[table.name])))
        judged = tuple(verifier.judge(*pair) for pair in pairs)
        findings = (
            *prove_identities(connection, release.name, tables),
            *unvalidated(connection, release.name, tables),
        )
    return Verification(release=release.name, plan_id=release.plan_id, tables=judged, findings=findings)


def columns(table: TargetTable) -> list[tuple[str, str]]:
    """Name and type of each column, in the digest's order."""
    return [(column.name, column.type) for column in table.columns]


@dataclass(frozen=True)
class _Verifier:
    """Judges tables and tells how far it is."""

    context: Context
    connection: Connection
    release: Release
    cleaned: Cleaned
    stage: StageName

    def beat(self, table: TargetTable) -> "_Beat":
        return _Beat(self, table)

    def tell(self, table: TargetTable, done: int, reason: str) -> None:
        self.context.cancel.raise_if_set()
        total = self.release.rows.get(table.source)
        self.context.events.emit(
            Advanced(stage=self.stage, table=table.source, done=done, total=total, reason=reason)
        )

    def awaited(self, table: TargetTable, actual: Future[TableDigest]) -> TableDigest:
        self.tell(table, 0, "waiting for PostgreSQL's side")
        while not wait([actual], timeout=1.0).done:
            self.tell(table, self.release.rows.get(table.source, 0), "waiting for PostgreSQL's side")
        return actual.result()

    def judge(
        self, table: TargetTable, side: Expected, wanted: TableDigest, actual: TableDigest
    ) -> TableVerification:
        examples: tuple[str, ...] = ()
        verdict: Verdict = "different"
        if wanted == actual:
            ledger = self.cleaned.ledger(table.source)
            verdict = "identical" if ledger.changed == 0 and ledger.read == ledger.loaded else "changed"
        else:
            self.tell(table, 0, "looking for the rows that differ")
            found = Comparison(side, self.connection, self.release.name, table).examples()
            examples = found or (_CLEANED_CHANGED,)
        return TableVerification(
            table=table.source,
            target=table.name,
            expected=wanted,
            actual=actual,
            verdict=verdict,
            examples=examples,
        )


@dataclass
class _Beat:
    """Tells of every 5,000th row."""

    verifier: _Verifier
    table: TargetTable
    told: int = -_TOLD_EVERY_ROWS

    def __call__(self, done: int) -> None:
        if done - self.told >= _TOLD_EVERY_ROWS:
            self.told = done
            self.verifier.tell(self.table, done, "comparing")
