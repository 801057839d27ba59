"""Dates, times and timestamps under a column's plan.

Invariant: nothing is guessed: an ambiguous day and month, an hour that its zone skips and an unplausible
number are misfits until the plan says more.
"""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.values import Value
from sdmigrate.rules.form_dates import is_zero_date
from sdmigrate.rules.form_epochs import NUMBER_DATE_NAMES, number_form, read_number
from sdmigrate.rules.form_numbers import TIME_FORMS
from sdmigrate.rules.form_record import Moment, date_text, timestamp_text
from sdmigrate.rules.forms import form_of, moment_of
from sdmigrate.rules.outcome import Changed, Kept, Misfit, Outcome

_REASONS = {
    "ambiguous_day_month": Misfit("day and month can be taken for each other", "ambiguous-date"),
    "impossible_date": Misfit("a date that no calendar has", "impossible-date"),
}
_ZERO = Misfit("a date of zeros, which means no date", "zero-date")
_NO_DATE = Misfit("no date in any known form", "not-a-date")


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone; empty is UTC.

    Raises:
        ValueError: no zone of that name is known here.
    """
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}") from error


def _day_first(column: ColumnPlan) -> bool | None:
    order = column.form[:3]
    return order == "dmy" if order in ("dmy", "mdy") else column.day_first


def _understand(value: Value, column: ColumnPlan) -> tuple[Moment, str] | Misfit:
    """The instant and the rule that found it."""
    if isinstance(value, bytes) or value is None:
        return Misfit("a BLOB in a column of dates", "blob-in-date")
    if isinstance(value, str):
        moment = moment_of(value, _day_first(column))
        if moment:
            return moment, "date-form"
    numeric = column.form if column.form in NUMBER_DATE_NAMES else number_form(value)
    moment = read_number(numeric, value) if numeric else None
    if moment:
        return moment, "number-to-date"
    if isinstance(value, str):
        return _ZERO if is_zero_date(value) else _REASONS.get(form_of(value, "date"), _NO_DATE)
    return _ZERO if value == 0 else Misfit("a number that is no plausible date", "implausible-date")


def _settle(value: Value, text: str, moment: Moment, rule: str) -> Outcome:
    if value == text:
        return Kept()
    return Changed(text, f"{rule}-rounded" if moment.rounded else rule)


def to_timestamp(value: Value, column: ColumnPlan) -> Outcome:
    """A naive timestamp; one with an offset is written in UTC."""
    understood = _understand(value, column)
    if isinstance(understood, Misfit):
        return understood
    moment, rule = understood
    if moment.zoned:
        rule = "date-form" if moment.rounded else "offset-to-utc"
    elif isinstance(value, str) and len(value) == len("2025-05-20") and rule == "date-form":
        rule = "date-to-midnight" if value == date_text(moment.at) else rule
    return _settle(value, timestamp_text(moment.at), moment, rule)


def to_timestamptz(value: Value, column: ColumnPlan) -> Outcome:
    """An instant in UTC; naive text is read in the column's zone, counts since an epoch are UTC."""
    understood = _understand(value, column)
    if isinstance(understood, Misfit):
        return understood
    moment, rule = understood
    if moment.zoned or rule == "number-to-date" or column.zone in ("", "UTC"):
        return _settle(value, timestamp_text(moment.at) + "+00", moment, rule)
    return _in_zone(value, moment, zone_of(column.zone))


def _in_zone(value: Value, moment: Moment, zone: ZoneInfo) -> Outcome:
    first = moment.at.replace(tzinfo=zone, fold=0)
    try:
        instant = first.astimezone(UTC)
        there_and_back = instant.astimezone(zone).replace(tzinfo=None)
        twice = first.utcoffset() != first.replace(fold=1).utcoffset()
    except OverflowError:
        return Misfit("beyond the years 1 to 9999 in UTC", "impossible-date")
    if there_and_back != moment.at:
        return Misfit(f"a time that {zone.key} skips", "skipped-local-time")
    rule = "zone-to-utc-first" if twice else "zone-to-utc"
    text = timestamp_text(instant.replace(tzinfo=None)) + "+00"
    return Changed(text, rule if not moment.rounded else "date-form-rounded") if text != value else Kept()


def to_date(value: Value, column: ColumnPlan) -> Outcome:
    """A day; a timestamp only where it is midnight without an offset."""
    understood = _understand(value, column)
    if isinstance(understood, Misfit):
        return understood
    moment, rule = understood
    if moment.at != datetime(moment.at.year, moment.at.month, moment.at.day):  # noqa: DTZ001
        return Misfit("a time of day, which a date cannot hold", "time-of-day-lost")
    if moment.rounded:
        return Misfit("a fraction of a second, which a date cannot hold", "time-of-day-lost")
    text = date_text(moment.at)
    if rule == "date-form" and isinstance(value, str) and value.startswith(text + " "):
        rule = "midnight-to-date"
    return _settle(value, text, moment, rule)


def _clock(value: Value, forms: tuple[str, ...]) -> str | None:
    if isinstance(value, str):
        for form in TIME_FORMS:
            if form.name in forms:
                parsed = form.parse(value)
                if isinstance(parsed, str):
                    return parsed
    return None


def to_time(value: Value, column: ColumnPlan) -> Outcome:  # noqa: ARG001
    """A time of day; 24:00:00 is one for PostgreSQL as well."""
    text = _clock(value, ("time", "time_other", "time_12h"))
    if text is None:
        return Misfit("no time of day", "not-a-time")
    return Kept() if text == value else Changed(text, "time-form")


def to_interval(value: Value, column: ColumnPlan) -> Outcome:  # noqa: ARG001
    """Hours, minutes, seconds of any size; years, months and days as ISO 8601 or PostgreSQL writes them."""
    text = _clock(value, ("time", "time_other", "duration", "interval", "iso_duration"))
    if text is None:
        return Misfit("no duration", "not-an-interval")
    return Kept() if text == value else Changed(text, "time-form")
