"""From which day a column's counts start, where their magnitude alone does not tell.

Invariant: only counts in columns declared as dates are settled, never by a name: by their own magnitude, else
by what the table's other columns say and agree on; whatever is left is told with every reading it may have.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.form_epochs import EPOCH_NAMES, EPOCHS, NUMBER_DATE_NAMES, Epoch, read_number
from sdmigrate.rules.form_record import Moment
from sdmigrate.rules.forms import form_family, moment_of

_NEAR = timedelta(days=366)
"""How far apart the days of two columns of one table may be to speak for each other."""
_PLAIN = frozenset({"integer", "real"})
_RECOGNISED = frozenset(epoch.name for epoch in EPOCHS if epoch.recognised)


@dataclass(frozen=True)
class Numbers:
    """The numbers of a column, stored as such or as text."""

    count: int
    compact: int
    low: float
    high: float


@dataclass(frozen=True)
class Told:
    """What a column tells its table's others of the day from which counts start."""

    start: datetime | None = None
    """Of its own counts, which cannot be read otherwise."""
    leaning: datetime | None = None
    """Of its own counts, which hardly can."""
    days: tuple[datetime, datetime] | None = None
    """The first and the last day of its dates that are no counts."""


@dataclass(frozen=True)
class EpochReading:
    """How counts of doubtful start are read."""

    form: str | None = None
    """None where each number's own form tells."""
    others: tuple[str, ...] = ()
    """The forms in which every number is as plausible; none where other columns settle it."""

    @property
    def readings(self) -> int:
        """How many readings are as plausible as the one taken, itself counted."""
        return 1 + len(self.others)


OWN_FORMS = EpochReading()


def numbers_of(evidence: Evidence, forms: Collection[str]) -> Numbers | None:
    """The numbers of those forms; None where there are none."""
    groups = [group for (_, form), group in evidence.groups.items() if form in forms]
    lows = [group.low for group in groups if group.low is not None]
    highs = [group.high for group in groups if group.high is not None]
    if not lows:
        return None
    return Numbers(
        sum(group.count for group in groups), sum(group.compact for group in groups), min(lows), max(highs)
    )


def plausible_epochs(numbers: Numbers) -> tuple[Epoch, ...]:
    """Those in which every number means a plausible day."""
    return tuple(
        epoch
        for epoch in EPOCHS
        for low, high in (epoch.bounds(),)
        if low <= numbers.low and numbers.high < high
    )


def date_counts(evidence: Evidence) -> Numbers | None:
    """The numbers of a column about dates that has no other dates; None for any other column.

    0, 1 and -1 beside larger ones say nothing and are left out.
    """
    if evidence.interest != "date":
        return None
    forms = [
        form
        for (_, form), group in evidence.groups.items()
        if form in _RECOGNISED or (form in _PLAIN and not _is_small(group.low, group.high))
    ]
    dates = sum(evidence.count(form) for form in set(forms) - _PLAIN)
    return numbers_of(evidence, forms) if dates == evidence.dates else None


def _is_small(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low >= -1 and high <= 1


def told_of(evidence: Evidence) -> Told:
    """What the column tells of counts in the table's others."""
    counts = date_counts(evidence)
    if counts is None:
        return Told(days=_days(evidence))
    plausible = doubtful_epochs(counts)
    if len(plausible) != 1:
        return Told()
    if plausible[0].recognised:
        return Told(start=plausible[0].start)
    return Told(leaning=plausible[0].start) if _has_times(evidence, plausible[0]) else Told()


def settle_epoch(evidence: Evidence, sisters: Collection[Told]) -> EpochReading:
    """From which day the column's counts are read; ``sisters``: what the table's other columns tell.

    Without them a recognised epoch stands before Apple's, and what only Apple's makes plausible is read so
    where it has times of day: no clock has written those of 1970 to 1990 into an SQLite file, but whole days
    may be birthdays.
    """
    counts = date_counts(evidence)
    plausible = doubtful_epochs(counts) if counts is not None else ()
    if counts is None or not any(not epoch.recognised for epoch in plausible):
        return OWN_FORMS
    possible = plausible if len(plausible) > 1 else (plausible[0], *_of_same_unit(plausible[0]))
    votes = _votes(counts, possible, sisters)
    settled = [epoch for epoch in plausible if {epoch.start} == votes]
    if settled:
        return EpochReading(settled[0].name)
    leaning = {told.leaning for told in sisters if told.leaning is not None}
    preferred = [epoch for epoch in plausible if {epoch.start} == leaning and not votes]
    if len(plausible) == 1 and (votes or not (preferred or _has_times(evidence, plausible[0]))):
        return OWN_FORMS
    chosen = (*preferred, *plausible)[0]
    return EpochReading(chosen.name, tuple(epoch.name for epoch in possible if epoch is not chosen))


def doubtful_epochs(numbers: Numbers) -> tuple[Epoch, ...]:
    """The plausible ones that may be taken for each other: of one unit, where one of them is recognised."""
    plausible = plausible_epochs(numbers)
    units = {epoch.per_second for epoch in plausible if epoch.recognised}
    return tuple(epoch for epoch in plausible if not units or epoch.per_second in units)


def _of_same_unit(epoch: Epoch) -> tuple[Epoch, ...]:
    return tuple(one for one in EPOCHS if one.recognised and one.per_second == epoch.per_second)


def _votes(numbers: Numbers, possible: Collection[Epoch], sisters: Collection[Told]) -> set[datetime | None]:
    """The days from which the table's other columns say that counts start."""
    votes = {told.start for told in sisters} & {epoch.start for epoch in possible}
    for told in sisters:
        if told.days is not None:
            near = [epoch.start for epoch in possible if _is_near(numbers, epoch, told.days)]
            votes.update(near if len(near) == 1 else ())
    return votes


def _is_near(numbers: Numbers, epoch: Epoch, days: tuple[datetime, datetime]) -> bool:
    first, last = (read_number(epoch.name, bound) for bound in (numbers.low, numbers.high))
    if first is None or last is None:
        return False
    return first.at - _NEAR <= days[1] and days[0] <= last.at + _NEAR


def _has_times(evidence: Evidence, epoch: Epoch) -> bool:
    """Whether one of the numbers that are kept is no whole day."""
    day = int(epoch.per_second * 86_400)
    kept = [
        number
        for group in evidence.groups.values()
        for number in (group.low, group.high, *(value for value, _ in group.samples))
        if isinstance(number, int | float)
    ]
    return any(number % day for number in kept)


def _days(evidence: Evidence) -> tuple[datetime, datetime] | None:
    """The bounds of what is kept of the column's dates; None where it has none or they are doubtful."""
    texts = [evidence.low_text, evidence.high_text] if _is_iso(evidence) else []
    moments: list[Moment | None] = [moment_of(text, None) for text in texts if text is not None]
    for (_, form), group in evidence.groups.items():
        if form in NUMBER_DATE_NAMES - EPOCH_NAMES:
            moments += [read_number(form, bound) for bound in (group.low, group.high) if bound is not None]
        elif form_family(form) in ("date", "timestamp") and form not in EPOCH_NAMES:
            moments += [moment_of(value, None) for value, _ in group.samples if isinstance(value, str)]
    days = [moment.at for moment in moments if moment is not None]
    return (min(days), max(days)) if days else None


def _is_iso(evidence: Evidence) -> bool:
    """Whether the order of the column's texts is the order of its days."""
    return all(form.startswith("iso_") for (kind, form) in evidence.groups if kind == "text")
