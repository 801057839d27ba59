"""Numbers, booleans, times of day, durations, UUIDs and internet addresses written as text.

Invariant: a text with leading zeros is an identifier and no number; nothing here guesses what a comma means.
Which separator stands between thousands is said by the column (see ``separators``), never by one value that
can be read both ways.
"""

import ipaddress
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from sdmigrate.rules.form_record import SPACES, Form, Parsed, may_have_form

_PAD = r"[ \t\n\r\f\v]*"

TRUE_WORDS = frozenset({"t", "true", "y", "yes", "on"})
FALSE_WORDS = frozenset({"f", "false", "n", "no", "off"})


def _reader(pattern: str, understand: Callable[[str], Parsed | None]) -> Callable[[str], Parsed | None]:
    compiled = re.compile(pattern, re.ASCII)

    def parse(text: str) -> Parsed | None:
        return understand(text.strip(SPACES)) if may_have_form(text) and compiled.fullmatch(text) else None

    return parse


_SET_APART = " '\u2019\u00a0\u2009\u202f"
"""What may stand between thousands whatever the comma means: spaces, breaking or not, and apostrophes."""
_WITHOUT_SPACES = str.maketrans("", "", _SET_APART)


SEPARATORS = {"thousands": (",", "."), "decimal_comma": (".", ",")}
"""By the form of a number: what may stand between its thousands, and what before its fraction."""


def _separated(form: str, text: str) -> Decimal:
    between, point = SEPARATORS[form]
    return Decimal(text.translate(_WITHOUT_SPACES).replace(between, "").replace(point, "."))


def _word(text: str) -> bool:
    return text.lower() in TRUE_WORDS


def _any_uuid(text: str) -> str:
    return str(uuid.UUID(text.lower().removeprefix("urn:uuid:").strip("{}")))


def _address(text: str) -> str | None:
    """An internet address as PostgreSQL's inet prints it; None for none and where it prints another."""
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        return None
    packed = interface.ip.packed
    if interface.version == 6 and packed[:12].strip(b"\0\xff") == b"" and any(packed[:14]):
        # Addresses that embed IPv4 are printed in two ways; ::1 and its like embed none.
        return None
    whole = interface.network.prefixlen == interface.max_prefixlen
    return str(interface.ip) if whole else str(interface)


def _clock_parts(text: str) -> tuple[int, int, int, int]:
    """Hours, minutes, seconds, microseconds of ``H:MM[:SS[.f]]``; more than six digits are rounded."""
    hours, minutes, *rest = text.split(":")
    seconds, _, fraction = (rest[0] if rest else "0").partition(".")
    microseconds = (int(fraction.ljust(9, "0")) + 500) // 1000 if fraction else 0
    return int(hours), int(minutes), int(seconds), microseconds


def _clock_text(total_microseconds: int) -> str:
    seconds, microseconds = divmod(total_microseconds, 1_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{microseconds:06}".rstrip("0") if microseconds else text


def _microseconds_of(text: str) -> int | None:
    hours, minutes, seconds, microseconds = _clock_parts(text)
    if minutes > 59 or seconds > 59:
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + microseconds


_DAY_MICROSECONDS = 86_400_000_000


def _time_of_day(text: str) -> str | None:
    total = _microseconds_of(text)
    # 24:00:00 is a time of day for PostgreSQL as well.
    return _clock_text(total) if total is not None and total <= _DAY_MICROSECONDS else None


def _time_of_half_day(text: str) -> str | None:
    half = re.search(r"[AaPp]", text)
    if half is None:
        return None
    clock = text[: half.start()].strip(SPACES)
    hours, _, rest = clock.partition(":")
    if not 1 <= int(hours) <= 12:
        return None
    return _time_of_day(f"{int(hours) % 12 + (12 if half[0] in 'pP' else 0)}:{rest}")


def _duration(text: str) -> str | None:
    total = _microseconds_of(text.lstrip("+-"))
    if total is None:
        return None
    return ("-" if text.startswith("-") and total else "") + _clock_text(total)


def interval_text(months: int, days: int, microseconds: int) -> str:
    """As PostgreSQL prints it (IntervalStyle postgres): ``1 year 2 mons 3 days 04:05:06``."""
    counted = ((months // 12, "year"), (months % 12, "mon"), (days, "day"))
    words = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in counted if number]
    return " ".join([*words, _clock_text(microseconds)] if microseconds or not words else words)


def _interval(text: str) -> str | None:
    told = {unit: int(number) for number, unit in re.findall(r"([0-9]+) (year|mon|day)", text)}
    if not told:
        return None
    clock = _microseconds_of(text.rpartition(" ")[2]) if ":" in text else 0
    if clock is None:
        return None
    return interval_text(12 * told.get("year", 0) + told.get("mon", 0), told.get("day", 0), clock)


def _iso_duration(text: str) -> str | None:
    days, _, clock = text.upper().removeprefix("P").partition("T")
    date_parts = {unit: int(number) for number, unit in re.findall(r"([0-9]+)([YMWD])", days)}
    clock_parts = {unit: Decimal(number) for number, unit in re.findall(r"([0-9.]+)([HMS])", clock)}
    if not (date_parts or clock_parts) or text[-1] in "Tt":
        return None
    seconds = sum(
        clock_parts.get(unit, Decimal(0)) * size for unit, size in (("H", 3600), ("M", 60), ("S", 1))
    )
    return interval_text(
        12 * date_parts.get("Y", 0) + date_parts.get("M", 0),
        7 * date_parts.get("W", 0) + date_parts.get("D", 0),
        int(seconds * 1_000_000),
    )


def _not_grouped(point: str) -> str:
    """A number with a fraction that is not three digits after up to three others, which may be thousands."""
    return (
        rf"-?(?:0|[1-9][0-9]{{0,10}}){point}(?:[0-9]{{1,2}}|[0-9]{{4}})"
        rf"|-?(?:0|[1-9][0-9]{{3,10}}){point}[0-9]{{3}}"
    )


_CERTAIN_GROUPS = r"-?[1-9][0-9]{0,2}"
_PLAIN_INTEGER = r"(?:0|[+-]?[1-9][0-9]*|-0|\+0)"
_GROUPS = r"[+-]?[1-9][0-9]{0,2}"

_INTEGER = rf"{_PAD}{_PLAIN_INTEGER}{_PAD}"
_POWER = r"[eE][+-]?[0-9]{1,3}"
_DECIMAL = (
    rf"{_PAD}[+-]?(?:(?:0|[1-9][0-9]*)\.[0-9]*(?:{_POWER})?|\.[0-9]+(?:{_POWER})?"
    rf"|(?:0|[1-9][0-9]*){_POWER}){_PAD}"
)
_PADDED = rf"{_PAD}[+-]?0[0-9]+(?:\.[0-9]*)?{_PAD}"
_SPACED = _GROUPS + "(?:" + "|".join(f"(?:{space}[0-9]{{3}})+" for space in _SET_APART) + ")"
_THOUSANDS = rf"{_PAD}(?:{_GROUPS}(?:,[0-9]{{3}})+|{_SPACED})(?:\.[0-9]+)?{_PAD}"
_DECIMAL_COMMA = (
    rf"{_PAD}(?:[+-]?(?:0|[1-9][0-9]*),[0-9]+|(?:{_GROUPS}(?:\.[0-9]{{3}})+|{_SPACED})(?:,[0-9]+)?){_PAD}"
)
_NOT_FINITE = rf"{_PAD}[+-]?(?i:nan|inf|infinity){_PAD}"
_WORDS = rf"{_PAD}(?i:t|true|y|yes|on|f|false|n|no|off){_PAD}"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUID_OTHER = (
    rf"{_PAD}(?:(?i:urn:uuid:)?"
    r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
    r"|\{[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\}"
    rf"|[0-9A-Fa-f]{{32}}){_PAD}"
)
# In capitals, with a letter among the last digits; without any it has the form uuid as well.
_CERTAIN_UUID_OTHER = (
    r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-(?:"
    + "|".join(f"[0-9]{{{place}}}[A-F][0-9A-F]{{{11 - place}}}" for place in range(12))
    + r")|\{[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\}|"
    # Without hyphens, and no number with an exponent.
    + "|".join(f"[0-9Ee]{{{place}}}[A-DFa-df][0-9A-Fa-f]{{{31 - place}}}" for place in range(32))
)
# Scope ids (%eth0) and netmasks in other ways than a length are unknown to inet.
_INET = (
    rf"{_PAD}(?:[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}|[0-9A-Fa-f]{{0,4}}:[0-9A-Fa-f:.]+)"
    rf"(?:/[0-9]{{1,3}})?{_PAD}"
)
_OCTET, _SHORT_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])", "[1-9]?[0-9]"
_GROUP, _FIRST_GROUP = "[0-9A-Fa-f]{1,4}", "[1-9A-Ea-e][0-9A-Fa-f]{0,3}"
# Not three times three digits behind the first number, which may be groups of thousands; and nothing like an
# address of version 4 within one of version 6.
_CERTAIN_INET = "|".join(
    (
        *(
            r"\.".join(_SHORT_OCTET if place == short else _OCTET for place in range(4))
            for short in range(1, 4)
        ),
        f"{_FIRST_GROUP}(?::{_GROUP}){{7}}",
        *(
            f"{_FIRST_GROUP}(?::{_GROUP}){{{before}}}::(?:{_GROUP}(?::{_GROUP}){{0,{5 - before}}})?"
            for before in range(6)
        ),
    )
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_TIME_OTHER = rf"{_PAD}[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,9}})?)?{_PAD}"
_TIME_12H = rf"{_PAD}[0-9]{{1,2}}(?::[0-9]{{2}}){{1,2}}[ ]?[AaPp]\.?[Mm]\.?{_PAD}"
_DURATION = rf"{_PAD}[+-]?[0-9]{{1,9}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,9}})?)?{_PAD}"
_INTERVAL = (
    rf"{_PAD}(?:[0-9]{{1,6}} years?)?(?: ?[0-9]{{1,6}} mons?)?(?: ?[0-9]{{1,6}} days?)?"
    rf"(?: [0-9]{{2,9}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?)?{_PAD}"
)
# Fractions but of seconds, and signs, are read in several ways by those who write them.
_ISO_DURATION = (
    rf"{_PAD}[Pp](?:[0-9]{{1,6}}[Yy])?(?:[0-9]{{1,6}}[Mm])?(?:[0-9]{{1,6}}[Ww])?(?:[0-9]{{1,6}}[Dd])?"
    rf"(?:[Tt](?:[0-9]{{1,9}}[Hh])?(?:[0-9]{{1,9}}[Mm])?(?:[0-9]{{1,9}}(?:\.[0-9]{{1,6}})?[Ss])?)?{_PAD}"
)

NUMBER_FORMS: tuple[Form, ...] = (
    Form(
        "integer",
        "number",
        _INTEGER,
        _reader(_INTEGER, Decimal),
        "A whole number",
        "42",
        {"integer": r"-?[1-9][0-9]{0,13}"},
    ),
    Form(
        "decimal",
        "number",
        _DECIMAL,
        _reader(_DECIMAL, Decimal),
        "A number with a point or an exponent",
        "42.50",
        {"decimal": _not_grouped(r"\."), "ambiguous_point": rf"{_CERTAIN_GROUPS}\.[0-9]{{3}}"},
    ),
    Form(
        "thousands",
        "number",
        _THOUSANDS,
        _reader(_THOUSANDS, partial(_separated, "thousands")),
        "A number with separators between thousands and a point before its fraction",
        "1,213.50",
        {
            "thousands": rf"{_CERTAIN_GROUPS}(?:(?:,[0-9]{{3}}){{1,3}}\.[0-9]{{1,3}}|(?:,[0-9]{{3}}){{2,3}})",
            "ambiguous_comma": f"{_CERTAIN_GROUPS},[0-9]{{3}}",
        },
    ),
    Form(
        "decimal_comma",
        "number",
        _DECIMAL_COMMA,
        _reader(_DECIMAL_COMMA, partial(_separated, "decimal_comma")),
        "A number with a comma before its fraction, perhaps with points between thousands",
        "1.213,50",
        {
            "decimal_comma": rf"{_not_grouped(',')}"
            rf"|{_CERTAIN_GROUPS}(?:\.[0-9]{{3}}){{1,3}},[0-9]{{1,3}}"
        },
    ),
)
"""In the order in which they are tried; ``separated_name`` tells what more than one of them understands."""

FORM_OF_NUMBER = {form.name: form for form in NUMBER_FORMS}


def separated_name(form: str, text: str) -> str:
    """The name under which a text of that form is counted: another one where it can be read otherwise too.

    ``form`` is the first of NUMBER_FORMS that understands the text.
    """
    if form == "integer" or FORM_OF_NUMBER["decimal_comma"].parse(text) is None:
        return form
    if form == "decimal":
        return "ambiguous_point"
    if form == "thousands":
        return "ambiguous_comma" if "," in text else "digit_groups"
    return form if "," in text else "dotted_groups"


BOOLEAN_FORMS: tuple[Form, ...] = (
    Form(
        "boolean_word",
        "boolean",
        _WORDS,
        _reader(_WORDS, _word),
        "t f true false y n yes no on off, in any case",
        "Yes",
        {"boolean_word": _WORDS.replace(_PAD, "")},
    ),
)

UUID_FORMS: tuple[Form, ...] = (
    Form(
        "uuid",
        "uuid",
        _UUID,
        _reader(_UUID, str),
        "A UUID as PostgreSQL prints it",
        "de13f867-70ec-49e4-a398-041b83f1a535",
        {"uuid": _UUID},
    ),
    Form(
        "uuid_other",
        "uuid",
        _UUID_OTHER,
        _reader(_UUID_OTHER, _any_uuid),
        "A UUID in upper case, in braces, without hyphens or as a URN",
        "{DE13F867-70EC-49E4-A398-041B83F1A535}",
        {"uuid_other": _CERTAIN_UUID_OTHER},
    ),
)

ADDRESS_FORMS: tuple[Form, ...] = (
    Form(
        "inet",
        "inet",
        _INET,
        _reader(_INET, _address),
        "An internet address of version 4 or 6, with or without the length of its network",
        "192.168.0.1",
        {"inet": _CERTAIN_INET},
    ),
)

TIME_FORMS: tuple[Form, ...] = (
    Form(
        "time",
        "time",
        _TIME,
        _reader(_TIME, str),
        "A time of day as PostgreSQL prints it",
        "08:42:00",
        {"time": _TIME},
    ),
    Form(
        "time_other",
        "time",
        _TIME_OTHER,
        _reader(_TIME_OTHER, _time_of_day),
        "A time of day without seconds or with a fraction",
        "8:42",
        {
            "time_other": r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9]\.[0-9]{1,6})?"
            "|[0-9]:[0-5][0-9]:[0-5][0-9]"
        },
    ),
    Form(
        "time_12h",
        "time",
        _TIME_12H,
        _reader(_TIME_12H, _time_of_half_day),
        "A time of the 12-hour clock",
        "8:42 PM",
    ),
    Form(
        "duration",
        "time",
        _DURATION,
        _reader(_DURATION, _duration),
        "Hours, minutes, seconds that are no time of day: 24 hours or more, negative",
        "36:00:00",
        {"duration": r"(?:2[5-9]|[3-9][0-9]|[1-9][0-9]{2,8}):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"},
    ),
    Form(
        "interval",
        "time",
        _INTERVAL,
        _reader(_INTERVAL, _interval),
        "Years, months, days and a clock as PostgreSQL prints an interval",
        "1 day 02:00:00",
    ),
    Form(
        "iso_duration",
        "time",
        _ISO_DURATION,
        _reader(_ISO_DURATION, _iso_duration),
        "An ISO 8601 duration without a sign, only its seconds with a fraction",
        "P1DT2H",
    ),
)
"""In the order in which they are tried: every time of day is a duration as well."""

PADDED_INTEGER = re.compile(_PADDED, re.ASCII)
NOT_FINITE = re.compile(_NOT_FINITE, re.ASCII)
