"""The wizard's services as the house really offers them."""

import time
from pathlib import Path

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.settings import Endpoint
from sdmigrate.pipeline.child import Child
from sdmigrate.pipeline.results import read_result, read_stages
from sdmigrate.pipeline.standing import resumable_requests
from sdmigrate.postgres.connect import endpoint_of
from sdmigrate.postgres.facts import examine
from sdmigrate.rules.naming import check_schema_name
from sdmigrate.runtime.directory import written_whole
from sdmigrate.sqlite.header import read_header, size_beside
from sdmigrate.sqlite.opening import fingerprint
from sdmigrate.tui.format import size
from sdmigrate.tui.session import EMBEDDED, Services, TargetReport, UnfinishedRun


def real_services() -> Services:
    """Files, servers and the child process."""
    return Services(
        start=Child.start,
        read_result=read_result,
        read_stages=read_stages,
        describe_source=describe_source,
        examine_target=examine_target,
        check_schema=check_schema_name,
        unfinished_runs=unfinished_runs,
        write_plan=write_plan,
        clock=time.monotonic,
    )


def describe_source(path: str) -> str:
    """What the file is, in a line.

    Raises:
        SourceUnusable: it is no usable SQLite database.
    """
    source = Path(path)
    read_header(source)
    octets = fingerprint(source).size
    wal = size_beside(source, "-wal")
    beside = f", and {size(wal)} in its -wal file" if wal else ""
    return f"SQLite database, {size(octets)}{beside}"


def examine_target(target: str, schema: str | None) -> TargetReport:
    """Connect to the target and ask what it is; the embedded server is left alone.

    Raises:
        UsageProblem: it is no connection string.
        TargetUnreachable: no connection can be made.
    """
    if target == EMBEDDED:
        return TargetReport(Endpoint(conninfo="", described=EMBEDDED, embedded=True), None)
    endpoint = endpoint_of(target)
    return TargetReport(endpoint, examine(endpoint, schema))


def write_plan(path: Path, text: str) -> None:
    """Write a plan to a new file.

    Raises:
        UsageProblem: something is there already, or nothing can be written there.
    """
    if path.exists():
        raise UsageProblem(f"{path} is there already.", "Name another file.")
    try:
        with written_whole(path) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        raise UsageProblem(f"{path} cannot be written: {error}.", "Name another file.") from error


def unfinished_runs(work_directory: Path) -> tuple[UnfinishedRun, ...]:
    """The runs that can be taken up again, newest first."""
    return tuple(
        UnfinishedRun(
            directory=Path(standing.directory),
            run_id=standing.run_id,
            request=request,
            state=standing.state,
            last_done=next(
                (stage.name for stage in reversed(standing.stages) if stage.status == "done"), None
            ),
        )
        for standing, request in resumable_requests(work_directory)
    )
