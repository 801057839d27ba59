"""Tones as colours of the theme in force, for widgets that draw text piece by piece."""

from rich.cells import cell_len
from rich.text import Text
from textual.app import App
from textual.content import Content

from sdmigrate.tui.format import LONGEST, cell, plain
from sdmigrate.tui.views.grid import Heading, Shown, Tone

_STYLES: dict[Tone, str] = {
    "": "",
    "good": "$tone-good",
    "warn": "$tone-warn",
    "bad": "$tone-bad",
    "muted": "$tone-muted",
    "strong": "bold",
}


def toned(text: object, tone: Tone = "") -> Content:
    """The text, safe, in its tone."""
    return Content.styled(plain(text), _STYLES[tone])


def joined(*parts: Content, separator: str = "  ") -> Content:
    """The parts on one line; empty ones leave no gap."""
    return Content(separator).join([part for part in parts if part.plain])


def table_cell(app: App[object], shown: Shown, width: int, heading: Heading) -> Text:
    """A cell of a table, cut to its width and aligned as its heading says."""
    variable = _STYLES[shown.tone]
    style = app.theme_variables.get(variable[1:], "") if variable.startswith("$") else variable
    words = plain(shown.text)
    if heading.name and cell_len(words) > width:
        words = _without_middle(plain(_ends(shown.text)), width)
    text = cell(words, width, style)
    text.justify = "right" if heading.right else "left"
    return text


def _ends(text: str) -> str:
    """As much of both ends of a text as is ever shown."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else text[:half] + text[-half:]


def _without_middle(words: str, width: int) -> str:
    """Both ends of a text that does not fit, more of the second: a column stands behind its table."""
    end = _end_of(words, (width - 1) * 2 // 3)
    begin = _end_of(words[::-1], width - 1 - cell_len(end))[::-1]
    return f"{begin}…{end}"


def _end_of(words: str, width: int) -> str:
    """As much of the text's end as fits into that many cells."""
    begin = len(words)
    while begin and (width := width - cell_len(words[begin - 1])) >= 0:
        begin -= 1
    return words[begin:]
