"""The report as one self-contained page, dark and light as the reader's system asks.

Invariant: every text passes ``plain`` and is escaped by the template's engine; the page fetches nothing and
holds no script, and its own policy forbids both.
"""

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from sdmigrate.report.plain import plain
from sdmigrate.report.story import RunStory
from sdmigrate.report.telling import page_of
from sdmigrate.report.view import WHOLE, ReportView


def _finalised(value: object) -> object:
    """What jinja2 puts into the page, before it escapes it."""
    return plain(value) if isinstance(value, str) else value


_ENVIRONMENT = Environment(
    autoescape=True, undefined=StrictUndefined, finalize=_finalised, trim_blocks=True, lstrip_blocks=True
)


def html_text(story: RunStory, view: ReportView = WHOLE) -> str:
    """The report, ending with a line feed.

    Raises:
        UsageProblem: the view names a table that the source does not have.
    """
    template = (files("sdmigrate.report") / "page.html.jinja").read_text("utf-8")
    return _ENVIRONMENT.from_string(template).render(page=page_of(story, view)) + "\n"
