"""What a table's cell shows of a text that does not fit."""

import pytest
from rich.cells import cell_len
from textual.app import App

from sdmigrate.tui.paint import table_cell
from sdmigrate.tui.views.grid import Heading, Shown


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("tickets.name", "tickets.name"),
        ("customers.name", "cust…rs.name"),
        ("tickets.名前名前", "ticke…前名前"),
        ("ab.名前名前名前名", "ab.名…名前名"),
        ("x" * 10_000 + ".name", "xxxx…xx.name"),
    ],
)
def test_a_name_is_cut_within(text: str, kept: str) -> None:
    shown = table_cell(App(), Shown(text), 12, Heading("Column", name=True))
    assert shown.plain == kept
    assert cell_len(shown.plain) <= 12
