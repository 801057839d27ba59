"""Whether a file can hold a long value at all, told by its pages and not by its rows.

Invariant: never says no where there is one. What does not fit a row's page goes on in a chain of overflow
pages, each of which begins with the number of the next and the last one with 0
(https://www.sqlite.org/fileformat2.html section 1.6); any other page that looks so can only lead to a yes.
"""

import os
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path

_HEADER_OCTETS = 100
_PAGE_SIZE = slice(16, 18)
_NUMBER_OCTETS = 4
_BLOCK_PAGES = 10_000


def may_hold_longer(path: Path | str, octets: int) -> bool:
    """Whether some chain of the file is long enough for a value of more than so many octets.

    The file is one of ours, without a journal: every page is where it belongs. Of fewer octets than two pages
    have the pages tell nothing, and the answer is yes; of an empty file it is no.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb", buffering=0) as file:
        descriptor = file.fileno()
        told = int.from_bytes(file.read(_HEADER_OCTETS)[_PAGE_SIZE], "big")
        if not told:
            return False
        size = 65536 if told == 1 else told
        pages = os.fstat(descriptor).st_size // size
        # A value's beginning is on its row's page, and no page is all content.
        fewest = octets // size - 1
        if fewest < 1 or pages <= fewest:
            return fewest < 1
        following = array("I")
        # Joined by the block, since making a number of each takes half as long again.
        for first in range(0, pages, _BLOCK_PAGES):
            block = range(first * size, min(first + _BLOCK_PAGES, pages) * size, size)
            following.frombytes(b"".join([os.pread(descriptor, _NUMBER_OCTETS, start) for start in block]))
    if sys.byteorder == "little":
        following.byteswap()
    return _has_chain(following, fewest)


def _has_chain(following: Sequence[int], fewest: int) -> bool:
    """Whether so many pages follow one another; ``following`` has for page n at n - 1 what it begins with."""
    pages = len(following)
    linked = [page for page, number in enumerate(following, 1) if number <= pages]
    followers = {following[page - 1] for page in linked}
    for page in linked:
        if page in followers:
            continue
        length, number = 1, following[page - 1]
        while length < fewest and 0 < number <= pages:
            length, number = length + 1, following[number - 1]
        if length >= fewest:
            return True
    return False
