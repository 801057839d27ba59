"""Columns of numbers that may be dates: which counts and digits all of them are plausible in.

Invariant: the magnitude of every number tells, never a name; what is plausible is offered, and nothing is
read so until a plan says so.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from sdmigrate.model.profile import Candidate
from sdmigrate.model.values import stored
from sdmigrate.rules.epoch_readings import Numbers, date_counts, doubtful_epochs, numbers_of, plausible_epochs
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.fitting import considered, examples
from sdmigrate.rules.form_epochs import JULIAN_PLAUSIBLE, NUMBER_DATE_NAMES, read_number
from sdmigrate.rules.form_record import date_text, timestamp_text

_NUMBERS = ("integer", "real", "decimal")


def number_date_candidates(evidence: Evidence, read: str = "auto") -> tuple[Candidate, ...]:
    """Dates and timestamps that every number of the column may be, and that nothing else tells of it.

    Plausible is a day of 1990 to 2100; of 1900 to 2100 for Julian days and digits YYYYMMDD…; of 2002 to 2040
    for Apple's epochs, which make a day of any number. In a column about dates numbers are read by their own
    forms, so that only those are told that may be something else; ``read`` is the form proposed for it.
    """
    if evidence.interest == "date":
        counted = date_counts(evidence)
        told = doubtful_epochs(counted) if counted else ()
        if counted is None or (len(told) == 1 and told[0].recognised):
            return ()
        return tuple(
            _candidate(evidence, counted, "timestamp", epoch.name) for epoch in told if epoch.name != read
        )
    numbers = numbers_of(evidence, _NUMBERS) if evidence.interest == "any" else None
    if numbers is None:
        return ()
    return tuple(_candidate(evidence, numbers, type_, form) for type_, form in _plausible(numbers))


def _plausible(numbers: Numbers) -> Iterator[tuple[str, str]]:
    if numbers.compact == numbers.count:
        for type_, form in (("date", "compact_date"), ("timestamp", "compact_datetime")):
            if read_number(form, numbers.low) and read_number(form, numbers.high):
                yield type_, form
    for epoch in plausible_epochs(numbers):
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
        for form in (candidate.form if candidate.form in NUMBER_DATE_NAMES else name,)
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
