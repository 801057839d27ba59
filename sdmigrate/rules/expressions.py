"""SQLite's SQL as PostgreSQL's: defaults, checks, indexes, generated columns and views.

Invariant: what cannot be translated with the same meaning is None, never something like it; nothing of the
source's text stands in the result but names in quotes and constants.
"""

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from sdmigrate.model.catalog import IndexTerm
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.values import Value
from sdmigrate.rules.conversion import Changed, Misfit, convert
from sdmigrate.rules.naming import NameSpace
from sdmigrate.rules.sql_clock import EPOCH, JULIAN, UTC, is_random_text
from sdmigrate.rules.sql_comparisons import as_text, without_case
from sdmigrate.rules.sql_scalars import Scalars, constant
from sdmigrate.rules.sql_terms import (
    NUMBERS,
    Relation,
    Scope,
    ScopeColumn,
    Term,
    Untranslatable,
    identifier,
    refuse,
    text_literal,
)
from sdmigrate.rules.sql_views import Queries, Query
from sdmigrate.rules.type_families import MOMENTS, family

__all__ = [
    "Relation",
    "ScopeColumn",
    "translate_check",
    "translate_default",
    "translate_generated",
    "translate_index_term",
    "translate_view",
    "translate_where",
]

# What sqlglot cannot parse is told as a finding here, not by its own warning on the terminal.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())

NO_DEFAULT = "NULL"
"""What ``translate_default`` gives for a default that says nothing."""
_NOT_CONSTANT = object()
_CERTAIN = (exp.Column, exp.Identifier, exp.Literal, exp.Neg, exp.Paren, exp.Add, exp.Sub, exp.Mul)


def translate_default(sql: str, column: ColumnPlan) -> str | None:
    """The default of a column under its plan; "NULL" where it is none, None where it cannot be translated.

    A constant becomes what cleaning would make of it as a value, so that new rows look like migrated ones.
    """
    try:
        node = _expression(sql)
        value = _constant(node)
        if value is _NOT_CONSTANT:
            return _fitted(Scalars(Scope([], qualified=False), volatile=True).value(node), column)
        return _constant_sql(value, column)
    except (Untranslatable, SqlglotError, RecursionError):
        return None


def translate_check(sql: str, relation: Relation) -> str | None:
    """A check over the columns of one table."""
    try:
        return _scalars(relation).condition(_expression(sql))
    except (Untranslatable, SqlglotError, RecursionError):
        return None


def translate_where(sql: str, relation: Relation) -> str | None:
    """A partial index's condition."""
    return translate_check(sql, relation)


def translate_index_term(term: IndexTerm, relation: Relation, *, unique: bool) -> str | None:
    """One term of an index, ready to stand between its brackets.

    NOCASE becomes lower(): of ASCII letters alone where the index must be unique, as SQLite has it; of all
    letters where it only serves searches, so that a plain lower() in a query finds it.
    """
    try:
        if term.column is not None:
            value = Scope([("", relation)], qualified=False).find("", term.column)
        else:
            scalars = Scalars(Scope([("", relation)], qualified=False), any_case=not unique)
            value = scalars.value(_expression(term.expression or ""))
        if value is None or value.family in ("json", "null"):
            return None
        sql = value.sql if term.column is not None else f"({value.sql})"
        if value.family == "text" and term.collation.upper() == "NOCASE":
            sql = without_case(value.sql) if unique else f"lower({value.sql})"
        elif value.family == "text" and term.collation.upper() != "BINARY" and unique:
            return None
    except (Untranslatable, SqlglotError, RecursionError):
        return None
    return sql + (" DESC" if term.descending else "")


def translate_generated(sql: str, relation: Relation) -> str | None:
    """A generated column's expression where PostgreSQL is certain to compute the same.

    That is +, - and * of integers.
    """
    try:
        node = _expression(sql)
        scalars = _scalars(relation)
        if not all(isinstance(one, _CERTAIN) for one in node.walk()):
            return None
        if any(scalars.value(one).family != "integer" for one in node.find_all(exp.Column)):
            return None
        term = scalars.value(node)
    except (Untranslatable, SqlglotError, RecursionError):
        return None
    return term.sql if term.family == "integer" else None


def translate_view(
    sql: str, relations: Mapping[str, Relation], named: Callable[[str], str] = str
) -> Query | None:
    """The SELECT of a CREATE VIEW over relations by lower-case source name; ``named`` folds output names."""
    try:
        statement = sqlglot.parse_one(sql, dialect="sqlite")
        if not isinstance(statement, exp.Create) or statement.args.get("kind") != "VIEW":
            return None
        query = Queries(relations, named).query(statement.expression)
        if isinstance(statement.this, exp.Schema):
            query = _with_names(query, [one.name for one in statement.this.expressions], named)
    except (Untranslatable, SqlglotError, RecursionError):
        return None
    return query


def _with_names(query: Query, names: list[str], named: Callable[[str], str]) -> Query:
    """The query under the column names that the view declares."""
    if len(names) != len(query.columns):
        refuse("a view's column list of another length")
    space = NameSpace()
    columns = tuple(
        ScopeColumn(
            source=name, name=space.take(named(name)), family=column.family, collation=column.collation
        )
        for name, column in zip(names, query.columns, strict=True)
    )
    listed = ", ".join(identifier(column.name) for column in columns)
    return Query(sql=f"SELECT * FROM ({query.sql}) AS named ({listed})", columns=columns)


@lru_cache(maxsize=4096)
def _expression(sql: str) -> exp.Expr:
    """The one expression that the text is.

    Raises:
        SqlglotError: it cannot be parsed.
        Untranslatable: it is not one expression.
    """
    statement: Any = sqlglot.parse_one(f"SELECT ({sql}\n)", dialect="sqlite")
    given = {name for name, value in statement.args.items() if value}
    if not isinstance(statement, exp.Select) or given != {"expressions"} or len(statement.expressions) != 1:
        refuse("not one expression")
    node = statement.expressions[0]
    if not isinstance(node, exp.Paren):
        refuse("not one expression")
    inner: exp.Expr = node.this
    return inner


def _scalars(relation: Relation) -> Scalars:
    return Scalars(Scope([("", relation)], qualified=False))


def _constant(node: exp.Expr) -> Any:
    """The constant's value as SQLite would store it, or _NOT_CONSTANT."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier) and not node.table:
        # In a default every bare or double-quoted word is text.
        return node.name
    if isinstance(node, exp.HexString):
        try:
            return bytes.fromhex(str(node.this))
        except ValueError:
            refuse("an unusual blob")
    term = constant(node)
    if term is None:
        return _NOT_CONSTANT
    return None if term.family == "null" else term.literal


def _constant_sql(value: Value, column: ColumnPlan) -> str:
    if value is None:
        return NO_DEFAULT
    outcome = convert(value, column)
    if isinstance(outcome, Misfit):
        refuse("a default that does not fit")
    settled = outcome.after if isinstance(outcome, Changed) else value
    if settled is None:
        return NO_DEFAULT
    kind = family(column.type)
    if kind == "boolean":
        return "true" if settled else "false"
    if isinstance(settled, bytes):
        return f"'\\x{settled.hex()}'::bytea"
    if isinstance(settled, float) and settled in (float("inf"), float("-inf")):
        return "'Infinity'" if settled > 0 else "'-Infinity'"
    if isinstance(settled, str):
        return text_literal(settled)
    return repr(settled)


def _fitted(term: Term, column: ColumnPlan) -> str:
    """A computed default in the column's type."""
    wanted = family(column.type)
    if wanted in MOMENTS and term.sql in (EPOCH, JULIAN) and column.form != "auto":
        # The column's numbers count from an epoch, and so does the default; both become moments.
        term = Term(sql=UTC, family="timestamp")
    if wanted == "timestamptz" and term.family == "timestamp":
        return "now()"
    if wanted == "text":
        return as_text(term)
    if wanted == term.family:
        return term.sql
    if wanted in ("numeric", "float") and term.family in NUMBERS:
        return term.sql
    if {wanted, term.family} == {"date", "timestamp"}:
        return f"({term.sql})::{wanted}"
    if wanted == "uuid" and is_random_text(term.sql):
        return "gen_random_uuid()"
    if wanted == "bytea" and term.family == "text":
        return f"convert_to({term.sql}, 'UTF8')"
    refuse(f"a default of {term.family} for {column.type}")
