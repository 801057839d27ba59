"""What a column's values give to know: the words and samples of single findings."""

import pytest

from sdmigrate.model.finding import Finding
from sdmigrate.model.values import Value
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.profile_findings import column_findings
from sdmigrate.rules.types import propose
from tests.rules.profiles import column, table


def finding(code: str, declared_type: str, *values: Value) -> Finding:
    evidence = Evidence()
    for rowid, value in enumerate(values, start=1):
        evidence.add(value, rowid=rowid)
    declared = column("v", declared_type)
    found = column_findings(table("t", declared), declared, evidence, propose(declared, evidence))
    return next(one for one in found if one.code == code)


def test_sixteen_bytes_are_shown_in_both_byte_orders() -> None:
    told = finding("uuids-kept", "BLOB", bytes(range(16)), b"short")
    (sample,) = told.samples
    assert sample.read_as is not None
    assert sample.read_as.text == (
        "00010203-0405-0607-0809-0a0b0c0d0e0f or 03020100-0504-0706-0809-0a0b0c0d0e0f"
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((b"\xff", "text"), "1 BLOB stands in a text column; none is UTF-8 text."),
        ((b"a", b"\xff", "text"), "2 BLOBs stand in a text column; 1 is UTF-8 text."),
        ((b"a", b"", b"a\0", "text"), "3 BLOBs stand in a text column; 2 are UTF-8 text."),
    ],
)
def test_blobs_are_told_with_how_many_are_text(values: tuple[Value, ...], said: str) -> None:
    told = finding("blobs-in-text", "TEXT", *values)
    assert told.message == said
    assert ("utf8_bytes" in told.advice) == ("none" not in said)
