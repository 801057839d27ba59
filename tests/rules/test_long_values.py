"""What is measured of a long value piece by piece, against the same value added whole."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from sdmigrate.model.values import LongValue, Value
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.fitting import candidate
from sdmigrate.rules.form_json import json_form
from sdmigrate.rules.long_values import long_blob, long_text

FILLING = 300
"""More characters than any form has, and than are ever shown."""
TYPES = ("text", "varchar(5)", "varchar(305)", "bytea", "json", "jsonb", "integer", "date", "uuid", "inet")

fillings = st.sampled_from([b" ", b"a", "é".encode(), "€".encode(), b"\xff", b"\0"])
pieces = st.lists(
    st.one_of(
        st.binary(max_size=4),
        st.sampled_from([b"", b"a", b" ", b"\0", "😀".encode(), b"\xe2\x82", b"\xac", b"\xed\xa0\x80"]),
    ),
    max_size=8,
)


def facts(evidence: Evidence) -> dict[str, Any]:
    """All that a profile takes from a column's evidence."""
    return {
        "counts": (
            evidence.rows,
            evidence.nulls,
            evidence.distinct,
            evidence.nul_count,
            evidence.invalid_count,
        ),
        "lengths": (evidence.longest_characters, evidence.longest_bytes),
        "forms": (evidence.classes, evidence.forms, evidence.text_blobs, evidence.long_text_blobs),
        "top": evidence.top(),
        "encodings": evidence.encodings,
        "samples": (evidence.class_samples("text"), evidence.class_samples("blob")),
        "candidates": [candidate(evidence, type_) for type_ in TYPES],
    }


def require_alike(whole: Value, measured: LongValue, **declared: Any) -> None:
    expected, found = Evidence(**declared), Evidence(**declared)
    for evidence in (expected, found):
        evidence.add("short", 2, 1)
        evidence.add_nulls(1)
    expected.add(whole, 3, 7)
    found.add_nulls(3)
    found.add_long(measured, 3, 7)
    assert facts(found) == facts(expected)


@given(fillings, pieces, pieces)
@example(b" ", [], [])
@example(b"a", [b"\xe2\x82"], [b"\xac"])
@example(b"a", [], [b"\xf0\x9f"])
def test_a_text_in_pieces(filling: bytes, before: list[bytes], after: list[bytes]) -> None:
    parts = [*before, filling * FILLING, *after]
    text = b"".join(parts).decode("utf-8", "surrogateescape")
    require_alike(text, long_text(parts))
    require_alike(text, long_text(parts), declared_length=305)


@given(fillings, pieces, pieces)
@example(b"a", [b"\xe2\x82"], [b"\xac"])
@example("é".encode(), [], [b"\xf0\x9f"])
def test_a_blob_in_pieces(filling: bytes, before: list[bytes], after: list[bytes]) -> None:
    parts = [*before, filling * FILLING, *after]
    for length in (None, 305):
        require_alike(b"".join(parts), long_blob(parts), declared_length=length)


def test_json_in_pieces() -> None:
    for text in ('["' + "a" * FILLING + '"]', '["' + "a" * FILLING + '\\u0000"]', '["' + "a" * FILLING):
        parts = [text[:100].encode(), text[100:].encode()]
        require_alike(text, replace(long_text(parts), form=json_form(text)), interest="json")


def test_only_the_whole_tells_of_what_may_be_a_number() -> None:
    assert long_text([b"-1." + b"0" * FILLING, b"e+5"]).form == ""
    assert long_text([b"1" * FILLING, b"1,5"]).form == "other"
    assert long_text([b" " * FILLING, b"1"]).form == "other"


def test_values_alike_have_one_digest() -> None:
    one, other = long_text([b"a" * 9, b"b"]), long_text([b"a", b"a" * 8 + b"b"])
    assert one == other
    assert long_text([b"a" * 9, b"c"]).digest != one.digest
