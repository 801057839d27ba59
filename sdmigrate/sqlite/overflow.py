"""Whether a file can hold a long value at all, told by its pages and not by its rows.

Invariant: never says no where there is one. What does not fit a row's page goes on in a chain of overflow
pages, each of which begins with the number of the next and the last one with 0
(https://www.sqlite.org/fileformat2.html section 1.6); any other page that looks so can only lead to a yes.
"""

import sys
from array import array
from collections.abc import Sequence

_PAGE_SIZE = slice(16, 18)
_NUMBER_OCTETS = 4


class PageLinks:
    """What every page of one of our files begins with, noted while somebody reads it from first to last.

    The file is without a journal: every page is where it belongs.
    """

    def __init__(self) -> None:
        self._size = 0
        self._following = array("I")

    def note(self, piece: bytes) -> None:
        """The next bytes, a whole number of pages; the last piece may end anywhere."""
        if not self._size:
            told = int.from_bytes(piece[_PAGE_SIZE], "big")
            self._size = 65536 if told == 1 else max(told, _NUMBER_OCTETS)
        pages = memoryview(piece)[: len(piece) // self._size * self._size].cast("I")
        self._following.frombytes(pages[:: self._size // _NUMBER_OCTETS].tobytes())

    def may_hold_longer(self, octets: int) -> bool:
        """Whether some chain of the file is long enough for a value of more than so many octets.

        Of fewer octets than two pages have the pages tell nothing, and the answer is yes; of an empty file it
        is no.
        """
        if not self._following:
            return False
        # A value's beginning is on its row's page, and no page is all content.
        fewest = octets // self._size - 1
        if fewest < 1 or len(self._following) <= fewest:
            return fewest < 1
        following = array("I", self._following)
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
