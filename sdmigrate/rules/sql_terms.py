"""What an expression is made of while it is rewritten: typed PostgreSQL terms, and the columns they may name.

Invariant: a term's SQL is complete in itself (an atom or in brackets), its names quoted, its text in quotes;
its family is what PostgreSQL will see, so that a comparison between families never comes out by accident.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NoReturn, TypeAlias

from sdmigrate.model.catalog import Affinity
from sdmigrate.rules.type_families import Family

TermFamily: TypeAlias = Family | Literal["null"]
NUMBERS: frozenset[TermFamily] = frozenset({"integer", "numeric", "float"})


class Untranslatable(Exception):
    """No PostgreSQL SQL is certain to mean the same; caught in ``expressions.py`` alone."""


def refuse(reason: str) -> NoReturn:
    """Give up the whole expression."""
    raise Untranslatable(reason)


def identifier(name: str) -> str:
    """The name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """The text as a string constant (standard_conforming_strings on)."""
    if "\0" in text:
        refuse("PostgreSQL has no NUL in text")
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Term:
    """One value as PostgreSQL SQL."""

    sql: str
    family: TermFamily
    collation: str = "BINARY"
    """SQLite's, as it takes part in comparisons of text."""
    collated: bool = False
    """COLLATE stands at it, which outweighs what columns declare."""
    affinity: Affinity | None = None
    """Of a column; None for anything else, which has none."""
    literal: str | int | float | None = None
    """Of a constant; None for anything else."""
    as_text: str | None = None
    """SQL of the text that SQLite would make of it, where that is not the term itself."""


@dataclass(frozen=True)
class ScopeColumn:
    """A column that an expression may name."""

    source: str
    name: str
    family: TermFamily
    collation: str = "BINARY"
    affinity: Affinity | None = None


@dataclass(frozen=True)
class Relation:
    """A table, view or subquery whose columns an expression may name."""

    name: str
    """Target name, or the alias under which the query calls it."""
    columns: tuple[ScopeColumn, ...]
    by_name: dict[str, ScopeColumn] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.source.lower(): column for column in self.columns})


class Scope:
    """The relations in reach: one for a check, index or generated column; those of FROM for a view."""

    def __init__(
        self,
        relations: Iterable[tuple[str, Relation]],
        *,
        qualified: bool,
        outer: "Scope | None" = None,
    ) -> None:
        """Each relation under the name by which the SQL calls it.

        ``qualified``: columns are written with their relation's name. ``outer``: what a subquery may name
        of the query around it.
        """
        self.relations = {name.lower(): relation for name, relation in relations}
        self.qualified = qualified
        self.outer = outer

    def find(self, relation: str, column: str) -> Term | None:
        """The column, or None where no relation has it. ``relation`` is empty where the SQL names none."""
        found = [
            (one, one.by_name[column.lower()])
            for name, one in self.relations.items()
            if (not relation or name == relation.lower()) and column.lower() in one.by_name
        ]
        if not found:
            return self.outer.find(relation, column) if self.outer is not None else None
        if len(found) > 1:
            refuse(f"{column} may be of two tables")
        owner, chosen = found[0]
        prefix = identifier(owner.name) + "." if self.qualified else ""
        return Term(
            sql=prefix + identifier(chosen.name),
            family=chosen.family,
            collation=chosen.collation,
            affinity=chosen.affinity,
        )
