"""The question before a switch, at a terminal: the name, another name, no answer, Ctrl-C."""

import pytest

from tests.terminal.program import Program

TARGET = ["--target", "host=/nowhere", "--schema", "app"]


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        ("app\r", 3, "cannot be reached"),
        ("apps\r", 4, "is not the schema's name"),
        ("\r", 4, "is not the schema's name"),
        ("\x04", 4, "is not the schema's name"),
        ("\x03", 5, "Stopped on request"),
    ],
    ids=["the name", "another", "nothing", "end of file", "Ctrl-C"],
)
def test_the_question(answer: str, code: int, told: str) -> None:
    with Program(["cutover", *TARGET], columns=100, lines=20, environment={}) as program:
        program.wait_for("Type the schema's name to switch 'app':")
        program.press(answer)
        assert program.exit_code() == code
        assert told in program.text
