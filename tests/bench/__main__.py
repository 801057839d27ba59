"""``python -m tests.bench [ROWS ...]``: one whole run for each number of rows, 260,130 by default.

Invariant: stages run through the same journey as an operator's, in this process, on a throw-away server;
the floors are measured in the same process, on the same files and server, right after.
"""

import argparse
import shutil
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from sdmigrate.demo.companions import queries_path, rules_path
from sdmigrate.demo.database import FULL_ROWS, write_demo
from sdmigrate.model.approval import approve
from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.run import Run, opened_run
from sdmigrate.postgres.embedded import throwaway
from sdmigrate.report.numbers import count, rate, size
from sdmigrate.runtime.cancel import CancelToken
from tests.bench import floors
from tests.bench.dirty import measure_dirty
from tests.bench.measuring import Measure, measured, server_of

SCHEMA = "servicedesk"
GUARDED = ("backup", "profile", "plan", "clean", "canary", "load", "verify", "cutover")
"""The stages of the whole guarded run, as the budget counts it."""
LARGE_ROWS = 4 * FULL_ROWS
"""From here on the profile may take no longer than reading does."""


def main() -> None:
    """Measure each size asked for, then the growth between them."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=[FULL_ROWS], help="rows of the demo database")
    sizes = sorted(parser.parse_args().rows)
    seconds: dict[int, float] = {}
    for rows in sizes:
        directory = Path(tempfile.mkdtemp(prefix="sdmigrate-bench-"))
        try:
            seconds[rows] = bench(rows, directory)
        finally:
            shutil.rmtree(directory)
    with tempfile.TemporaryDirectory(prefix="sdmigrate-bench-") as name:
        profile, read = measure_dirty(Path(name))
        say(_ratio("dirty profile / SELECT *", [profile], [read], 2.0))
    for smaller, larger in pairwise(sizes):
        growth, more = seconds[larger] / seconds[smaller], larger / smaller
        say(f"growth: {growth:.2f} x the time for {more:.2f} x the rows")


def bench(rows: int, directory: Path) -> float:
    """Print the tables of one size; the whole run's seconds.

    Args:
        rows: rows of the demo database.
        directory: an empty directory with room for some ten times the database.
    """
    source = directory / "desk.sqlite"
    with measured("demo") as writing:
        write_demo(source, rows=rows)
    say(f"\n{count(rows)} rows, {size(source.stat().st_size)}; written at {rate(rows, writing.seconds)}\n")
    with throwaway(directory / "server") as endpoint:
        stages, cleaned = run_stages(source, directory, endpoint)
        least = measure_floors(source, cleaned, directory, endpoint)
    whole = sum(stages[name].seconds for name in GUARDED)
    say(f"{'stage':<14}{'seconds':>10}{'rows/s':>16}{'memory':>14}{'our CPU':>10}{'server CPU':>12}")
    for measure in stages.values():
        speed = rate(rows, measure.seconds).removesuffix(" rows/s")
        line = f"{measure.name:<14}{measure.seconds:>10.2f}{speed:>16}{size(measure.peak_bytes):>14}"
        say(f"{line}{measure.own_cpu:>10.2f}{measure.server_cpu:>12.2f}")
    say(f"{'whole run':<14}{whole:>10.2f}{rate(rows, whole).removesuffix(' rows/s'):>16}\n")
    for line in ratios(rows, stages, least):
        say(line)
    return whole


def run_stages(source: Path, directory: Path, endpoint: Endpoint) -> tuple[dict[str, Measure], Path]:
    """Every stage of a migration measured, rollback and the way forward again included; the cleaned file."""
    request = Request(
        mode="migrate",
        source=str(source),
        target=endpoint.described if endpoint.described != "embedded" else "throw-away",
        schema=SCHEMA,
        queries_path=str(queries_path()),
        rules_path=str(rules_path()),
    )
    begin = Begin(request=request, work_directory=str(directory / "work"), conninfo=endpoint.conninfo)
    stages: dict[str, Measure] = {}
    server = server_of(endpoint)
    with opened_run(begin, CancelToken()) as run:
        while (stage := run.journey.following) is not None:
            with measured(stage, server) as measure:
                step(run)
            stages[stage] = measure
        return stages, run.directory.cleaned


def step(run: Run) -> None:
    """The next stage; the question before the switch is answered."""
    if run.journey.following == "cutover":
        run.journey.cut_over(approve(SCHEMA, SCHEMA))
    else:
        run.journey.advance()


def measure_floors(source: Path, cleaned: Path, directory: Path, endpoint: Endpoint) -> dict[str, Measure]:
    """Each floor measured; one that cannot be measured here is left out, with a word why."""
    server = server_of(endpoint)
    readable = floors.readable_copy(source, directory)
    with measured("read") as read:
        floors.read_everything(readable)
    readable.unlink()
    with measured("copies") as copies:
        floors.copy_twice(source, directory)
    prepared = directory / "prepared"
    prepared.mkdir()
    with (
        floors.prepared_copies(endpoint, SCHEMA, prepared) as connection,
        measured("copy", server) as copy,
    ):
        floors.load_prepared(connection, prepared)
    least = {measure.name: measure for measure in (read, copies, copy)}
    if shutil.which("pgloader") is None:
        say("pgloader is not installed; its comparison is left out.\n")
        return least
    with measured("pgloader", server) as pgloader:
        trouble = floors.pgloader_loads(cleaned, endpoint, directory)
    if trouble is None:
        least["pgloader"] = pgloader
    else:
        say(f"pgloader could not load the cleaned file: {trouble}\n")
    return least


def ratios(rows: int, stages: dict[str, Measure], least: dict[str, Measure]) -> list[str]:
    """One line for each budget: what was measured, against what, how much is allowed, and the processor's."""
    whole = [stages[name] for name in GUARDED]
    budgets = [
        ("profile / plain SELECT *", [stages["profile"]], [least["read"]], 1.5 if rows < LARGE_ROWS else 1.0),
        ("load / prepared binary COPY", [stages["load"]], [least["copy"]], 1.3),
        ("verify / load", [stages["verify"]], [stages["load"]], 0.5),
        ("clean / (profile + 2 copies)", [stages["clean"]], [stages["profile"], least["copies"]], 1.0),
    ]
    if "pgloader" in least:
        budgets.append(("whole run / pgloader", whole, [least["pgloader"]], 1.0))
    return [_ratio(*budget) for budget in budgets]


def _ratio(name: str, work: list[Measure], floor: list[Measure], limit: float) -> str:
    seconds, least = sum(measure.seconds for measure in work), sum(measure.seconds for measure in floor)
    cpu = sum(measure.cpu for measure in work) / sum(measure.cpu for measure in floor)
    return (
        f"{name:<30}{seconds:>8.2f} s / {least:>7.2f} s = {seconds / least:>6.2f}   (at most {limit};"
        f" CPU {cpu:.2f})"
    )


def say(line: str) -> None:
    """One line of standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
