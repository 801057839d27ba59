"""Comparisons as SQLite makes them, between PostgreSQL's types.

Invariant: affinity and collation of the operands decide as in SQLite
(https://www.sqlite.org/datatype3.html section 4), and where PostgreSQL would compare otherwise the
expression is refused.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime

from sdmigrate.rules.sql_terms import NUMBERS, Term, TermFamily, refuse, text_literal

_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,30})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_EQUALITY = ("=", "<>")
_FROM_MIDNIGHT = (">=", "<")
"""Comparisons with a day that mean the same with its midnight."""
_TRUTHS = {"t": True, "true": True, "f": False, "false": False, "1": True, "0": False}


def comparison(operator: str, left: Term, right: Term) -> str:
    """``left operator right`` as a boolean expression."""
    one, other = pair(operator, left, right)
    return f"({one} {operator} {other})"


def pair(operator: str, left: Term, right: Term) -> tuple[str, str]:
    """Both operands as PostgreSQL must be given them to compare as SQLite does."""
    if "null" in (left.family, right.family):
        refuse("a comparison with NULL")
    if left.family == right.family == "text":
        return _texts(operator, left, right)
    if left.family in NUMBERS and right.family in NUMBERS:
        return left.sql, right.sql
    if left.literal is not None and right.literal is None:
        return left_constant(operator, left, right)
    if right.literal is not None:
        return left.sql, constant_like(operator, left, right)
    if left.family == right.family and (operator in _EQUALITY or left.family not in ("json", "jsonb")):
        return left.sql, right.sql
    refuse(f"a comparison of {left.family} with {right.family}")


def left_constant(operator: str, left: Term, right: Term) -> tuple[str, str]:
    """The same with the constant first."""
    turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
    return constant_like(turned, right, left), right.sql


def constant_like(operator: str, other: Term, constant: Term) -> str:
    """The constant in the family of what it is compared with."""
    value = constant.literal
    match other.family:
        case "boolean":
            known = _TRUTHS.get(str(value).lower()) if not isinstance(value, float) else None
            if known is None or operator not in _EQUALITY:
                refuse("a boolean compared with another value")
            return "true" if known else "false"
        case "text" if isinstance(value, int) and other.affinity == "TEXT":
            if operator not in _EQUALITY:
                refuse("text compared with a number")
            return text_literal(str(value))
        case "integer" | "numeric" | "float" if isinstance(value, str) and other.affinity is not None:
            if not _NUMBER.fullmatch(value):
                refuse("a number compared with text that is none")
            return value
        case "date" | "timestamp" | "timestamptz" if isinstance(value, str):
            return _moment(operator, other.family, value)
        case _:
            refuse(f"a comparison of {other.family} with {value!r}")


def common(terms: Sequence[Term]) -> tuple[TermFamily, list[str]]:
    """One family for the results of CASE, coalesce or a set operation, and each as that family."""
    families = {term.family for term in terms if term.family != "null"}
    if not families:
        refuse("nothing but NULL")
    if len(families) == 1:
        return families.pop(), [term.sql for term in terms]
    if families <= NUMBERS:
        family: TermFamily = "float" if "float" in families else "numeric"
        return family, [term.sql for term in terms]
    if families == {"boolean", "integer"}:
        if all(term.literal in (0, 1) for term in terms if term.family == "integer"):
            return "boolean", [
                ("true" if term.literal else "false") if term.family == "integer" else term.sql
                for term in terms
            ]
        return "integer", [as_number(term).sql for term in terms]
    refuse("values of several kinds")


def as_number(term: Term) -> Term:
    """The term as SQLite computes with it."""
    if term.family == "boolean":
        return Term(sql=f"({term.sql})::integer", family="integer")
    if term.family in NUMBERS or term.family == "null":
        return term
    refuse(f"a computation with {term.family}")


def as_text(term: Term) -> str:
    """The term as SQLite writes it into text."""
    if term.as_text is not None:
        return term.as_text
    if term.family == "text":
        return term.sql
    if term.family == "boolean":
        return f"(({term.sql})::integer)::text"
    if term.family == "integer":
        return f"({term.sql})::text"
    refuse(f"{term.family} written as text")


def as_condition(term: Term) -> str:
    """The term as a condition: a number is true where it is not 0."""
    if term.family == "boolean":
        return term.sql
    if term.family in NUMBERS:
        return f"({term.sql} <> 0)"
    if term.family == "null":
        return "NULL::boolean"
    refuse(f"{term.family} as a condition")


def without_case(sql: str) -> str:
    """Text as NOCASE compares it: ASCII letters alone are folded."""
    return f'lower({sql} COLLATE "C")'


def _texts(operator: str, left: Term, right: Term) -> tuple[str, str]:
    deciding = next(
        (term for term in (left, right) if term.collated), left if left.affinity is not None else right
    )
    collation = deciding.collation
    if collation == "NOCASE":
        return without_case(left.sql), without_case(right.sql)
    if collation != "BINARY":
        refuse(f"the collation {collation}")
    if operator in _EQUALITY:
        return left.sql, right.sql
    return f'({left.sql} COLLATE "C")', right.sql


def _moment(operator: str, family: str, text: str) -> str:
    whole = "+00" if family == "timestamptz" else ""
    try:
        if _DATE.fullmatch(text):
            date.fromisoformat(text)
            if family == "date":
                return f"DATE '{text}'"
            if operator in _FROM_MIDNIGHT:
                return f"{family.upper()} '{text} 00:00:00{whole}'"
        elif _DATE_TIME.fullmatch(text) and family != "date":
            datetime.fromisoformat(text)
            return f"{family.upper()} '{text}{whole}'"
    except ValueError:
        refuse(f"{text!r} is no date")
    refuse(f"a {family} compared with {text!r}")
