"""``sdmigrate cutover | rollback``: a release made live, or taken back, without a run of its own."""

import dataclasses
from collections.abc import Callable
from typing import Annotated

import typer
from msgspec.structs import replace

from sdmigrate.cli.diagnostics import note
from sdmigrate.cli.journeys import ask, require_confirmation
from sdmigrate.cli.options import Common, with_common
from sdmigrate.cli.session import Session, run_command
from sdmigrate.model.approval import approve
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.events import Outcome, RunFinished, seen, summed
from sdmigrate.model.result import Switch
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.releases import list_releases
from sdmigrate.postgres.switching import Switcher

TargetOption = Annotated[str | None, typer.Option("--target", help="What libpq takes, or 'embedded'.")]
SchemaOption = Annotated[str | None, typer.Option("--schema", help="The stable schema name.")]
ConfirmOption = Annotated[str | None, typer.Option("--confirm", help="The schema's name: switch unasked.")]
DiscardOption = Annotated[
    bool, typer.Option("--discard-live-writes", help="Go on although live was written to since.")
]


@with_common
def cutover(
    common: Common,
    target: TargetOption = None,
    schema: SchemaOption = None,
    release: Annotated[
        str | None, typer.Option("--release", help="The newest verified one by default.")
    ] = None,
    confirm: ConfirmOption = None,
    discard_live_writes: DiscardOption = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Live was not made by sdmigrate: keep it as NAME__r0.")
    ] = False,
) -> None:
    """Make a verified release live."""

    def switch(switcher: Switcher) -> Switch:
        adopting = dataclasses.replace(switcher, adopt=adopt)
        return adopting.publish(release or _newest_verified(switcher))

    _switch(common, target, schema, confirm, discard_live_writes, switch, "released")


@with_common
def rollback(
    common: Common,
    target: TargetOption = None,
    schema: SchemaOption = None,
    to: Annotated[
        str | None, typer.Option("--to", help="The release that was live before, by default.")
    ] = None,
    confirm: ConfirmOption = None,
    discard_live_writes: DiscardOption = False,
) -> None:
    """Make the release that was live before live again."""

    def switch(switcher: Switcher) -> Switch:
        return switcher.go_back(to or _live_before(switcher))

    _switch(common, target, schema, confirm, discard_live_writes, switch, "rolled_back")


def _switch(
    common: Common,
    target: str | None,
    schema: str | None,
    confirm: str | None,
    discard_live_writes: bool,
    switch: Callable[[Switcher], Switch],
    outcome: Outcome,
) -> None:
    def body(session: Session) -> RunFinished:
        named, stable = session.target(target), session.schema(schema)
        require_confirmation(stable, confirm)
        approve(stable, confirm if confirm is not None else ask(session, stable))
        endpoint = session.endpoint(named)
        switcher = Switcher(
            endpoint=endpoint,
            bookkeeping=Bookkeeping(),
            stable=stable,
            run=f"command-{outcome}",
            cancel=session.cancel,
            limits=session.settings.limits,
            discard_live_writes=discard_live_writes,
        )
        done = switch(switcher)
        told = [seen(finding) for finding in done.findings]
        for finding in told:
            session.output.tell_outside_a_run(finding)
            note(f"{finding.severity} {finding.code}: {finding.message}")
        session.output.text(_told(done))
        return replace(
            session.subject.ended(outcome),
            release=done.release,
            previous=done.previous,
            findings=tuple(summed(finding) for finding in told),
        )

    run_command(common, body)


def _told(done: Switch) -> str:
    live = f"{done.release} is live as {done.schema}" if done.release else f"nothing is live as {done.schema}"
    kept = f"; {done.previous} is kept" if done.previous else ""
    return f"{live}{kept} ({done.milliseconds:.0f} ms)"


def _newest_verified(switcher: Switcher) -> str:
    entries = list_releases(switcher.endpoint, switcher.stable)
    verified = [entry.name for entry in entries if entry.state == "verified"]
    if not verified:
        kept = ", ".join(entry.name for entry in entries if entry.state == "kept")
        raise UsageProblem(
            f"There is no new verified release of {switcher.stable!r} to make live.",
            f"Name a kept one with --release: {kept}."
            if kept
            else "Load one with 'sdmigrate migrate --no-cutover'.",
        )
    return verified[-1]


def _live_before(switcher: Switcher) -> str | None:
    entries = list_releases(switcher.endpoint, switcher.stable)
    live = next((entry for entry in entries if entry.live), None)
    if live is None:
        raise UsageProblem(
            f"Nothing that sdmigrate published is live as {switcher.stable!r}.",
            "Look at 'sdmigrate releases list'.",
        )
    return live.previous
