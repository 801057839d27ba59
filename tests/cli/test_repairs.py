"""What ``quarantine edit`` understands of its options and files."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.cli.repairs import repairs_of_file, repairs_of_options
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.values import Value


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
