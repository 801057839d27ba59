"""What values of one kind are like, as a small number: those that are alike are counted together.

Invariant: every property that a group counts or keeps samples of is the same for all values that are alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sdmigrate.duck.encoding import literal
from sdmigrate.duck.kinds import COMPACT_DATE, EXACT, SETTLED_EPOCHS, is_large, numbers_of, texts_of
from sdmigrate.rules.certain_dates import MIDNIGHT
from sdmigrate.rules.convert_numbers import INTEGER_RANGES
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.form_epochs import COMPACT_DAYS, COMPACT_MOMENTS
from sdmigrate.rules.forms import FORM_BY_NAME, form_family

_INTEGER, _SMALLINT = INTEGER_RANGES["integer"], INTEGER_RANGES["smallint"]
# What the type of a whole number is, the smallest one the highest number; what has a fraction is 0.
_WHOLE, _FITS_INTEGER, _FITS_SMALLINT, _BIT = 1, 2, 3, 4
_SIZE = f"""CASE WHEN x = trunc(x) THEN CASE WHEN x NOT BETWEEN {_INTEGER[0]} AND {_INTEGER[1]} THEN {_WHOLE}
    WHEN x NOT BETWEEN {_SMALLINT[0]} AND {_SMALLINT[1]} THEN {_FITS_INTEGER}
    WHEN x NOT BETWEEN 0 AND 1 THEN {_FITS_SMALLINT} ELSE {_BIT} END ELSE 0 END"""
_MIDNIGHT, _COMPACT, _UNFIT, _INEXACT = 8, 16, 32, 64
_IS_COMPACT = f"""CASE WHEN x BETWEEN {COMPACT_DAYS[0]} AND {COMPACT_MOMENTS[1]} THEN
    CASE WHEN k = {numbers_of(("r:real",), ())} OR x <> trunc(x) THEN false
    WHEN x < {COMPACT_MOMENTS[0]} THEN {COMPACT_DATE}
    ELSE TRY_STRPTIME(CAST(CAST(x AS BIGINT) AS VARCHAR), '%Y%m%d%H%M%S') IS NOT NULL END ELSE false END"""
"""DuckDB's condition of the numbers that ``is_compact`` accepts."""
_DIGITS = """CASE WHEN x <> trunc(x) THEN CASE WHEN contains(v, 'e') OR ends_with(v, '0')
    THEN strlen(CAST(x AS VARCHAR)) - strpos(CAST(x AS VARCHAR), '.')
    ELSE strlen(v) - greatest(strpos(v, '.'), strpos(v, ',')) END ELSE 0 END"""
"""DuckDB's digits after the point: those written, but of the shortest text where that is another one."""
_IS_MIDNIGHT = f"""CASE WHEN contains(v, '0:00') THEN regexp_full_match(v, {literal(MIDNIGHT)})
    ELSE NOT contains(v, ':') END"""
"""DuckDB's condition of the certain dates without a time of day."""


@dataclass(frozen=True)
class Alike:
    """What such values have in common."""

    number: int
    """As ``likeness`` tells it."""

    @property
    def whole(self) -> bool:
        """Whether they are whole numbers; the others of these properties are of whole numbers only."""
        return self._size >= _WHOLE

    @property
    def integer(self) -> bool:
        """Whether PostgreSQL's integer holds them."""
        return self._size >= _FITS_INTEGER

    @property
    def smallint(self) -> bool:
        """Whether its smallint does."""
        return self._size >= _FITS_SMALLINT

    @property
    def bit(self) -> bool:
        """Whether they are 0 or 1."""
        return self._size == _BIT

    @property
    def midnight(self) -> bool:
        """Whether they are dates without a time of day."""
        return bool(self.number & _MIDNIGHT)

    @property
    def compact(self) -> bool:
        """Whether ``is_compact`` accepts them."""
        return bool(self.number & _COMPACT)

    @property
    def unfit(self) -> bool:
        """Whether the declared digits or length do not hold them."""
        return bool(self.number & _UNFIT)

    @property
    def inexact(self) -> bool:
        """Whether no double holds them."""
        return bool(self.number & _INEXACT)

    @property
    def _size(self) -> int:
        return self.number % _MIDNIGHT


def likeness(evidence: Evidence, forms: Sequence[str], *, large: bool = False) -> str:
    """DuckDB expressions ``d``, a number's digits after the point, and ``a``, what the value is like.

    ``v`` is the value as it travels, ``k`` the number of its kind and ``x`` its own; ``forms`` are those
    looked for, and ``large`` tells whether large whole numbers are settled.
    """
    flags = {
        _MIDNIGHT: _midnight(evidence, forms),
        _COMPACT: _IS_COMPACT,
        _UNFIT: _unfit(evidence),
        _INEXACT: _inexact(forms) if large else None,
    }
    told = [_SIZE, *(f"{flag} * ({condition})::INTEGER" for flag, condition in flags.items() if condition)]
    return f"{_DIGITS} AS d, {' + '.join(told)} AS a"


def _inexact(forms: Sequence[str]) -> str:
    # A number in text is what the shortest text of its double is.
    held = "CASE WHEN v < 'j' THEN CAST(x AS HUGEINT) ELSE TRY_CAST(CAST(x AS VARCHAR) AS HUGEINT) END"
    return f"CASE WHEN {is_large(forms)} THEN {held} IS DISTINCT FROM {EXACT} ELSE false END"


def _unfit(evidence: Evidence) -> str | None:
    if evidence.declared_length is not None:
        return f"length(v) > {evidence.declared_length + 1}"
    if evidence.declared_digits is None:
        return None
    precision, scale = evidence.declared_digits
    # Numbers of more digits before the point are not settled.
    return f"x IS NOT NULL AND (d > {scale} OR abs(x) >= 1e{min(precision - scale, 16)})"


def _midnight(evidence: Evidence, forms: Sequence[str]) -> str | None:
    conditions: dict[str, list[str]] = {}
    for form in forms:
        family = form_family(form)
        if family in ("date", "timestamp"):
            # To look for the clock takes as long as to find the form.
            plain = "true" if family == "date" and form in FORM_BY_NAME else _IS_MIDNIGHT
            condition = "ends_with(v, ' 00:00:00')" if form == "iso_datetime" else plain
            conditions.setdefault(condition, []).append(form)
    cases = [f"WHEN k IN ({texts_of(some, forms)}) THEN {each}" for each, some in conditions.items()]
    if evidence.interest == "date":
        cases += [
            f"WHEN k = {numbers_of((f'i:{name}',), ())} THEN x % {day} = 0"
            for name, day in SETTLED_EPOCHS.items()
        ]
        cases.append(f"WHEN k = {numbers_of(('i:compact_date',), ())} THEN true")
    return f"CASE {' '.join(cases)} ELSE false END" if cases else None
