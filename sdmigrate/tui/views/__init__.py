"""What each step's result shows, as views: records in, text out, no widget."""

from typing import TypeAlias

from sdmigrate.model.events import FindingSeen
from sdmigrate.model.finding import Finding, findings_of, told_once
from sdmigrate.model.profile import Profile
from sdmigrate.model.record import Record
from sdmigrate.model.result import CanaryResult, Cleaned, Release, Verification
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.tui.journey import Journey
from sdmigrate.tui.steps import Step
from sdmigrate.tui.views.findings import findings_grid
from sdmigrate.tui.views.grid import Grid
from sdmigrate.tui.views.grounds import catalog_grid, checks_grid, others_grid, snapshot_grid
from sdmigrate.tui.views.inspected import Inspection, inspection_of
from sdmigrate.tui.views.moved import ledger_grid, queries_grid, release_grid, verification_grid
from sdmigrate.tui.views.quality import quality_grid

View: TypeAlias = Grid | Inspection


def views_of(journey: Journey, step: Step) -> tuple[View, ...]:
    """The step's views, findings first; empty before anything of it is known.

    An inspection is about its tables, which there come first.
    """
    findings: list[Finding] = []
    heard: list[FindingSeen] = []
    grids: list[View] = []
    for stage in step.stages:
        record = journey.results.get(stage)
        if record is None:
            heard += journey.stage(stage).findings
        else:
            findings += findings_of(record)
            grids += _grids(record)
    told: tuple[View, ...] = ()
    if grids or findings or heard:
        told = (findings_grid((*told_once(findings), *heard)),)
    inspection = inspection_of(journey) if step.name == "profile" else None
    tables: tuple[View, ...] = () if inspection is None else (inspection,)
    if journey.request.mode == "inspect":
        return (*tables, *told, *grids)
    return (*told, *tables, *grids)


def _grids(record: Record) -> tuple[Grid, ...]:
    match record:
        case Source():
            others = (others_grid(record.catalog),) if record.catalog.others else ()
            return (checks_grid(record), catalog_grid(record.catalog), *others)
        case Snapshot():
            return (snapshot_grid(record),)
        case Profile():
            return (quality_grid(record.quality),)
        case Cleaned():
            return (ledger_grid(record), quality_grid(record.quality))
        case CanaryResult():
            return (verification_grid(record.verification, "Sample"), queries_grid(record))
        case Release():
            return (release_grid(record),)
        case Verification():
            return (verification_grid(record),)
        case _:
            return ()
