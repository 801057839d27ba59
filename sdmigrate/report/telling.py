"""A run told: what happened first, then everything that proves it, then the way back.

Invariant: one telling for every printer, and sample values in it only where they were asked for.
"""

from msgspec.structs import replace

from sdmigrate.model.errors import UsageProblem
from sdmigrate.report import chapters, inspection
from sdmigrate.report.masking import masked
from sdmigrate.report.page import Page, Section
from sdmigrate.report.sentence import TONES, what_happened
from sdmigrate.report.story import RunStory
from sdmigrate.report.view import WHOLE, ReportView
from sdmigrate.report.way_back import commands, where_things_are

MASKED = "Values of the data are masked here: x is a letter, 9 a digit."


def shown(story: RunStory, view: ReportView) -> RunStory:
    """The story as that view shows it, its values masked unless they were asked for."""
    if view.show_values or story.masked:
        return story
    return replace(masked(story), masked=True)


def page_of(story: RunStory, view: ReportView = WHOLE) -> Page:
    """The report's page.

    Raises:
        UsageProblem: the view names a table that the source does not have.
    """
    require_table(story, view.table)
    story = shown(story, view)
    sections = _inspection(story, view) if story.request.mode == "inspect" else _journey(story)
    return Page(
        title=f"sdmigrate {story.request.mode} · {story.run}",
        sentence=what_happened(story),
        tone=TONES[story.finished.outcome],
        remark=MASKED if story.masked else "",
        sections=tuple(section for section in sections if section.blocks),
    )


def _journey(story: RunStory) -> tuple[Section, ...]:
    return (
        Section(title="What stopped it", blocks=chapters.stop(story)),
        Section(title="Gates", blocks=chapters.gates(story)),
        Section(title="Preflight", blocks=chapters.checks(story)),
        Section(title="Ledger", blocks=chapters.ledger(story)),
        Section(title="Findings", blocks=chapters.findings(story.findings)),
        Section(title="What changed", blocks=chapters.changes(story)),
        Section(title="Quality", blocks=chapters.quality(story)),
        Section(title="Canary", blocks=chapters.canary(story)),
        Section(title="Verification", blocks=chapters.proof(story)),
        Section(title="Switches", blocks=chapters.switches(story)),
        Section(title="Digests of the source", blocks=chapters.snapshot(story)),
        Section(title="Timings", blocks=chapters.timings(story)),
        Section(title="Where things are", blocks=where_things_are(story)),
        Section(title="The way back, and on", blocks=commands(story)),
    )


def _inspection(story: RunStory, view: ReportView) -> tuple[Section, ...]:
    table = view.table
    findings = tuple(found for found in story.findings if table is None or found.table == table)
    return (
        Section(title="What stopped it", blocks=chapters.stop(story)),
        Section(title="Tables", blocks=inspection.overview(story) if table is None else ()),
        Section(title="Findings", blocks=chapters.findings(findings)),
        *inspection.tables(story, table, view.most_tables),
        Section(title="Quality", blocks=chapters.quality(story)),
        Section(title="Gates", blocks=chapters.gates(story)),
        Section(title="Preflight", blocks=chapters.checks(story)),
        Section(title="Digests of the source", blocks=chapters.snapshot(story)),
        Section(title="Timings", blocks=chapters.timings(story)),
        Section(title="Where things are", blocks=where_things_are(story)),
        Section(title="What to do", blocks=commands(story)),
    )


def require_table(story: RunStory, table: str | None) -> None:
    """Whether that table can be told of; None stands for all.

    Raises:
        UsageProblem: the profile has no such table.
    """
    if table is None or story.profile is None:
        return
    names = [found.name for found in story.profile.tables]
    if table not in names:
        raise UsageProblem(
            f"The source has no table {table!r}.", f"It has: {', '.join(names[:20]) or 'no table at all'}."
        )
