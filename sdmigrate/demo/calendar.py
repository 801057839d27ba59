"""The demo's time: three years of working days before a fixed reference date.

Invariant: no time lies after the reference date, so that a demo database never ages.
"""

from datetime import date, datetime, timedelta

REFERENCE_DATE = date(2025, 6, 30)
"""The day of the export; scores that ask for "now" take this day."""

OPENING = datetime(2022, 7, 1)  # noqa: DTZ001 - the export's times are naive local times
SPAN = int((datetime(2025, 6, 30, 18) - OPENING).total_seconds())  # noqa: DTZ001
"""Seconds from the opening to the end of the reference date's working hours."""

DAY = 86_400
MORNING = 7 * 3600


def text_of(seconds: int) -> str:
    """``YYYY-MM-DD HH:MM:SS`` of that many seconds after the opening."""
    return (OPENING + timedelta(seconds=seconds)).isoformat(" ")


def month_of(text: str) -> str:
    """``May 2025`` of an ISO date."""
    return _MONTHS[int(text[5:7])] + text[:4]


def day_of(seconds: int) -> str:
    """``YYYY-MM-DD 00:00:00`` of that many seconds after the opening."""
    return text_of(seconds - seconds % DAY)


_MONTHS = (
    "",
    "January ",
    "February ",
    "March ",
    "April ",
    "May ",
    "June ",
    "July ",
    "August ",
    "September ",
    "October ",
    "November ",
    "December ",
)
