"""An unfinished run given up: what it left is removed, and what was live stays live.

Invariant: removes only what this run made, says each thing it removed, and can be called again.
"""

from pathlib import Path

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.settings import Endpoint
from sdmigrate.pipeline.facts import run_facts
from sdmigrate.pipeline.summary import summarise
from sdmigrate.postgres import embedded
from sdmigrate.postgres.connect import endpoint_of
from sdmigrate.postgres.releases import drop_release
from sdmigrate.postgres.scratch import ScratchPair, drop_scratch
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import RunFacts, locked


def abort_run(directory: RunDirectory, work_directory: Path, conninfo: str | None = None) -> tuple[str, ...]:
    """Remove what the run left; returns what was removed, in words.

    Args:
        directory: the run.
        work_directory: where the embedded server lives.
        conninfo: the target with its password, where libpq's environment does not have it.

    Raises:
        UnsafeToContinue: another process works on it, or its release is live.
    """
    with locked(directory), Journal.open(directory.journal) as journal:
        facts = run_facts(journal)
        if facts.request.mode == "migrate" and journal.is_done("cutover") and not journal.is_done("rollback"):
            raise UnsafeToContinue(
                "This run's release is live; there is nothing unfinished to remove.",
                f"Go back first: sdmigrate rollback --target TARGET --schema {facts.request.schema}.",
            )
        removed = [*_on_the_target(directory, journal, facts, work_directory, conninfo), *_files(directory)]
        finished = summarise(
            journal,
            outcome="aborted",
            exit_code=0,
            schema=facts.request.schema,
            target=facts.request.target,
            run_directory=str(directory.path),
        )
        journal.note("abandoned", finished)
        return tuple(removed) or ("Nothing was left to remove.",)


def _on_the_target(
    directory: RunDirectory,
    journal: Journal,
    facts: RunFacts,
    work_directory: Path,
    conninfo: str | None,
) -> list[str]:
    request = facts.request
    if request.target == "embedded" and request.mode == "rehearse":
        embedded.remove_throwaway(directory.scratch / "server")
        return ["the rehearsal's throw-away server"]
    if request.target is None or not journal.began("canary"):
        return []
    if request.target == "embedded" and not embedded.status(work_directory).initialised:
        return []
    endpoint = _endpoint(request.target, work_directory, conninfo)
    scratch = journal.noted("scratch", ScratchPair)
    if scratch is not None:
        drop_scratch(endpoint, scratch)
        return [f"the rehearsal's schemas {scratch.live} and its releases"]
    stamp = facts.started.strftime("%Y%m%dT%H%M%SZ")
    names = [f"{request.schema}__{kind}{stamp}" for kind in ("c", "r")]
    return [f"the schema {name}" for name in names if drop_release(endpoint, name)]


def _endpoint(target: str, work_directory: Path, conninfo: str | None) -> Endpoint:
    return embedded.persistent(work_directory) if target == "embedded" else endpoint_of(conninfo or target)


def _files(directory: RunDirectory) -> list[str]:
    removed = []
    for path in (directory.snapshot, directory.cleaned, directory.dump):
        if path.exists():
            path.unlink()
            removed.append(path.name)
    return removed
