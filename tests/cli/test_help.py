"""What a command says of itself, and docs/commands.md of all of them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from sdmigrate.cli.main import app
from sdmigrate.cli.options import Common
from tests.cli.calling import call

TOLD = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")


def commands(of: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that can be called, with its words."""
    if not hasattr(of, "commands"):
        yield name, of
        return
    for word, command in of.commands.items():
        yield from commands(command, f"{name} {word}".lstrip())


EVERY = dict(commands(typer.main.get_command(app)))
OWN = {
    name: [
        option
        for parameter in command.params
        if parameter.name not in Common.__dataclass_fields__
        for option in parameter.opts
        if option.startswith("--")
    ]
    for name, command in EVERY.items()
}


@pytest.mark.parametrize("name", EVERY)
def test_the_documentation_names_every_command_and_option(name: str) -> None:
    group, _, last = name.rpartition(" ")
    rows = [
        row
        for row in TOLD.splitlines()
        if row.startswith("| `") and re.search(rf"`({name}|{last})[ `]", row) and group in row
    ]
    assert len(rows) == 1, name
    if group != "quarantine":
        assert set(re.findall(r"--[a-z-]+", re.split(r"(?<!\\)\|", rows[0])[2])) == set(OWN[name])


def test_the_documentation_names_every_common_option() -> None:
    told = TOLD[TOLD.index("## Options that every command takes") :]
    named = set(re.findall(r"`(--[a-z-]+)", told)) - {"--help", "--month-first"}
    assert named == {f"--{name.replace('_', '-')}" for name in Common.__dataclass_fields__}


@pytest.mark.parametrize("group", ["", *sorted({name.split()[0] for name in EVERY if " " in name})])
def test_every_command_is_said_in_a_whole_sentence(group: str) -> None:
    listed = call(*group.split(), "--help").out.split("Commands:")[1]
    for line in listed.strip().splitlines():
        assert line.endswith("."), line
        assert "..." not in line, line
    assert "`" not in listed
