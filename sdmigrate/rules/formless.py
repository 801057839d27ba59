"""Texts that certainly have no form, though they begin as one may: identifiers, hashes, sentences.

Invariant: the same to RE2 (DuckDB) and to Python's ``re``; outside columns of JSON a text that matches is
counted as "other".
"""

import string
from collections.abc import Iterable

from sdmigrate.rules.form_numbers import FALSE_WORDS, TRUE_WORDS

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "sept", "october",
    "november", "december",
)  # fmt: skip
_WEEKDAYS = ("mon", "tues", "wed", "wednes", "thu", "thurs", "fri", "sat", "satur", "sun")
_HEX = "abcdef"
_WORDS = (
    *_MONTHS,
    *(f"{weekday}day" for weekday in _WEEKDAYS),
    *("sepember", "tueday", "am", "pm", "st", "nd", "rd", "th", "utc", "gmt", "years", "mons", "days"),
    # A time of day after what stands before it, and an offset after that.
    *(before + "tt" for before in ("t", "d", "h")),
    *("mutc", "mgmt", "mz"),
    # Durations of ISO 8601.
    *(before + "t" for before in "pymwd"),
    *("urn", "uuid", "nan", "infinity"),
    *TRUE_WORDS,
    *FALSE_WORDS,
)
"""Every run of letters that a text with a form can have, but for those of hexadecimal digits."""


def _pairs_in_no(words: Iterable[str]) -> str:
    """RE2 and Python: two letters, of any case, that follow each other in none of the words."""
    known = {word[place : place + 2] for word in words for place in range(len(word) - 1)}
    known |= {one + other for one in _HEX for other in _HEX}
    pairs = []
    for first in string.ascii_lowercase:
        second = "".join(each for each in string.ascii_lowercase if first + each not in known)
        pairs.append(f"[{first}{first.upper()}][{second}{second.upper()}]")
    return "|".join(pairs)


FOREIGN = rf"[_=@#%&*;!?<>()\[\]\\|~^$\"]|{_pairs_in_no(_WORDS)}"
"""RE2 and Python: what is found in no text that has a form."""

_LETTERS_AND_DIGITS = "[0-9A-Za-z]"
FORMLESS = (
    # Begun with a digit, as numbers and days are, with a letter that none of these has.
    rf"[0-9]{_LETTERS_AND_DIGITS}*[g-su-yG-SU-Y]{_LETTERS_AND_DIGITS}*"
    # Hardware addresses.
    r"|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}"
    # Two numbers: dates have three. Coordinates.
    r"|[0-9]+[/-][0-9]+|[+-]?[0-9]+\.[0-9]+, ?[+-]?[0-9]+\.[0-9]+"
    # Three of which the last is as long as no year and no group of thousands behind another is.
    r"|[0-9]{1,3}\.[0-9]{1,2}\.(?:[0-9]|[0-9]{3})"
    # Groups of digits, one of them not of three as thousands are.
    r"|\+?[0-9][0-9 ]* (?:[0-9]{1,2}|[0-9]{4,})(?: [0-9 ]*)?"
)
"""RE2 and Python: other whole texts without a form."""

HEX = "[0-9A-Fa-f]*[a-dfA-DF][0-9A-Fa-f]*"
"""RE2 and Python: hexadecimal digits that are no number with an exponent; of HEX_LENGTHS they have a form."""
HEX_LENGTHS = (1, 32)
"""Of a truth value, and of a UUID."""
