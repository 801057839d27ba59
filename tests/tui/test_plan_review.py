"""The plan review by keys: what it says, sends and refuses; and a run that does what was said."""

import dataclasses
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

from msgspec.structs import replace
from textual.widgets import Input, OptionList

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.plan import Plan
from sdmigrate.model.result import Cleaned
from sdmigrate.model.settings import Limits, Request
from sdmigrate.pipeline.child import Child, prepare
from sdmigrate.pipeline.messages import Begin, Decide, Try
from sdmigrate.pipeline.results import read_result
from sdmigrate.rules import plan_file
from sdmigrate.rules.plan_review import begun, with_column
from sdmigrate.rules.planning import propose
from sdmigrate.sqlite.audit import count_rules, open_audit
from sdmigrate.tui.app import WizardApp, WizardOptions
from sdmigrate.tui.decisions import fields_of
from sdmigrate.tui.planning import review_of
from sdmigrate.tui.services import real_services
from sdmigrate.tui.widgets.record_table import RecordTable
from tests.rules.profiles import column, table, table_profile
from tests.rules.profiles import profile as profile_of
from tests.tui import profiles, records
from tests.tui.driving import Keys, begin, text_of, until, wizard
from tests.tui.scenes import go_to
from tests.tui.scripted import Stage
from tests.visits import write_visits

_CLOSURE = "tickets.TKT-Closure Date"


async def _review(keys: Keys) -> None:
    await go_to(keys, "Profile ▸", "Clean ▸")
    await keys.press("p")
    await until(keys, "Plan review")


async def _open(keys: Keys, name: str) -> None:
    """Filter for the row of that name, and open it."""
    await keys.press("slash", *name, "enter")
    await keys.pause()
    await keys.press("enter")
    await until(keys, "What happens")


async def _point(keys: Keys, label: str) -> None:
    """Go to the field of that label."""
    fields = keys.app.screen.query_one("#fields", OptionList)
    for place in range(fields.option_count):
        if str(fields.get_option_at_index(place).prompt).startswith(label):
            await keys.press("home", *["down"] * place)
            await keys.pause()
            assert fields.highlighted == place
            return
    raise AssertionError(f"no field {label}")


def _decided(stage: Stage) -> list[Decide]:
    return [command for command in stage.pilot.commands if isinstance(command, Decide)]


async def test_a_review_without_a_change_sends_nothing(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await _review(keys)
        await keys.press("a")
        await until(keys, "Nothing was changed")
        await keys.press("q")
        await until(keys, "Clean ▸", gone="Plan review")
        assert _decided(stage) == []


async def test_a_changed_decision_is_used_undone_and_left(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await _review(keys)
        await until(keys, "· in force", "2,741")
        await _open(keys, "Closure")
        seen = await until(keys, "2,741 values change", "'' → NULL")
        assert _CLOSURE in seen
        await _point(keys, "Empty")
        await keys.press("left")
        await until(keys, "stops the run")
        await keys.press("left")
        await until(keys, "its row goes to quarantine ▸")
        await keys.press("z")
        await until(keys, "stops the run")
        await keys.press("escape")
        await until(keys, "press a to use it", "✓ decided")
        await keys.press("escape", "escape")
        await until(keys, "Leave without using the changes?")
        await keys.press("n", "a")
        await until(keys, "Clean ▸", gone="Plan review")
        (command,) = _decided(stage)
        plan = plan_file.read(command.plan, records.catalog(), profiles.profile())
        assert plan.table("tickets").column("TKT-Closure Date").empty == "fail"
        assert plan.table("tickets").column("TKT-Title").empty == "keep"


async def test_what_cannot_be_is_told_and_changes_nothing(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await _review(keys)
        await _open(keys, "TKT-Title")
        await _point(keys, "Type")
        await keys.press("enter")
        for _ in range(9):
            await keys.press("backspace")
        await keys.press(*"colour", "enter")
        await until(keys, "'colour' is no type.")
        await keys.press("escape", "escape")
        await until(keys, "· in force", gone="What happens")


async def test_a_table_is_left_out_and_taken_again(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await _review(keys)
        await keys.press("slash", *"timesheets", "enter", "down", "space")
        await until(
            keys, "timesheets is left out; Space", "1 row holds 'timesheets'", gone="timesheets.TS-Hours"
        )
        await keys.press("space")
        await until(keys, "timesheets.TS-Hours", "timesheets is taken in again", "· in force")
        await keys.press("escape")
        await until(keys, "tickets", gone="holds 'timesheets'")


async def test_a_copy_of_the_plan_is_written_and_never_over_a_file(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "next.toml"
    async with wizard(stage) as (app, keys):
        await _review(keys)
        for told in ("Written to", "is there already."):
            await keys.press("w")
            await until(keys, "Write a copy of the plan")
            app.screen.query_one("#path", Input).value = str(path)
            await keys.press("enter")
            await until(keys, told)
        assert "complete = true" in stage.written[path]


async def test_while_a_stage_runs_and_before_there_is_a_plan_the_key_says_why(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await begin(keys)
        await keys.press("p")
        await until(keys, "There is no plan yet")
    async with wizard(Stage(), mode="inspect") as (_, keys):
        await begin(keys, "Finish ▸")
        await keys.press("p")
        await until(keys, "inspect makes no plan")


async def test_after_cleaning_a_changed_plan_is_used_only_after_a_question(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "Canary ▸")
        await keys.press("p")
        await until(keys, "Plan review")
        await keys.press("slash", *"timesheets", "enter", "space")
        await until(keys, "left out")
        await keys.press("a")
        await until(keys, "Use the changed plan?", "Clean will run again")
        assert _decided(stage) == []
        await keys.press("y")
        await until(keys, "Clean ▸", gone="Use the changed plan?")
        assert len(_decided(stage)) == 1
        tried = [
            table.source
            for command in stage.pilot.commands
            if isinstance(command, Try)
            for table in command.plans
        ]
        assert set(tried) == {"tickets", "comments", "timesheets"}


async def test_to_agree_after_cleaning_makes_nothing_run_again(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸", "Canary ▸")
        await keys.press("p")
        await until(keys, "! 1 undecided")
        await keys.press("y")
        await until(keys, "✓ nothing is undecided")
        await keys.press("a")
        await until(keys, "It decides nothing", "Go on to Canary ▸", "✓ Clean")
        assert len(_decided(stage)) == 1
        await keys.press("4")
        quality = "✓ pass  quality: quality went from 91.4 to 96.2"
        await until(keys, quality, "done 3.9 s", "12 quarantined")


async def test_a_default_is_agreed_to_alone_or_with_all(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await _review(keys)
        await until(keys, "! 1 undecided", "! undecided", "· in force")
        await keys.press("y")
        await until(keys, "✓ nothing is undecided", "✓ agreed", "press a to use it")
        await keys.press("y")
        await until(keys, "Nothing is asked here.")
        await keys.press("z")
        await until(keys, "! 1 undecided", "· in force")
        await keys.press("Y")
        await until(keys, "Agree to 1 default?", "They stand as proposed: tickets.TKT-QA Review")
        await keys.press("y")
        await until(keys, "✓ nothing is undecided")
        await keys.press("a")
        await until(keys, "Clean ▸", gone="Plan review")
        (command,) = _decided(stage)
        plan = plan_file.read(command.plan, records.catalog(), profiles.profile())
        assert [one.agreed for table in plan.tables for one in table.columns if one.agreed] == [
            ("ambiguous-dates",)
        ]


async def test_what_holds_for_the_whole_plan_is_decided_at_once(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await _review(keys)
        await keys.press("o")
        await until(keys, "The whole plan", "names stay as they are")
        await keys.press("right", "right")
        await until(keys, "names in snake_case", "'TKT-Ticket ID' ->", "'tkt_ticket_id'")
        await keys.press("escape", "a")
        await until(keys, "Clean ▸", gone="Plan review")
        (command,) = _decided(stage)
        plan = plan_file.read(command.plan, records.catalog(), profiles.profile())
        assert plan.table("tickets").column("TKT-Title").target == "tkt_title"


async def test_every_key_of_a_table_and_of_a_text_column_has_its_field(stage: Stage) -> None:
    async with wizard(stage) as (_, keys):
        await _review(keys)
        await _open(keys, "comments")
        await _point(keys, "Same by")
        await keys.press("right")
        await until(keys, "the whole row")
        await _point(keys, "Orphans")
        await keys.press("left")
        await until(keys, "go to quarantine")
        await keys.press("escape", "escape")
        await _open(keys, "TKT-Title")
        await _point(keys, "Blanks")
        await keys.press("right")
        await _point(keys, "Line breaks")
        await keys.press("right")
        await keys.press("escape", "escape", "a")
        await until(keys, "Clean ▸", gone="Plan review")
        (command,) = _decided(stage)
        plan = plan_file.read(command.plan, records.catalog(), profiles.profile())
        comments, title = plan.table("comments"), plan.table("tickets").column("TKT-Title")
        assert (comments.duplicate_key, comments.orphans) == (("*",), "quarantine")
        assert (title.trailing_blanks, title.newline_runs) == ("strip", "single")


@asynccontextmanager
async def _real(tmp_path: Path, write: Callable[[Path], None]) -> AsyncIterator[tuple[WizardApp, Keys]]:
    """The wizard over the real pipeline in its child process; it stays on this side of a target."""
    source = tmp_path / "source.sqlite"
    write(source)

    def start(begin: Begin) -> Child:
        return Child.start(replace(begin, request=replace(begin.request, target=None, no_cutover=True)))

    request = Request(mode="migrate", source=str(source), target="embedded", schema="app")
    prepare()
    options = WizardOptions(request=request, work_directory=tmp_path / "work")
    app = WizardApp(options, dataclasses.replace(real_services(), start=start))
    async with app.run_test(size=(80, 24), notifications=True) as keys:
        try:
            await until(keys, "SQLite database")
            yield app, keys
        finally:
            app.close_bridge()


async def test_what_the_review_said_is_what_the_run_did(tmp_path: Path) -> None:
    async with _real(tmp_path, write_visits) as (app, keys):
        await go_to(keys, "Profile ▸", "Clean ▸")
        await keys.press("p")
        await until(keys, "Plan review", "undecided")

        await _open(keys, "visits.code")
        await _point(keys, "Type")
        for _ in range(12):
            if "◂ text ▸" in text_of(app):
                break
            await keys.press("right")
            await keys.pause()
        await until(keys, "◂ text ▸", "No value of this column is changed.")
        await keys.press("escape", "escape")

        await _open(keys, "visits.due")
        await until(keys, "day first (D/M)", "21 ambiguous")
        await _point(keys, "Date order")
        await keys.press("right")
        await until(keys, "month first (M/D)", "'03/04/2025' → '2025-03-04 00:00:00'   20 ×")
        await keys.press("escape", "escape")

        await _open(keys, "visits.paid")
        await until(keys, "3 values change")
        await _point(keys, "Empty")
        await keys.press("right", "right")
        await until(keys, "3 rows to quarantine", "'' → quarantine   3 ×")
        await keys.press("escape", "escape")

        table = keys.app.screen.query_one(RecordTable)
        place = next(number for number, row in enumerate(table._rows) if row.place == ("visits", None))
        await keys.press("ctrl+home", *["down"] * place, "enter")
        await until(keys, "the first of each is kept")
        await _point(keys, "Duplicates")
        await keys.press("right")
        said = await until(keys, "the last of each is kept", "27 of 31 rows stay", "1 removed as duplicates")
        assert "3 to quarantine" in said
        await until(keys, "✗ 9.7 % of the rows to quarantine, and the gate lets 1 % pass")
        await keys.press("y")
        await until(keys, "3 rows may go there", gone="the gate lets")
        await keys.press("escape")

        await keys.press("a")
        await until(keys, "Clean ▸", gone="Plan review")
        assert app._journey is not None
        reviewed = review_of(app._journey)
        assert reviewed is not None
        decided = app._journey.results["plan"]
        assert isinstance(decided, Plan)
        tried = app._trials.known(reviewed)["visits"]
        assert tried.trial is not None
        await keys.press("n")
        await until(keys, "Canary ▸")
        directory = Path(app._journey.run_directory or "")
        cleaned = read_result(directory, "clean")
        assert isinstance(cleaned, Cleaned)
        assert cleaned.ledgers == (tried.trial.ledger,)
        assert cleaned.plan_id == decided.plan_id
        with closing(open_audit(directory / "audit.sqlite")) as audit:
            counted = {(rule.column, rule.rule): rule.values for rule in count_rules(audit)}
        assert {(rule.column, rule.rule): rule.values for rule in tried.trial.rules} == counted != {}
    with closing(sqlite3.connect(directory / "cleaned.sqlite")) as file:
        rows = file.execute("SELECT rowid, day, due, paid, code FROM visits ORDER BY rowid").fetchall()
    # Rows 1, 11 and 21 had an empty text, row 20 was the first of two with its day.
    assert [row[0] for row in rows] == [place for place in range(1, 32) if place not in (1, 11, 20, 21)]
    assert rows[-1] == (31, "2025-05-20", "2025-05-06 00:00:00", 7, "31")
    assert rows[0] == (2, "2025-05-02", "2025-03-04 00:00:00", 1, "1")


def _write_bytes(path: Path) -> None:
    """Thirty notes: two are BLOBs, of which one is text; all bodies are BLOBs of text, two names no UTF-8.

    What kind each is are texts, one number and one BLOB.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE notes(id INTEGER PRIMARY KEY, note TEXT, body TEXT, name TEXT, kind)"
        )
        connection.executemany(
            "INSERT INTO notes VALUES (?, ?, ?, CAST(? AS TEXT), ?)",
            [(number, "plain", b"body %d" % number, b"Zo\xeb", "kind") for number in range(1, 3)]
            + [(number, "plain", b"body %d" % number, b"Ann", "kind") for number in range(3, 29)]
            + [(29, b"hello", b"body", None, 7), (30, b"\xff", b"end", None, b"\xfe")],
        )
        connection.commit()


async def test_bytes_are_read_as_text_where_the_review_says_so(tmp_path: Path) -> None:
    async with _real(tmp_path, _write_bytes) as (_, keys):
        await go_to(keys, "Profile ▸", "Clean ▸")
        await keys.press("p")
        await until(keys, "Plan review", "undecided")

        await _open(keys, "notes.note")
        await until(keys, "2 rows to quarantine", "x'68656c6c6f' → quarantine")
        await _point(keys, "Form")
        await keys.press("right")
        await until(keys, "utf8_bytes ▸", "1 value", "x'68656c6c6f' → 'hello'", "x'ff' → quarantine")
        await keys.press("escape", "escape")

        await _open(keys, "notes.name")
        await until(keys, "cp1252 reads all 2", "'Zo\\xeb' → quarantine   2 ×")
        await _point(keys, "Not UTF-8")
        await keys.press("right")
        await until(keys, "are read as Windows-1252 ▸", "'Zo\\xeb' → 'Zoë'   2 ×")
        await keys.press("escape", "escape")

        await _open(keys, "notes.kind")
        await until(keys, "◂ text ▸", "x'fe' → quarantine")
        await _point(keys, "Form")
        await keys.press("left")
        await until(
            keys, "◂ bytea ▸", "◂ text_bytes ▸", "1 value", "7 → x'37'", "'kind' → x'6b696e64'   28 ×"
        )
        await keys.press("escape", "escape")

        await _open(keys, "notes.body")
        await until(keys, "◂ bytea ▸")
        await _point(keys, "Form")
        await keys.press("right")
        await until(keys, "◂ text ▸", "29 values change", "x'626f64792031' → 'body 1'")
        await keys.press("z")
        await until(keys, "◂ bytea ▸")


def test_bytes_of_uuids_are_offered_in_both_orders() -> None:
    declared = table("t", column("v", "BLOB"))
    catalog = Catalog(tables=(declared,))
    profile = profile_of(table_profile(declared, [(bytes(range(16)),), (bytes(range(1, 17)),)]))
    proposed = begun(catalog, profile, propose(catalog, profile), day_first=None, limits=Limits())
    review = with_column(proposed, "t", "v", "type", "uuid")
    form = next(field for field in fields_of(review, ("t", "v")) if field.name == "form")
    assert [(choice.value, choice.note) for choice in form.choices] == [
        ("auto", ""),
        ("uuid_bytes", "2 values"),
        ("uuid_bytes_swapped", "2 values"),
    ]
