"""Dates written as one number: seconds and their fractions since some day, Julian days, compact digits.

Invariant: a magnitude belongs to at most one form that is recognised by itself; the others (Apple's epochs)
are read only where the plan names them or where other columns tell (see ``epoch_readings``).
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from sdmigrate.rules.form_record import LONGEST_FORM, SPACES, Form, Moment

_UNIX = datetime(1970, 1, 1)  # noqa: DTZ001
_WEBKIT = datetime(1601, 1, 1)  # noqa: DTZ001
_APPLE = datetime(2001, 1, 1)  # noqa: DTZ001
_DOTNET = datetime(1, 1, 1)  # noqa: DTZ001
_JULIAN_UNIX = Decimal("2440587.5")
_LARGEST_EXPONENT = 30


@dataclass(frozen=True)
class Epoch:
    """A count of equal units from one instant."""

    name: str
    start: datetime
    per_second: Decimal
    """Units a second."""
    recognised: bool
    """Whether a plausible magnitude alone tells this form."""
    description: str
    years: tuple[int, int] = (1990, 2100)
    """The first plausible year, and the first that is not any more."""

    def bounds(self) -> tuple[int, int]:
        """The number from which on, and the one up to which, a plausible day is meant."""
        low, high = (self._count(datetime(year, 1, 1)) for year in self.years)  # noqa: DTZ001
        return low, high

    def _count(self, at: datetime) -> int:
        return int(Decimal((at - self.start) // timedelta(seconds=1)) * self.per_second)

    def moment(self, number: Decimal) -> Moment | None:
        """The instant; None beyond the years 1 to 9999."""
        exact = number / self.per_second * 1_000_000
        whole = exact.to_integral_value(ROUND_HALF_UP)
        try:
            return Moment(self.start + timedelta(microseconds=int(whole)), False, whole != exact)
        except OverflowError:
            return None


EPOCHS: tuple[Epoch, ...] = (
    Epoch("epoch_s", _UNIX, Decimal(1), True, "Seconds since 1970"),
    Epoch("epoch_ms", _UNIX, Decimal(1000), True, "Milliseconds since 1970"),
    Epoch("epoch_us", _UNIX, Decimal(10**6), True, "Microseconds since 1970"),
    Epoch(
        "epoch_ns",
        _UNIX,
        Decimal(10**9),
        True,
        "Nanoseconds since 1970, kept to the microsecond",
        # The nanoseconds of 1990 are the ticks of our time.
        (1991, 2100),
    ),
    Epoch("webkit_us", _WEBKIT, Decimal(10**6), True, "Microseconds since 1601, as browsers keep them"),
    Epoch(
        "filetime", _WEBKIT, Decimal(10**7), True, "Tenths of microseconds since 1601, as Windows keeps them"
    ),
    Epoch(
        "dotnet_ticks",
        _DOTNET,
        Decimal(10**7),
        True,
        "Tenths of microseconds since the year 1, as .NET keeps them",
    ),
    Epoch("apple_s", _APPLE, Decimal(1), False, "Seconds since 2001, as Apple keeps them", (2002, 2041)),
    Epoch(
        "apple_ns",
        _APPLE,
        Decimal(10**9),
        False,
        "Nanoseconds since 2001, as Apple's Messages keeps them",
        (2002, 2041),
    ),
)
"""A magnitude is plausible for one that is recognised, and perhaps for one of Apple's."""

JULIAN_PLAUSIBLE = (2_415_020, 2_488_070)
"""The years 1900 to 2100 in Julian days."""

JULIAN_BOUNDS = (Decimal("1721059.5"), Decimal("5373484.5"))
"""The years 0 to 9999."""


def _julian_moment(number: Decimal) -> Moment | None:
    if not JULIAN_BOUNDS[0] <= number <= JULIAN_BOUNDS[1]:
        return None
    # A double holds a Julian day to some 40 microseconds, so its digits below a millisecond are noise.
    milliseconds = ((number - _JULIAN_UNIX) * 86_400_000).to_integral_value(ROUND_HALF_UP)
    try:
        return Moment(_UNIX + timedelta(milliseconds=int(milliseconds)))
    except OverflowError:
        return None


def _compact(number: Decimal, digits: int) -> Moment | None:
    if number != number.to_integral_value() or len(str(int(number))) != digits or number < 0:
        return None
    text = str(int(number)).ljust(14, "0")
    day, clock = (text[:4], text[4:6], text[6:8]), (text[8:10], text[10:12], text[12:14])
    try:
        return Moment(datetime.fromisoformat(f"{'-'.join(day)}T{':'.join(clock)}"))
    except ValueError:
        return None


def _compact_date(number: Decimal) -> Moment | None:
    return _compact(number, 8)


def _compact_datetime(number: Decimal) -> Moment | None:
    return _compact(number, 14)


_READERS: dict[str, Callable[[Decimal], Moment | None]] = {
    **{epoch.name: epoch.moment for epoch in EPOCHS},
    "julian_day": _julian_moment,
    "compact_date": _compact_date,
    "compact_datetime": _compact_datetime,
}
_NUMBER = r"[ \t\n\r\f\v]*[+-]?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,20})?[ \t\n\r\f\v]*"
_NUMBER_PATTERN = re.compile(_NUMBER, re.ASCII)


def is_plain_number(text: str) -> bool:
    """Whether the text is a number of the kind that may be a date: no separators, no exponent."""
    return _NUMBER_PATTERN.fullmatch(text) is not None


def exact_number(value: int | float | str) -> Decimal | None:
    """The number's exact decimal (a REAL by its shortest text); None where it is no finite plain number."""
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, int):
        return Decimal(value)
    if not is_plain_number(value) or len(value) > LONGEST_FORM:
        return None
    try:
        return Decimal(value.strip(SPACES))
    except InvalidOperation:
        return None


def read_number(form: str, value: int | float | str) -> Moment | None:
    """The instant that the number means in that form; None where it cannot be one."""
    number = exact_number(value)
    if number is None or number.adjusted() > _LARGEST_EXPONENT:
        return None
    return _READERS[form](number)


def _recognised_bounds() -> tuple[tuple[str, Decimal, Decimal], ...]:
    return tuple(
        (epoch.name, Decimal(epoch.bounds()[0]), Decimal(epoch.bounds()[1]))
        for epoch in EPOCHS
        if epoch.recognised
    )


_BOUNDS = _recognised_bounds()


COMPACT_DAYS = (19_000_101, 21_001_231)
COMPACT_MOMENTS = (COMPACT_DAYS[0] * 1_000_000, COMPACT_DAYS[1] * 1_000_000 + 235_959)


PLAIN_RANGES = (
    (-(2**63), int(JULIAN_BOUNDS[0])),
    (int(JULIAN_BOUNDS[1]) + 1, COMPACT_DAYS[0] - 1),
    (COMPACT_DAYS[1] + 1, int(min(low for _, low, _ in _BOUNDS)) - 1),
)
"""Bounds, included, of numbers whose magnitude tells no date, with or without a fraction."""
JULIAN_NOONS = (1_721_426, 5_373_484)
"""Bounds, included, of the whole numbers that are a day's noon as a Julian day, and nothing else."""


def is_compact(number: int) -> bool:
    """Whether it is a day of 1900 to 2100 as YYYYMMDD, or one with the time as YYYYMMDDHHMMSS."""
    if COMPACT_DAYS[0] <= number <= COMPACT_DAYS[1]:
        return _compact_date(Decimal(number)) is not None
    if COMPACT_MOMENTS[0] <= number <= COMPACT_MOMENTS[1]:
        return _compact_datetime(Decimal(number)) is not None
    return False


def number_form(value: int | float | str) -> str | None:
    """The form that the number's magnitude tells in a column of dates; None where it tells none.

    Compact digits come before epochs: 20180406034959 is a date before it is a plausible count.
    """
    number = exact_number(value)
    if number is None:
        return None
    if number <= COMPACT_MOMENTS[1] and number == number.to_integral_value() and is_compact(int(number)):
        return "compact_date" if number <= COMPACT_DAYS[1] else "compact_datetime"
    if JULIAN_BOUNDS[0] <= number <= JULIAN_BOUNDS[1]:
        return "julian_day"
    for name, low, high in _BOUNDS:
        if low <= number < high:
            return name
    return None


def _text_reader(name: str) -> Callable[[str], Moment | None]:
    return lambda text: read_number(name, text)


NUMBER_DATE_FORMS: tuple[Form, ...] = (
    Form(
        "compact_date",
        "date",
        r"[ \t\n\r\f\v]*[0-9]{8}[ \t\n\r\f\v]*",
        _text_reader("compact_date"),
        "Eight digits YYYYMMDD",
        "20250520",
    ),
    Form(
        "compact_datetime",
        "timestamp",
        r"[ \t\n\r\f\v]*[0-9]{14}[ \t\n\r\f\v]*",
        _text_reader("compact_datetime"),
        "Fourteen digits YYYYMMDDHHMMSS",
        "20250520084200",
    ),
    *(
        Form(
            epoch.name,
            "timestamp",
            _NUMBER,
            _text_reader(epoch.name),
            epoch.description,
            str(epoch.bounds()[0]),
        )
        for epoch in EPOCHS
    ),
    Form(
        "julian_day",
        "timestamp",
        _NUMBER,
        _text_reader("julian_day"),
        "Julian day, kept to the millisecond",
        "2460815.8625",
    ),
)
"""Dates as one number; the storage class may be integer, real or text."""

EPOCH_NAMES = frozenset(epoch.name for epoch in EPOCHS)
NUMBER_DATE_NAMES = frozenset(form.name for form in NUMBER_DATE_FORMS)
