"""Names in PostgreSQL: one policy for every object, 63 bytes at most, unique where PostgreSQL wants it.

Invariant: every name given out is valid UTF-8 of 1 to 63 bytes without NUL, and the same name goes in and
comes out the same way on every run, so that releases of one source can be compared by name.
"""

import hashlib
import re
from collections.abc import Iterable

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.plan import Naming

LONGEST_NAME = 63
"""Bytes of an identifier (NAMEDATALEN - 1)."""
LONGEST_SCHEMA_NAME = 44
"""Bytes; the rest is for ``__r<UTC stamp>``."""
SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
"""Names that PostgreSQL keeps for itself in every table."""
UNNAMED = "unnamed"

_NOT_UNICODE = re.compile("[\ud800-\udfff]")
_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_WORD = re.compile(r"\W+")


def check_schema_name(name: str) -> None:
    """Accept the name as a stable schema name, or say why not.

    Raises:
        UsageProblem: it is empty, longer than 44 bytes, holds a NUL or bytes that are not UTF-8, or belongs
            to PostgreSQL, to sdmigrate or to everybody (public).
    """
    advice = "Choose another schema name, for example 'app'."
    if not name:
        raise UsageProblem("The schema name is empty.", advice)
    if "\0" in name or _NOT_UNICODE.search(name):
        raise UsageProblem(
            f"The schema name {name!r} holds a character that PostgreSQL cannot store.", advice
        )
    if (length := _bytes(name)) > LONGEST_SCHEMA_NAME:
        raise UsageProblem(
            f"The schema name {name!r} has {length} bytes; at most {LONGEST_SCHEMA_NAME} leave room for the "
            "release's stamp.",
            advice,
        )
    if name == "public":
        raise UsageProblem(
            "The schema 'public' cannot be switched: extensions and other programs' objects live in it.",
            "Choose a schema of its own and add it to the application's search_path.",
        )
    if name == "sdmigrate" or name == "information_schema" or name.startswith("pg_"):
        owner = "sdmigrate's own bookkeeping" if name == "sdmigrate" else "PostgreSQL"
        raise UsageProblem(f"The schema name {name!r} belongs to {owner}.", advice)


def check_target_name(name: str) -> str | None:
    """Why PostgreSQL cannot take this name exactly; None where it can."""
    if not name:
        return "a name cannot be empty"
    if "\0" in name or _NOT_UNICODE.search(name):
        return "a name cannot hold NUL or bytes that are not UTF-8"
    if (length := _bytes(name)) > LONGEST_NAME:
        return f"a name has at most {LONGEST_NAME} bytes, this one {length}"
    return None


def folded(name: str, naming: Naming) -> str:
    """The name under the policy; of any length, and empty only where nothing is left of it."""
    clean = _NOT_UNICODE.sub("\ufffd", name)
    if naming == "preserve":
        return clean
    if naming == "lower":
        return clean.lower()
    words = _NO_WORD.sub(" ", _WORD_BORDER.sub(" ", clean)).split()
    return "_".join(words).lower()


def shortened(name: str) -> str:
    """The name, or where it is longer than 63 bytes its start and a hash of the whole."""
    if _bytes(name) <= LONGEST_NAME:
        return name
    mark = "_" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return _start(name, LONGEST_NAME - len(mark)) + mark


class NameSpace:
    """Names that must differ from each other: a table's columns, or the relations of a schema."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def take(self, wanted: str) -> str:
        """That name, shortened, and numbered (``_2``, ``_3``, …) where it is taken already."""
        base = wanted or UNNAMED
        name = shortened(base)
        number = 2
        while name in self._taken:
            name = _start(shortened(base), LONGEST_NAME - len(f"_{number}")) + f"_{number}"
            number += 1
        self._taken.add(name)
        return name


def table_names(sources: Iterable[str], naming: Naming) -> dict[str, str]:
    """Source name -> target name for the tables of one database.

    Raises:
        UsageProblem: two tables fall on one name.
    """
    return _unique_names(sources, naming, "tables", frozenset())


def column_names(table: str, sources: Iterable[str], naming: Naming) -> dict[str, str]:
    """Source name -> target name for one table's columns.

    Raises:
        UsageProblem: two columns fall on one name.
    """
    return _unique_names(sources, naming, f"columns of table {table!r}", SYSTEM_COLUMNS)


def check_collisions(kind: str, names: dict[str, str]) -> None:
    """Refuse two sources (tables, or one table's columns) that would share a target name.

    Raises:
        UsageProblem: naming both.
    """
    owners: dict[str, str] = {}
    for source, target in names.items():
        first = owners.setdefault(target, source)
        if first != source:
            raise UsageProblem(
                f"Two {kind}, {first!r} and {source!r}, would both be named {target!r} in PostgreSQL.",
                'Give one of them another target in the plan, or use naming = "preserve".',
            )


def _unique_names(
    sources: Iterable[str], naming: Naming, kind: str, reserved: frozenset[str]
) -> dict[str, str]:
    names = {}
    nameless = []
    for source in sources:
        wanted = folded(source, naming)
        if not wanted:
            nameless.append(source)
        elif wanted in reserved:
            names[source] = wanted + "_"
        else:
            names[source] = shortened(wanted)
    # Only names that the source lacks may give way to others; a name it has is never renumbered.
    space = NameSpace(names.values())
    names |= {source: space.take(UNNAMED) for source in nameless}
    check_collisions(kind, names)
    return names


def _bytes(name: str) -> int:
    return len(name.encode())


def _start(name: str, size: int) -> str:
    """The longest start of at most ``size`` bytes that splits no character."""
    return name.encode()[:size].decode(errors="ignore")
