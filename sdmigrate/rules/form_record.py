"""What a form is: one record with a pattern that counts and one parser that understands.

Invariant: ``pattern`` means the same to RE2 (DuckDB) and to Python's ``re`` under a full match, and a text
that it does not match is never understood by ``parse``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

Family: TypeAlias = Literal["date", "timestamp", "time", "number", "boolean", "uuid", "inet"]

LONGEST_FORM = 64
"""Characters; a longer text has no form, but for a plain number."""

LONG_NUMBER = r"[+-]?[0-9.][0-9.eE+-]*"
"""RE2 and Python: how a number of more characters is written, without separators and white space."""
_LONG_NUMBER = re.compile(LONG_NUMBER)


def may_have_form(text: str) -> bool:
    """Whether the text is short enough for a form, or looks like a long number."""
    return len(text) <= LONGEST_FORM or _LONG_NUMBER.fullmatch(text) is not None


SPACES = " \t\n\r\f\v"
"""The white space that a form may be padded with: ASCII only, the same for RE2 and Python."""


_ANY_CASE = re.compile(r"\(\?i:((?:[a-z|?]|\(\?:[a-z]+\))*)\)")
_LETTER = re.compile("[a-z]")


def in_ascii(pattern: str) -> str:
    """The pattern with letters of any case spelled out: to RE2 a long s (U+017F) is an s of any case."""
    return _ANY_CASE.sub(
        lambda group: f"(?:{_LETTER.sub(lambda one: f'[{one[0].upper()}{one[0]}]', group[1])})", pattern
    )


class Moment(NamedTuple):
    """A point in time as a form understood it."""

    at: datetime
    """Naive; in UTC where ``zoned``."""
    zoned: bool = False
    """The value named its offset, so the instant is known."""
    rounded: bool = False
    """Digits finer than a microsecond were rounded away."""


Parsed: TypeAlias = Moment | Decimal | bool | str


@dataclass(frozen=True)
class Form:
    """One way to write a value."""

    name: str
    """As in docs/forms.md, the profile's counts and the plan."""
    family: Family
    pattern: str
    """Regular expression for the whole text."""
    parse: Callable[[str], Parsed | None]
    """What the text means; None where it has the pattern but cannot be (31/02). Takes any text."""
    description: str
    example: str
    certain: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Narrower patterns by the name under which a text that matches is counted, whatever else its column
    holds, so that it can be counted without parsing. Numbers of them have at most fifteen digits, four of
    them after the point, so that a double tells them apart; dates of them are not rounded, and either all or
    none of a name's are zoned."""
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern, re.ASCII))


def date_text(day: date) -> str:
    """``YYYY-MM-DD``, as PostgreSQL prints it."""
    return f"{day.year:04}-{day.month:02}-{day.day:02}"


def timestamp_text(at: datetime) -> str:
    """``YYYY-MM-DD HH:MM:SS[.ffffff]`` without trailing zeros, as PostgreSQL prints it."""
    text = at.isoformat(" ")
    return text.rstrip("0") if at.microsecond else text
