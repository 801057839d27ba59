"""Cutover: the verified release becomes live, in one transaction.

Invariant: nothing is switched without an Approval for this very schema and a verification that passed for
this very release and plan.
"""

from sdmigrate.model.errors import Refused, UnsafeToContinue
from sdmigrate.model.result import Approval, Release, Switch, Verification
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping, PublishedTable
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.digests import DIGEST_FORM
from sdmigrate.postgres.switching import Switcher
from sdmigrate.runtime.context import Context


def cutover(
    context: Context,
    endpoint: Endpoint,
    release: Release,
    verification: Verification,
    approval: Approval,
    *,
    discard_live_writes: bool = False,
    adopt: bool = False,
) -> Switch:
    """Give the stable name to the release; what was live is kept under its own name.

    A release that is live already stays so: after a kill the stage can simply be run again.

    Raises:
        Refused: the verification did not pass.
        UnsafeToContinue: the approval, verification and release do not belong together; live was written
            to, is in use or is locked by another run; or live is not ours and not to be adopted.
        TargetUnreachable: the target cannot be reached, or the role may not do it.
        Interrupted: the connection was lost; run again, it finds out what was done.
        Aborted: the operator stopped it; nothing was switched.
    """
    _require_belonging(release, verification, approval)
    record_verification(context, endpoint, release, verification)
    switcher = Switcher(
        endpoint=endpoint,
        bookkeeping=Bookkeeping(context.bookkeeping),
        stable=release.schema,
        run=context.run_id,
        cancel=context.cancel,
        limits=context.limits,
        discard_live_writes=discard_live_writes,
        adopt=adopt,
    )
    return switcher.publish(release.name)


def record_verification(
    context: Context, endpoint: Endpoint, release: Release, verification: Verification
) -> None:
    """Let the target itself know that the release is proven, and its digests; a later cutover asks for them.

    Raises:
        TargetUnreachable: the target cannot be reached.
    """
    bookkeeping = Bookkeeping(context.bookkeeping)
    with connect(endpoint, purpose="cutover") as connection, connection.transaction():
        recorded = bookkeeping.release(connection, release.name)
        if recorded is not None and recorded.state in ("loading", "loaded", "verified"):
            bookkeeping.record_digests(connection, release.name, _digests(release, verification))
            bookkeeping.mark(connection, release.name, "verified", rows=sum(release.rows.values()))


def _require_belonging(release: Release, verification: Verification, approval: Approval) -> None:
    if approval.schema != release.schema:
        raise UnsafeToContinue(
            f"The approval is for {approval.schema!r}, the release for {release.schema!r}.",
            "Confirm with the release's schema name.",
        )
    if (verification.release, verification.plan_id) != (release.name, release.plan_id):
        raise UnsafeToContinue(
            f"The verification is of {verification.release!r}, not of {release.name!r} under this plan.",
            "Verify this release, then cut over.",
        )
    compared = {table.target for table in verification.tables}
    missing = [table.name for table in release.blueprint.tables if table.name not in compared]
    if not verification.passed or missing:
        different = [
            table.target for table in verification.tables if table.verdict not in ("identical", "changed")
        ]
        raise Refused(
            f"The verification of {release.name!r} did not pass: {', '.join((*different, *missing)[:5])}.",
            "Look at the report's rows that differ; live is unchanged.",
        )


def _digests(release: Release, verification: Verification) -> dict[str, PublishedTable]:
    actual = {table.target: table.actual for table in verification.tables}
    return {
        table.name: PublishedTable(
            columns=tuple((column.name, column.type) for column in table.columns),
            digest=actual[table.name],
            form=DIGEST_FORM,
        )
        for table in release.blueprint.tables
    }
