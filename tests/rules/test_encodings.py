"""Which encoding reads texts that are not UTF-8: counted as convert reads them, told as they would be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sdmigrate.model.profile import EncodingReading
from sdmigrate.model.values import stored
from sdmigrate.rules.conversion import Misfit, convert
from sdmigrate.rules.encodings import ENCODINGS, in_words
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.fitting import type_plan
from sdmigrate.rules.profile_findings import column_findings
from sdmigrate.rules.types import propose
from tests.rules.profiles import column, table


def text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def evidence_of(*octets: bytes) -> Evidence:
    evidence = Evidence()
    for rowid, each in enumerate(octets, start=1):
        evidence.add(text(each), rowid=rowid)
    return evidence


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        ((b"ca\xe9",), ("cp1252 1/0", "latin1 1/0")),
        # Only Windows-1252 has the euro there, ISO 8859-1 a control character.
        ((b"\x80 5", b"ca\xe9"), ("cp1252 2/0", "latin1 2/1")),
        # One of the five bytes that Windows-1252 lacks.
        ((b"\x81",), ("latin1 1/1", "cp1252 0/0")),
        # Cut inside a character, and Windows-1252 after UTF-8.
        ((b"caf\xc3",), ("cp1252 1/0", "latin1 1/0")),
        (("é ".encode() + b"\xe9",), ("cp1252 1/1", "latin1 1/1")),
        # Half of a pair of surrogates.
        ((b"A\xed\xa0\x80",), ("cp1252 1/1", "latin1 1/1")),
        ((b"plain", "é".encode()), ()),
    ],
)
def test_the_likeliest_encoding_comes_first(octets: tuple[bytes, ...], told: tuple[str, ...]) -> None:
    found = evidence_of(*octets).encodings
    assert tuple(f"{each.encoding} {each.reads}/{each.doubtful}" for each in found) == told


@given(st.sets(st.binary(max_size=5), max_size=8))
def test_an_encoding_reads_what_convert_reads_in_it(octets: set[bytes]) -> None:
    evidence = evidence_of(*octets)
    invalid = [one for one in map(text, octets) if isinstance(convert(one, type_plan("text")), Misfit)]
    assert evidence.invalid_count == len(invalid)
    for encoding in ENCODINGS:
        plan = replace(type_plan("text"), invalid_utf8=encoding)
        read = sum(not isinstance(convert(one, plan), Misfit) for one in invalid)
        told = {each.encoding: each.reads for each in evidence.encodings}
        assert told.get(encoding, 0) == read


def test_the_finding_tells_what_each_encoding_reads_and_what_the_likeliest_makes_of_it() -> None:
    evidence = evidence_of(b"ca\xe9", b"\x80 5", b"plain", b"\x81")
    declared = column("v", "TEXT")
    findings = column_findings(table("t", declared), declared, evidence, propose(declared, evidence))
    (finding,) = (one for one in findings if one.code == "texts-not-utf8")
    assert finding.advice == (
        "Their rows go to quarantine, unless invalid_utf8 in the plan names an encoding:"
        " cp1252 reads 2 of 3, latin1 reads all 3 (2 doubtfully)."
    )
    assert [(one.rowid, one.value.text, one.read_as) for one in finding.samples] == [
        (1, "ca\\xe9", stored("caé")),
        (2, "\\x80 5", stored("€ 5")),
        (4, "\\x81", None),
    ]


def test_one_text_and_none_are_told_in_words() -> None:
    assert in_words(EncodingReading(encoding="cp1252", reads=0, doubtful=0), 1) == "cp1252 reads none of 1"
    assert in_words(EncodingReading(encoding="latin1", reads=1, doubtful=1), 1) == (
        "latin1 reads 1 of 1 (1 doubtfully)"
    )
