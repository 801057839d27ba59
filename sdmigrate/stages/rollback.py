"""Rollback: a kept release becomes live again, in one transaction; or nothing is live, as before the first.

Invariant: nothing is switched without an Approval for this very schema.
"""

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.result import Approval, Switch
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.switching import Switcher
from sdmigrate.runtime.context import Context


def rollback(
    context: Context,
    endpoint: Endpoint,
    schema: str,
    to: str | None,
    approval: Approval,
    *,
    discard_live_writes: bool = False,
) -> Switch:
    """Give the stable name back to the kept release ``to``, by default the one that was live before.

    Where nothing was live before, live only gets its own name back and ``Switch.release`` is None.

    Raises:
        UsageProblem: nothing of ours is live, or the release to go back to is not kept.
        UnsafeToContinue: the approval is for another schema; live was written to, is in use or is locked
            by another run.
        TargetUnreachable, Interrupted, Aborted: as ``cutover``.
    """
    if approval.schema != schema:
        raise UnsafeToContinue(
            f"The approval is for {approval.schema!r}, not for {schema!r}.", "Confirm with the schema name."
        )
    switcher = Switcher(
        endpoint=endpoint,
        bookkeeping=Bookkeeping(context.bookkeeping),
        stable=schema,
        run=context.run_id,
        cancel=context.cancel,
        limits=context.limits,
        discard_live_writes=discard_live_writes,
    )
    return switcher.go_back(to)
