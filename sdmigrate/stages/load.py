"""Load: cleaned into a new, unpublished release.

Invariant: whatever stops it, running it again goes on behind the last committed part and ends with the same
rows; running it after it ended changes nothing.
"""

from pathlib import Path

from sdmigrate.model.blueprint import Blueprint
from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.result import Cleaned, Release
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.locks import held
from sdmigrate.postgres.releases import drop_unpublished
from sdmigrate.runtime.context import Context
from sdmigrate.stages.filling import Filling


def load(context: Context, endpoint: Endpoint, blueprint: Blueprint, cleaned: Cleaned) -> Release:
    """The release ``<schema>__r<stamp>`` with every row of cleaned, its keys, indexes and statistics.

    Raises:
        Refused: PostgreSQL does not take a row, or a key does not hold; the release is left for resume.
        UnsafeToContinue: another run holds the schema's lock, or blueprint and cleaned differ in their plan.
        TargetUnreachable: the target cannot be reached.
        Interrupted: the connection or the server failed; it can be resumed.
        Aborted: the operator stopped it; committed parts stay for resume.
    """
    if context.request.schema is None:
        raise UsageProblem("The run names no schema to load into.", "Name one with --schema.")
    if blueprint.plan_id != cleaned.plan_id:
        raise UnsafeToContinue(
            f"The blueprint is of plan {blueprint.plan_id!r}, cleaned of plan {cleaned.plan_id!r}.",
            "Clean again under the plan in force.",
        )
    stable = context.request.schema
    filling = Filling(
        context=context,
        blueprint=blueprint,
        cleaned=cleaned,
        path=Path(cleaned.path),
        stable=stable,
        name=_name(context, stable),
        rows={ledger.table: ledger.loaded for ledger in cleaned.ledgers},
        stage="load",
    )
    with held(endpoint, Bookkeeping(context.bookkeeping), stable, context.run_id):
        return filling.run(endpoint)


def drop_loaded(context: Context, endpoint: Endpoint) -> bool:
    """Drop what this run loaded and did not publish, as from another cleaned file; False: nothing was there.

    Raises:
        UnsafeToContinue: another run holds the schema's lock, or others' objects depend on it.
        TargetUnreachable: the target cannot be reached.
        Aborted: the operator stopped it; the next call goes on.
    """
    stable, bookkeeping = context.request.schema or "", Bookkeeping(context.bookkeeping)
    with held(endpoint, bookkeeping, stable, context.run_id):
        return drop_unpublished(
            endpoint,
            _name(context, stable),
            context.run_id,
            bookkeeping=bookkeeping,
            cancel=context.cancel,
        )


def _name(context: Context, stable: str) -> str:
    return f"{stable}__r{context.stamp}"
