"""Primary keys, unique constraints and indexes of the blueprint.

Invariant: uniqueness is kept, told as lost, or kept by other means and told; an index never becomes unique,
or full, that was not.
"""

from dataclasses import dataclass

from sdmigrate.model.blueprint import TargetIndex, TargetKey
from sdmigrate.model.catalog import Index, IndexTerm
from sdmigrate.rules.blueprint_parts import Drawing, Subject, shown
from sdmigrate.rules.canonical import settled
from sdmigrate.rules.expressions import translate_index_term, translate_where
from sdmigrate.rules.sql_terms import identifier
from sdmigrate.rules.type_families import family

LONGEST_INDEXED = 2600
"""Bytes; PostgreSQL's btree takes rows of 2704, their header included."""
_WORTH_A_HASH = 512
"""Bytes; a shorter column of a long key keeps its value in the index."""


@dataclass(frozen=True)
class Keys:
    """What makes rows of one table unique or quick to find."""

    primary_key: TargetKey | None
    uniques: tuple[TargetKey, ...]
    indexes: tuple[TargetIndex, ...]

    @property
    def referable(self) -> set[frozenset[str]]:
        """Sets of target columns that a foreign key may refer to."""
        keys = [self.primary_key, *self.uniques] if self.primary_key else list(self.uniques)
        plain = [
            index.terms
            for index in self.indexes
            if index.unique and index.where is None and all(_is_name(term) for term in index.terms)
        ]
        return {frozenset(key.columns) for key in keys} | {
            frozenset(_name_of(term) for term in terms) for terms in plain
        }


def draw_keys(drawing: Drawing, subject: Subject, referred: set[frozenset[str]]) -> Keys:
    """The keys of one table. ``referred`` holds the sets of source columns that foreign keys point at."""
    indexes = [
        index
        for index in (_declared_index(drawing, subject, one) for one in subject.table.indexes)
        if index is not None
    ]
    primary_key, more = _primary_key(drawing, subject)
    indexes += more
    uniques: list[TargetKey] = []
    for one in subject.table.indexes:
        if one.origin == "unique":
            key, more = _unique(drawing, subject, one, referred)
            uniques += key
            indexes += more
    return Keys(primary_key=primary_key, uniques=tuple(uniques), indexes=tuple(indexes))


def _primary_key(drawing: Drawing, subject: Subject) -> tuple[TargetKey | None, list[TargetIndex]]:
    columns = subject.table.primary_key
    if not columns:
        return None, []
    wanted = f"{subject.name}_pkey"
    if lost := _lost(subject, columns):
        return None, _told_as_lost(drawing, subject, "primary key", columns, lost)
    if _too_long(subject, columns):
        return None, [_hashed(drawing, subject, columns, drawing.relations.take(wanted))]
    name = drawing.constraint_name(subject, wanted)
    collated = [
        IndexTerm(column=column, collation=subject.columns[column][0].collation) for column in columns
    ]
    return TargetKey(name=name, columns=subject.targets(columns)), _without_case(drawing, subject, collated)


def _unique(
    drawing: Drawing, subject: Subject, index: Index, referred: set[frozenset[str]]
) -> tuple[list[TargetKey], list[TargetIndex]]:
    """A UNIQUE constraint: as itself, or as an index where only that keeps its meaning."""
    columns = tuple(term.column for term in index.terms if term.column is not None)
    if set(columns) == set(subject.table.primary_key):
        return [], []
    if lost := _lost(subject, columns):
        return [], _told_as_lost(drawing, subject, "unique key", columns, lost)
    wanted = f"{subject.name}_{'_'.join(subject.targets(columns))}_key"
    if _too_long(subject, columns):
        return [], [_hashed(drawing, subject, columns, drawing.relations.take(wanted))]
    folding = _without_case(drawing, subject, list(index.terms))
    if folding and frozenset(columns) not in referred:
        return [], folding
    return [
        TargetKey(name=drawing.constraint_name(subject, wanted), columns=subject.targets(columns))
    ], folding


def _declared_index(drawing: Drawing, subject: Subject, index: Index) -> TargetIndex | None:
    """A CREATE INDEX."""
    if index.origin != "create":
        return None
    columns = tuple(term.column for term in index.terms if term.column is not None)
    whole = len(columns) == len(index.terms) and index.where is None
    unique = index.unique
    if unique and whole and (lost := _lost(subject, columns)):
        _told_as_lost(drawing, subject, f"unique index {index.name}", columns, lost)
        unique = False
    where = translate_where(index.where, subject.relation) if index.where is not None else None
    if index.where is not None and where is None:
        _tell_untranslated(drawing, subject, index)
        return None
    name = drawing.index_names[index.name]
    if len(columns) == len(index.terms) and _too_long(subject, columns):
        if unique:
            return _hashed(drawing, subject, columns, name, where)
        drawing.tell(
            "index-too-long",
            "warning",
            f"The index {index.name!r} is not made: its values are longer than {LONGEST_INDEXED} bytes.",
            "Create an index on md5() of the long column after the cutover where a query needs one.",
            table=subject.table.name,
        )
        return None
    terms = [translate_index_term(term, subject.relation, unique=unique) for term in index.terms]
    known = tuple(term for term in terms if term is not None)
    if len(known) < len(terms) or not terms:
        _tell_untranslated(drawing, subject, index)
        return None
    if unique and any(term.collation.upper() == "NOCASE" for term in index.terms):
        _tell_without_case(drawing, subject, columns)
    return TargetIndex(name=name, unique=unique, terms=known, where=where)


def _tell_untranslated(drawing: Drawing, subject: Subject, index: Index) -> None:
    drawing.tell(
        "index-not-translated",
        "warning",
        f"The {'unique ' if index.unique else ''}index {index.name!r} has no certain equal in PostgreSQL and "
        f"is not made: {shown(index.sql)}",
        "Create one that PostgreSQL takes after the cutover.",
        table=subject.table.name,
    )


def _lost(subject: Subject, columns: tuple[str, ...]) -> str:
    """Why the key cannot be made; empty where it can."""
    if any(family(subject.planned(column).type) == "json" for column in columns):
        return "the type json cannot be compared"
    unsure = [column for column in columns if not settled(subject.planned(column), subject.profiled(column))]
    if subject.plan.duplicates == "keep" and unsure:
        return f"the plan keeps duplicates, and cleaning changes {', '.join(unsure)}"
    return ""


def _told_as_lost(
    drawing: Drawing, subject: Subject, kind: str, columns: tuple[str, ...], reason: str
) -> list[TargetIndex]:
    drawing.tell(
        "key-not-created",
        "warning",
        f"The {kind} ({', '.join(columns)}) is not made: {reason}.",
        "Decide duplicates or the column's type otherwise in the plan to have it.",
        table=subject.table.name,
        column=columns[0] if len(columns) == 1 else None,
    )
    return []


def _too_long(subject: Subject, columns: tuple[str, ...]) -> bool:
    return sum(_octets(subject, column) for column in columns) > LONGEST_INDEXED


def _octets(subject: Subject, column: str) -> int:
    if family(subject.planned(column).type) not in ("text", "bytea", "jsonb"):
        return 0
    return subject.profiled(column).longest_bytes


def _hashed(
    drawing: Drawing, subject: Subject, columns: tuple[str, ...], name: str, where: str | None = None
) -> TargetIndex:
    """A unique index on md5() of what is too long. ``name`` is free."""
    drawing.tell(
        "index-on-hash",
        "warning",
        f"Values of ({', '.join(columns)}) are too long for PostgreSQL's btree; their uniqueness is kept by "
        "a unique index on md5().",
        "Search by md5(column) = md5(value) to use it; no foreign key can refer to it.",
        table=subject.table.name,
        column=columns[0] if len(columns) == 1 else None,
    )
    return TargetIndex(
        name=name,
        unique=True,
        terms=tuple(_hash_term(subject, column) for column in columns),
        where=where,
    )


def _hash_term(subject: Subject, column: str) -> str:
    name = identifier(subject.planned(column).target)
    if _octets(subject, column) <= _WORTH_A_HASH:
        return name
    cast = "::text" if family(subject.planned(column).type) == "jsonb" else ""
    return f"md5({name}{cast})"


def _without_case(drawing: Drawing, subject: Subject, terms: list[IndexTerm]) -> list[TargetIndex]:
    """The unique index on lower() that NOCASE columns of a key need; none without such columns."""
    if not any(term.collation.upper() == "NOCASE" and _is_text(subject, term.column) for term in terms):
        return []
    columns = tuple(term.column for term in terms if term.column is not None)
    rewritten = [translate_index_term(term, subject.relation, unique=True) for term in terms]
    _tell_without_case(drawing, subject, columns)
    name = drawing.relations.take(f"{subject.name}_{'_'.join(subject.targets(columns))}_lower_key")
    return [TargetIndex(name=name, unique=True, terms=tuple(term for term in rewritten if term))]


def _tell_without_case(drawing: Drawing, subject: Subject, columns: tuple[str, ...]) -> None:
    drawing.tell(
        "unique-without-case",
        "warning",
        f"({', '.join(columns)}) is unique without regard to case, of ASCII letters as in SQLite; a unique "
        'index on lower(… COLLATE "C") keeps that.',
        "A plain = in PostgreSQL regards case: let queries compare lower(column) with lower(value).",
        table=subject.table.name,
        column=columns[0] if len(columns) == 1 else None,
    )


def _is_text(subject: Subject, column: str | None) -> bool:
    return column is not None and family(subject.planned(column).type) == "text"


def _is_name(term: str) -> bool:
    return _bare(term).startswith('"')


def _name_of(term: str) -> str:
    return _bare(term)[1:-1].replace('""', '"')


def _bare(term: str) -> str:
    return term.removesuffix(" DESC")
