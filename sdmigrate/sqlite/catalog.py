"""The catalog of one SQLite file: everything it declares, read by pragmas and from the CREATE texts.

Invariant: nothing of the file runs (statements over views and virtual tables are prepared, never stepped) and
no problem stops the reading: what cannot be understood or used is told where it stands.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec.structs import replace

from sdmigrate.model.catalog import (
    OWN_COLLATIONS,
    Catalog,
    Column,
    ForeignKey,
    Index,
    IndexTerm,
    OtherKind,
    OtherObject,
    Table,
)
from sdmigrate.sqlite.connection import harden, is_distrust, quote_identifier, readable
from sdmigrate.sqlite.declarations import (
    ColumnDeclaration,
    DeclarationUnreadable,
    IndexDeclaration,
    TableDeclaration,
    affinity,
    folded,
    parse_index,
    parse_table,
)
from sdmigrate.sqlite.schema_lines import (
    Listed,
    Stored,
    highest_ids,
    is_text,
    listed_tables,
    pragma,
    stored_entries,
)

_ROWID_NAMES = ("rowid", "_rowid_", "oid")
_NOT_TEXT = "its name, or one of its columns' names, is not valid UTF-8, so that no SQL can say it"
_OTHER_NAME = "its CREATE text names another table"


def read_catalog(connection: sqlite3.Connection) -> Catalog:
    """The catalog; the connection is left trusting the schema where it cannot be read otherwise.

    Raises:
        sqlite3.DatabaseError: the schema itself cannot be parsed or read.
    """
    try:
        return _read(connection)
    except sqlite3.DatabaseError as error:
        if not is_distrust(error):
            raise
    harden(connection, trusted_schema=True)
    return _read(connection)


def _read(connection: sqlite3.Connection) -> Catalog:
    listed, stored = listed_tables(connection), stored_entries(connection)
    index_texts = {entry.name: entry.sql for entry in stored if entry.kind == "index"}
    sequences = highest_ids(connection, listed)
    virtual = [name for name, facts in listed.items() if facts.kind == "virtual"]
    tables: list[Table] = []
    others: list[OtherObject] = []
    for entry in stored:
        facts = listed.get(entry.name)
        if entry.kind == "table" and facts is not None and _is_ordinary(entry, facts):
            table = _table(connection, entry, facts, index_texts)
            if table is not None:
                tables.append(replace(table, sequence=sequences.get(folded(entry.name))))
                continue
        if entry.kind != "index":
            others.append(_other(connection, entry, facts, virtual))
    return Catalog(
        tables=_with_parents(tables),
        others=tuple(others),
        encoding=pragma(connection, "encoding")[0][0],
        page_size=pragma(connection, "page_size")[0][0],
        trusted_schema=bool(connection.execute("PRAGMA trusted_schema").fetchone()[0]),
    )


def _is_internal(name: str) -> bool:
    """Names that SQLite keeps to itself."""
    return folded(name).startswith("sqlite_")


def _is_ordinary(entry: Stored, facts: Listed) -> bool:
    return facts.kind == "table" and not _is_internal(entry.name) and is_text(entry.name)


def _table(
    connection: sqlite3.Connection, entry: Stored, facts: Listed, index_texts: Mapping[str, str]
) -> Table | None:
    """The table; None where a column's name is not valid UTF-8."""
    problems = [] if entry.exact else ["its text holds bytes that are not UTF-8, shown as escapes"]
    lines = pragma(connection, "table_xinfo", entry.name)
    names = [name for _, name, *_ in lines]
    if not all(is_text(name) for name in names):
        return None
    declaration = _declaration(entry.sql, names, problems)
    keyed = sorted((line for line in lines if line[5]), key=lambda line: line[5])
    primary_key = tuple(name for _, name, *_ in keyed)
    index_lines = pragma(connection, "index_list", entry.name)
    alias = _rowid_alias(primary_key, facts, index_lines)
    columns = _columns(connection, entry.name, facts, lines, declaration)
    table = Table(
        name=entry.name,
        columns=tuple(column for column in columns if not column.problem),
        unreadable=tuple(column for column in columns if column.problem),
        primary_key=primary_key,
        foreign_keys=_foreign_keys(connection, entry.name, declaration, problems),
        indexes=_indexes(connection, index_lines, alias, index_texts, problems),
        checks=declaration.checks if declaration else (),
        without_rowid=facts.without_rowid,
        strict=facts.strict,
        autoincrement=bool(declaration and declaration.autoincrement),
        rowid_alias=alias,
        rowid_name=_rowid_name(names, alias, facts),
        sql=entry.sql,
    )
    return replace(_without_unreadable(table, problems), problem="; ".join(problems) or None)


def _without_unreadable(table: Table, problems: list[str]) -> Table:
    """The table without the indexes and foreign keys over columns that cannot be computed here."""
    missing = {column.name for column in table.unreadable}
    indexes = tuple(
        index for index in table.indexes if missing.isdisjoint(term.column for term in index.terms)
    )
    keys = tuple(key for key in table.foreign_keys if missing.isdisjoint(key.columns))
    lost = len(table.indexes) + len(table.foreign_keys) - len(indexes) - len(keys)
    if lost:
        problems.append(f"{lost} of its indexes and foreign keys are over columns that cannot be computed")
    return replace(table, indexes=indexes, foreign_keys=keys)


def _declaration(sql: str, names: Sequence[str], problems: list[str]) -> TableDeclaration | None:
    """The parsed text, proven to have the columns that SQLite sees; None with the problem told."""
    try:
        declaration = parse_table(sql)
    except DeclarationUnreadable as error:
        problems.append(f"its CREATE TABLE text was not understood: {error}")
        return None
    if [column.name for column in declaration.columns] != list(names):
        problems.append("its CREATE TABLE text names other columns than SQLite sees")
        return None
    return declaration


def _columns(
    connection: sqlite3.Connection,
    table: str,
    facts: Listed,
    lines: Sequence[Any],
    declaration: TableDeclaration | None,
) -> tuple[Column, ...]:
    columns = []
    generations: dict[int, Literal["virtual", "stored"]] = {2: "virtual", 3: "stored"}
    for position, (_, name, declared_type, not_null, default, _, hidden) in enumerate(lines):
        declared = declaration.columns[position] if declaration else ColumnDeclaration(name=name)
        generated = generations.get(hidden)
        columns.append(
            Column(
                name=name,
                declared_type=readable(declared_type),
                affinity=affinity(declared_type, strict=facts.strict),
                not_null=bool(not_null),
                default=None if default is None else readable(default),
                generated=generated,
                generated_expression=declared.generated if generated else None,
                collation=_collation(declared.collation),
                problem=_refusal(connection, f"SELECT {quote_identifier(name)} FROM main.", table)
                if generated
                else None,
            )
        )
    return tuple(columns)


def _refusal(connection: sqlite3.Connection, select: str, relation: str) -> str | None:
    """Why SQLite will not prepare this SELECT over the relation; None where it would. Nothing is read."""
    try:
        connection.execute(f"EXPLAIN {select}{quote_identifier(relation)}")
    except sqlite3.DatabaseError as error:
        return readable(str(error))
    except UnicodeDecodeError:
        return "SQLite refuses it, in a message that is not valid UTF-8"
    return None


def _collation(name: str) -> str:
    """SQLite's own collations in capitals, others as written."""
    return name.upper() if name.upper() in OWN_COLLATIONS else readable(name)


def _rowid_alias(primary_key: Sequence[str], facts: Listed, index_lines: Sequence[Any]) -> str | None:
    """The INTEGER PRIMARY KEY column: the only kind of key for which SQLite makes no index.

    ``INTEGER PRIMARY KEY DESC`` has one and is none, as https://www.sqlite.org/lang_createtable.html#rowid
    says.
    """
    has_index = any(origin == "pk" for _, _, _, origin, _ in index_lines)
    return primary_key[0] if primary_key and not has_index and not facts.without_rowid else None


def _rowid_name(names: Sequence[str], alias: str | None, facts: Listed) -> str | None:
    if facts.without_rowid:
        return None
    shadows = {folded(name) for name in names if name != alias}
    return next((name for name in _ROWID_NAMES if name not in shadows), None)


def _foreign_keys(
    connection: sqlite3.Connection, table: str, declaration: TableDeclaration | None, problems: list[str]
) -> tuple[ForeignKey, ...]:
    """In order of declaration; parents are resolved once all tables are known."""
    grouped: dict[int, list[Any]] = defaultdict(list)
    for line in pragma(connection, "foreign_key_list", table):
        grouped[line[0]].append(line)
    # The pragma numbers them from the last declared to the first.
    groups = [sorted(grouped[number], key=lambda line: line[1]) for number in sorted(grouped, reverse=True)]
    declared = declaration.foreign_keys if declaration else ()
    spelled = [tuple(folded(line[3]) for line in group) for group in groups]
    if declaration and [tuple(map(folded, key.columns)) for key in declared] != spelled:
        problems.append("its foreign keys could not be matched with its text; deferrability is not known")
        declared = ()
    found = []
    for position, group in enumerate(groups):
        _, _, parent, _, _, on_update, on_delete, _ = group[0]
        found.append(
            ForeignKey(
                columns=tuple(line[3] for line in group),
                parent_table=readable(parent),
                parent_columns=tuple(line[4] for line in group if line[4] is not None),
                on_update=on_update,
                on_delete=on_delete,
                deferrable=bool(declared) and declared[position].deferrable,
                initially_deferred=bool(declared) and declared[position].initially_deferred,
            )
        )
    return tuple(found)


def _with_parents(tables: Sequence[Table]) -> tuple[Table, ...]:
    """The tables with their foreign keys' parent columns as the parents spell them."""
    by_name = {folded(table.name): table for table in tables}

    def resolved(key: ForeignKey) -> ForeignKey:
        parent = by_name.get(folded(key.parent_table))
        spellings = {folded(column.name): column.name for column in parent.columns} if parent else {}
        wanted = key.parent_columns or (parent.primary_key if parent else ())
        columns = tuple(spellings[folded(name)] for name in wanted if folded(name) in spellings)
        return replace(key, parent_columns=columns if len(columns) == len(key.columns) else ())

    return tuple(
        replace(table, foreign_keys=tuple(resolved(key) for key in table.foreign_keys)) for table in tables
    )


def _indexes(
    connection: sqlite3.Connection,
    lines: Sequence[Any],
    alias: str | None,
    texts: Mapping[str, str],
    problems: list[str],
) -> tuple[Index, ...]:
    """In order of declaration; one that cannot be understood is left out and told, never half taken."""
    found = []
    for line in reversed(lines):
        try:
            found.append(_index(connection, line, alias, texts.get(line[1]) or None))
        except DeclarationUnreadable as error:
            problems.append(f"index {readable(line[1])} was not understood and is left out: {error}")
    return tuple(found)


def _index(connection: sqlite3.Connection, line: Any, alias: str | None, sql: str | None) -> Index:
    """One index; raises DeclarationUnreadable."""
    _, name, unique, origin, partial = line
    if not is_text(name):
        raise DeclarationUnreadable("its name is not valid UTF-8")
    declaration = parse_index(sql) if sql else None
    where = declaration.where if declaration else None
    if bool(partial) != (where is not None):
        raise DeclarationUnreadable("its condition was not found")
    origins: dict[str, Literal["unique", "primary_key"]] = {"u": "unique", "pk": "primary_key"}
    return Index(
        name=name,
        unique=bool(unique),
        origin=origins.get(origin, "create"),
        terms=_terms(pragma(connection, "index_xinfo", name), declaration, alias),
        where=where,
        sql=sql,
    )


def _terms(
    lines: Sequence[Any], declaration: IndexDeclaration | None, alias: str | None
) -> tuple[IndexTerm, ...]:
    lines = [line for line in lines if line[5]]
    if declaration and len(declaration.terms) != len(lines):
        raise DeclarationUnreadable("its text has another number of terms than SQLite sees")
    terms = []
    for position, (_, column_number, name, descending, collation, _) in enumerate(lines):
        expression = None
        if column_number == -1:
            name, expression = alias, None if alias else "rowid"
        elif name is None:
            if declaration is None:
                raise DeclarationUnreadable("the text of its expression was not found")
            declared = declaration.terms[position]
            expression = declared.expression
            if declared.collation and folded(declared.collation) != folded(collation):
                # It belongs to the last operand and not to the whole: a || b COLLATE NOCASE.
                expression += f" COLLATE {quote_identifier(declared.collation)}"
        terms.append(
            IndexTerm(
                column=name,
                expression=expression,
                descending=bool(descending),
                collation=_collation(collation),
            )
        )
    return tuple(terms)


def _other(
    connection: sqlite3.Connection, entry: Stored, facts: Listed | None, virtual: Sequence[str]
) -> OtherObject:
    """A view, trigger, virtual, shadow or internal table, or a table that no SQL can name."""
    kind: OtherKind = "internal" if _is_internal(entry.name) else "table"
    table: str | None = None
    problem = None if kind == "internal" else _OTHER_NAME if facts is None else _NOT_TEXT
    if entry.kind == "trigger":
        kind, table, problem = "trigger", readable(entry.table), None
    elif entry.kind == "view" or (facts and facts.kind == "virtual"):
        kind = "view" if entry.kind == "view" else "virtual"
        if is_text(entry.name):
            problem = _refusal(connection, "SELECT * FROM main.", entry.name)
    elif facts and facts.kind == "shadow":
        owners = [name for name in virtual if folded(entry.name).startswith(folded(name) + "_")]
        kind, table, problem = "shadow", max(owners, key=len, default=None), None
    return OtherObject(name=readable(entry.name), kind=kind, table=table, sql=entry.sql, problem=problem)
