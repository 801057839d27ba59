"""Columns of numbers that may be dates: which counts and digits all of them are plausible in.

Invariant: the magnitude of every number tells, never a name; what is plausible is offered, and nothing is
read so until a plan says so.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from sdmigrate.model.profile import Candidate
from sdmigrate.model.values import stored
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.fitting import considered, examples
from sdmigrate.rules.form_epochs import APPLE, EPOCHS, JULIAN_PLAUSIBLE, NUMBER_DATE_NAMES, read_number
from sdmigrate.rules.form_record import date_text, timestamp_text

_NUMBERS = ("integer", "real", "decimal")


@dataclass(frozen=True)
class Numbers:
    """The numbers of a column, stored as such or as text."""

    count: int
    compact: int
    low: float
    high: float


def number_date_candidates(evidence: Evidence) -> tuple[Candidate, ...]:
    """Dates and timestamps that every number of the column may be, in a column that is not about dates.

    Plausible is a day of 1990 to 2100; of 1900 to 2100 for Julian days and digits YYYYMMDD…; of 2002 to 2040
    for Apple's seconds, whose epoch makes a day of any number.
    """
    if evidence.interest == "date":
        # Its numbers are read by their own forms; only Apple's seconds are never told by themselves.
        counted = _numbers_of(evidence, ("epoch_s", "integer", "real"))
        plausible = counted is not None and APPLE[0] <= counted.low and counted.high < APPLE[1]
        return (_candidate(evidence, counted, "timestamp", "apple_s"),) if counted and plausible else ()
    numbers = _numbers_of(evidence, _NUMBERS) if evidence.interest == "any" else None
    if numbers is None:
        return ()
    return tuple(_candidate(evidence, numbers, type_, form) for type_, form in _plausible(numbers))


def doubtful_numbers(evidence: Evidence) -> Numbers | None:
    """A column's only dates, where they are seconds since 1970 or, as plausibly, since 2001; else None."""
    numbers = _numbers_of(evidence, ("epoch_s",))
    if numbers is None or numbers.count != evidence.dates or numbers.high >= APPLE[1]:
        return None
    return numbers


def _numbers_of(evidence: Evidence, forms: Collection[str]) -> Numbers | None:
    groups = [group for (_, form), group in evidence.groups.items() if form in forms]
    lows = [group.low for group in groups if group.low is not None]
    highs = [group.high for group in groups if group.high is not None]
    if not lows:
        return None
    return Numbers(
        sum(group.count for group in groups), sum(group.compact for group in groups), min(lows), max(highs)
    )


def _plausible(numbers: Numbers) -> Iterator[tuple[str, str]]:
    if numbers.compact == numbers.count:
        for type_, form in (("date", "compact_date"), ("timestamp", "compact_datetime")):
            if read_number(form, numbers.low) and read_number(form, numbers.high):
                yield type_, form
    for epoch in EPOCHS:
        low, high = APPLE if epoch.name == "apple_s" else epoch.bounds()
        if low <= numbers.low and numbers.high < high:
            yield "timestamp", epoch.name
    if JULIAN_PLAUSIBLE[0] <= numbers.low and numbers.high <= JULIAN_PLAUSIBLE[1]:
        yield "timestamp", "julian_day"


def with_bounds(evidence: Evidence, candidate: Candidate) -> Candidate:
    """A date or timestamp with the first and the last that the stored numbers mean by their forms."""
    write = date_text if candidate.type == "date" else timestamp_text
    moments = [
        moment.at
        for (kind, name), group in evidence.groups.items()
        for bound in (group.low, group.high)
        if kind != "text" and bound is not None
        for form in (name if name in NUMBER_DATE_NAMES else candidate.form,)
        if form in NUMBER_DATE_NAMES and (moment := read_number(form, bound)) is not None
    ]
    if not moments:
        return candidate
    return replace(candidate, first=stored(write(min(moments))), last=stored(write(max(moments))))


def _candidate(evidence: Evidence, numbers: Numbers, type_: str, form: str) -> Candidate:
    misfits = considered(evidence, type_) - numbers.count
    write = date_text if type_ == "date" else timestamp_text
    first, last = (read_number(form, bound) for bound in (numbers.low, numbers.high))
    return Candidate(
        type=type_,
        fits=numbers.count,
        misfits=misfits,
        examples=examples(evidence, type_, form) if misfits else (),
        form=form,
        first=stored(write(first.at)) if first else None,
        last=stored(write(last.at)) if last else None,
    )
