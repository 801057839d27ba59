"""Aggregate functions of SQLite (https://www.sqlite.org/lang_aggfunc.html) over PostgreSQL's types.

Invariant: a sum of integers stays an integer and an average is a double, as in SQLite, whatever PostgreSQL
makes of them by itself.
"""

from sqlglot import exp

from sdmigrate.rules.sql_comparisons import as_number, as_text
from sdmigrate.rules.sql_scalars import Scalars, only
from sdmigrate.rules.sql_terms import NUMBERS, Term, refuse, text_literal


def aggregate(node: exp.Expr, scalars: Scalars) -> Term | None:
    """count, sum, avg, min, max, total and group_concat; None for anything else."""
    if isinstance(node, exp.Count):
        only(node, "this", "big_int")
        if isinstance(node.this, exp.Star):
            return Term(sql="count(*)", family="integer")
        return _aggregated("count", node.this, scalars)
    if isinstance(node, exp.Sum | exp.Avg | exp.Min | exp.Max):
        only(node, "this")
        return _aggregated(type(node).__name__.lower(), node.this, scalars)
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "total" and len(node.expressions) == 1:
        return _aggregated("total", node.expressions[0], scalars)
    if isinstance(node, exp.GroupConcat):
        only(node, "this", "separator")
        separator = node.args.get("separator")
        text = scalars.value(separator).literal if separator is not None else ","
        if not isinstance(text, str):
            refuse("group_concat with a computed separator")
        inner, distinct = _distinct(node.this)
        value = as_text(scalars.value(inner))
        return Term(sql=f"string_agg({distinct}{value}, {text_literal(text)})", family="text")
    return None


def _distinct(node: exp.Expr) -> tuple[exp.Expr, str]:
    if not isinstance(node, exp.Distinct):
        return node, ""
    only(node, "expressions")
    if len(node.expressions) != 1:
        refuse("distinct over several values")
    return node.expressions[0], "DISTINCT "


def _aggregated(name: str, node: exp.Expr, scalars: Scalars) -> Term:
    inner, distinct = _distinct(node)
    term = scalars.value(inner)
    if term.collation != "BINARY" and (distinct or name in ("min", "max")):
        refuse(f"{name} under the collation {term.collation}")
    if name == "count":
        return Term(sql=f"count({distinct}{term.sql})", family="integer")
    if name in ("min", "max") and term.family not in NUMBERS | {"boolean"}:
        if term.family == "text":
            return Term(sql=f'{name}({term.sql} COLLATE "C")', family="text")
        if term.family in ("date", "time", "timestamp", "timestamptz", "interval"):
            return Term(sql=f"{name}({term.sql})", family=term.family)
    number = as_number(term)
    match name:
        case "sum" if number.family == "integer":
            # PostgreSQL sums bigint as numeric; the sum's own division must stay one of integers.
            return Term(sql=f"sum({distinct}{number.sql})::bigint", family="integer")
        case "avg":
            return Term(sql=f"avg({distinct}({number.sql})::double precision)", family="float")
        case "total":
            summed = f"sum({distinct}({number.sql})::double precision)"
            return Term(sql=f"COALESCE({summed}, 0::double precision)", family="float")
    return Term(sql=f"{name}({distinct}{number.sql})", family=number.family)
