"""The plan stage: the proposal, the operator's file over it, the whole written down.

Invariant: the plan.toml of the run directory is the plan that runs, complete, and read again it gives the
same plan.
"""

from pathlib import Path

from sdmigrate.model.blueprint import MOST_COLUMNS
from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Snapshot
from sdmigrate.rules import plan_file
from sdmigrate.rules.planning import propose
from sdmigrate.runtime.context import Context
from sdmigrate.runtime.directory import written_whole


def plan(context: Context, snapshot: Snapshot, profile: Profile) -> Plan:
    """Decide, and write ``plan.toml``.

    Raises:
        UsageProblem: the operator's plan cannot be read or meant, names collide, or a table is too wide.
        UnsafeToContinue: the profile is of another source.
    """
    if profile.source_fingerprint != snapshot.source_fingerprint:
        raise UnsafeToContinue(
            "The profile is of another state of the source than the snapshot.",
            "Start a new run, so that both are made from the source as it is now.",
        )
    request = context.request
    if request.plan_path is None:
        decided = propose(
            snapshot.catalog,
            profile,
            day_first=request.day_first,
            confidence=context.limits.confidence,
        )
    else:
        decided = plan_file.read(
            text_of_plan(Path(request.plan_path)),
            snapshot.catalog,
            profile,
            day_first=request.day_first,
            accept_drift=request.accept_drift,
            confidence=context.limits.confidence,
        )
    context.cancel.raise_if_set()
    with written_whole(context.directory.plan) as path:
        path.write_text(plan_file.write(decided, profile), encoding="utf-8", newline="\n")
    _require_narrow(decided)
    return decided


def _require_narrow(plan: Plan) -> None:
    for table in plan.tables:
        if table.include and len(table.columns) > MOST_COLUMNS:
            raise UsageProblem(
                f"Table {table.source!r} has {len(table.columns):,} columns, and one of PostgreSQL at most"
                f" {MOST_COLUMNS:,}.",
                "Leave it out in the plan (include = false), or split it in a copy of the source.",
            )


def text_of_plan(path: Path) -> str:
    """The text of an operator's plan, a byte order mark taken off.

    Raises:
        UsageProblem: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageProblem(
            f"The plan {path} cannot be read: {error.strerror}.", "Check the path given with --plan."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageProblem(
            f"The plan {path} is not UTF-8 (byte {error.start}).", "Save it as UTF-8, as TOML wants."
        ) from error
