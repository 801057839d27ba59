"""The start: source, target, schema and mode; and the runs that can be taken up again."""

import os
from pathlib import Path

from msgspec.structs import replace
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input, Static

from sdmigrate.model.errors import SdmigrateError
from sdmigrate.model.settings import Endpoint, Mode, Request
from sdmigrate.tui.answers import (
    FIELDS,
    MODE_WORDS,
    FieldName,
    Missing,
    Verdict,
    missing,
    needed,
    suggested_schema,
)
from sdmigrate.tui.format import plain
from sdmigrate.tui.modals.browse import BrowseDialog
from sdmigrate.tui.modals.help import HelpDialog
from sdmigrate.tui.paint import toned
from sdmigrate.tui.session import EMBEDDED, Services, TargetReport, UnfinishedRun, WizardOptions
from sdmigrate.tui.widgets.key_bar import KeyBar
from sdmigrate.tui.widgets.mode_choice import ModeChoice
from sdmigrate.tui.widgets.plain_input import ConninfoInput, PlainInput
from sdmigrate.tui.widgets.run_list import RunList
from sdmigrate.tui.widgets.top_bar import TopBar

_KEYS = (
    ("Tab", "Next field", "The field after this one; Shift+Tab goes back."),
    ("^o", "Browse", "Pick the source from a tree of files."),
    ("^g", "Begin", "Start with these answers."),
    ("F1", "Help", "This page."),
    ("^q", "Quit", "Leave; nothing has been touched."),
)
_NOT_UNICODE = "It is not valid UTF-8, which the run's records cannot hold. Name it through a symbolic link."
_HELP = (
    "Name a SQLite file, the PostgreSQL server to take it to, and the schema that applications will use. "
    "Each answer is checked when you leave its field. The target is 'embedded', for a PostgreSQL that "
    "sdmigrate runs, or what libpq takes: postgresql://user@host/database, host=… dbname=…, service=…. "
    "PG* variables and the password file are honoured, and a typed password is never shown. "
    "Left and right change the mode."
)


class StartScreen(Screen[None]):
    """Posts ``Begun`` or ``Resumed`` when the operator has decided."""

    CSS_PATH = "../css/start.tcss"
    BINDINGS = [
        Binding("ctrl+o", "browse", "Browse", show=False),
        Binding("ctrl+g", "begin", "Begin", show=False),
        Binding("f1", "help", "Help", show=False),
        Binding("ctrl+c", "app.quit", "Quit", show=False, priority=True),
    ]

    class Begun(Message):
        """A new journey."""

        def __init__(self, request: Request, endpoint: Endpoint | None) -> None:
            super().__init__()
            self.request = request
            self.endpoint = endpoint

    class Resumed(Message):
        """A journey to be taken up again."""

        def __init__(self, run: UnfinishedRun) -> None:
            super().__init__()
            self.run = run

    class Checked(Message):
        """One field's check has an answer; posted from its thread."""

        def __init__(self, field: FieldName, verdict: Verdict, report: TargetReport | None = None) -> None:
            super().__init__()
            self.field: FieldName = field
            self.verdict = verdict
            self.report = report

    class Listed(Message):
        """The unfinished runs have been found."""

        def __init__(self, runs: tuple[UnfinishedRun, ...]) -> None:
            super().__init__()
            self.runs = runs

    def __init__(self, options: WizardOptions, services: Services) -> None:
        super().__init__()
        self._options = options
        self._services = services
        self._verdicts: dict[FieldName, Verdict] = {}
        self._endpoint: Endpoint | None = None
        self._waits_to_begin = False

    def compose(self) -> ComposeResult:
        """Four answers, the button, the runs."""
        request = self._options.request
        source = "" if os.path.isdir(request.source) else request.source
        target = self._named_target or ("" if request.mode == "inspect" else EMBEDDED)
        yield TopBar(request.mode)
        with VerticalScroll(id="start", can_focus=False):
            yield Static("From a SQLite file to a live PostgreSQL schema, and back.", id="lead")
            with Horizontal(classes="field"):
                yield Static("Source", classes="label")
                yield PlainInput(source, id="source", placeholder="path of the SQLite file")
                yield Button("Browse ^o", id="browse", compact=True)
            yield Static(id="source-verdict", classes="verdict")
            with Horizontal(classes="field"):
                yield Static("Target", classes="label")
                yield ConninfoInput(
                    target, id="target", placeholder="embedded, or postgresql://user@host/database"
                )
            yield Static(id="target-verdict", classes="verdict")
            with Horizontal(classes="field"):
                yield Static("Schema", classes="label")
                yield PlainInput(
                    request.schema or "", id="schema", placeholder="the name that applications will use"
                )
            yield Static(id="schema-verdict", classes="verdict")
            with Horizontal(classes="field"):
                yield Static("Mode", classes="label")
                yield ModeChoice(request.mode, id="mode")
            yield Static(id="mode-verdict", classes="verdict")
            with Horizontal(classes="field", id="begin-row"):
                yield Static("", classes="label")
                yield Button(" Begin ▸ ", id="begin", compact=True)
            yield Static(
                toned("Unfinished runs", "strong") + toned("  Enter takes one up again", "muted"),
                id="runs-title",
            )
            yield RunList(id="runs")
        yield KeyBar((key, label, True) for key, label, _ in _KEYS)

    def on_mount(self) -> None:
        """Check what was handed in, and look for unfinished runs."""
        self._show_mode()
        for field in FIELDS:
            if self._value(field):
                self._check(field)
        self._list_runs()
        empty = [field for field in FIELDS if needed(field, self.mode, "") and not self._value(field)]
        self.query_one(f"#{empty[0]}" if empty else "#begin").focus()

    @property
    def mode(self) -> Mode:
        """The mode chosen."""
        return self.query_one(ModeChoice).mode

    @property
    def _named_target(self) -> str | None:
        return self._options.conninfo or self._options.request.target

    def _value(self, field: FieldName) -> str:
        value = self.query_one(f"#{field}", Input).value.strip()
        return os.path.abspath(os.path.expanduser(value)) if field == "source" and value else value

    def _check(self, field: FieldName) -> None:
        value = self._value(field)
        verdict = self._verdicts.get(field)
        if verdict is not None and verdict.value == value:
            return
        self._say(field, toned("checking …", "muted") if value else Content(""))
        if not value:
            return
        if not _is_unicode(value):
            self.post_message(self.Checked(field, Verdict(value, False, _NOT_UNICODE)))
        elif field == "schema":
            self.post_message(self.Checked(field, self._schema_verdict(value)))
        elif field == "source":
            self._check_source(value)
        else:
            self._check_target(value, self._value("schema") or None)

    def _schema_verdict(self, name: str) -> Verdict:
        try:
            self._services.check_schema(name)
        except SdmigrateError as error:
            return Verdict(name, False, f"{error.message} {error.hint}")
        return Verdict(name, True, f"Releases will be {name}__r and the run's time.")

    @work(thread=True, exclusive=True, group="source", exit_on_error=False)
    def _check_source(self, path: str) -> None:
        try:
            verdict = Verdict(path, True, self._services.describe_source(path))
        except SdmigrateError as error:
            verdict = Verdict(path, False, f"{error.message} {error.hint}")
        except (OSError, ValueError) as error:
            verdict = Verdict(path, False, f"The file cannot be read: {error}")
        self.post_message(self.Checked("source", verdict))

    @work(thread=True, exclusive=True, group="target", exit_on_error=False)
    def _check_target(self, target: str, schema: str | None) -> None:
        report = None
        try:
            report = self._services.examine_target(target, schema)
            verdict = Verdict(target, True, _target_words(report, schema))
        except SdmigrateError as error:
            verdict = Verdict(target, False, f"{error.message} {error.hint}")
        except (OSError, ValueError) as error:
            verdict = Verdict(target, False, f"The target cannot be tested: {type(error).__name__}")
        self.post_message(self.Checked("target", verdict, report))

    @work(thread=True, group="runs", exit_on_error=False)
    def _list_runs(self) -> None:
        self.post_message(self.Listed(self._services.unfinished_runs(self._options.work_directory)))

    @on(Listed)
    def _runs_listed(self, event: Listed) -> None:
        self.query_one(RunList).show(event.runs)
        self.set_class(bool(event.runs), "-with-runs")

    @on(Checked)
    def _field_checked(self, event: Checked) -> None:
        if event.verdict.value != self._value(event.field):
            return
        self._verdicts[event.field] = event.verdict
        if event.field == "target":
            self._endpoint = event.report.endpoint if event.report else None
        good = event.verdict.usable
        self._say(
            event.field, toned(f"{'✓' if good else '✗'} {event.verdict.words}", "good" if good else "bad")
        )
        if event.field == "source" and good and not self._value("schema"):
            self.query_one("#schema", Input).value = suggested_schema(event.verdict.value)
            self._check("schema")
        if self._waits_to_begin:
            self.action_begin()

    def _say(self, field: str, words: Content) -> None:
        self.query_one(f"#{field}-verdict", Static).update(words)

    @on(Input.Blurred)
    def _field_left(self, event: Input.Blurred) -> None:
        self._check(_field(event.input))

    @on(Input.Changed)
    def _field_changed(self, event: Input.Changed) -> None:
        self._waits_to_begin = False
        field = _field(event.input)
        verdict = self._verdicts.get(field)
        if verdict is not None and verdict.value != self._value(field):
            del self._verdicts[field]
            self._say(field, Content(""))

    @on(Input.Submitted)
    def _field_submitted(self, event: Input.Submitted) -> None:
        following = {"source": "target", "target": "schema", "schema": "mode"}
        self.query_one(f"#{following[_field(event.input)]}").focus()

    @on(ModeChoice.Changed)
    def _mode_changed(self) -> None:
        self._show_mode()
        if not self._named_target:
            self._suggest_target()

    def _suggest_target(self) -> None:
        """An inspection starts no server that nobody asked for; the other modes cannot do without one."""
        field = self.query_one("#target", Input)
        if self.mode == "inspect" and field.value == EMBEDDED:
            field.value = ""
        elif self.mode != "inspect" and not field.value:
            field.value = EMBEDDED
            self._check("target")

    def _show_mode(self) -> None:
        self.query_one(TopBar).show_mode(self.mode)
        self._say("mode", toned(MODE_WORDS[self.mode], "muted"))
        self.query_one("#schema", Input).disabled = not needed("schema", self.mode, "")

    @on(Button.Pressed, "#browse")
    def action_browse(self) -> None:
        """Pick the source from a tree."""
        begin = Path(self._value("source")).parent if self._value("source") else Path.cwd()
        self.app.push_screen(BrowseDialog(begin if begin.is_dir() else Path.cwd()), self._browsed)

    def _browsed(self, path: Path | None) -> None:
        if path is not None:
            self.query_one("#source", Input).value = str(path)
            self._check("source")
            self.query_one("#target").focus()

    @on(Button.Pressed, "#begin")
    def action_begin(self) -> None:
        """Start, or say what is missing."""
        values = {field: self._value(field) for field in FIELDS}
        lacking = missing(self.mode, values, self._verdicts)
        if lacking is not None:
            self._tell_missing(lacking, checking=bool(values[lacking.field]))
            return
        self._waits_to_begin = False
        request = replace(
            self._options.request,
            mode=self.mode,
            source=values["source"],
            target=self._endpoint.described if self._endpoint and values["target"] else None,
            schema=values["schema"] if needed("schema", self.mode, "") else None,
        )
        self.post_message(self.Begun(request, self._endpoint if values["target"] else None))

    def _tell_missing(self, lacking: Missing, *, checking: bool) -> None:
        verdict = self._verdicts.get(lacking.field)
        if checking and verdict is None:
            self._waits_to_begin = True
            self._check(lacking.field)
            return
        self._waits_to_begin = False
        self.notify(plain(lacking.words, 200), severity="warning", markup=False)
        self.query_one(f"#{lacking.field}").focus()

    @on(RunList.Chosen)
    def _run_chosen(self, event: RunList.Chosen) -> None:
        self.post_message(self.Resumed(event.run))

    def action_help(self) -> None:
        """Keys and words."""
        self.app.push_screen(HelpDialog("Start", _HELP, tuple((key, words, "") for key, _, words in _KEYS)))


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _field(widget: Input) -> FieldName:
    return next(field for field in FIELDS if field == widget.id)


def _target_words(report: TargetReport, schema: str | None) -> str:
    facts = report.facts
    if facts is None:
        return "A PostgreSQL of sdmigrate's own, started when the run needs it."
    version = f"PostgreSQL {facts.version // 10000}.{facts.version % 10000}"
    if not facts.live_exists:
        return f"{version}, reached. There is no schema {schema} yet." if schema else f"{version}, reached."
    whose = "published by sdmigrate" if facts.live_is_ours else "not made by sdmigrate"
    return f"{version}, reached. The schema {schema} is there, {whose}."
