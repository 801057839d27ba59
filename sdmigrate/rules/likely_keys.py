"""Keys and references that nothing declares but names and values suggest.

Invariant: suggestions only; no constraint is ever made from them.
"""

import re
from collections.abc import Iterator

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


def likely_key(table: Table, evidence: dict[str, Evidence]) -> str | None:
    """The first column, where it is named like an id and nearly every value is different."""
    if table.primary_key or not table.columns:
        return None
    first = table.columns[0]
    named = words(first.name)
    found = evidence[first.name]
    values = found.rows - found.nulls
    if not named or named[-1] not in _ID_WORDS or values < _LEAST_ROWS:
        return None
    return first.name if found.distinct >= _LIKELY_SHARE * values else None


def key_columns(catalog: Catalog, evidence: dict[str, dict[str, Evidence]]) -> dict[str, str]:
    """Table -> its key of one column, declared or likely; tables without one are left out."""
    keys = {}
    for table in catalog.tables:
        key = table.primary_key[0] if len(table.primary_key) == 1 else likely_key(table, evidence[table.name])
        if key is not None:
            keys[table.name] = key
    return keys


def suggested_references(
    catalog: Catalog, evidence: dict[str, dict[str, Evidence]]
) -> Iterator[tuple[Table, str, str, str]]:
    """Child table, its column, parent table and its key, where names and ranges suggest a reference.

    Only whole numbers are looked at: short texts coincide too often.
    """
    keys = key_columns(catalog, evidence)
    for table in catalog.tables:
        declared = {column for key in table.foreign_keys for column in key.columns}
        for column in table.columns:
            named = words(column.name)
            if column.name in declared or column.name == keys.get(table.name):
                continue
            if len(named) < 2 or named[-1] not in _ID_WORDS:
                continue
            for parent, key in keys.items():
                if parent != table.name and _names_agree(named, parent, key):
                    child, above = evidence[table.name][column.name], evidence[parent][key]
                    if _ranges_agree(child, above):
                        yield table, column.name, parent, key


def _names_agree(named: tuple[str, ...], parent: str, key: str) -> bool:
    """Whether the words before "id" name the parent table or its key."""
    subject = _singular(named[-2])
    table_words = {_singular(word) for word in words(parent)}
    key_words = {_singular(word) for word in words(key)[:-1]}
    return subject in table_words or subject in key_words


def _ranges_agree(child: Evidence, parent: Evidence) -> bool:
    """Whether both hold INTEGER values and most of the child's lie in the parent's range."""
    if not child.classes.integer or child.classes.integer != child.meaningful:
        return False
    low, high = parent.bounds()
    child_low, child_high = child.bounds()
    if not all(isinstance(bound, int) for bound in (low, high, child_low, child_high)):
        return False
    return child_high >= low and child_low <= high  # type: ignore[operator]
