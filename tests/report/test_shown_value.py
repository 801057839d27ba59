"""A value as the quarantine shows it."""

import pytest

from sdmigrate.model.values import Value
from sdmigrate.report.shown_value import shown


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "NULL"),
        (5, "integer 5"),
        (-0.0, "real -0.0"),
        ("31/02/2025", "text '31/02/2025'"),
        ("größer", "text 'größer'"),
        ("", "text ''"),
        (" x", "text ' x', 2 bytes: 20 78"),
        ("a\0b", "text 'a\\0b', 3 bytes: 61 00 62"),
        ("\x1b[2J", "text '\\x1b[2J', 4 bytes: 1b 5b 32 4a"),
        ("caf\udce9", "text 'caf\\xe9', 4 bytes: 63 61 66 e9"),
        ("a\u202eb", "text 'a\\u202eb', 5 bytes: 61 e2 80 ae 62"),
        (b"\0\xffa", "blob, 3 bytes: 00 ff 61"),
        (b"x", "blob, 1 byte: 78"),
        (b"", "blob, 0 bytes"),
    ],
)
def test_class_and_what_is_there(value: Value, line: str) -> None:
    assert shown(value) == line


@pytest.mark.parametrize("value", ["x" * 10**6, "\0" * 10**6, "\u202e" * 10**6, b"x" * 10**6])
def test_a_long_value_is_cut(value: Value) -> None:
    assert len(shown(value)) < 1_700
    assert "…" in shown(value)
