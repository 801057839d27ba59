"""What ``quarantine edit`` understands of its options and files."""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.cli.repairs import repairs_of_csv, repairs_of_file, repairs_of_options
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.values import Value
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.quarantine_export import export_csv
from sdmigrate.sqlite.repaired_rows import repair_row


@pytest.fixture
def quarantine() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE t("a", "b=c", "d:text", "d")')
        yield connection


@pytest.mark.parametrize(
    ("given", "column", "value"),
    [
        ("a=5", "a", "5"),
        ("a=", "a", ""),
        ("a==x=y", "a", "=x=y"),
        ("a:null=", "a", None),
        ("a:integer=-9223372036854775808", "a", -(2**63)),
        ("a:real=1e3", "a", 1000.0),
        ("a:real=inf", "a", float("inf")),
        ("a:blob=00FF", "a", b"\x00\xff"),
        ("a:text=NULL", "a", "NULL"),
        ("b=c=1", "b=c", "1"),
        ("b=c:integer=1", "b=c", 1),
        ("d:text=x", "d:text", "x"),
        ("d:integer=2", "d", 2),
    ],
)
def test_an_option_names_column_class_and_value(
    quarantine: sqlite3.Connection, given: str, column: str, value: Value
) -> None:
    assert repairs_of_options(quarantine, "t", 7, [given]) == ("t", 7, {column: value})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("a", "sets no column"),
        ("e=1", "sets no column"),
        ("a:date=1", "sets no column"),
        ("a:integer=1.5", "is no value of class integer"),
        ("a:integer=9223372036854775808", "beyond SQLite's integers"),
        ("a:real=nan", "is no value of class real"),
        ("a:blob=0", "is no value of class blob"),
    ],
)
def test_what_cannot_be_meant_is_told(quarantine: sqlite3.Connection, given: str, told: str) -> None:
    with pytest.raises(UsageProblem, match=told):
        repairs_of_options(quarantine, "t", 7, [given])


def test_a_file_names_whole_rows_or_parts_of_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"table":"t","rowid":1,"reasons":[],"row":{"a":{"class":"blob","hex":"00"},"d":null}}\n\n'
        '{"table":"t","rowid":-2,"row":{"a":"x","b=c":1.5}}\n',
        encoding="utf-8",
    )
    assert repairs_of_file(path) == [("t", 1, {"a": b"\0", "d": None}), ("t", -2, {"a": "x", "b=c": 1.5})]


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"table":"t","rowid":1}', '{"table":"t","rowid":1,"row":{"a":true}}']
)
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"table":"t","rowid":1,"row":{{}}}}\n{line}\n', encoding="utf-8")
    with pytest.raises(UsageProblem, match="line 2"):
        repairs_of_file(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="cannot be read"):
        repairs_of_file(tmp_path / "none.jsonl")


CELLS: dict[str, Value] = {
    "null": None,
    "empty": "",
    "digits": "1",
    "one": 1,
    "real": 1.0,
    "infinite": float("inf"),
    "mark": "\\N",
    "hexed": "hex:00",
    "octets": b"\x00\xff",
    "broken": "a\udcff",
    "lines": 'a\r\nb\rc,"d"\n',
    "nul": "a\0b",
    "long": "x" * 200_000,
}


@pytest.fixture
def kept() -> Iterator[sqlite3.Connection]:
    """A quarantine with one row of every kind of value."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.text_factory = lambda octets: octets.decode("utf-8", "surrogateescape")
        names = ", ".join(f'"{name}"' for name in CELLS)
        connection.execute(f"CREATE TABLE t({names})")
        connection.execute(
            'CREATE TABLE _rows("table", rowid, finding, "column", reason, value_hex, sqlstate, repaired)'
        )
        values = dict(CELLS) | {"broken": "a"}
        connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(CELLS))})", tuple(values.values()))
        connection.execute("UPDATE t SET broken = CAST(x'61ff' AS TEXT)")
        connection.execute("INSERT INTO _rows(\"table\", rowid, finding, reason) VALUES ('t', 1, 'f', 'r')")
        yield connection


def written_out(kept: sqlite3.Connection, path: Path) -> list[list[str]]:
    """The file, and its lines by cells."""
    with path.open("w", encoding="utf-8", newline="") as out:
        assert export_csv(kept, out, CancelToken(), "t") == 1
    usual = csv.field_size_limit(1_000_000)
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return list(csv.reader(lines))
    finally:
        # The code under test has to see to the long cell itself.
        csv.field_size_limit(usual)


def read_back(kept: sqlite3.Connection, path: Path, lines: list[list[str]]) -> dict[str, Value]:
    """The row as the edited file has it, once it is kept as a repair."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows(lines)
    ((table, rowid, values),) = repairs_of_csv(kept, path, "t")
    assert (table, rowid) == ("t", 1)
    repair_row(kept, table, rowid, values, as_is=False)
    return dict(values)


def test_a_csv_that_was_not_touched_changes_no_class_and_no_byte(
    kept: sqlite3.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    read = read_back(kept, path, written_out(kept, path))
    assert read == CELLS
    assert [type(value) for value in read.values()] == [type(value) for value in CELLS.values()]
    assert kept.execute("SELECT repaired FROM _rows").fetchall() == [(None,)]


def test_what_a_changed_cell_means(kept: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    edits: dict[str, tuple[str, Value]] = {
        "null": ("", ""),
        "empty": ("\\N", None),
        "digits": ("2", "2"),
        "one": ("2", 2),
        "real": ("2.5", 2.5),
        "infinite": ("many", "many"),
        "mark": ("N", "N"),
        "octets": ("hex:01", b"\x01"),
        "broken": ("aÿ", "aÿ"),
    }
    head, row = written_out(kept, path)
    for name, (text, _) in edits.items():
        row[head.index(name)] = text
    read = read_back(kept, path, [head, row])
    assert read == CELLS | {name: value for name, (_, value) in edits.items()}
    assert [type(read[name]) for name in edits] == [type(value) for _, value in edits.values()]
    # What stands now is the repair, and reading the same file again repairs nothing.
    assert read_back(kept, path, written_out(kept, path)) == read


def test_columns_of_a_csv_may_be_left_out_or_moved(kept: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    assert read_back(kept, path, [["rowid", "reasons", "one", "digits"], ["1", "", "01", "1"]]) == {
        "one": "01",
        "digits": "1",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,one\n1,1\n", "line 1: the header is not rowid, reasons, null"),
        ("rowid,reasons,other\n1,,1\n", "line 1: the header"),
        ("rowid;reasons;one\n1;;1\n", "line 1: the header"),
        ("rowid,reasons,one\n1,,1\n1,\n", "line 3: 2 cells where the header has 3"),
        ("rowid,reasons,one\nx,,1\n", "line 2: invalid literal"),
        ("rowid,reasons,one\n1,,hex:0\n", "line 2: non-hexadecimal"),
        ('rowid,reasons,one\n1,,"1\n', "unexpected end of data"),
    ],
)
def test_a_csv_that_cannot_be_meant_is_told(
    kept: sqlite3.Connection, tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageProblem, match=told):
        repairs_of_csv(kept, path, "t")
