"""The audit trail as JSON Lines."""

import io
import json
import math
from pathlib import Path

import pytest

from sdmigrate.model.values import Value
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.audit_export import export_changes
from sdmigrate.sqlite.exact_values import exact
from tests.conftest import MakeContext
from tests.sqlite.test_audit import cleaned_of


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, {"class": "null", "value": None}),
        (7, {"class": "integer", "value": 7}),
        (1.0, {"class": "real", "value": 1.0}),
        (-math.inf, {"class": "real", "value": "-Infinity"}),
        ("it's\0", {"class": "text", "value": "it's\0"}),
        ("ca\udce9", {"class": "text", "hex": "6361e9"}),
        (b"\0\xff", {"class": "blob", "hex": "00ff"}),
    ],
)
def test_a_value_is_exact(value: Value, told: dict[str, object]) -> None:
    assert exact(value) == told


def test_every_change_is_a_line(tmp_path: Path, make_context: MakeContext) -> None:
    script = "CREATE TABLE t(n TEXT); INSERT INTO t VALUES (''), ('7'), ('1,000');"
    cleaned = cleaned_of(tmp_path, make_context, script, {"t.n": "bigint"})
    out = io.BytesIO()
    assert export_changes(cleaned.audit_path, out, CancelToken()) == cleaned.ledger("t").changed
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {
        "table": "t",
        "rowid": 1,
        "column": "n",
        "before": {"class": "text", "value": ""},
        "after": {"class": "null", "value": None},
        "rule": "empty-to-null",
    } in lines
