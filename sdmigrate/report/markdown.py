"""The report as GitHub-flavoured Markdown.

Invariant: text of the data is shown and never read: what would be markup, HTML, a link, a mention or a new
table cell is escaped (https://github.github.com/gfm/).
"""

import re

from sdmigrate.report.page import Block, Command, Facts, Grid, Line, Note, Page
from sdmigrate.report.plain import plain
from sdmigrate.report.story import RunStory
from sdmigrate.report.telling import page_of
from sdmigrate.report.view import WHOLE, ReportView

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&!$@]|://|(?i:\bwww\.)")
_OPENS_A_BLOCK = re.compile(r"^(\s*)([-+=]|\d{1,9}[.)](?=\s|$))")
_FENCES = re.compile(r"`+")


def escaped(text: str) -> str:
    """The text, on one line, for any place in Markdown."""
    safe = _MARKUP.sub(lambda found: _escape(found.group()), plain(text))
    return _OPENS_A_BLOCK.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", safe)


def _escape(found: str) -> str:
    if found == "&":
        return "&amp;"
    if found == "<":
        return "&lt;"
    if found.lower() == "www.":
        return f"{found[:3]}\\."
    return f"\\{found}"


def markdown_text(story: RunStory, view: ReportView = WHOLE) -> str:
    """The report, ending with a line feed.

    Raises:
        UsageProblem: the view names a table that the source does not have.
    """
    return _page(page_of(story, view))


def _page(page: Page) -> str:
    parts = [f"# {escaped(page.title)}", *(escaped(text) for text in (page.sentence, page.remark) if text)]
    for section in page.sections:
        parts.append(f"## {escaped(section.title)}")
        parts += [_block(block) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    match block:
        case Line():
            return escaped(block.text)
        case Facts():
            return _table(("", ""), block.pairs, frozenset())
        case Grid():
            return _table(block.titles, block.rows, block.numbers)
        case Note():
            return _note(block)
        case Command():
            return f"{escaped(block.purpose)}\n\n{_fenced(block.text)}"


def _table(titles: tuple[str, ...], rows: tuple[tuple[str, ...], ...], numbers: frozenset[str]) -> str:
    rules = ["---:" if title in numbers else "---" for title in titles]
    lines = [[escaped(title) for title in titles], rules, *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _note(block: Note) -> str:
    lines = [f"- **{escaped(block.head)}** {escaped(block.text)}"]
    if block.advice:
        lines.append(f"  *{escaped(block.advice)}*")
    lines += [f"  - {_code(sample)}" for sample in block.samples]
    return "\n".join(lines)


def _code(text: str) -> str:
    """A code span whose fence is longer than any run of backticks inside."""
    safe = plain(text)
    fence = "`" * (max((len(run) for run in _FENCES.findall(safe)), default=0) + 1)
    return f"{fence} {safe} {fence}"


def _fenced(text: str) -> str:
    safe = plain(text)
    fence = "`" * max(3, max((len(run) for run in _FENCES.findall(safe)), default=0) + 1)
    return f"{fence}sh\n{safe}\n{fence}"
