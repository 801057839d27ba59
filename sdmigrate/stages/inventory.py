"""The findings that a catalog gives by itself: what is not migrated as a table, and what cannot be read.

Invariant: every object of the file is either a table of the catalog or told here with its SQL text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sdmigrate.model.blueprint import MOST_COLUMNS
from sdmigrate.model.catalog import OWN_COLLATIONS, Catalog, OtherKind, OtherObject, Table
from sdmigrate.model.finding import Finding, Severity

LONGEST_SQL = 2000
_QUOTED_OR_SPACE = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])|\s+""")


def inventory(catalog: Catalog) -> tuple[Finding, ...]:
    """One finding for each object and each problem, in the catalog's order."""
    found = [finding for table in catalog.tables for finding in _of_table(table)]
    found += [_of_other(other) for other in catalog.others]
    if not catalog.tables:
        found.append(
            _finding(
                "no-tables",
                "warning",
                None,
                "The database declares no table.",
                "Check that it is the right file; there is nothing to load.",
                count=0,
            )
        )
    if catalog.trusted_schema:
        found.append(
            _finding(
                "schema-trusted",
                "warning",
                None,
                "Generated columns use functions that SQLite only runs in a trusted schema, and so it is.",
                "Go on only where you trust who wrote the file.",
            )
        )
    return tuple(found)


def _finding(
    code: str,
    severity: Severity,
    table: str | None,
    message: str,
    advice: str,
    *,
    column: str | None = None,
    count: int = 1,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        table=table,
        column=column,
        count=count,
        message=message,
        advice=advice,
    )


def _of_table(table: Table) -> Iterator[Finding]:
    if table.problem:
        yield _finding(
            "declaration-not-understood",
            "warning",
            table.name,
            f"Not all of the table's declaration was understood: {table.problem}. {_text(table.sql)}",
            "Its rows are migrated; compare its checks, collations and indexes by hand.",
        )
    if len(table.columns) > MOST_COLUMNS:
        yield _finding(
            "table-too-wide",
            "error",
            table.name,
            f"The table has {len(table.columns):,} columns, and one of PostgreSQL at most {MOST_COLUMNS:,}.",
            "Split it in a copy of the source, or leave it out in the plan (include = false).",
            count=len(table.columns),
        )
    for column in table.unreadable:
        yield _finding(
            "generated-column-unreadable",
            "error",
            table.name,
            f"The generated column is left out, since it cannot be computed here: {column.problem}; "
            f"it is {column.generated_expression}.",
            "Nothing of it is stored; let PostgreSQL or the application compute it.",
            column=column.name,
        )
    for column in table.columns:
        if column.collation not in OWN_COLLATIONS:
            yield _finding(
                "collation-of-the-application",
                "warning",
                table.name,
                f"The column is compared by {column.collation}, a collation that only the application has.",
                "PostgreSQL compares it by code point; order and uniqueness may differ.",
                column=column.name,
            )


@dataclass(frozen=True)
class _Told:
    """How a kind of object that is no table of the catalog is told; texts name its fields in braces."""

    code: str
    severity: Severity
    where: Literal["its name", "its table", "nowhere"]
    """What the finding names as its table."""
    message: str
    advice: str


_OTHERS: dict[OtherKind, _Told] = {
    "view": _Told(
        "view",
        "info",
        "its name",
        "A view. {sql}",
        "It is translated and created after the tables, where PostgreSQL takes it.",
    ),
    "trigger": _Told(
        "trigger-not-migrated",
        "warning",
        "its table",
        "Trigger {name} is not migrated and does not fire in the load.{problem} {sql}",
        "Write what it does as a PostgreSQL trigger or in the application.",
    ),
    "virtual": _Told(
        "virtual-table-not-migrated",
        "warning",
        "its name",
        "A virtual table is not migrated.{problem} {sql}",
        "{virtual}",
    ),
    "shadow": _Told(
        "shadow-table-not-migrated",
        "info",
        "its name",
        "The storage of virtual table {table} is not migrated. {sql}",
        "Nothing to do: it means nothing outside SQLite.",
    ),
    "table": _Told(
        "table-unreadable",
        "error",
        "its name",
        "The table cannot be read: {why}. {sql}",
        "Mend its declaration in a copy of the source, or recover one with 'sqlite3 FILE .recover',"
        " and migrate that.",
    ),
    "index": _Told(
        "index-unreadable",
        "warning",
        "its table",
        "Index {name} is left out.{problem} {sql}",
        "The rows are migrated, and what the index kept unique is not; create it anew in PostgreSQL.",
    ),
    "repeated": _Told(
        "schema-entry-repeated",
        "warning",
        "nowhere",
        "The schema has a further entry {name}, which is left out. {sql}",
        "Nothing is lost: the first entry of the name has the same rows.",
    ),
    "renamed": _Told(
        "table-of-the-same-name",
        "warning",
        "its table",
        "The schema has a further table {name}, read as {table}. {sql}",
        "SQLite refuses the file as it is: look which of the two is meant, and leave out the other in"
        " the plan (include = false).",
    ),
    "entry": _Told(
        "schema-entry-unreadable",
        "warning",
        "its name",
        "An entry of the schema is of no kind that SQLite knows.{problem} {sql}",
        "Look at it with 'sqlite3 FILE .schema'; nothing of it is migrated.",
    ),
    "internal": _Told(
        "internal-table-not-migrated",
        "info",
        "its name",
        "A table that SQLite keeps for itself is not migrated. {sql}",
        "Nothing to do: numbers of AUTOINCREMENT are carried over, and PostgreSQL keeps its own statistics.",
    ),
}
_REFUSED_VIEW = _Told(
    "view-refused-by-sqlite",
    "warning",
    "its name",
    "A view.{problem} {sql}",
    "It does not work in the source as it is; write it anew for PostgreSQL, or leave it.",
)


def _of_other(other: OtherObject) -> Finding:
    told = _REFUSED_VIEW if other.kind == "view" and other.problem else _OTHERS[other.kind]
    fields = {
        "name": other.name,
        "table": other.table,
        "why": other.problem,
        "problem": f" SQLite refuses it: {other.problem}." if other.problem else "",
        "sql": _text(other.sql),
        "virtual": _virtual_advice(other),
    }
    places = {"its name": other.name, "its table": other.table, "nowhere": None}
    return _finding(
        told.code,
        told.severity,
        places[told.where],
        told.message.format_map(fields),
        told.advice.format_map(fields),
    )


def _virtual_advice(other: OtherObject) -> str:
    if other.problem and "no such module" in other.problem:
        return (
            f"Tables whose names begin with {other.name}_ may be its storage; leave them out in the plan "
            "if so, and build what it did with PostgreSQL's means."
        )
    if "fts" in other.sql.lower():
        return "Build a tsvector column with a GIN index over the text instead."
    return "Build what it did with PostgreSQL's means (PostGIS for R-trees), or leave it."


def _text(sql: str) -> str:
    """The SQL for a message: on one line where that changes nothing, and cut where it is very long."""
    if "--" not in sql:
        sql = _QUOTED_OR_SPACE.sub(lambda found: found.group(1) or " ", sql)
    return sql if len(sql) <= LONGEST_SQL else sql[: LONGEST_SQL - 1] + "…"
