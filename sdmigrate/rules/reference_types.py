"""What foreign keys tie together; and one type for all columns of a tie, as PostgreSQL compares keys by type.

Invariant: the evidence changes a type only to one that every value of every column tied to it fits; where no
type fits them all, nothing changes and the blueprint tells which foreign key cannot stand. What the operator
decides for one column of a tie holds for the others, of which nothing else is said.
"""

from collections.abc import Collection, Iterable
from typing import TypeAlias

import msgspec

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.plan import ColumnPlan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile
from sdmigrate.rules.column_decisions import misfits, with_type
from sdmigrate.rules.type_families import INTEGER_RANGES, can_reference

Place: TypeAlias = tuple[str, str]
"""A table's name and a column's."""


def agree(catalog: Catalog, profile: Profile, tables: tuple[TablePlan, ...]) -> tuple[TablePlan, ...]:
    """The tables with one type in each group of columns tied by foreign keys, where there is such a type."""
    ties = _ties(catalog)
    if not ties:
        return tables
    types = {(table.source, column.source): column.type for table in tables for column in table.columns}
    parents = {parent for _, parent in ties}
    fixed = {(table.name, table.rowid_alias) for table in catalog.tables if table.rowid_alias is not None}
    profiles = {(table.name, column.name): column for table in profile.tables for column in table.columns}
    changed: dict[Place, str] = {}
    for group in _groups(ties):
        wanted = dict.fromkeys(types[place] for place in group if place in parents)
        # A child's dirt is no reason to make text of its parent's key.
        wanted |= dict.fromkeys(types[place] for place in group if types[place] != "text")
        for candidate in wanted:
            if all(
                types[place] == candidate
                or (place not in fixed and _holds(profiles[place], types[place], candidate))
                for place in group
            ):
                changed |= {place: candidate for place in group if types[place] != candidate}
                break
    return tuple(_retyped(table, changed) for table in tables)


def carried(
    catalog: Catalog,
    before: tuple[TablePlan, ...],
    after: tuple[TablePlan, ...],
    decided: Collection[Place],
) -> tuple[TablePlan, ...]:
    """The tables of ``after`` with what is decided for one end of a foreign key decided for its other end.

    A type goes on only where the foreign key could stand ``before`` and cannot with the other end as it is,
    and how values are read (form, day order, zone) where both ends were read alike and have one type.
    ``decided``: the columns whose decision it is; they stay as they are.
    """
    earlier, now = _columns(before), _columns(after)
    changed: dict[Place, ColumnPlan] = {}
    known, level = set(decided), [place for place in now if place in decided]
    ties = _standing(catalog, earlier, now)
    while level:
        found = []
        for child, parent in ties:
            for place, other in ((child, parent), (parent, child)):
                if place not in level or other in known:
                    continue
                column = changed.get(place, now[place])
                follows = _following(column, earlier[place], now[other], earlier[other], child == place)
                if follows != now[other]:
                    changed[other] = follows
                    known.add(other)
                    found.append(other)
        level = found
    return tuple(
        msgspec.structs.replace(
            table, columns=tuple(changed.get((table.source, each.source), each) for each in table.columns)
        )
        for table in after
    )


def parted(
    catalog: Catalog, before: tuple[TablePlan, ...], after: tuple[TablePlan, ...]
) -> tuple[Place, Place] | None:
    """Child and parent column of a foreign key whose types could be compared ``before`` and now cannot."""
    now = _columns(after)
    for child, parent in _standing(catalog, _columns(before), now):
        if not can_reference(now[child].type, now[parent].type):
            return child, parent
    return None


def _following(
    column: ColumnPlan, was: ColumnPlan, other: ColumnPlan, other_was: ColumnPlan, is_child: bool
) -> ColumnPlan:
    """The other end of a foreign key as this end has it decided, where it has to follow."""
    types = (column.type, other.type) if is_child else (other.type, column.type)
    if not can_reference(*types):
        return _read_as(with_type(other, column.type), column)
    if column.type == other.type and _reading(was) == _reading(other_was) == _reading(other):
        return _read_as(other, column)
    return other


def _reading(column: ColumnPlan) -> tuple[str, bool | None, str]:
    return column.form, column.day_first, column.zone


def _read_as(column: ColumnPlan, other: ColumnPlan) -> ColumnPlan:
    return msgspec.structs.replace(column, form=other.form, day_first=other.day_first, zone=other.zone)


def _columns(tables: tuple[TablePlan, ...]) -> dict[Place, ColumnPlan]:
    """The columns that are loaded."""
    return {(table.source, one.source): one for table in tables if table.include for one in table.columns}


def _standing(
    catalog: Catalog, earlier: dict[Place, ColumnPlan], now: dict[Place, ColumnPlan]
) -> list[tuple[Place, Place]]:
    """The ties of columns that are loaded whose types could be compared before."""
    return [
        (child, parent)
        for child, parent in _ties(catalog)
        if {child, parent} <= earlier.keys() & now.keys()
        and can_reference(earlier[child].type, earlier[parent].type)
    ]


def tied(catalog: Catalog) -> frozenset[Place]:
    """Every column at either end of a foreign key whose parent is there."""
    return frozenset(place for tie in _ties(catalog) for place in tie)


def tied_tables(catalog: Catalog) -> tuple[tuple[str, ...], ...]:
    """The tables that foreign keys join, however long the chain, in groups of at least one.

    Groups and names stand in the catalog's order; each table is in one group.
    """
    ties = [((child, ""), (parent, "")) for (child, _), (parent, _) in _ties(catalog)]
    alone = [((table.name, ""), (table.name, "")) for table in catalog.tables]
    # A tie of each with itself puts the catalog's order before that of the foreign keys.
    return tuple(tuple(name for name, _ in group) for group in _groups([*alone, *ties]))


def _ties(catalog: Catalog) -> list[tuple[Place, Place]]:
    """Child and parent column of every foreign key whose parent is there."""
    known = {table.name.lower(): table for table in catalog.tables}
    ties = []
    for table in catalog.tables:
        for key in table.foreign_keys:
            parent = known.get(key.parent_table.lower())
            if parent is None or len(key.columns) != len(key.parent_columns):
                continue
            if not set(key.parent_columns) <= {column.name for column in parent.columns}:
                continue
            ties += [
                ((table.name, child), (parent.name, column))
                for child, column in zip(key.columns, key.parent_columns, strict=True)
            ]
    return ties


def _groups(ties: Iterable[tuple[Place, Place]]) -> list[list[Place]]:
    """The connected components, in order of first appearance."""
    root: dict[Place, Place] = {}

    def find(place: Place) -> Place:
        root.setdefault(place, place)
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for child, parent in ties:
        root[find(child)] = find(parent)
    groups: dict[Place, list[Place]] = {}
    for place in root:
        groups.setdefault(find(place), []).append(place)
    return list(groups.values())


def _holds(profile: ColumnProfile, current: str, wanted: str) -> bool:
    if misfits(profile, wanted, form="auto") == 0:
        return True
    if current in INTEGER_RANGES and wanted in INTEGER_RANGES:
        return INTEGER_RANGES[current][1] <= INTEGER_RANGES[wanted][1]
    return current in INTEGER_RANGES and wanted == "numeric" and can_reference(current, wanted)


def _retyped(table: TablePlan, changed: dict[Place, str]) -> TablePlan:
    columns = tuple(
        with_type(column, changed[table.source, column.source])
        if (table.source, column.source) in changed
        else column
        for column in table.columns
    )
    return msgspec.structs.replace(table, columns=columns)
