"""What the reports say, on every printer."""

import json
import re
import shlex
import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.events import Outcome
from sdmigrate.report import chapters
from sdmigrate.report.files import report_text, write_copies, write_reports
from sdmigrate.report.html import html_text
from sdmigrate.report.markdown import escaped, markdown_text
from sdmigrate.report.page import Command, Note
from sdmigrate.report.sentence import TONES, what_happened
from sdmigrate.report.story import RunStory
from sdmigrate.report.telling import page_of
from sdmigrate.report.terminal import terminal_text
from sdmigrate.report.view import ReportView
from sdmigrate.runtime.directory import RunDirectory
from tests.report.stories import SECRET, finding, inspected, refused, released

TELLERS = (terminal_text, markdown_text, html_text)


def test_the_first_sentence_says_what_happened() -> None:
    assert what_happened(released()) == (
        "1,090 rows in 1 table of desk.sqlite are live as schema service desk, in 2.5 s; "
        "2 rows in quarantine, 1 row dropped as duplicates."
    )
    assert what_happened(inspected()) == (
        "desk.sqlite holds 1,093 rows in 2 tables; 1 finding to decide on, 1 to look at."
    )
    assert what_happened(refused()) == (
        "The run on desk.sqlite was refused at clean: The quality gate says no: quality is 70.0; "
        "live is unchanged."
    )


def test_columns_of_which_the_same_is_to_know_are_told_together() -> None:
    labelled = [
        finding(code="text-in-timestamp", severity="info", column=f"c{number}", message=f"It holds {number}.")
        for number in range(5)
    ]
    lost = [finding(code="invalid-utf8", column=f"w{number}") for number in range(5)]
    blocks = chapters.findings((*lost, *labelled))
    notes = [block for block in blocks if isinstance(block, Note)]
    assert len(notes) == 6
    assert notes[-1].head == "info text-in-timestamp · tickets.c0"
    assert notes[-1].text == "It holds 0. Likewise: tickets.c1, tickets.c2, tickets.c3, tickets.c4."
    assert len(chapters.findings(tuple(labelled[:3]))) == 3


def test_of_hundreds_of_tables_a_terminal_tells_some_and_a_page_all() -> None:
    story = inspected()
    assert story.profile is not None
    model = story.profile.tables[0]
    tables = tuple(replace(model, name=f"t{number:03}") for number in range(150))
    told = replace(story.profile, tables=tables, findings=(finding(table="t140"),))
    page = page_of(replace(story, profile=told), ReportView(most_tables=100))
    titles = [section.title for section in page.sections if section.title.startswith("Table ")]
    assert len(titles) == 100
    assert titles[-1] == "Table t140"
    assert "50 more tables: --table NAME" in terminal_text(replace(story, profile=told))
    assert "Table t149" in markdown_text(replace(story, profile=told))


@pytest.mark.parametrize("outcome", sorted(TONES))
def test_every_outcome_has_its_sentence(outcome: Outcome) -> None:
    story = released()
    told = what_happened(replace(story, finished=replace(story.finished, outcome=outcome)))
    assert told.endswith(".")
    assert "None" not in told


def commands(story: RunStory) -> list[str]:
    return [
        block.text
        for section in page_of(story).sections
        for block in section.blocks
        if isinstance(block, Command)
    ]


def test_the_way_back_can_be_pasted_into_a_shell() -> None:
    back, listing = commands(released())
    assert shlex.split(back) == [
        *("sdmigrate", "rollback", "--target", "embedded", "--schema", "service desk"),
        *("--confirm", "service desk", "--work-dir", "/work dir"),
    ]
    assert shlex.split(listing) == [
        "sdmigrate",
        "quarantine",
        "list",
        "--run",
        "r1",
        "--work-dir",
        "/work dir",
    ]
    assert shlex.split(commands(refused())[0]) == ["sdmigrate", "resume", "r1", "--work-dir", "/work dir"]
    for text in (terminal_text(released(), width=80), markdown_text(released())):
        assert back in text


def test_findings_stand_errors_first_and_once() -> None:
    story = inspected()
    assert story.profile is not None
    doubled = replace(story, profile=replace(story.profile, findings=(*story.profile.findings, finding())))
    assert [found.severity for found in doubled.findings] == ["error", "warning", "info"]


@pytest.mark.parametrize("tell", TELLERS)
@pytest.mark.parametrize("story", [released(), inspected(), refused()])
def test_nothing_of_the_data_acts_in_a_report(tell: object, story: RunStory) -> None:
    assert callable(tell)
    text = tell(story)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)
    assert "\\x1b[31m" in text.replace("\\\\x1b\\[31m", "\\x1b[31m")


@pytest.mark.parametrize("tell", TELLERS)
def test_values_are_masked_unless_asked_for(tell: object) -> None:
    assert callable(tell)
    story = inspected()
    assert SECRET not in tell(story)
    open_ = tell(story, ReportView(show_values=True))
    assert (SECRET in open_, "masked" in open_) == (True, False)
    assert "Xxxxxx 99" in tell(story)
    assert "x is a letter, 9 a digit" in tell(story)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "data", "action")]


@pytest.mark.parametrize("story", [released(), inspected(), refused()])
def test_the_page_runs_no_script_and_fetches_nothing(story: RunStory) -> None:
    text = html_text(story, ReportView(show_values=True))
    reader = Reader()
    reader.feed(text)
    assert not reader.tags & {"script", "img", "link", "iframe", "object"}
    assert all(address is not None and address.startswith("#") for address in reader.addresses)
    assert "url(" not in text
    assert "&lt;script&gt;" in text
    assert "prefers-color-scheme: dark" in text


def test_markdown_tables_keep_their_cells() -> None:
    for line in markdown_text(released()).splitlines():
        if line.startswith("| tickets |") or line.startswith("| All |"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (5, 6, 10)
    assert escaped("- x") == "\\- x"
    assert escaped("1. x") == "1\\. x"
    assert escaped("see https://x.example or www.x.example, a@b.example") == (
        "see https\\://x.example or www\\.x.example, a\\@b.example"
    )
    assert escaped("<b>&</b>|`*_") == "&lt;b\\>&amp;&lt;/b\\>\\|\\`\\*\\_"


def test_colour_only_where_there_is_a_terminal() -> None:
    assert "\x1b[" not in terminal_text(released())
    coloured = terminal_text(released(), colour=True)
    assert "\x1b[" in coloured
    assert "\x1b[31mevil" not in coloured


@pytest.mark.parametrize("width", [40, 80, 160])
def test_lines_fit_the_terminal(width: int) -> None:
    lines = terminal_text(inspected(), width=width).splitlines()
    assert max(map(len, lines)) <= width


def test_one_table_can_be_asked_for() -> None:
    text = terminal_text(inspected(), ReportView(table="tickets"))
    assert "Table tickets" in text
    assert "Table empty" not in text
    with pytest.raises(UsageProblem, match="no table 'nope'"):
        terminal_text(inspected(), ReportView(table="nope"))


def test_the_latest_verdict_of_a_gate_is_told() -> None:
    text = markdown_text(released())
    assert "| quality | pass | 95.1 | 80 | went up |" in text
    assert "old" not in text.split("## Gates")[1].split("##")[0]


def test_reports_are_files_of_the_run_and_are_told_again(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    with pytest.raises(UnsafeToContinue, match="no report yet"):
        report_text(directory, None)
    copy = tmp_path / "copy.html"
    write_reports(directory, inspected())
    write_copies(inspected(), ReportView(html=copy, show_values=True))
    for suffix in ("json", "md", "html"):
        assert stat.S_IMODE(directory.report(suffix).stat().st_mode) == 0o600
        assert SECRET not in directory.report(suffix).read_text("utf-8")
    assert SECRET in copy.read_text("utf-8")
    assert json.loads(report_text(directory, "json"))["run"] == "r1"
    assert report_text(directory, None) == terminal_text(inspected())
    assert report_text(directory, "md") == markdown_text(inspected()).rstrip("\n")
    with pytest.raises(UsageProblem, match="could not be written"):
        write_copies(inspected(), ReportView(markdown=tmp_path / "no" / "x.md"))
    directory.report("json").write_text("{}", "utf-8")
    with pytest.raises(UnsafeToContinue, match="not written by this version"):
        report_text(directory, None)
