"""Patterns of dates that are in every calendar, so that a text which matches needs no parsing.

Invariant: the same to RE2 (DuckDB) and to Python's ``re``; no time of day is finer than a microsecond.
"""

from collections.abc import Collection, Iterable, Sequence

_MONTHS = range(1, 13)
_EVERY_YEAR: tuple[tuple[Collection[int], Collection[int]], ...] = (
    (range(1, 29), _MONTHS),
    (range(29, 31), frozenset(_MONTHS) - {2}),
    ((31,), (1, 3, 5, 7, 8, 10, 12)),
)
"""Days with the months that have them every year; 29 February is left to the parser."""
_YEAR = "[1-9][0-9]{3}"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_LOOSE_CLOCK = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_FRACTION = "[.,][0-9]{1,6}"
CLOCKS = {
    "": "",
    "_hm": f"[ T]{_LOOSE_CLOCK}",
    "_hms": f"[ T]{_LOOSE_CLOCK}:[0-5][0-9](?:{_FRACTION})?",
    "_12h": r"[ ](?:0?[1-9]|1[01]):[0-5][0-9](?::[0-5][0-9])?[ ]?[AaPp]\.?[Mm]\.?",
}
"""What follows three numbers, by the end of the form's name; noon and midnight are left to the parser."""
MIDNIGHT = r"[^:]*|.*[T ]0?0:00(?::00(?:[.,]0+)?)?[ ]?(?:[Zz]|[+-]00(?::?00)?)?"
"""Of all the dates that match one of these patterns, those without a time of day, in UTC where zoned."""


def _one_of(numbers: Iterable[int]) -> str:
    """One of the numbers, those of one digit with or without a zero before it."""
    return f"(?:{'|'.join(f'0?{number}' if number < 10 else str(number) for number in sorted(numbers))})"


def _iso_day(year: str) -> str:
    days = (f"{_one_of(months)}-{_one_of(days)}" for days, months in _EVERY_YEAR)
    return f"{year}-(?:{'|'.join(days)})".replace("0?", "0")


ISO_DAY = _iso_day(_YEAR)
ISO_DATETIME = f"{ISO_DAY} {_CLOCK}:[0-5][0-9]"
ISO_OTHER = f"{ISO_DAY}(?:T{_CLOCK}(?::[0-5][0-9](?:{_FRACTION})?)?| {_CLOCK}(?::[0-5][0-9]{_FRACTION})?)"
# Whole hours to UTC leave the minutes as they are, and with other minutes than 00 it is midnight nowhere.
ISO_OFFSET = (
    f"{ISO_DAY}[T ]{_CLOCK}(?::[0-5][0-9](?:{_FRACTION})?)?[ ]?(?:[Zz]|[+-]00(?::?00)?)"
    f"|{_iso_day('[1-8][0-9]{3}')}[T ](?:[01][0-9]|2[0-3]):(?:[0-5][1-9]|[1-5]0)"
    f"(?::[0-5][0-9](?:{_FRACTION})?)?[ ]?[+-](?:0[0-9]|1[0-5])(?::?00)?"
)


def of_numbers(name: str, clock: str) -> dict[str, str]:
    """The patterns of a form of three numbers, by the name under which a text is counted.

    What can be read in two ways is counted under the same names whatever its clock, and told with ``dmy``.

    Args:
        name: the form's without its clock: an order such as ``dmy``, perhaps ``dmy_short``.
        clock: the end of its name, one of CLOCKS.
    """
    year = "[0-9]{2}" if name.endswith("_short") else _YEAR
    if name == "ymd":
        # With hyphens it may be ISO 8601.
        dates = _ordered(((year, _one_of(months), _one_of(days)) for days, months in _EVERY_YEAR), "/.")
        return {name + clock: dates + CLOCKS[clock]}
    beyond = [
        (_one_of(frozenset(days) - frozenset(_MONTHS)), _one_of(months)) for days, months in _EVERY_YEAR
    ]
    if name.startswith("mdy"):
        return {name + clock: _ordered((month, day, year) for day, month in beyond) + CLOCKS[clock]}
    certain = {name + clock: _ordered((day, month, year) for day, month in beyond) + CLOCKS[clock]}
    if name + clock != "dmy":
        return certain
    year, any_clock = f"(?:{_YEAR}|[0-9]{{2}})", f"(?:{'|'.join(CLOCKS.values())})"
    same = ((_one_of((month,)), _one_of((month,)), year) for month in _MONTHS)
    either = ((_one_of(frozenset(_MONTHS) - {month}), _one_of((month,)), year) for month in _MONTHS)
    return {
        **certain,
        "same_day_month": _ordered(same) + any_clock,
        "ambiguous_day_month": _ordered(either) + any_clock,
    }


def _ordered(parts: Iterable[tuple[str, str, str]], separators: str = "/-.") -> str:
    dates = (f"[{separator}]".join(part) for part in list(parts) for separator in separators)
    return f"(?:{'|'.join(dates)})"


def of_words(pattern: str, month: str, words: Sequence[str]) -> str:
    """The pattern of a form with the name of a month, with any time of day after it but no offset.

    Args:
        pattern: the form's, without its clock.
        month: the part of it that is the name.
        words: patterns of the twelve names.
    """
    narrowed = pattern.replace("(?P<year>", "(?:").replace("[0-9]{4}", _YEAR).replace("]+", "]{1,2}")
    dates = (
        narrowed.replace("(?P<day>[0-9]{1,2})", _one_of(days)).replace(
            month, rf"(?i:{'|'.join(words[number - 1] for number in sorted(months))})\.?"
        )
        for days, months in _EVERY_YEAR
    )
    return f"(?:{'|'.join(dates)})(?:,?[ T]{_LOOSE_CLOCK}(?::[0-5][0-9](?:{_FRACTION})?)?)?"
