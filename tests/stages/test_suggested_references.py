"""Which undeclared references names and ranges suggest, and which they do not."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext
from tests.stages.test_profile import snapshot_of


def _suggested(tmp_path: Path, make_context: MakeContext, column: str) -> list[tuple[str, int]]:
    """Parent and orphans of each suggestion for a column whose values are 1 to 105, of parents 1 to 100."""
    path = tmp_path / "snapshot.sqlite"
    numbers = [(number,) for number in range(1, 106)]
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, key in (
            ("itemTypes", "itemTypeID"),
            ("fileTypes", "fileTypeID"),
            ("itemTypesCombined", "itemTypeID"),
            ("accounts", "id"),
        ):
            connection.execute(f"CREATE TABLE {table}({key} INTEGER PRIMARY KEY)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", numbers[:100])
        connection.execute(f'CREATE TABLE child(id INTEGER PRIMARY KEY, "{column}" INTEGER)')
        connection.executemany(f'INSERT INTO child("{column}") VALUES (?)', numbers)
    table_profile = profile(make_context(tmp_path, "inspect"), snapshot_of(path)).table("child")
    return [(reference.parent_table, reference.orphans) for reference in table_profile.references]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("itemTypeID", [("itemTypes", 5)]),
        ("account_id", [("accounts", 5)]),
        ("owner_account_id", [("accounts", 5)]),
        ("mime_type_id", []),
        ("colour_id", []),
        ("itemType", []),
    ],
)
def test_a_column_points_at_the_parent_that_its_name_means_and_at_no_other(
    tmp_path: Path, make_context: MakeContext, column: str, expected: list[tuple[str, int]]
) -> None:
    assert _suggested(tmp_path, make_context, column) == expected
