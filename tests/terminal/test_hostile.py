"""A file full of terminal commands, inspected in a terminal: none of them reaches it."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.terminal.program import Program

_MARK = "4177"
"""Stands in every command, and nowhere in the program's own."""
_COMMANDS = (
    f"\x1b[{_MARK}m",
    f"\x1b]0;{_MARK}\x07",
    f"\x1b]52;c;{_MARK}\x1b\\",
    f"\x1b]8;;http://{_MARK}\x1b\\",
    f"\x1bP{_MARK}\x1b\\",
    f"\x9b{_MARK}n",
    f"\x1b[2J\x1b[{_MARK};1H",
    f"\x07\x08\x7f\x0e\r\x1bc{_MARK}",
)
_CONTROL = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]|\x1b[^\\[]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""A command with its parameters, or a control character by itself; tabs and line feeds are text."""


def _write(path: Path, commands: tuple[str, ...]) -> None:
    """Commands as names, in values, in declared types and in the text of a view and a trigger."""
    with closing(sqlite3.connect(path)) as connection:
        for number, command in enumerate(commands):
            table, column = f'"t{number}{command}"', f'"c{command}"'
            declared = "TIMESTAMP" if number % 2 else f'"{command}x"'
            connection.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, {column} {declared})")
            rows = [(f"{command}{row}",) for row in range(3)] + [
                (command.encode("latin-1"),),
                (f"{command}",),
            ]
            connection.executemany(f"INSERT INTO {table}({column}) VALUES (?)", rows)
        first, second, third, fourth, *_ = commands
        connection.execute(f'CREATE VIEW "v{first}" AS SELECT it FROM nowhere -- {second}')
        then = f"BEGIN SELECT '{fourth}'; END"
        connection.execute(f'CREATE TRIGGER "r{third}" AFTER INSERT ON "t0{first}" {then}')
        connection.commit()


def _inspected(path: Path, work: Path) -> bytes:
    arguments = ["inspect", str(path), "--work-dir", str(work)]
    with Program(arguments, columns=120, lines=60, environment={}) as program:
        assert program.exit_code() == 0
        return program.written


def test_a_report_in_the_terminal_gives_no_command_of_the_data(tmp_path: Path) -> None:
    hostile, tame = tmp_path / f"de{_COMMANDS[0]}sk.sqlite", tmp_path / "desk.sqlite"
    _write(hostile, _COMMANDS)
    _write(tame, tuple(_MARK for _ in _COMMANDS))
    told = _inspected(hostile, tmp_path / "w").decode()
    assert told.count(_MARK) > len(_COMMANDS)
    own = set(_CONTROL.findall(_inspected(tame, tmp_path / "w").decode()))
    assert set(_CONTROL.findall(told)) <= own
    assert not any(_MARK in control for control in own)


def test_the_wizard_gives_no_command_of_the_data(tmp_path: Path) -> None:
    source = tmp_path / f"de{_COMMANDS[0]}sk.sqlite"
    _write(source, _COMMANDS)
    arguments = ["wizard", str(source), "--mode", "inspect", "--work-dir", str(tmp_path / "w")]
    with Program(arguments, columns=120, lines=40, environment={}) as program:
        program.wait_for("SQLite database,")
        program.press("ctrl+g")
        program.wait_for("Finish")
        for _ in _COMMANDS:
            program.press("down")
            program.settle(0.2)
        program.press("enter", "down", "enter")
        program.wait_for("Because")
        program.leave("Because")
        program.press("v")
        program.settle()
        program.press("down", "enter")
        program.wait_for("Severity")
        written = program.written.decode()
    assert written.count(_MARK) > len(_COMMANDS)
    assert not [control for control in _CONTROL.findall(written) if _MARK in control]
    assert not [command for command in _COMMANDS if command in written]
