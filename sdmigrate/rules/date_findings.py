"""What the dates of a column give an operator to know.

Invariant: silent about a column that is neither declared as a date nor proposed as one.
"""

from collections import Counter
from collections.abc import Iterator

from sdmigrate.model.finding import Finding
from sdmigrate.rules.column_decisions import AMBIGUOUS
from sdmigrate.rules.epoch_readings import date_counts
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.fitting import fits
from sdmigrate.rules.form_dates import day_month_reading
from sdmigrate.rules.form_epochs import EPOCH_NAMES, read_number
from sdmigrate.rules.form_record import timestamp_text
from sdmigrate.rules.forms import FORM_BY_NAME, form_family
from sdmigrate.rules.seen_column import SeenColumn, real_texts
from sdmigrate.rules.types import day_order, mixed_units
from sdmigrate.rules.value_group import located
from sdmigrate.rules.wording import plural

_MOMENTS = ("date", "timestamp", "timestamptz")
_TEXT_FORMS = ("iso_date", "iso_datetime", "iso_other", "iso_offset")
"""Forms of one standard: their mixture is no surprise."""
_DOUBTFUL = (AMBIGUOUS, "same_day_month")
"""Dates whose own form is not told."""


def date_findings(seen: SeenColumn) -> Iterator[Finding]:
    """Findings on a column of dates."""
    evidence = seen.evidence
    would_be = seen.proposal.once_settled or seen.proposal.type
    if would_be not in _MOMENTS and evidence.interest != "date":
        return
    text = evidence.classes.text - evidence.count("empty") - evidence.count("blank")
    if evidence.interest == "date" and text:
        yield seen.tell(
            "text-in-timestamp",
            "info",
            text,
            f"The column is labelled {seen.column.declared_type} and holds {plural(text, 'text')};"
            f" by their values it is {seen.proposal.type}.",
            "The values decide, not the label; choose another type in the plan.",
            real_texts(evidence)[:1],
        )
    for form, code, one, many in (
        ("zero_date", "zero-dates", "value is a date of zeros", "values are dates of zeros"),
        ("impossible_date", "impossible-dates", "value is a date", "values are dates"),
    ):
        if count := evidence.count(form):
            yield seen.tell(
                code,
                "error",
                count,
                f"{plural(count, one, many)} that no calendar has.",
                "Their rows go to quarantine where the column becomes a date, unless misfit says null.",
                evidence.samples(form),
            )
    yield from _date_forms(seen)


def _date_forms(seen: SeenColumn) -> Iterator[Finding]:
    evidence = seen.evidence
    ambiguous = evidence.count("ambiguous_day_month")
    if ambiguous and seen.proposal.day_first is None:
        yield seen.tell(
            "ambiguous-day-month",
            # Text that is declared so can stay it.
            "error" if evidence.interest == "date" else "warning",
            ambiguous,
            f"In {ambiguous} dates day and month can be taken for each other, and nothing here settles it.",
            "Set day_first in the plan, or pass --day-first or --month-first.",
            evidence.samples("ambiguous_day_month"),
        )
    yield from _epochs(seen)
    units = mixed_units(evidence)
    if units and seen.proposal.epoch.form is None:
        counts = ", ".join(f"{evidence.count(unit)} {unit}" for unit in units)
        yield seen.tell(
            "mixed-epoch-units",
            "error",
            sum(evidence.count(unit) for unit in units),
            f"Numbers are counted in several units: {counts}.",
            "Name one form for the column in the plan, or correct the others in the source.",
            tuple(sample for unit in units for sample in evidence.samples(unit)[:2])[:5],
        )
    mixture = tuple(_mixture(seen))
    # What is written in several ways is told with how its doubtful dates are read.
    yield from mixture or _settled(seen, ambiguous)
    yield from _instants(seen)


def _epochs(seen: SeenColumn) -> Iterator[Finding]:
    """Counts that may start on one day or another, with what they would mean."""
    epoch = seen.proposal.epoch
    if epoch.form is None:
        return
    count = fits(seen.evidence, seen.proposal.type, epoch.form)
    read = ", ".join(_epoch_words(seen.evidence, form) for form in (epoch.form, *epoch.others))
    samples = located([sample for group in seen.evidence.groups.values() for sample in group.samples])
    if epoch.others:
        yield seen.tell(
            "doubtful-epoch",
            "warning",
            count,
            f"{plural(count, 'number')} may count from several days, and nothing in the table settles it:"
            f" {read}.",
            f"Set form of the column in the plan to {' or '.join((epoch.form, *epoch.others))};"
            f" {epoch.form} is taken until then.",
            samples,
        )
    else:
        yield seen.tell(
            "epoch-settled",
            "info",
            count,
            f"{plural(count, 'number')} may count from several days; read as the table's other dates tell:"
            f" {read}.",
            "Set form of the column in the plan to read them in another way.",
            samples,
        )


def _epoch_words(evidence: Evidence, form: str) -> str:
    counts = date_counts(evidence)
    bounds = () if counts is None else (counts.low, counts.high)
    moments = [moment for bound in bounds if (moment := read_number(form, bound)) is not None]
    days = " to ".join(dict.fromkeys(timestamp_text(moment.at) for moment in moments))
    return f"{days} as {form}"


def _settled(seen: SeenColumn, ambiguous: int) -> Iterator[Finding]:
    if ambiguous and seen.proposal.day_first is not None:
        order = "day" if seen.proposal.day_first else "month"
        own = day_order(seen.evidence) is not None
        yield seen.tell(
            "day-order-settled",
            "info",
            ambiguous,
            f"In {plural(ambiguous, 'date')} day and month can be taken for each other; read {order} first,"
            f" {'as its other dates are' if own else 'as other columns or the operator have it'}.",
            "Set day_first of the column in the plan to read them the other way.",
            seen.evidence.samples(AMBIGUOUS),
        )


def _mixture(seen: SeenColumn) -> Iterator[Finding]:
    evidence = seen.evidence
    written_as = {
        form: _written_as(seen, form) for form in evidence.forms if form_family(form) in ("date", "timestamp")
    }
    families: Counter[str] = Counter()
    for form, family in written_as.items():
        families[family] += evidence.count(form)
    if len(families) > 1:
        main = max(families, key=lambda name: families[name])
        others = [form for form, family in written_as.items() if family != main]
        count = sum(families.values()) - families[main]
        yield seen.tell(
            "mixed-date-forms",
            "warning",
            count,
            f"{plural(count, 'date is', 'dates are')} not written as the others ({main}): "
            + ", ".join(f"{evidence.count(form)} {_form_words(seen, form)}" for form in others[:4])
            + ".",
            "Each is read by its own form and rewritten, audited.",
            tuple(sample for form in others for sample in evidence.samples(form))[:5],
        )


def _written_as(seen: SeenColumn, form: str) -> str:
    """The form, one name for all of ISO, and for dates of doubtful order the form they most likely have."""
    if form in _TEXT_FORMS:
        return "ISO"
    if form not in _DOUBTFUL:
        return form
    settled = seen.proposal.day_first
    reading = "" if settled is None else "dmy" if settled else "mdy"
    likely = (
        name
        for name in seen.evidence.forms
        if name not in _DOUBTFUL and name[:3] in ("dmy", "mdy") and name.startswith(reading)
    )
    return next(likely, AMBIGUOUS)


def _form_words(seen: SeenColumn, form: str) -> str:
    known, settled = FORM_BY_NAME.get(form), seen.proposal.day_first
    reading = day_month_reading(known) if known else None
    if form == AMBIGUOUS and settled is not None:
        return f"{form} (read {'day' if settled else 'month'} first)"
    return form if reading is None else f"{form} ({'day' if reading == 'dmy' else 'month'} first)"


def _instants(seen: SeenColumn) -> Iterator[Finding]:
    groups = seen.evidence.groups
    rounded = sum(group.rounded for group in groups.values())
    if rounded:
        yield seen.tell(
            "nanoseconds-lost",
            "warning",
            rounded,
            f"{plural(rounded, 'time has', 'times have')} digits finer than a microsecond, which PostgreSQL"
            " does not keep.",
            "They are rounded to the microsecond, audited; choose text in the plan to keep every digit.",
            located([one for group in groups.values() if group.rounded for one in group.samples]),
        )
    zoned = sum(group.zoned for group in groups.values())
    naive = sum(
        group.count - group.zoned
        for (_, form), group in groups.items()
        if form_family(form) in ("date", "timestamp") and form not in EPOCH_NAMES
    )
    if zoned and naive:
        yield seen.tell(
            "zones-missing",
            "warning",
            naive,
            f"{plural(zoned, 'time names its', 'times name their')} offset from UTC and {naive:,} do not.",
            "Those without are read as UTC; set zone in the plan to read them in another.",
        )
