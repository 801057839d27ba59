"""From the start screen to live and rolled back, by keys alone, on the real program in a terminal."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdmigrate.demo.database import write_demo
from sdmigrate.postgres import embedded
from sdmigrate.postgres.unprivileged import remove_place
from tests.terminal.program import Program

STEPS = ("2  Backup", "3  Profile", "4  Clean", "5  Canary", "6  Cutover")


@pytest.fixture
def work() -> Iterator[Path]:
    """A work directory with a short path, its server stopped afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="sdm-"))
    yield directory
    embedded.stop(directory / "w")
    remove_place(directory / "w" / "postgres")
    shutil.rmtree(directory)


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (160, 48)])
def test_to_live_and_back_by_keys(work: Path, columns: int, lines: int) -> None:
    source = work / "desk.sqlite"
    write_demo(source, rows=2_000, seed=3)
    before = (source.read_bytes(), source.stat().st_mtime_ns, sorted(os.listdir(work)))
    arguments = ["wizard", str(source), "--target", "embedded", "--schema", "desk", "--mode", "migrate"]
    arguments += ["--work-dir", str(work / "w")]
    with Program(arguments, columns=columns, lines=lines, environment={}) as program:
        program.wait_for("MIGRATE")
        program.wait_for("SQLite database,")
        program.press("ctrl+g")
        for step in STEPS:
            program.go_on(step)
        program.answer("desk")
        program.wait_for("; the switch took")
        program.press("u")
        program.answer("desk")
        program.wait_for("Nothing is live")
        program.press("u")
        program.wait_for("has been rolled back")
        program.press("n")
        program.wait_for("Rolled back")
        program.press("enter")
        assert program.exit_code() == 0
        run = next((work / "w" / "runs").iterdir())
        assert "Rolled back. Nothing is live as desk, as before this run." in program.text
        assert str(run) in program.text.replace("\n", "")
    after = (source.read_bytes(), source.stat().st_mtime_ns, sorted(set(os.listdir(work)) - {"w"}))
    assert after == before


def test_bytes_that_are_no_character_leave_the_keys_behind_them(work: Path) -> None:
    source = work / "desk.sqlite"
    write_demo(source, rows=100, seed=3)
    arguments = ["wizard", str(source), "--mode", "inspect", "--work-dir", str(work / "w")]
    with Program(arguments, columns=80, lines=24, environment={}) as program:
        program.wait_for("SQLite database,")
        program.send("é".encode("latin-1") + b"\xff\xc3(")
        program.settle()
        program.press("ctrl+q")
        assert program.exit_code() == 0
    assert b"Traceback" not in program.written


@pytest.mark.parametrize("begun", [False, True])
def test_the_wizard_goes_with_its_terminal(work: Path, begun: bool) -> None:
    source = work / "desk.sqlite"
    write_demo(source, rows=100, seed=3)
    arguments = ["wizard", str(source), "--mode", "inspect", "--work-dir", str(work / "w")]
    # What goes wrong as a terminal goes away does so now and then.
    for _ in range(3):
        with Program(arguments, columns=80, lines=24, environment={}) as program:
            program.wait_for("SQLite database,")
            if begun:
                program.press("ctrl+g")
                program.wait_for("tickets")
            program.hang_up()
            # A run under way is stopped by it.
            assert program.exit_code() in ((0, 6) if begun else (0,))


def test_without_a_terminal_the_command_to_use_is_named() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sdmigrate"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ended.returncode == 2
    assert "sdmigrate migrate FILE" in ended.stderr
