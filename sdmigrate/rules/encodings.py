"""The encodings in which texts that are not UTF-8 can be read, and what their bytes say for each.

Invariant: nothing is decided here; such a text is read in an encoding only where the plan names it.
"""

import re
from collections.abc import Sequence

from sdmigrate.model.profile import EncodingReading

ENCODINGS = ("cp1252", "latin1")
"""As the plan names them: Windows-1252, which lacks five bytes, and ISO 8859-1, which lacks none."""

# A character of UTF-8 beside the bytes that are none, or half of a pair of surrogates.
_OF_ANOTHER_ENCODING = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]|\udced[\udca0-\udcbf]")
_CONTROLS = re.compile("[\x80-\x9f]")


def recoded(text: str, encoding: str) -> str | None:
    """The text's bytes in that encoding; None where it lacks one of them."""
    try:
        return text.encode("utf-8", "surrogateescape").decode(encoding)
    except UnicodeDecodeError:
        return None


def is_doubtful(text: str, reading: str) -> bool:
    """Whether the text hardly means that: control characters, or several characters of what was one."""
    return _CONTROLS.search(reading) is not None or _OF_ANOTHER_ENCODING.search(text) is not None


def likeliest(readings: Sequence[EncodingReading]) -> tuple[EncodingReading, ...]:
    """Most texts beyond doubt first, then most texts."""
    return tuple(sorted(readings, key=lambda one: (one.doubtful - one.reads, -one.reads)))


def in_words(reading: EncodingReading, texts: int) -> str:
    """How many of so many texts it reads."""
    read = f"all {texts:,}" if reading.reads == texts > 1 else f"{reading.reads or 'none'} of {texts:,}"
    doubt = f" ({reading.doubtful:,} doubtfully)" if reading.doubtful else ""
    return f"{reading.encoding} reads {read}{doubt}"
