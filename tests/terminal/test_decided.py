"""A plan decided in the terminal: what the review said would happen is what is live in the end."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from sdmigrate.model.result import Cleaned, Verification
from sdmigrate.model.settings import Endpoint
from sdmigrate.pipeline.results import read_result
from sdmigrate.sqlite.audit import count_rules, open_audit
from sdmigrate.sqlite.quarantine import open_quarantine, read_reasons
from tests.stages.by_hand import ask
from tests.terminal.program import Program
from tests.visits import write_visits

TYPE, DECISION = 1, 3
"""Places of the fields: the type, and what each of the others decides here."""


def decide(program: Program, row: int, field: int, choice: str, says: str) -> str:
    """Open that row of the review and choose at that field; the screen, once it says what would happen."""
    program.press("ctrl+home", *["down"] * row, "enter")
    program.wait_for("What happens")
    program.press("home", *["down"] * field)
    for _ in range(8):
        if choice in program.text:
            break
        shown = program.text
        program.press("right")
        # On a busy machine it takes a while; a key more would go past the choice.
        program.wait_for_other(shown)
        program.settle(0.2)
    program.wait_for(choice)
    program.wait_for(says)
    return program.text


def test_what_the_review_said_is_what_is_live(tmp_path: Path, postgres: Endpoint, schema_name: str) -> None:
    source, work = tmp_path / "visits.sqlite", tmp_path / "w"
    write_visits(source)
    arguments = ["wizard", str(source), "--target", postgres.conninfo, "--schema", schema_name]
    arguments += ["--mode", "migrate", "--work-dir", str(work)]
    with Program(arguments, columns=120, lines=60, environment={}) as program:
        program.wait_for("SQLite database,")
        program.press("ctrl+g")
        program.go_on("2  Backup")
        program.go_on("3  Profile")
        program.wait_for("Go on to Clean")
        program.press("p")
        program.wait_for("30 of 31 rows stay")

        # Rows of the review: the table, then id, day, due, paid and code.
        decide(program, 5, TYPE, "Type        ◂ bigint", "30 values change.")
        program.leave("What happens")
        decide(
            program, 3, DECISION, "Date order  ◂ month first", "'03/04/2025' → '2025-03-04 00:00:00'   20 ×"
        )
        program.leave("What happens")
        decide(program, 4, DECISION, "Empty text  ◂ its row goes to quarantine", "'' → quarantine   3 ×")
        program.leave("What happens")
        said = decide(program, 0, DECISION, "Duplicates  ◂ the last of each is kept", "27 of 31 rows stay")
        program.press("y")
        program.wait_for("3 rows may go there")
        program.leave("What happens")
        program.press("a")
        for step in ("4  Clean", "5  Canary", "6  Cutover"):
            program.go_on(step)
        program.answer(schema_name)
        program.wait_for("Nothing was live before.")
        program.press("n")
        program.wait_for("Released")
        program.press("enter")
        assert program.exit_code() == 0

    (run,) = (work / "runs").iterdir()
    cleaned, verified = read_result(run, "clean"), read_result(run, "verify")
    assert isinstance(cleaned, Cleaned)
    assert isinstance(verified, Verification)
    (ledger,) = cleaned.ledgers
    rows = re.search(r"(\d+) of (\d+) rows stay; (\d+) to quarantine; (\d+) removed as duplicates", said)
    assert rows is not None
    assert tuple(map(int, rows.groups())) == (
        *(ledger.loaded, ledger.read, ledger.quarantined, ledger.deduplicated),
    )
    assert tuple(map(int, rows.groups())) == (27, 31, 3, 1)
    with closing(open_audit(run / "audit.sqlite")) as audit:
        changes = sorted((rule.values, rule.column) for rule in count_rules(audit))
    told = re.findall(r"│ (\d+) values?: (\w+): ", said)
    assert sorted((int(values), column) for values, column in told) == changes != []
    with closing(open_quarantine(run / "quarantine.sqlite")) as quarantine:
        assert {reason.rowid for reason in read_reasons(quarantine)} == {1, 11, 21}
    assert verified.passed
    live = ask(
        postgres,
        f"SELECT id, day::text, due::text, paid, code FROM {schema_name}.visits ORDER BY id",
    )
    with closing(sqlite3.connect(run / "cleaned.sqlite")) as file:
        assert live == file.execute("SELECT id, day, due, paid, code FROM visits ORDER BY id").fetchall()
    # Row 20 was the first of two with its day; the last stays.
    assert [row[0] for row in live] == [row for row in range(1, 32) if row not in (1, 11, 20, 21)]
    assert live[0] == (2, "2025-05-02", "2025-03-04 00:00:00", 1, 1)
    assert live[-1] == (31, "2025-05-20", "2025-05-06 00:00:00", 7, 31)
