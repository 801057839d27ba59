"""The report for a terminal, in colour where there is one and plain text where not.

Invariant: all text goes in as ``rich.text.Text`` made from ``plain``, so that no markup is read in it and no
control character leaves it.
"""

import io
import shutil
import sys
from dataclasses import replace

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sdmigrate.report.page import Command, Facts, Grid, Line, Note, Page, Tone
from sdmigrate.report.plain import plain
from sdmigrate.report.story import RunStory
from sdmigrate.report.telling import page_of
from sdmigrate.report.view import WHOLE, ReportView

_STYLES: dict[Tone, str] = {"plain": "", "good": "green", "warn": "yellow", "bad": "bold red", "dim": "dim"}
_NARROW = 120
"""Columns below which a table leaves out what it can do without."""
_WIDTH_OF_A_FILE = 120
_LONGEST_CELL = 300
_MOST_TABLES = 100
"""Told column by column; of thousands nobody would read all, and laying them out takes a minute."""


def terminal_text(
    story: RunStory, view: ReportView = WHOLE, *, width: int | None = None, colour: bool | None = None
) -> str:
    """The report, with a line feed at each line's end but the last.

    Args:
        story: the run.
        view: which table, and whether values are shown.
        width: columns; None: the terminal's, or 120 where there is none.
        colour: None: where standard output is a terminal and NO_COLOR is not set.

    Raises:
        UsageProblem: the view names a table that the source does not have.
    """
    to_terminal = sys.stdout.isatty()
    if width is None:
        width = shutil.get_terminal_size().columns if to_terminal else _WIDTH_OF_A_FILE
    console = Console(
        file=io.StringIO(),
        width=max(width, 40),
        force_terminal=to_terminal if colour is None else colour,
        highlight=False,
        emoji=False,
        markup=False,
    )
    with console.capture() as captured:
        page = page_of(story, replace(view, most_tables=_MOST_TABLES))
        _print(console, page, narrow=width < _NARROW)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _print(console: Console, page: Page, *, narrow: bool) -> None:
    console.print(_text(page.title, "dim"))
    console.print(_text(page.sentence, page.tone))
    if page.remark:
        console.print(_text(page.remark, "dim"))
    for section in page.sections:
        console.print()
        console.print(Text(plain(section.title), style="bold underline"))
        for block in section.blocks:
            if isinstance(block, Command):
                # A command is not folded: what is copied must be what was meant.
                console.print(_text(block.purpose))
                console.print(Text(f"  {plain(block.text)}", style="bold"), soft_wrap=True)
            else:
                console.print(_block(block, narrow))


def _text(text: str, tone: Tone = "plain") -> Text:
    return Text(plain(text), style=_STYLES[tone], overflow="fold")


def _block(block: Line | Facts | Grid | Note, narrow: bool) -> RenderableType:
    match block:
        case Line():
            return _text(block.text, block.tone)
        case Facts():
            return _facts(block)
        case Grid():
            return _grid(block, narrow)
        case Note():
            return _note(block)


def _facts(block: Facts) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in block.pairs:
        table.add_row(_text(name, "dim"), _text(value))
    return table


def _grid(block: Grid, narrow: bool) -> Table:
    kept = [index for index, title in enumerate(block.titles) if not (narrow and title in block.optional)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for index in kept:
        title = block.titles[index]
        table.add_column(
            Text(plain(title)), justify="right" if title in block.numbers else "left", overflow="fold"
        )
    for number, row in enumerate(block.rows):
        tone = block.tones[number] if block.tones else "plain"
        table.add_row(*(_text(plain(row[index], _LONGEST_CELL)) for index in kept), style=_STYLES[tone])
    return table


def _note(block: Note) -> RenderableType:
    lines: list[RenderableType] = [_text(block.head, block.tone)]
    for text, tone in ((block.text, "plain"), (block.advice, "dim")):
        if text:
            lines.append(Padding(_text(text, "dim" if tone == "dim" else "plain"), (0, 0, 0, 2)))
    lines += [Padding(_text(sample, "dim"), (0, 0, 0, 4)) for sample in block.samples]
    return Group(*lines)
