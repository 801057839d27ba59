"""The reports as files: ``report.json``, ``report.md`` and ``report.html`` of a run directory, and copies.

Invariant: each file is written whole and private; values of the data are masked in it, but for copies made
with ``show_values``. ``report.json`` is the story itself, so a report can be told again from it.
"""

from pathlib import Path
from typing import Literal

import msgspec

from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.record import from_json, to_json
from sdmigrate.report.html import html_text
from sdmigrate.report.markdown import markdown_text
from sdmigrate.report.story import RunStory
from sdmigrate.report.telling import require_table, shown
from sdmigrate.report.terminal import terminal_text
from sdmigrate.report.view import WHOLE, ReportView
from sdmigrate.runtime.directory import RunDirectory, written_whole


def write_reports(directory: RunDirectory, story: RunStory) -> None:
    """Write the run's three reports."""
    # Masked once for the three of them.
    story = shown(story, WHOLE)
    for suffix, text in (
        ("json", json_text(story)),
        ("md", markdown_text(story)),
        ("html", html_text(story)),
    ):
        _write(directory.report(suffix), text)


def write_copies(story: RunStory, view: ReportView) -> None:
    """Write the report where the operator asked for it; what is there is replaced.

    Raises:
        UsageProblem: it cannot be written there, or the view names an unknown table.
    """
    require_table(story, view.table)
    for path, tell in ((view.html, html_text), (view.markdown, markdown_text)):
        if path is None:
            continue
        try:
            _write(path, tell(story, view))
        except OSError as error:
            raise UsageProblem(
                f"The report could not be written to {path}: {error.strerror}.", "Name another file."
            ) from error


def report_text(directory: RunDirectory, form: Literal["md", "html", "json"] | None) -> str:
    """The report of an ended run; None: for a terminal.

    Raises:
        UnsafeToContinue: the run has not ended, or another version wrote its report.
    """
    if form is None:
        return terminal_text(story_of(directory))
    return _read(directory, form).rstrip("\n")


def story_of(directory: RunDirectory) -> RunStory:
    """What an ended run told, its values masked.

    Raises:
        UnsafeToContinue: the run has not ended, or another version wrote its report.
    """
    try:
        return from_json(_read(directory, "json"), RunStory)
    except msgspec.MsgspecError as error:
        raise UnsafeToContinue(
            f"{directory.report('json')} was not written by this version of sdmigrate: {error}.",
            "Read it with --format json, or with the version that wrote it.",
        ) from error


def _read(directory: RunDirectory, suffix: str) -> str:
    try:
        return directory.report(suffix).read_text("utf-8")
    except FileNotFoundError as error:
        raise UnsafeToContinue(
            f"The run {directory.run_id} has no report yet.", "Go on with it: sdmigrate resume."
        ) from error


def json_text(story: RunStory, view: ReportView = WHOLE) -> str:
    """The story as indented JSON, ending with a line feed."""
    return msgspec.json.format(to_json(shown(story, view)), indent=1).decode() + "\n"


def _write(path: Path, text: str) -> None:
    with written_whole(path) as partial:
        partial.write_text(text, "utf-8")
