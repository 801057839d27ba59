"""A text or blob too long to be held whole, measured piece by piece.

Invariant: says of the pieces what ``Evidence.add`` finds in the whole value. Only JSON, which has to be
parsed, is looked at whole, by the caller.
"""

import codecs
import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from sdmigrate.model.values import LONGEST_SHOWN, LongValue
from sdmigrate.rules.convert_text import is_utf8
from sdmigrate.rules.encodings import ENCODINGS, is_doubtful, recoded
from sdmigrate.rules.form_record import SPACES

_BEGINNING = LONGEST_SHOWN + 1
_IN_NUMBERS = "0123456789.eE+-"
"""What a long number is written with, see ``LONG_NUMBER``."""


def long_blob(pieces: Iterable[bytes]) -> LongValue:
    """The blob whose octets these are, one after the other; more than the sixteen of a UUID."""
    octets = characters = 0
    beginning = b""
    is_text = True
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    for piece in chain(pieces, (b"",)):
        octets += len(piece)
        digest.update(piece)
        beginning += piece[: _BEGINNING - len(beginning)]
        # One that is none, random octets for the most part, is not decoded further.
        further = _further(decoder, piece) if is_text and b"\0" not in piece else None
        is_text = further is not None
        characters += further or 0
    return LongValue(
        storage="blob",
        form="blob",
        beginning=beginning,
        octets=octets,
        digest=digest.digest(),
        characters=characters if is_text else 0,
        is_text=is_text,
    )


def long_text(pieces: Iterable[bytes]) -> LongValue:
    """The text whose UTF-8 these are, one after the other; more characters than any form but a number has."""
    octets = characters = nuls = 0
    beginning = ""
    blank, number, invalid = True, True, False
    digest = hashlib.sha256()
    reading = _Reading()
    for piece, text in _decoded(pieces):
        octets += len(piece)
        digest.update(piece)
        characters += len(text)
        nuls += piece.count(0)
        beginning += text[: _BEGINNING - len(beginning)]
        blank = blank and not text.strip(SPACES)
        number = number and not text.strip(_IN_NUMBERS)
        invalid = invalid or not is_utf8(text)
        reading.go_on(text)
    return LongValue(
        storage="text",
        form="blank" if blank else "" if number else "other",
        beginning=beginning,
        octets=octets,
        digest=digest.digest(),
        characters=characters,
        nuls=nuls,
        invalid=invalid,
        read_in=tuple(reading.read_in),
        doubtful_in=tuple(one for one in reading.read_in if one in reading.doubtful_in),
    )


@dataclass
class _Reading:
    """In which encodings a text can be read, as far as it has come."""

    read_in: list[str] = field(default_factory=lambda: list(ENCODINGS))
    doubtful_in: set[str] = field(default_factory=set)

    def go_on(self, text: str) -> None:
        """The next piece; of a broken character in it both ends are here."""
        for encoding in () if text.isascii() else tuple(self.read_in):
            reading = recoded(text, encoding)
            if reading is None:
                self.read_in.remove(encoding)
            elif encoding not in self.doubtful_in and is_doubtful(text, reading):
                self.doubtful_in.add(encoding)


def _decoded(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, str]]:
    """Each piece with the text that ends in it; bytes that are not UTF-8 as surrogate escapes."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for piece in pieces:
        yield piece, decoder.decode(piece)
    yield b"", decoder.decode(b"", final=True)


def _further(decoder: codecs.IncrementalDecoder, piece: bytes) -> int | None:
    """Characters that end in the piece; None where it is no UTF-8 behind what came before it.

    An empty piece ends the text.
    """
    try:
        return len(decoder.decode(piece, final=not piece))
    except UnicodeDecodeError:
        return None


def unless_at(rowids: Collection[int], place: str, expression: str) -> str:
    """SQL of the expression in SQLite, NULL in the rows of these rowids, where it is not computed.

    ``place`` is SQL of the rowid.
    """
    if not rowids:
        return expression
    return f"CASE WHEN {place} NOT IN ({', '.join(map(str, rowids))}) THEN {expression} END"
