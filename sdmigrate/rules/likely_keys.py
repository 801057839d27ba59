"""Keys and references that nothing declares but names and values suggest.

Invariant: suggestions only; no constraint is ever made from them.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from sdmigrate.model.catalog import Catalog, Table
from sdmigrate.rules.evidence import Evidence

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_ID_WORDS = frozenset({"id", "uuid", "guid", "key", "no", "nr", "number", "code"})
_LIKELY_SHARE = 0.98
"""Distinct values among those present, from which a column looks like a key."""
_LEAST_ROWS = 20


def words(name: str) -> tuple[str, ...]:
    """The words of a name, lower case: ``TKT-Ticket ID`` is tkt, ticket, id."""
    return tuple(word.lower() for word in _WORD.findall(name))


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word


def named_like_key(table: Table) -> str | None:
    """The first column, where it is named like an id and no key is declared."""
    if table.primary_key or not table.columns:
        return None
    named = words(table.columns[0].name)
    return table.columns[0].name if named and named[-1] in _ID_WORDS else None


def likely_key(table: Table, evidence: Mapping[str, Evidence]) -> str | None:
    """The column named like a key, where nearly every value is different."""
    name = named_like_key(table)
    if name is None:
        return None
    found = evidence[name]
    values = found.rows - found.nulls
    return name if values >= _LEAST_ROWS and found.distinct >= _LIKELY_SHARE * values else None


class LikelyParents:
    """The tables with a key of one column, found by the words of their names.

    Made once for a catalog, so that asking for each of many tables costs only what their names share.
    """

    def __init__(self, catalog: Catalog, evidence: dict[str, dict[str, Evidence]]) -> None:
        self._evidence = evidence
        self._keys: dict[str, str] = {}
        self._by_word: defaultdict[str, list[str]] = defaultdict(list)
        for table in catalog.tables:
            likely = likely_key(table, evidence[table.name])
            key = table.primary_key[0] if len(table.primary_key) == 1 else likely
            if key is not None:
                self._keys[table.name] = key
                for word in _subject(table.name) | _subject(key, without_last=True):
                    self._by_word[word].append(table.name)

    def references(self, table: Table) -> Iterator[tuple[str, str, str]]:
        """Column, parent table and its key, where names and ranges suggest a reference of the table.

        Only whole numbers are looked at: short texts coincide too often. A column points at one parent, that
        whose name agrees best; where several agree by a single word alike, none is suggested.
        """
        declared = {column for key in table.foreign_keys for column in key.columns}
        for column in table.columns:
            named = words(column.name)
            if column.name in declared or column.name == self._keys.get(table.name):
                continue
            if len(named) < 2 or named[-1] not in _ID_WORDS:
                continue
            child = self._evidence[table.name][column.name]
            agreements = {
                parent: _agreement(column.name, parent, self._keys[parent])
                for parent in self._by_word.get(_singular(named[-2]), ())
                if parent != table.name and _ranges_agree(child, self._evidence[parent][self._keys[parent]])
            }
            best = _best(agreements)
            if best is not None:
                yield column.name, best, self._keys[best]


def _best(agreements: dict[str, int]) -> str | None:
    """The parent whose name agrees best; None where the best is shared and rests on one word."""
    most = max(agreements.values(), default=0)
    best = [parent for parent, agreement in agreements.items() if agreement == most]
    return best[0] if best and (len(best) == 1 or most > 1) else None


def _agreement(column: str, parent: str, key: str) -> int:
    """How well the words before "id" name a parent that shares the last of them.

    3: they are the table's words; 2: they are among the table's or the key's; 1: only the last one is.
    """
    subject = _subject(column, without_last=True)
    table_words = _subject(parent)
    if subject == table_words:
        return 3
    return 2 if subject <= table_words or subject <= _subject(key, without_last=True) else 1


@lru_cache(maxsize=10_000)
def _subject(name: str, *, without_last: bool = False) -> frozenset[str]:
    found = words(name)
    return frozenset(_singular(word) for word in (found[:-1] if without_last else found))


def _ranges_agree(child: Evidence, parent: Evidence) -> bool:
    """Whether both hold INTEGER values and most of the child's lie in the parent's range."""
    if not child.classes.integer or child.classes.integer != child.meaningful:
        return False
    low, high = parent.bounds()
    child_low, child_high = child.bounds()
    if not all(isinstance(bound, int) for bound in (low, high, child_low, child_high)):
        return False
    return child_high >= low and child_low <= high  # type: ignore[operator]
