import re
import sqlite3
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.values import Value
from sdmigrate.rules.conversion import (
    RULES,
    Changed,
    Kept,
    Misfit,
    convert,
    fill,
    split_type,
    sqlite_guard,
)
from sdmigrate.rules.convert_numbers import SEPARATED
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.fitting import considered, fits, type_plan
from sdmigrate.rules.forms import BYTE_FORMS
from tests.rules.values import values

TYPES = (
    "boolean",
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(10,2)",
    "double precision",
    "text",
    "varchar(5)",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "json",
    "jsonb",
    "bytea",
    "inet",
)
PRINTED = {
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "time": r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,5}[1-9])?",
    "interval": r"(-?[0-9]{2,}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,5}[1-9])?"
    r"|[0-9]+ (years?|mons?|days?)( [0-9]+ (mons?|days?))*"
    r"( [0-9]{2,}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,5}[1-9])?)?)",
    "timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,5}[1-9])?",
    "timestamptz": r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,5}[1-9])?\+00",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}


def plan(type_: str, **fields: object) -> ColumnPlan:
    return ColumnPlan(source="c", target="c", type=type_, **fields)  # type: ignore[arg-type]


plans = st.builds(
    ColumnPlan,
    source=st.just("c"),
    target=st.just("c"),
    type=st.sampled_from(TYPES),
    form=st.sampled_from(("auto", "dmy_hm", "mdy", "epoch_s", "epoch_ms", *BYTE_FORMS, *SEPARATED)),
    day_first=st.sampled_from((None, True, False)),
    zone=st.sampled_from(("", "Europe/Berlin")),
    empty=st.sampled_from(("null", "keep", "quarantine", "fail")),
    placeholders=st.sampled_from(((), ("NaN", "-inf"), ("it's", "0"))),
    nul_bytes=st.sampled_from(("strip", "quarantine")),
    invalid_utf8=st.sampled_from(("quarantine", "cp1252", "latin1")),
    trailing_blanks=st.sampled_from(("keep", "strip")),
    newline_runs=st.sampled_from(("keep", "single")),
    not_null=st.booleans(),
)


def final(value: Value, column: ColumnPlan) -> Value:
    """The value as it will lie in cleaned, or a blob that says it does not."""
    outcome = convert(value, column)
    if isinstance(outcome, Misfit):
        return b"misfit"
    return outcome.after if isinstance(outcome, Changed) else value


@settings(max_examples=600)
@given(value=values, column=plans)
def test_what_comes_out_is_canonical_and_stays(value: Value, column: ColumnPlan) -> None:
    outcome = convert(value, column)
    if isinstance(outcome, Misfit):
        assert outcome.reason
        assert re.fullmatch(r"[a-z0-9-]+", outcome.code)
        return
    if isinstance(outcome, Changed):
        assert outcome.rule in RULES
        assert (type(outcome.after), outcome.after) != (type(value), value)
    after = final(value, column)
    if after is None:
        assert isinstance(outcome, Changed)
        assert not column.not_null
        return
    assert_canonical(after, column)
    if after not in column.placeholders:
        assert convert(after, column) == Kept()


def assert_canonical(value: Value, column: ColumnPlan) -> None:
    base, precision, scale = split_type(column.type)
    match base:
        case "boolean":
            assert type(value) is int
            assert value in (0, 1)
        case "smallint" | "integer" | "bigint":
            bits = {"smallint": 15, "integer": 31, "bigint": 63}[base]
            assert isinstance(value, int)
            assert -(2**bits) <= value < 2**bits
        case "numeric":
            assert not isinstance(value, bytes)
            number = Decimal(repr(value) if isinstance(value, float) else str(value))
            assert number.is_finite()
            if precision is not None and scale is not None:
                assert number == round(number, scale)
                assert abs(number) < 10 ** (precision - scale)
        case "double precision":
            assert isinstance(value, float) or (isinstance(value, int) and int(float(value)) == value)
        case "text" | "varchar" | "json" | "jsonb":
            assert isinstance(value, str)
            assert "\0" not in value
            value.encode("utf-8")
            assert precision is None or len(value) <= precision
        case "bytea":
            assert isinstance(value, bytes)
        case _ if base in PRINTED:
            assert isinstance(value, str)
            assert re.fullmatch(PRINTED[base], value, re.ASCII)
            if base in ("date", "timestamp", "timestamptz"):
                assert datetime.fromisoformat(value).year >= 1
        case _:
            assert isinstance(value, str)


@settings(max_examples=400)
@given(
    stored=st.lists(values, max_size=8),
    column=plans,
    collation=st.sampled_from(("BINARY", "NOCASE", "RTRIM")),
    encoding=st.sampled_from(("UTF-8", "UTF-16le")),
)
@example(
    stored=[-(2**63), 2**63 - 1],
    column=ColumnPlan(source="c", target="c", type="numeric"),
    collation="BINARY",
    encoding="UTF-8",
)
def test_a_guarded_value_is_kept(
    stored: list[Value], column: ColumnPlan, collation: str, encoding: str
) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA encoding='{encoding}'")
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        connection.execute(f"CREATE TABLE t(c COLLATE {collation})")
        for value in stored:
            if isinstance(value, str):
                data = value.encode("utf-8", "surrogateescape")
                if encoding != "UTF-8" and any("\ud800" <= one <= "\udfff" for one in value):
                    continue
                if encoding == "UTF-8":
                    connection.execute("INSERT INTO t VALUES (CAST(? AS TEXT))", (data,))
                    continue
            connection.execute("INSERT INTO t VALUES (?)", (value,))
        connection.execute("INSERT INTO t VALUES (NULL)")
        rows = connection.execute(
            f"SELECT c, {sqlite_guard(column, chr(34) + 'c' + chr(34))} FROM t"
        ).fetchall()
    for value, guarded in rows:
        assert guarded in (0, 1)
        if guarded and value is not None:
            assert convert(value, column) == Kept(), value


@settings(max_examples=400)
@given(
    stored=st.lists(values, max_size=12),
    type_=st.sampled_from(TYPES),
    interest=st.sampled_from(("any", "date", "json")),
    day_first=st.sampled_from((None, True)),
)
def test_counted_fits_are_what_convert_says(
    stored: list[Value], type_: str, interest: str, day_first: bool | None
) -> None:
    if type_ in ("json", "jsonb") and interest != "json":
        interest = "json"
    evidence = Evidence(interest=interest, declared_digits=(10, 2), declared_length=5)  # type: ignore[arg-type]
    if type_ == "varchar(5)":
        evidence.declared_digits = None
    else:
        evidence.declared_length = None
    for value in stored:
        evidence.add(value)
    keeps_missing = type_ in ("text", "varchar(5)", "bytea")
    column = ColumnPlan(source="", target="", type=type_, day_first=day_first, empty="keep")
    expected = sum(
        not isinstance(convert(value, column), Misfit)
        for value in stored
        if keeps_missing or not isinstance(value, str) or value.strip(" \t\n\r\f\v")
    )
    if interest == "json" and type_ not in ("json", "jsonb", "text", "varchar(5)", "bytea"):
        return
    if interest != "date" and type_ in ("date", "timestamp", "timestamptz"):
        return
    counted = fits(evidence, type_, "auto", day_first)
    assert counted == expected
    assert counted <= considered(evidence, type_)


@pytest.mark.parametrize(
    ("value", "type_", "fields", "expected"),
    [
        (42, "text", {}, Changed("42", "integer-to-text")),
        (1.5, "text", {}, Changed("1.5", "real-to-text")),
        (b"x", "text", {}, "blob-in-text"),
        ("a\0b", "text", {}, Changed("ab", "nul-stripped")),
        ("a\0b", "text", {"nul_bytes": "quarantine"}, "nul-byte"),
        ("ca\udce9", "text", {}, "invalid-utf8"),
        ("ca\udce9", "text", {"invalid_utf8": "cp1252"}, Changed("caé", "recoded-cp1252")),
        ("ca\udc81", "text", {"invalid_utf8": "cp1252"}, "invalid-utf8"),
        ("🙂🙂", "varchar(2)", {}, Kept()),
        ("abc", "varchar(2)", {}, "varchar-too-long"),
        ("", "text", {}, Kept()),
        ("", "text", {"empty": "null"}, Changed(None, "empty-to-null")),
        ("", "bigint", {"empty": "null"}, Changed(None, "empty-to-null")),
        ("", "bigint", {"empty": "null", "not_null": True}, "null-not-allowed"),
        ("", "bigint", {"empty": "null", "default": "7"}, Changed(7, "default-for-missing")),
        ("", "bigint", {"empty": "quarantine"}, "empty-text"),
        ("  ", "bigint", {"empty": "null"}, Changed(None, "blank-to-null")),
        ("N/A", "date", {"placeholders": ("N/A",)}, Changed(None, "placeholder-to-null")),
        ("LS0t", "bytea", {}, Changed(b"LS0t", "text-to-bytes")),
        (7, "bigint", {}, Kept()),
        ("abc", "bigint", {}, "not-an-integer"),
        (12.5, "bigint", {}, "not-an-integer"),
        ("false", "bigint", {}, "not-an-integer"),
        ("007", "bigint", {}, "not-an-integer"),
        (2.0**53, "bigint", {}, "rounded-integer"),
        (3.0, "bigint", {}, Changed(3, "real-to-integer")),
        (2**31, "integer", {}, "integer-out-of-range"),
        ("1,213", "numeric", {}, "not-a-number"),
        ("1,213", "numeric", {"form": "thousands"}, Changed("1213", "text-to-numeric")),
        ("1.213,5", "numeric", {"form": "decimal_comma"}, Changed("1213.5", "text-to-numeric")),
        ("1.213", "numeric", {"form": "decimal_comma"}, Changed("1213", "text-to-numeric")),
        ("1.213", "bigint", {"form": "decimal_comma"}, Changed(1213, "text-to-integer")),
        ("1,213", "numeric", {"form": "decimal_comma"}, Changed(1.213, "text-to-numeric")),
        ("1,2130", "numeric", {"form": "decimal_comma"}, Changed("1.2130", "text-to-numeric")),
        ("1.213", "numeric", {"form": "thousands"}, Kept()),
        ("12.50", "numeric", {"form": "decimal_comma"}, Kept()),
        ("1\u202f213,5", "numeric", {"form": "decimal_comma"}, Changed("1213.5", "text-to-numeric")),
        ("1\u2019213.5", "numeric", {"form": "thousands"}, Changed("1213.5", "text-to-numeric")),
        (0.1 + 0.2, "numeric", {}, Kept()),
        (0.1 + 0.2, "numeric(10,2)", {}, "scale-exceeded"),
        (19.99, "numeric(10,2)", {}, Kept()),
        (1234567890123.45, "numeric(10,2)", {}, "precision-exceeded"),
        ("18446744073709551615", "numeric", {}, Kept()),
        (float("inf"), "numeric", {}, "infinite"),
        (float("inf"), "double precision", {}, Kept()),
        (2**53 + 1, "double precision", {}, "inexact-double"),
        ("NaN", "double precision", {}, "not-a-number"),
        ("Yes", "boolean", {}, Changed(1, "text-to-boolean")),
        ("f", "boolean", {}, Changed(0, "text-to-boolean")),
        (1, "boolean", {}, Kept()),
        (2, "boolean", {}, "not-boolean"),
        ("2024-01-02 03:04:05", "timestamp", {}, Kept()),
        ("2024-01-02T03:04:05.500", "timestamp", {}, Changed("2024-01-02 03:04:05.5", "date-form")),
        ("20/05/2025 8:42", "timestamp", {}, Changed("2025-05-20 08:42:00", "date-form")),
        ("03/04/2024", "timestamp", {}, "ambiguous-date"),
        ("03/04/2024", "timestamp", {"day_first": True}, Changed("2024-04-03 00:00:00", "date-form")),
        ("03/04/2024", "timestamp", {"form": "mdy"}, Changed("2024-03-04 00:00:00", "date-form")),
        ("2024-01-02", "timestamp", {}, Changed("2024-01-02 00:00:00", "date-to-midnight")),
        ("2024-03-31T02:30:00+02:00", "timestamp", {}, Changed("2024-03-31 00:30:00", "offset-to-utc")),
        (
            "2024-06-25 14:34:38.574204593+10:00",
            "timestamptz",
            {},
            Changed("2024-06-25 04:34:38.574205+00", "date-form-rounded"),
        ),
        ("0000-00-00 00:00:00", "timestamp", {}, "zero-date"),
        (0, "timestamp", {}, "zero-date"),
        (0, "timestamp", {"form": "epoch_s"}, Changed("1970-01-01 00:00:00", "number-to-date")),
        ("2024-02-30 10:00:00", "timestamp", {}, "impossible-date"),
        (20180406034959, "timestamp", {}, Changed("2018-04-06 03:49:59", "number-to-date")),
        (1647950409737, "timestamp", {}, Changed("2022-03-22 12:00:09.737", "number-to-date")),
        (
            1647950409737123456,
            "timestamp",
            {},
            Changed("2022-03-22 12:00:09.737123", "number-to-date-rounded"),
        ),
        (2460311.0, "timestamp", {}, Changed("2024-01-01 12:00:00", "number-to-date")),
        ("2024-01-02 03:04:05", "timestamptz", {}, Changed("2024-01-02 03:04:05+00", "date-form")),
        (
            "2024-01-02 03:04:05",
            "timestamptz",
            {"zone": "Europe/Berlin"},
            Changed("2024-01-02 02:04:05+00", "zone-to-utc"),
        ),
        ("2024-03-31 02:30:00", "timestamptz", {"zone": "Europe/Berlin"}, "skipped-local-time"),
        (
            "2024-10-27 02:30:00",
            "timestamptz",
            {"zone": "Europe/Berlin"},
            Changed("2024-10-27 00:30:00+00", "zone-to-utc-first"),
        ),
        ("2024-01-02 00:00:00", "date", {}, Changed("2024-01-02", "midnight-to-date")),
        ("2024-01-02 00:00:01", "date", {}, "time-of-day-lost"),
        ("8:42 PM", "time", {}, Changed("20:42:00", "time-form")),
        ("24:00:00", "time", {}, Kept()),
        ("36:00:00", "time", {}, "not-a-time"),
        ("36:00:00", "interval", {}, Kept()),
        ("-0:05", "interval", {}, Changed("-00:05:00", "time-form")),
        ("P1DT2H", "interval", {}, Changed("1 day 02:00:00", "time-form")),
        ("1 day 02:00:00", "interval", {}, Kept()),
        ("p1y14m2w", "interval", {}, Changed("2 years 2 mons 14 days", "time-form")),
        ("PT90M0.250S", "interval", {}, Changed("01:30:00.25", "time-form")),
        ("PT0S", "interval", {}, Changed("00:00:00", "time-form")),
        ("P", "interval", {}, "not-an-interval"),
        ("P1DT", "interval", {}, "not-an-interval"),
        ("P1.5D", "interval", {}, "not-an-interval"),
        ("-P1D", "interval", {}, "not-an-interval"),
        (
            "{DE13F867-70EC-49E4-A398-041B83F1A535}",
            "uuid",
            {},
            Changed("de13f867-70ec-49e4-a398-041b83f1a535", "uuid-form"),
        ),
        (
            bytes(range(16)),
            "uuid",
            {},
            Changed("00010203-0405-0607-0809-0a0b0c0d0e0f", "bytes-to-uuid"),
        ),
        (
            bytes(range(16)),
            "uuid",
            {"form": "uuid_bytes_swapped"},
            Changed("03020100-0504-0706-0809-0a0b0c0d0e0f", "bytes-to-uuid"),
        ),
        (b"hello", "text", {}, "blob-in-text"),
        (b"hello", "text", {"form": "utf8_bytes"}, Changed("hello", "bytes-to-text")),
        (b"", "text", {"form": "utf8_bytes"}, Changed("", "bytes-to-text")),
        (b"", "text", {"form": "utf8_bytes", "empty": "null"}, Changed(None, "empty-to-null")),
        (
            b"N/A",
            "text",
            {"form": "utf8_bytes", "placeholders": ("N/A",)},
            Changed(None, "placeholder-to-null"),
        ),
        (b"a  ", "text", {"form": "utf8_bytes", "trailing_blanks": "strip"}, Changed("a", "bytes-to-text")),
        (b"hello", "varchar(4)", {"form": "utf8_bytes"}, "varchar-too-long"),
        (b"a\0b", "text", {"form": "utf8_bytes"}, "blob-in-text"),
        (b"\xe9", "text", {"form": "utf8_bytes", "invalid_utf8": "cp1252"}, "blob-in-text"),
        (b"hello", "bytea", {"form": "utf8_bytes"}, Kept()),
        (5, "bytea", {"form": "text_bytes"}, Changed(b"5", "number-to-bytes")),
        (0.1, "bytea", {"form": "text_bytes"}, Changed(b"0.1", "number-to-bytes")),
        (5, "bytea", {"form": "utf8_bytes"}, "number-in-blob"),
        ('{"x":"\\u0000"}', "jsonb", {}, "not-json"),
        ('{"x":"\\u0000"}', "json", {}, Kept()),
        (1.5, "jsonb", {}, Changed("1.5", "number-to-json")),
        ("2001:DB8::1", "inet", {}, Changed("2001:db8::1", "inet-form")),
        ("10.0.0.0/8", "inet", {}, Kept()),
    ],
)
def test_convert(value: Value, type_: str, fields: dict[str, object], expected: object) -> None:
    outcome = convert(value, plan(type_, **fields))
    assert (outcome.code if isinstance(outcome, Misfit) else outcome) == expected


def test_null_is_filled_or_refused_or_left() -> None:
    assert fill(plan("bigint")) is None
    assert fill(plan("bigint", default="7")) == Changed(7, "default-for-missing")
    assert isinstance(fill(plan("bigint", not_null=True)), Misfit)
    assert fill(plan("bigint", default="x")) == Misfit(
        "the plan's default does not fit bigint", "default-unfit"
    )
    with pytest.raises(ValueError, match="NULL"):
        convert(None, plan("bigint"))


def test_unknown_type_and_zone_are_told() -> None:
    with pytest.raises(ValueError, match="no known type"):
        convert(1, plan("money"))
    with pytest.raises(ValueError, match="no time zone"):
        convert("2024-01-02 03:04:05", plan("timestamptz", zone="Mars/Olympus"))


def test_the_document_names_every_rule() -> None:
    text = (Path(__file__).parents[2] / "docs" / "forms.md").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f"\n| {rule} |" not in text] == []


def test_a_plan_of_a_type_has_no_other_rule() -> None:
    assert type_plan("date", "dmy", day_first=True) == ColumnPlan(
        source="", target="", type="date", form="dmy", day_first=True
    )
