"""The quarantine: whole rows and every reason."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.sqlite.quarantine import QuarantinedRow, open_quarantine, quarantine_name, read_reasons
from tests.conftest import MakeContext
from tests.sqlite.test_audit import cleaned_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "quarantine.md"


@pytest.mark.parametrize(
    ("table", "stored"),
    [("t", "t"), ("_rows", "_rows_"), ("_ROWS", "_ROWS_"), ("_rows_", "_rows__"), ("_rows2", "_rows2")],
)
def test_a_table_called_as_the_list_of_reasons_steps_aside(table: str, stored: str) -> None:
    assert quarantine_name(table) == stored


def test_a_row_has_every_reason_and_stands_once(tmp_path: Path, make_context: MakeContext) -> None:
    script = """
    CREATE TABLE t(a INT, b INT, c TEXT);
    INSERT INTO t VALUES (1, 2, ''), ('x', x'00ff', ''), (NULL, 'it''s', '');
    """
    cleaned = cleaned_of(tmp_path, make_context, script, {"t.a": "bigint", "t.b": "bigint"})
    with closing(open_quarantine(cleaned.quarantine_path)) as quarantine:
        reasons = list(read_reasons(quarantine, "t"))
        kept = quarantine.execute("SELECT rowid, a, b, c FROM t").fetchall()
    assert kept == [(2, "x", b"\x00\xff", ""), (3, None, "it's", "")]
    assert [(row.rowid, row.column, row.value_hex) for row in reasons] == [
        (2, "a", "78"),
        (2, "b", "00ff"),
        (3, "b", "69742773"),
    ]
    assert reasons[0] == QuarantinedRow(
        table="t",
        rowid=2,
        finding="not-an-integer",
        column="a",
        reason="no whole number",
        value_hex="78",
        sqlstate=None,
        repaired=None,
    )
    assert cleaned.ledger("t").quarantined == 2


@pytest.mark.parametrize(
    ("value", "class_", "told"),
    [
        ("CAST(zeroblob(100) AS TEXT)", "text", "00" * 100),
        ("zeroblob(101)", "blob", "00" * 99 + "…"),
        ("CAST(zeroblob(200000) AS TEXT)", "text", "00" * 99 + "…"),
        ("replace(hex(zeroblob(100)), '00', 'é')", "text", "c3a9" * 49 + "c3…"),
    ],
)
def test_a_long_value_stands_whole_in_its_row_alone(
    tmp_path: Path, make_context: MakeContext, value: str, class_: str, told: str
) -> None:
    script = f"CREATE TABLE t(a INT); INSERT INTO t VALUES (1), ({value});"
    cleaned = cleaned_of(tmp_path, make_context, script, {"t.a": "bigint"})
    with closing(open_quarantine(cleaned.quarantine_path)) as quarantine:
        assert [row.value_hex for row in read_reasons(quarantine)] == [told]
        kept = quarantine.execute(f"SELECT CAST(a AS BLOB) = CAST({value} AS BLOB), typeof(a) FROM t")
        assert kept.fetchall() == [(1, class_)]


def test_the_files_are_as_documented(tmp_path: Path, make_context: MakeContext) -> None:
    script = """
    CREATE TABLE _rows(a INT, "b c" TEXT); INSERT INTO _rows VALUES ('x', ''), ('', '');
    CREATE TABLE shadowed(rowid INT, _rowid_, oid);
    """
    cleaned = cleaned_of(tmp_path, make_context, script, {"_rows.a": "bigint"})
    blocks = re.findall(r"(?s)```\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"))
    reasons, audit = (set(block.replace('"', "").splitlines()) for block in blocks)
    copies = {"_rows_(a, b c)", "shadowed(sdmigrate_rowid, rowid, _rowid_, oid)"}
    assert shape(cleaned.quarantine_path) == reasons | copies
    assert shape(cleaned.audit_path) == audit


def shape(path: str) -> set[str]:
    """Each table and view with its columns."""
    with closing(open_quarantine(path)) as file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_schema")]
        columns = {name: file.execute("SELECT name FROM pragma_table_info(?)", (name,)) for name in names}
        return {f"{name}({', '.join(column for (column,) in columns[name])})" for name in names}
