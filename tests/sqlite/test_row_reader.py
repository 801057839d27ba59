"""Rows of cleaned in blocks and by cells: order, exact numbers, large values, odd locators."""

import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmigrate.model.errors import InternalFault
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE, copied_table, reading_values
from sdmigrate.sqlite.row_reader import LargeCell, TableReader, table_reader
from tests.stages.by_hand import write_table


def marked(reader: TableReader, after: int | None = None) -> list[list[bytes | None]]:
    """The rows of its blocks, by cells."""
    data = b"".join(block.data for block in reader.marked(after))
    rows = data.split(b"\xfe")
    assert rows.pop() == b""
    return [[None if cell == b"\xfd" else cell for cell in row.split(b"\xff")] for row in rows]


def cells(reader: TableReader, after: int | None = None) -> list[tuple[Any, ...]]:
    """The rows by cells, large ones read."""
    return [
        tuple(b"".join(cell.chunks()) if isinstance(cell, LargeCell) else cell for cell in row.cells)
        for row in reader.rows(after)
    ]


@given(
    st.lists(st.floats(allow_nan=False) | st.integers(-(10**12), 10**12).map(lambda n: n / 100), max_size=50)
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_real_values_are_written_exactly(tmp_path: Path, values: list[float]) -> None:
    path = tmp_path / "c.sqlite"
    path.unlink(missing_ok=True)
    write_table(path, "t", ["v"], [(value,) for value in values])
    with reading_values(path) as connection:
        read = [float(cell or b"") for (cell,) in marked(table_reader(connection, "t", ["v"], ["v"]))]
    assert [struct.pack(">d", value) for value in read] == [struct.pack(">d", value) for value in values]


def test_columns_that_may_be_real_hold_other_values_too(tmp_path: Path) -> None:
    write_table(tmp_path / "c.sqlite", "t", ["v"], [(1.5,), (7,), ("12.30",), (None,), (-0.29,)])
    with reading_values(tmp_path / "c.sqlite") as connection:
        found = marked(table_reader(connection, "t", ["v"], ["v"]))
    assert found == [[b"150e-2"], [b"7"], [b"12.30"], [None], [b"-29e-2"]]


def test_empty_is_not_null_and_order_is_the_locators(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t(a, b)")
        connection.executemany(
            "INSERT INTO t(rowid, a, b) VALUES (?, ?, ?)",
            [(2**63 - 1, "last", None), (-(2**63), "", "first"), (0, "é\n", 5)],
        )
    with reading_values(path) as connection:
        reader = table_reader(connection, "t", ["b", "a"], [])
        assert marked(reader) == [[b"first", b""], [b"5", "é\n".encode()], [None, b"last"]]
        assert [block.high for block in reader.marked(0)] == [2**63 - 1]
        assert marked(reader, 2**63 - 1) == []
        assert [row.high for row in reader.rows(-(2**63))] == [0, 2**63 - 1]
        assert reader.locator_of(None, 2) == 0
        assert reader.locator_of(0, 2) is None


@pytest.mark.parametrize("columns", [1, 60, 61, 250])
def test_any_number_of_columns(tmp_path: Path, columns: int) -> None:
    names = [f"c{n}" for n in range(columns)]
    write_table(tmp_path / "c.sqlite", "t", names, [tuple(range(columns)), (None,) * columns])
    with reading_values(tmp_path / "c.sqlite") as connection:
        found = marked(table_reader(connection, "t", names, []))
    assert found == [[b"%d" % n for n in range(columns)], [None] * columns]


def test_large_values_end_the_blocks_and_are_streamed(tmp_path: Path) -> None:
    large, many = "é" * LONGEST_WHOLE, "y" * (LONGEST_WHOLE - 10)
    rows: list[tuple[Any, ...]] = [
        (1, "a", None),
        (2, "b", None),
        (3, large, b"\0" * (LONGEST_WHOLE + 1)),
        (4, many, many),
        (5, "c", 1),
    ]
    write_table(tmp_path / "c.sqlite", "t", ["n", "t", "b"], rows)
    expected = [tuple(cell.encode() if isinstance(cell, str) else cell for cell in row) for row in rows]
    with reading_values(tmp_path / "c.sqlite") as connection:
        reader = table_reader(connection, "t", ["n", "t", "b"], [])
        assert marked(reader) == [[b"1", b"a", None], [b"2", b"b", None]]
        assert marked(reader, 2) == []
        assert marked(reader, 3) == []
        assert marked(reader, 4) == [[b"5", b"c", b"1"]]
        assert cells(reader) == expected
        assert cells(reader, 2) == expected[2:]
        third = next(reader.rows(2))
    assert isinstance(third.cells[1], LargeCell)
    assert third.cells[1].octets == 2 * LONGEST_WHOLE


def test_shadowed_locators(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('CREATE TABLE one("RowId", "_rowid_")')
        connection.execute('CREATE TABLE "a""ll"(sdmigrate_rowid INTEGER PRIMARY KEY, rowid, _rowid_, oid)')
        connection.execute("INSERT INTO \"a\"\"ll\" VALUES (9, 'x', 'y', 'z')")
    with reading_values(path) as connection:
        assert copied_table(connection, "one").locator == "oid"
        assert copied_table(connection, 'a"ll').columns == ("rowid", "_rowid_", "oid")
        reader = table_reader(connection, 'a"ll', ["oid", "rowid"], [])
        assert [(block.high, block.data) for block in reader.marked(None)] == [(9, b"z\xffx\xfe")]
        with pytest.raises(InternalFault, match="no table 'none'"):
            copied_table(connection, "none")
