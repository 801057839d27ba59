"""The quarantine: whole rows and every reason."""

from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.sqlite.quarantine import QuarantinedRow, open_quarantine, quarantine_name, read_reasons
from tests.conftest import MakeContext
from tests.sqlite.test_audit import cleaned_of


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
