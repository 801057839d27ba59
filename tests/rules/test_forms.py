import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given

from sdmigrate.rules.form_dates import TEXT_DATE_FORMS
from sdmigrate.rules.form_epochs import NUMBER_DATE_FORMS, read_number
from sdmigrate.rules.form_numbers import separated_name
from sdmigrate.rules.form_record import LONGEST_FORM, Form, Moment, timestamp_text
from sdmigrate.rules.forms import (
    BYTE_FORMS,
    CERTAIN,
    FORM_BY_NAME,
    FORMS,
    OTHER_NAMES,
    SUSPECT,
    Interest,
    form_of,
    moment_of,
)
from tests.rules.values import NASTY_TEXTS, texts, values

DOCUMENT = Path(__file__).parents[2] / "docs" / "forms.md"
NAMED_ONLY = {"apple_s", "apple_ns"}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_each_example_has_its_form(form: Form) -> None:
    assert form.parse(form.example) is not None
    if form.name not in NAMED_ONLY:
        assert form.name in (form_of(form.example), form_of(form.example, "date"))


@given(text=texts)
def test_what_a_pattern_does_not_match_is_never_understood(text: str) -> None:
    for form in FORMS:
        if form.compiled.fullmatch(text) is None:
            assert form.parse(text) is None, form.name


@given(text=texts)
def test_unsuspected_text_has_no_form(text: str) -> None:
    if not re.match(SUSPECT, text, re.ASCII):
        assert form_of(text) == "other"


NUMERIC_DATES = {form.name for form in NUMBER_DATE_FORMS}


@given(text=texts)
def test_a_text_is_counted_under_the_first_form_that_understands_it(text: str) -> None:
    if len(text) > LONGEST_FORM:
        return
    first = next(
        (form for form in FORMS if form.name not in NUMERIC_DATES and form.parse(text) is not None), None
    )
    named = form_of(text)
    if first is None:
        assert named not in FORM_BY_NAME
    elif first.family == "number":
        assert named == separated_name(first.name, text)
    elif first.name.startswith("dmy"):
        other = FORM_BY_NAME["mdy" + first.name[3:]].parse(text)
        either = "same_day_month" if other == first.parse(text) else "ambiguous_day_month"
        assert named == (first.name if other is None else either)
    else:
        assert named == first.name


@given(value=values)
def test_every_value_has_one_known_form(value: object) -> None:
    interests: tuple[Interest, ...] = ("any", "date", "json")
    for interest in interests:
        assert form_of(value, interest) in FORM_BY_NAME.keys() | OTHER_NAMES.keys()  # type: ignore[arg-type]


@pytest.mark.parametrize("text", NASTY_TEXTS)
def test_moments_are_those_of_the_form(text: str) -> None:
    named = form_of(text)
    moment = moment_of(text, None)
    if named in {form.name for form in TEXT_DATE_FORMS}:
        assert moment == FORM_BY_NAME[named].parse(text)
    elif named != "same_day_month":
        assert moment is None


@pytest.mark.parametrize(
    ("text", "day_first", "expected"),
    [
        ("20/05/2025 8:42", None, "2025-05-20 08:42:00"),
        ("05/20/2025 8:42 PM", None, "2025-05-20 20:42:00"),
        ("03/04/2024", None, None),
        ("03/04/2024", True, "2024-04-03 00:00:00"),
        ("03/04/2024", False, "2024-03-04 00:00:00"),
        ("03/03/2024", None, "2024-03-03 00:00:00"),
        ("13/04/2024", False, "2024-04-13 00:00:00"),
        ("01.02.69", True, "1969-02-01 00:00:00"),
        ("01.02.68", True, "2068-02-01 00:00:00"),
        ("2024-06-25 14:34:38.574204593+10:00", None, "2024-06-25 04:34:38.574205"),
        ("20240102T030405Z", None, "2024-01-02 03:04:05"),
        ("2 Jan 2024", None, "2024-01-02 00:00:00"),
        ("2nd January 2024", None, "2024-01-02 00:00:00"),
        ("Tue, 20 May 2025 08:42:00 GMT", None, "2025-05-20 08:42:00"),
        ("2024-01-02T23:59:59.9999999", None, "2024-01-03 00:00:00"),
        ("2024-02-29", None, "2024-02-29 00:00:00"),
        ("2023-02-29", None, None),
        ("2024-01-02 24:00:00", None, None),
        ("0000-00-00", None, None),
        ("12:00:00", None, None),
    ],
)
def test_moments(text: str, day_first: bool | None, expected: str | None) -> None:
    moment = moment_of(text, day_first)
    assert (timestamp_text(moment.at) if moment else None) == expected


@pytest.mark.parametrize(
    ("form", "number", "expected"),
    [
        ("epoch_s", 1647950409, "2022-03-22 12:00:09"),
        ("epoch_s", -1, "1969-12-31 23:59:59"),
        ("epoch_s", 1647950409.737, "2022-03-22 12:00:09.737"),
        ("epoch_ms", 1647950409737, "2022-03-22 12:00:09.737"),
        ("epoch_us", 1647950409737123, "2022-03-22 12:00:09.737123"),
        ("epoch_ns", 1647950409737123456, "2022-03-22 12:00:09.737123"),
        ("webkit_us", 13292424009000000, "2022-03-22 12:00:09"),
        ("apple_s", 669643209, "2022-03-22 12:00:09"),
        ("julian_day", 2440587.5, "1970-01-01 00:00:00"),
        ("julian_day", 2460311, "2024-01-01 12:00:00"),
        ("compact_date", 20240229, "2024-02-29 00:00:00"),
        ("compact_date", 20230229, None),
        ("compact_datetime", 20180406034959, "2018-04-06 03:49:59"),
        ("epoch_s", 2**62, None),
        ("epoch_s", float("inf"), None),
    ],
)
def test_numbers_as_dates(form: str, number: float, expected: str | None) -> None:
    moment = read_number(form, number)
    assert (timestamp_text(moment.at) if moment else None) == expected


def test_rounding_is_told() -> None:
    assert read_number("epoch_ns", 1647950409737123456) == Moment(
        FORM_BY_NAME["iso_other"].parse("2022-03-22T12:00:09.737123").at,  # type: ignore[union-attr]
        False,
        True,
    )


@pytest.mark.parametrize(
    ("value", "interest", "expected"),
    [
        ("007", "any", "leading_zeros"),
        ("1,213", "any", "ambiguous_comma"),
        ("1,213,000", "any", "thousands"),
        ("1,213.5", "any", "thousands"),
        ("1.213", "any", "ambiguous_point"),
        ("0.213", "any", "decimal"),
        ("1213.000", "any", "decimal"),
        ("1.213.000", "any", "dotted_groups"),
        ("1 213", "any", "digit_groups"),
        ("1\u00a0213", "any", "digit_groups"),
        ("1 213,5", "any", "decimal_comma"),
        ("1213,5", "any", "decimal_comma"),
        ("1 213'000", "any", "other"),
        ("12,34,567", "any", "other"),
        ("(1,213.50)", "any", "other"),
        ("1.213,50-", "any", "other"),
        ("192.168.100.20", "any", "inet"),
        ("1.213,50", "any", "decimal_comma"),
        ("20180406034959", "any", "integer"),
        ("20180406034959", "date", "compact_datetime"),
        (20180406034959, "date", "compact_datetime"),
        (1647950409, "any", "integer"),
        (1647950409, "date", "epoch_s"),
        (0, "date", "integer"),
        (b"\0" * 16, "any", "uuid_bytes"),
        (b"", "any", "blob"),
        (float("-inf"), "any", "not_finite"),
        ("{}", "json", "json"),
        ('{"x":"\\u0000"}', "json", "json_text_only"),
        ('{"a":"\\u0000","a":1}', "json", "json_text_only"),
        ("NaN", "json", "other"),
        ("1" * 20_000, "json", "json_text_only"),
        ("[" * 5000, "json", "other"),
        ('{"a":\n1}', "json", "json"),
        ('"a\nb"', "json", "other"),
        ("12 High Street", "any", "other"),
        ("20 \u017fep 2024", "any", "other"),
    ],
)
def test_forms(value: object, interest: Interest, expected: str) -> None:
    assert form_of(value, interest) == expected  # type: ignore[arg-type]


def test_numbers_mean_what_they_say() -> None:
    assert FORM_BY_NAME["thousands"].parse("1,213.50") == Decimal("1213.50")
    assert FORM_BY_NAME["decimal_comma"].parse("1.213,50") == Decimal("1213.50")
    assert FORM_BY_NAME["decimal"].parse("-1.5e3") == Decimal("-1500")


def test_the_document_names_every_form() -> None:
    named = re.findall(r"^\| `([a-z0-9_]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert named == [*FORM_BY_NAME, *BYTE_FORMS, *OTHER_NAMES]


def test_what_is_certain_is_so_to_both_engines() -> None:
    # RE2 takes a long s for an s where case does not matter, and Python's re among ASCII does not.
    assert [name for name, pattern in CERTAIN.items() if "(?i" in pattern] == []
    assert re.fullmatch(CERTAIN["boolean_word"], "Yes")
    assert re.fullmatch(CERTAIN["day_month_name"], "20 sEPt. 2024")
