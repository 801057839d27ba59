"""``sdmigrate releases list | prune | export``: what is kept in a target."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from sdmigrate.cli.diagnostics import note
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.cli.switching import SchemaOption, TargetOption
from sdmigrate.cli.undo import exported
from sdmigrate.model.events import Outcome
from sdmigrate.model.listing import FileWritten, ReleaseListed
from sdmigrate.model.result import ReleaseEntry
from sdmigrate.postgres import releases
from sdmigrate.report.plain import plain
from sdmigrate.stages.export_written import export_written

app = typer.Typer(help="The releases that a target keeps.", no_args_is_help=True)


@app.command("list")
@with_common
def list_them(common: Common, target: TargetOption = None, schema: SchemaOption = None) -> None:
    """List every release of a schema, the oldest first."""

    def body(session: Session) -> Outcome:
        named, stable = session.target(target), session.schema(schema)
        for entry in releases.list_releases(session.endpoint(named), stable):
            # A release that was gone back to was published long before it became live again.
            published = f"  first live {entry.published}" if entry.published else ""
            line = f"{entry.name}  {entry.state:<8} {entry.rows:>12,} rows{published}"
            _list(session, line, entry)
        return "done"

    run_command(common, body)


@app.command()
@with_common
def prune(
    common: Common,
    target: TargetOption = None,
    schema: SchemaOption = None,
    keep: Annotated[int, typer.Option("--keep", help="How many kept releases stay, the youngest.")] = 1,
    never_live: Annotated[
        bool, typer.Option("--never-live", help="Drop also what was loaded and never went live.")
    ] = False,
) -> None:
    """Drop old kept releases, object by object. Never the live one, never what others depend on."""

    def body(session: Session) -> Outcome:
        named, stable = session.target(target), session.schema(schema)
        endpoint = session.endpoint(named)
        before = {entry.name: entry for entry in releases.list_releases(endpoint, stable)}
        dropped = releases.prune(endpoint, stable, keep=keep, never_live=never_live, cancel=session.cancel)
        for name in dropped:
            _list(session, f"dropped {name}", replace(before[name], state="dropped"))
        waiting = [name for name, entry in before.items() if entry.state in releases.NEVER_LIVE]
        if waiting and not never_live:
            note(f"never live, and left: {', '.join(waiting)}; --never-live drops them too")
        return "done"

    run_command(common, body)


@app.command("export")
@with_common
def export_them(
    common: Common,
    output: Annotated[Path, typer.Option("--output", help="A new SQLite file.")],
    target: TargetOption = None,
    schema: SchemaOption = None,
    release: Annotated[
        str | None, typer.Option("--release", help="The live one by default, or one that is kept.")
    ] = None,
) -> None:
    """Write what live has that was not published to a file."""

    def body(session: Session) -> Outcome:
        named, stable = session.target(target), session.schema(schema)
        with exported(output) as partial:
            found = export_written(session.endpoint(named), stable, release, partial, session.cancel)
        rows = sum(table.rows for table in found)
        written = FileWritten(path=str(output), count=rows)
        session.output.thing(f"{rows:,} rows written since are in {output}", written)
        for table in found:
            gone = f"; {table.missing:,} published ones are gone or changed" if table.missing else ""
            session.output.text(plain(f"  {table.table}: {table.rows:,} rows{gone}"))
        return "done"

    run_command(common, body)


def _list(session: Session, line: str, entry: ReleaseEntry) -> None:
    listed = ReleaseListed(
        schema=entry.schema,
        release=entry.name,
        state=entry.state,
        rows=entry.rows,
        created=entry.created,
        published=entry.published,
        previous=entry.previous,
    )
    session.output.thing(line, listed, run=entry.run)
