"""Dates and timestamps written as text: ISO 8601 and its relatives, day/month/year, month names, sentences.

Invariant: whatever a parser returns is a real instant between the years 1 and 9999; a value that only looks
like one gives None.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from sdmigrate.rules import certain_dates
from sdmigrate.rules.form_record import SPACES, Family, Form, Moment

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PAD = r"[ \t\n\r\f\v]*"
_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
_SECONDS = r":(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?"
_HALF = r"[ ]?(?P<half>[AaPp])\.?[Mm]\.?"
_OFFSET = r"(?P<offset>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)"
_NAMED_OFFSET = r"(?P<offset>[Zz]|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})"
_MONTH_WORDS = (
    "jan(?:uary)?",
    "feb(?:ruary)?",
    "mar(?:ch)?",
    "apr(?:il)?",
    "may",
    "june?",
    "july?",
    "aug(?:ust)?",
    "sept?(?:ember)?",
    "oct(?:ober)?",
    "nov(?:ember)?",
    "dec(?:ember)?",
)
_MONTH = rf"(?P<name>(?i:{'|'.join(_MONTH_WORDS)}))\.?"
_WEEKDAY = r"(?i:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?i:day)?"
_YEAR = r"(?P<year>[0-9]{4})"
_ISO_DAY = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_ISO_CLOCK = (
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
)


def _year_of(text: str) -> int:
    """Two digits mean 1969 to 2068, as POSIX has it."""
    year = int(text)
    if len(text) > 2:
        return year
    return year + (1900 if year >= 69 else 2000)


def _microseconds(fraction: str | None) -> tuple[int, bool]:
    """Microseconds (up to 1,000,000 by rounding half up) and whether digits were rounded away."""
    if not fraction:
        return 0, False
    nanoseconds = int(fraction.ljust(9, "0"))
    return (nanoseconds + 500) // 1000, nanoseconds % 1000 != 0


def _offset_minutes(text: str) -> int | None:
    if text.upper() in ("Z", "UTC", "GMT"):
        return 0
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 15 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if text[0] == "-" else 1)


def _hour_of(parts: dict[str, str | None]) -> int | None:
    hour = int(parts.get("hour") or 0)
    half = parts.get("half")
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half in "pP" else 0)


def build_moment(year: int, month: int, day: int, parts: dict[str, str | None]) -> Moment | None:
    """The instant of a date and the clock groups of a pattern; None where no calendar has it."""
    hour = _hour_of(parts)
    microseconds, rounded = _microseconds(parts.get("fraction"))
    offset = parts.get("offset")
    minutes_east = _offset_minutes(offset) if offset else 0
    if hour is None or minutes_east is None:
        return None
    try:
        at = datetime(year, month, day, hour, int(parts.get("minute") or 0), int(parts.get("second") or 0))  # noqa: DTZ001
        if microseconds or minutes_east:
            at += timedelta(microseconds=microseconds, minutes=-minutes_east)
    except (ValueError, OverflowError):
        return None
    return Moment(at, offset is not None, rounded)


def _named_groups(pattern: re.Pattern[str], text: str) -> Moment | None:
    match = pattern.fullmatch(text)
    if match is None:
        return None
    parts = match.groupdict()
    name = parts.get("name")
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(parts["month"])
    return build_moment(_year_of(parts["year"]), month, int(parts["day"]), parts)


def _ordered(pattern: re.Pattern[str], order: str, text: str) -> Moment | None:
    """A date of three numbers in that order, such as ``dmy``."""
    match = pattern.fullmatch(text)
    if match is None:
        return None
    date = match["date"]
    numbers = dict(zip(order, date.split(next(mark for mark in "/-." if mark in date)), strict=True))
    return build_moment(_year_of(numbers["y"]), int(numbers["m"]), int(numbers["d"]), match.groupdict())


def _exact_iso(pattern: re.Pattern[str], text: str) -> Moment | None:
    # Newer Pythons read 24:00 as the next day's midnight; here it is no time of this day.
    if pattern.fullmatch(text) is None or text[11:13] == "24":
        return None
    try:
        return Moment(datetime.fromisoformat(text))
    except ValueError:
        return None


def _form(
    name: str,
    pattern: str,
    description: str,
    example: str,
    parse: Callable[[re.Pattern[str], str], Moment | None] = _named_groups,
    certain: Mapping[str, str] | None = None,
) -> Form:
    family: Family = "timestamp" if "hour" in pattern or "[0-9]{2}:[0-9]{2}" in pattern else "date"
    return Form(
        name=name,
        family=family,
        pattern=pattern,
        parse=partial(parse, re.compile(pattern, re.ASCII)),
        description=description,
        example=example,
        certain=certain or {},
    )


def _numeric_orders() -> Iterator[Form]:
    clocks = (
        ("", "", "", ""),
        ("_hm", rf"[ T]+{_CLOCK}", " and the time H:MM", " 8:42"),
        (
            "_hms",
            rf"[ T]+{_CLOCK}{_SECONDS}",
            " and the time H:MM:SS, with or without a fraction",
            " 8:42:05",
        ),
        ("_12h", rf"[ ]+{_CLOCK}(?:{_SECONDS})?{_HALF}", " and a time of the 12-hour clock", " 8:42 PM"),
    )
    orders = (
        ("dmy", "dmy", ("1,2", "1,2", "4"), "day, month, year of four digits", "20/05/2025"),
        ("mdy", "mdy", ("1,2", "1,2", "4"), "month, day, year of four digits", "05/20/2025"),
        (
            "ymd",
            "ymd",
            ("4", "1,2", "1,2"),
            "year of four digits, month, day, not written as ISO 8601 has it",
            "2025/5/20",
        ),
        (
            "dmy_short",
            "dmy",
            ("1,2", "1,2", "2"),
            "day, month, year of two digits (69 is 1969, 68 is 2068)",
            "20/05/25",
        ),
        (
            "mdy_short",
            "mdy",
            ("1,2", "1,2", "2"),
            "month, day, year of two digits (69 is 1969, 68 is 2068)",
            "05/20/25",
        ),
    )
    for name, order, widths, words, day in orders:
        numbers = [f"[0-9]{{{width}}}" for width in widths]
        dates = "|".join(separator.join(numbers) for separator in ("/", "-", r"\."))
        for suffix, clock, clock_words, clock_example in clocks:
            yield _form(
                name + suffix,
                rf"{_PAD}(?P<date>{dates}){clock}{_PAD}",
                f"{words[0].upper()}{words[1:]}{clock_words}; separated by / - or .",
                day + clock_example,
                partial(_ordered_by, order),
                certain_dates.of_numbers(name, suffix),
            )


def _ordered_by(order: str, pattern: re.Pattern[str], text: str) -> Moment | None:
    return _ordered(pattern, order, text)


def _worded(name: str, pattern: str, description: str, example: str) -> Form:
    """A form with the name of a month and any time of day after it."""
    clock = rf"(?:,?[ T]+{_CLOCK}(?:{_SECONDS})?(?:{_HALF})?(?:[ ]?{_NAMED_OFFSET})?)?"
    certain = {name: certain_dates.of_words(pattern, _MONTH, _MONTH_WORDS)}
    return _form(name, f"{_PAD}{pattern}{clock}{_PAD}", description, example, certain=certain)


_DAY = r"(?P<day>[0-9]{1,2})(?i:st|nd|rd|th)?"

ISO_FORMS: tuple[Form, ...] = (
    _form(
        "iso_date",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "The date as PostgreSQL prints it",
        "2025-05-20",
        _exact_iso,
        certain={"iso_date": certain_dates.ISO_DAY},
    ),
    _form(
        "iso_datetime",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}",
        "Date and time as PostgreSQL prints them",
        "2025-05-20 08:42:00",
        _exact_iso,
        certain={"iso_datetime": certain_dates.ISO_DATETIME},
    ),
    _form(
        "iso_other",
        rf"{_PAD}{_ISO_DAY}(?:[Tt ]{_ISO_CLOCK})?{_PAD}",
        "ISO 8601 without an offset, in any other way: T between, minutes only, up to nine fraction digits, "
        "spaces around",
        "2025-05-20T08:42:00.125",
        certain={"iso_other": certain_dates.ISO_OTHER},
    ),
    _form(
        "iso_offset",
        rf"{_PAD}{_ISO_DAY}[Tt ]{_ISO_CLOCK}[ ]?{_OFFSET}{_PAD}",
        "ISO 8601 with Z or an offset",
        "2025-05-20T08:42:00+10:00",
        certain={"iso_offset": certain_dates.ISO_OFFSET},
    ),
    _form(
        "iso_basic",
        rf"{_PAD}(?P<year>[0-9]{{4}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})[Tt]"
        r"(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?"
        rf"(?:{_OFFSET})?{_PAD}",
        "ISO 8601 without separators",
        "20250520T084200Z",
    ),
)
"""In the order in which they are tried."""

WORDED_FORMS: tuple[Form, ...] = (
    _worded(
        "day_month_name",
        rf"{_DAY}[ -]{_MONTH}[ ,-]+(?P<year>[0-9]{{4}}|[0-9]{{2}})",
        "Day, name of the month, year; with or without a time",
        "20 May 2025 8:42",
    ),
    _worded(
        "month_name_day",
        rf"{_MONTH}[ -]+{_DAY},?[ -]+{_YEAR}",
        "Name of the month, day, year; with or without a time",
        "May 20, 2025",
    ),
    _worded(
        "year_month_name",
        rf"{_YEAR}[ -]{_MONTH}[ -]{_DAY}",
        "Year, name of the month, day; with or without a time",
        "2025-May-20",
    ),
    _worded(
        "sentence",
        rf"{_WEEKDAY},?[ ]+{_DAY}[ -]{_MONTH}[ ,-]+(?P<year>[0-9]{{4}}|[0-9]{{2}})",
        "Weekday, day, name of the month, year, as in RFC 2822 and HTTP",
        "Tue, 20 May 2025 08:42:00 +1000",
    ),
    _worded(
        "sentence_month_first",
        rf"{_WEEKDAY},?[ ]+{_MONTH}[ ]+{_DAY},[ ]+{_YEAR}",
        "Weekday, name of the month, day, year",
        "Tuesday, May 20, 2025",
    ),
    _form(
        "sentence_c",
        rf"{_PAD}{_WEEKDAY}[ ]+{_MONTH}[ ]+{_DAY}[ ]+{_CLOCK}{_SECONDS}"
        rf"(?:[ ]{_NAMED_OFFSET})?[ ]{_YEAR}{_PAD}",
        "As C's ctime() and the date command print it",
        "Tue May 20 08:42:00 UTC 2025",
    ),
)
"""Forms with the name of a month."""

ORDERED_FORMS: tuple[Form, ...] = tuple(_numeric_orders())
"""Forms of three numbers, whose order is part of the name."""

TEXT_DATE_FORMS: tuple[Form, ...] = ISO_FORMS + ORDERED_FORMS + WORDED_FORMS
"""Every form of a date or timestamp in text, in the order in which they are tried."""

_ZERO = re.compile(r"0000[-/.]00[-/.]00(?:[ T]00:00(?::00(?:\.0+)?)?)?")


def is_zero_date(text: str) -> bool:
    """Whether it is MySQL's way to say "no date": all digits zero."""
    return _ZERO.fullmatch(text.strip(SPACES)) is not None


def day_month_reading(form: Form) -> str | None:
    """``"dmy"`` or ``"mdy"`` for a form whose day and month can be taken for each other, else None."""
    reading = form.name[:3]
    return reading if reading in ("dmy", "mdy") else None


def other_reading(name: str) -> str:
    """The name of the same form with day and month exchanged."""
    return ("mdy" if name.startswith("dmy") else "dmy") + name[3:]
