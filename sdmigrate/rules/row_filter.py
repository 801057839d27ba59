"""The plan's ``where``: a condition that the operator writes in SQLite's SQL.

Invariant: what passes here reads columns of its own table and nothing else, calls pure functions only, and
is one expression, so that it can stand between brackets in a statement of ours.
"""

from collections.abc import Iterable

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

_OPERATORS: tuple[type[exp.Expression], ...] = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is,
    exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In, exp.Like, exp.Glob, exp.Escape, exp.Add, exp.Sub,
    exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe, exp.Case, exp.If, exp.Collate, exp.Cast, exp.DataType,
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.HexString, exp.Var,
)  # fmt: skip
_FUNCTIONS: tuple[type[exp.Expression], ...] = (
    exp.Abs, exp.Coalesce, exp.Nullif, exp.Length, exp.Lower, exp.Upper, exp.Trim, exp.Round, exp.Substring,
    exp.StrPosition, exp.Replace, exp.Typeof, exp.Hex, exp.LowerHex, exp.Date, exp.TimeToStr,
    exp.TsOrDsToTimestamp,
)  # fmt: skip
_MORE_FUNCTIONS = frozenset({"date", "datetime", "time", "julianday", "unixepoch", "unicode", "json_valid"})
_ALLOWED = frozenset((*_OPERATORS, *_FUNCTIONS))
_ROWID_NAMES = frozenset({"rowid", "_rowid_", "oid"})


def problem(where: str, columns: Iterable[str]) -> str | None:
    """Why the text cannot be a table's ``where``; None where it can. Empty text takes every row."""
    if not where.strip():
        return None
    known = {column.lower() for column in columns} | _ROWID_NAMES
    try:
        tokens = sqlglot.tokenize(where, dialect="sqlite")
        statement = sqlglot.parse_one(f"SELECT ({where}\n)", dialect="sqlite")
    except (SqlglotError, RecursionError):
        return "it is not one SQLite expression"
    if any(token.comments or token.token_type == TokenType.SEMICOLON for token in tokens):
        return "it holds a comment or a semicolon"
    if not _is_one_expression(statement):
        return "it is not one SQLite expression"
    for node in statement.expressions[0].walk():
        if isinstance(node, exp.Anonymous):
            if str(node.this).lower() not in _MORE_FUNCTIONS:
                return f"the function {node.this} is not among those allowed"
        elif type(node) not in _ALLOWED:
            return f"{type(node).__name__} is not among what is allowed"
        if isinstance(node, exp.Column) and (node.table or node.name.lower() not in known):
            return f"the table has no column {node.sql(dialect='sqlite')}"
    return None


def _is_one_expression(statement: exp.Expr) -> bool:
    given = {name for name, value in statement.args.items() if value}
    return (
        isinstance(statement, exp.Select)
        and given == {"expressions"}
        and len(statement.expressions) == 1
        and isinstance(statement.expressions[0], exp.Paren)
    )
