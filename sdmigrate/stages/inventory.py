"""The findings that a catalog gives by itself: what is not migrated as a table, and what cannot be read.

Invariant: every object of the file is either a table of the catalog or told here with its SQL text.
"""

import re
from collections.abc import Iterator

from sdmigrate.model.blueprint import MOST_COLUMNS
from sdmigrate.model.catalog import OWN_COLLATIONS, Catalog, OtherObject, Table
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


def _of_other(other: OtherObject) -> Finding:
    problem = f" SQLite refuses it: {other.problem}." if other.problem else ""
    match other.kind:
        case "view":
            return _finding(
                "view-refused-by-sqlite" if other.problem else "view",
                "warning" if other.problem else "info",
                other.name,
                f"A view.{problem} {_text(other.sql)}",
                "It does not work in the source as it is; write it anew for PostgreSQL, or leave it."
                if other.problem
                else "It is translated and created after the tables, where PostgreSQL takes it.",
            )
        case "trigger":
            return _finding(
                "trigger-not-migrated",
                "warning",
                other.table,
                f"Trigger {other.name} is not migrated and does not fire in the load.{problem}"
                f" {_text(other.sql)}",
                "Write what it does as a PostgreSQL trigger or in the application.",
            )
        case "virtual":
            return _finding(
                "virtual-table-not-migrated",
                "warning",
                other.name,
                f"A virtual table is not migrated.{problem} {_text(other.sql)}",
                _virtual_advice(other),
            )
        case "shadow":
            return _finding(
                "shadow-table-not-migrated",
                "info",
                other.name,
                f"The storage of virtual table {other.table} is not migrated. {_text(other.sql)}",
                "Nothing to do: it means nothing outside SQLite.",
            )
        case "table":
            return _finding(
                "table-unreadable",
                "error",
                other.name,
                f"The table cannot be read: {other.problem}. {_text(other.sql)}",
                "Mend its declaration in a copy of the source, or recover one with 'sqlite3 FILE .recover',"
                " and migrate that.",
            )
        case "index":
            return _finding(
                "index-unreadable",
                "warning",
                other.table,
                f"Index {other.name} is left out.{problem} {_text(other.sql)}",
                "The rows are migrated, and what the index kept unique is not; create it anew in PostgreSQL.",
            )
        case "repeated":
            return _finding(
                "schema-entry-repeated",
                "warning",
                None,
                f"The schema has a further entry {other.name}, which is left out. {_text(other.sql)}",
                "Nothing is lost: the first entry of the name has the same rows.",
            )
        case "renamed":
            return _finding(
                "table-of-the-same-name",
                "warning",
                other.table,
                f"The schema has a further table {other.name}, read as {other.table}. {_text(other.sql)}",
                "SQLite refuses the file as it is: look which of the two is meant, and leave out the other in"
                " the plan (include = false).",
            )
        case "entry":
            return _finding(
                "schema-entry-unreadable",
                "warning",
                other.name,
                f"An entry of the schema is of no kind that SQLite knows.{problem} {_text(other.sql)}",
                "Look at it with 'sqlite3 FILE .schema'; nothing of it is migrated.",
            )
    return _finding(
        "internal-table-not-migrated",
        "info",
        other.name,
        f"A table that SQLite keeps for itself is not migrated. {_text(other.sql)}",
        "Nothing to do: numbers of AUTOINCREMENT are carried over, and PostgreSQL keeps its own statistics.",
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
