"""The PostgreSQL types a blueprint may name: read strictly, so that no unchecked text becomes SQL.

Invariant: a type that is not in this list is an error before any SQL is built.
"""

import re
from dataclasses import dataclass

from psycopg import sql

from sdmigrate.model.errors import InternalFault

BASES = frozenset(
    {
        "boolean",
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "double precision",
        "text",
        "varchar",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "interval",
        "uuid",
        "json",
        "jsonb",
        "bytea",
        "inet",
    }
)
"""Every type there is, without its length, precision or scale."""

_SHAPE = re.compile(
    r"(?P<base>[a-z]+(?: [a-z]+)?)(?:\((?P<first>[1-9][0-9]{0,7})(?:, ?(?P<second>[0-9]{1,4}))?\))?"
)
_ARGUMENTS = {"varchar": (0, 1), "numeric": (0, 1, 2)}


@dataclass(frozen=True)
class TypeName:
    """One allowed type."""

    base: str
    arguments: tuple[int, ...] = ()
    """Length, or precision and scale."""

    def as_sql(self) -> sql.SQL:
        """The type as SQL, found in pg_catalog whatever the search_path."""
        arguments = f"({','.join(map(str, self.arguments))})" if self.arguments else ""
        return sql.SQL(self.base + arguments)


def type_name(text: str) -> TypeName:
    """The type that this text names.

    Raises:
        InternalFault: it is none of the allowed types.
    """
    found = _SHAPE.fullmatch(text)
    if found is not None and found["base"] in BASES:
        arguments = tuple(int(number) for number in (found["first"], found["second"]) if number is not None)
        if len(arguments) in _ARGUMENTS.get(found["base"], (0,)):
            return TypeName(base=found["base"], arguments=arguments)
    raise InternalFault(
        f"{text!r} is not one of the PostgreSQL types that sdmigrate creates.", "Correct the plan's type."
    )
