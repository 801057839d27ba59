"""``sdmigrate quarantine list | show | edit | replay``: rows that a run could not load, and their repair."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.repairs import Repair, repairs_of_csv, repairs_of_file, repairs_of_options
from sdmigrate.cli.runs import request_of
from sdmigrate.cli.session import Session, run_command
from sdmigrate.cli.undo import exported
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import FindingSeen, Outcome, RunFinished
from sdmigrate.model.listing import FileWritten
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.replay import Replay
from sdmigrate.model.result import Cleaned
from sdmigrate.model.source import Snapshot
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.replaying import require_none_pending
from sdmigrate.pipeline.run import opened_run
from sdmigrate.report.plain import plain
from sdmigrate.report.shown_value import shown
from sdmigrate.rules.repaired import same
from sdmigrate.rules.wording import plural
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import locked
from sdmigrate.sqlite.exact_values import row_from_json
from sdmigrate.sqlite.quarantine import QuarantinedRow, open_quarantine, read_reasons
from sdmigrate.sqlite.quarantine_children import children_of
from sdmigrate.sqlite.quarantine_export import export_csv, export_lines
from sdmigrate.sqlite.repaired_rows import editing_quarantine, kept_row, kept_table, repair_row

app = typer.Typer(help="The rows that a run could not load, why, and their repair.", no_args_is_help=True)

RunOption = Annotated[str, typer.Option("--run", help="A run's id, or its beginning.")]


@app.command("list")
@with_common
def list_them(common: Common, run: RunOption) -> None:
    """Count the reasons by table, column and finding."""

    def body(session: Session) -> Outcome:
        reasons = _reasons(_quarantined(session, run))
        counts = Counter((row.table, row.column, row.finding) for row in reasons)
        for (table, column, finding), count in sorted(counts.items(), key=lambda item: str(item[0])):
            line = f"{count:>9,}  {table}.{column or ''}  {finding}"
            session.output.thing(line, _counted(table, column, finding, count), run=session.subject.run_id)
        return "done"

    run_command(common, body)


@app.command()
@with_common
def show(
    common: Common,
    run: RunOption,
    table: Annotated[str | None, typer.Option("--table", help="Of this source table only.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Write the whole rows to this new .jsonl or .csv file (--table)."),
    ] = None,
) -> None:
    """Show each row, its reason, and how many rows depend on it."""

    def body(session: Session) -> Outcome:
        directory = _quarantined(session, run)
        if output is not None:
            written = _exported(directory, output, session.cancel, table)
            listed = FileWritten(path=str(output), count=written)
            session.output.thing(f"{written} rows are in {output}", listed, run=directory.run_id)
            return "done"
        children = _children(directory)
        with closing(open_quarantine(directory.quarantine)) as quarantine:
            for row in read_reasons(quarantine, table):
                _show(session, quarantine, row, children.pop((row.table, row.rowid), {}))
        return "done"

    run_command(common, body)


@app.command()
@with_common
def edit(
    common: Common,
    run: RunOption,
    table: Annotated[str | None, typer.Option("--table", help="The row's source table.")] = None,
    row: Annotated[int | None, typer.Option("--row", help="Its rowid, as 'show' tells it.")] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="COLUMN=TEXT; or COLUMN:null=, COLUMN:integer=5, COLUMN:real=1.5, COLUMN:blob=00ff."
            " May be repeated.",
        ),
    ] = None,
    edited: Annotated[
        Path | None,
        typer.Option("--from", help="A .jsonl or .csv (--table) file that 'show --output' wrote, edited."),
    ] = None,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Replay rows that are as they were: what they lacked is there.")
    ] = False,
) -> None:
    """Repair rows; they stay in quarantine until they are replayed."""

    def body(session: Session) -> Outcome:
        directory = _quarantined(session, run)
        with locked(directory):
            with Journal.open(directory.journal) as journal:
                require_none_pending(journal, directory.run_id)
            with editing_quarantine(directory.quarantine) as quarantine:
                if edited is not None and row is None and not values:
                    repairs = _repairs_of(quarantine, edited, table)
                elif edited is None and table is not None and row is not None and (values or as_is):
                    repairs = [repairs_of_options(quarantine, table, row, values or [])]
                else:
                    raise UsageProblem(
                        "Name one row and its new values, or a file.",
                        "--table T --row ROWID --set COLUMN=VALUE, or --from FILE.jsonl, or --from FILE.csv"
                        " --table T.",
                    )
                changed = sum(repair_row(quarantine, *repair, as_is=as_is) for repair in repairs)
        session.output.text(
            f"{plural(changed, 'row was', 'rows were')} changed;"
            " 'sdmigrate quarantine replay' checks and loads what was repaired"
        )
        return "done"

    run_command(common, body)


@app.command()
@with_common
def replay(
    common: Common,
    run: RunOption,
    target: Annotated[
        str | None, typer.Option("--target", help="The run's target, where it needs a password.")
    ] = None,
) -> None:
    """Bring repaired rows into the run. Into cleaned before the load, else into its release."""

    def body(session: Session) -> RunFinished:
        directory = _quarantined(session, run)
        request, reached = request_of(session, directory, target)
        begin = Begin(
            request=request,
            work_directory=str(session.work_directory),
            conninfo=reached.conninfo if reached is not None else None,
            resume=str(directory.path),
        )
        with opened_run(begin, session.cancel, session.listeners) as opened:
            done = opened.journey.replay()
            following = opened.journey.following
            finished, _ = opened.conclude(
                outcome=None if following is None else "done",
                refused=bool(done.refused) or following == "clean",
            )
        _tell(session, done)
        if following is not None:
            stops = ", which its gate still stops" if following == "clean" else ""
            session.output.text(
                plain(f"The run stands before {following}{stops}: sdmigrate resume {directory.run_id}")
            )
        return finished

    run_command(common, body)


def _show(
    session: Session, quarantine: sqlite3.Connection, row: QuarantinedRow, children: Mapping[str, int]
) -> None:
    where = f"{row.table} rowid {row.rowid}" + (f", {row.column}" if row.column else "")
    state = f" (SQLSTATE {row.sqlstate})" if row.sqlstate else ""
    line = plain(f"{where}: {row.reason} [{row.finding}]{state}")
    kept = kept_table(quarantine, row.table)
    before = kept_row(quarantine, kept, row.rowid) or {}
    value = shown(before[row.column]) if row.column in before else None
    event = replace(
        _counted(row.table, row.column, row.finding, 1),
        message=line if value is None else f"{line}: {value}",
        advice=_REPAIR,
    )
    session.output.thing(line, event, run=session.subject.run_id)
    if value is not None:
        session.output.text(f"  {value}")
    if row.repaired:
        after = row_from_json(row.repaired)
        changed = [name for name in kept.columns if not same(after[name], before[name])]
        session.output.text("  repaired, not replayed" + ("" if changed else ": as it is"))
        for name in changed:
            session.output.text(f"    {plain(name)}: {shown(after[name])}")
    for child, count in children.items():
        session.output.text(plain(f"  {count} rows of {child} point at it"))


def _tell(session: Session, done: Replay) -> None:
    for table, count in done.replayed.items():
        session.output.text(plain(f"{count:>9,}  rows of {table} are in {done.release or 'cleaned'}"))
    for row in done.refused:
        where = f"{row.table} rowid {row.rowid}" + (f", {row.column}" if row.column else "")
        state = f" (SQLSTATE {row.sqlstate})" if row.sqlstate else ""
        session.output.text(plain(f"{where} stays in quarantine: {row.reason}{state}"))
    if not done.replayed and not done.refused:
        session.output.text("No row was repaired since; nothing was replayed")


_REPAIR = "Repair it with 'sdmigrate quarantine edit', then replay."


def _counted(table: str, column: str | None, finding: str, count: int) -> FindingSeen:
    return FindingSeen(
        code=finding,
        severity="warning",
        table=table,
        column=column,
        count=count,
        message=f"{plural(count, 'row is', 'rows are')} in quarantine.",
        advice="Look at them with 'sdmigrate quarantine show'.",
    )


def _quarantined(session: Session, run: str) -> RunDirectory:
    directory = session.run(run)
    if not directory.quarantine.exists():
        raise UsageProblem(f"The run {directory.run_id} has no quarantine yet.", "Let it clean first.")
    return directory


def _repairs_of(quarantine: sqlite3.Connection, edited: Path, table: str | None) -> list[Repair]:
    is_csv = edited.suffix == ".csv"
    if is_csv and table is not None:
        return repairs_of_csv(quarantine, edited, table)
    if is_csv or table is not None:
        raise UsageProblem(
            "A .csv file is of one table; a .jsonl file names the table in each line.",
            "--from FILE.csv --table T, or --from FILE.jsonl.",
        )
    return repairs_of_file(edited)


def _reasons(directory: RunDirectory, table: str | None = None) -> list[QuarantinedRow]:
    with closing(open_quarantine(directory.quarantine)) as quarantine:
        return list(read_reasons(quarantine, table))


def _children(directory: RunDirectory) -> dict[tuple[str, int], dict[str, int]]:
    with Journal.open(directory.journal) as journal:
        cleaned, snapshot = journal.result("clean", Cleaned), journal.result("backup", Snapshot)
    if cleaned is None or snapshot is None:
        return {}
    return children_of(cleaned.path, cleaned.quarantine_path, snapshot.catalog)


def _exported(directory: RunDirectory, output: Path, cancel: CancelSignal, table: str | None) -> int:
    if output.suffix not in (".jsonl", ".csv") or (output.suffix == ".csv" and table is None):
        raise UsageProblem("The rows are written as .jsonl, or as .csv of one table.", "Add --table T.")
    with (
        closing(open_quarantine(directory.quarantine)) as quarantine,
        exported(output) as partial,
    ):
        if output.suffix == ".jsonl":
            with partial.open("wb") as lines:
                return export_lines(quarantine, lines, cancel, table)
        with partial.open("w", encoding="utf-8", newline="") as out:
            return export_csv(quarantine, out, cancel, table or "")
