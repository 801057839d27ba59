"""SQLite's functions (https://www.sqlite.org/lang_corefunc.html) that PostgreSQL has under some name.

Invariant: a function passes only in the shapes whose result is the same for every value of its operands'
families; ASCII letters alone change case, as in SQLite.
"""

from collections.abc import Callable
from typing import Protocol

from sqlglot import exp

from sdmigrate.model.catalog import Affinity
from sdmigrate.rules import sql_clock
from sdmigrate.rules.sql_comparisons import as_number, as_text, common, pair
from sdmigrate.rules.sql_terms import NUMBERS, Term, TermFamily, refuse, text_literal


class Translator(Protocol):
    """What a function needs of the expression around it."""

    volatile: bool
    any_case: bool

    def value(self, node: exp.Expr) -> Term:
        """The operand as a value."""
        ...


Rewrite = Callable[[Translator, exp.Expr], Term]

_LARGEST = 2**63 - 1
_STORED_AS: dict[tuple[TermFamily, Affinity], str] = {
    ("integer", "INTEGER"): "integer",
    ("integer", "NUMERIC"): "integer",
    ("float", "REAL"): "real",
    ("text", "TEXT"): "text",
    ("bytea", "BLOB"): "blob",
}
"""Family and affinity of a column whose values, NULL aside, can have one storage class only."""


def call(translator: Translator, node: exp.Expr) -> Term:
    """The function as PostgreSQL has it.

    Raises:
        Untranslatable: it is none of those known here.
    """
    if sql_clock.knows(node):
        if not translator.volatile:
            refuse("what depends on the clock or on chance")
        return sql_clock.call(node)
    if isinstance(node, exp.Anonymous):
        rewrite = _BY_NAME.get(str(node.this).lower())
    else:
        rewrite = _BY_NODE.get(type(node))
    if rewrite is None:
        refuse(f"{node.sql(dialect='sqlite')[:60]}")
    return rewrite(translator, node)


def _arguments(translator: Translator, node: exp.Expr, *names: str) -> list[Term]:
    """The named arguments that are there, and no other."""
    for name, value in node.args.items():
        if value and name not in (*names, "safe", "ignore_nulls", "big_int", "typed"):
            refuse(f"{type(node).__name__} with {name}")
    return [translator.value(node.args[name]) for name in names if node.args.get(name) is not None]


def _abs(translator: Translator, node: exp.Expr) -> Term:
    (number,) = map(as_number, _arguments(translator, node, "this"))
    return Term(sql=f"abs({number.sql})", family=number.family)


def _coalesce(translator: Translator, node: exp.Expr) -> Term:
    terms = [translator.value(one) for one in (node.this, *node.expressions)]
    family, texts = common(terms)
    return Term(sql=f"COALESCE({', '.join(texts)})", family=family)


def _nullif(translator: Translator, node: exp.Expr) -> Term:
    left, right = _arguments(translator, node, "this", "expression")
    one, other = pair("=", left, right)
    if one != left.sql:
        refuse("nullif under a collation")
    return Term(sql=f"NULLIF({one}, {other})", family=left.family)


def _length(translator: Translator, node: exp.Expr) -> Term:
    (value,) = _arguments(translator, node, "this")
    if value.family == "bytea":
        return Term(sql=f"octet_length({value.sql})", family="integer")
    return Term(sql=f"length({as_text(value)})", family="integer")


def _folded(name: str) -> Rewrite:
    def rewrite(translator: Translator, node: exp.Expr) -> Term:
        (value,) = _arguments(translator, node, "this")
        collate = "" if translator.any_case else ' COLLATE "C"'
        return Term(sql=f"{name}({as_text(value)}{collate})", family="text")

    return rewrite


def _trim(translator: Translator, node: exp.Expr) -> Term:
    position = str(node.args.get("position") or "").upper()
    name = {"": "btrim", "LEADING": "ltrim", "TRAILING": "rtrim"}.get(position)
    if name is None or node.args.get("collation"):
        refuse("an unusual trim")
    arguments = [
        as_text(translator.value(one)) for one in (node.this, node.args.get("expression")) if one is not None
    ]
    return Term(sql=f"{name}({', '.join(arguments)})", family="text")


def _round(translator: Translator, node: exp.Expr) -> Term:
    number, *digits = _arguments(translator, node, "this", "decimals")
    places = digits[0].literal if digits else 0
    if number.family not in NUMBERS or not isinstance(places, int) or not 0 <= places <= 30:
        refuse("round of another kind")
    return Term(
        sql=f"round(({number.sql})::numeric, {places})::double precision",
        family="float",
    )


def _substring(translator: Translator, node: exp.Expr) -> Term:
    text, start, *length = _arguments(translator, node, "this", "start", "length")
    numbers = [start.literal, *(one.literal for one in length)]
    if (
        not all(isinstance(one, int) for one in numbers)
        or int(numbers[0] or 0) < 1
        or int(numbers[-1] or 0) < 0
    ):
        refuse("substr counted from the end")
    return Term(sql=f"substr({as_text(text)}, {', '.join(str(one) for one in numbers)})", family="text")


def _position(translator: Translator, node: exp.Expr) -> Term:
    text, wanted = _arguments(translator, node, "this", "substr")
    return Term(sql=f"strpos({as_text(text)}, {as_text(wanted)})", family="integer")


def _concat(translator: Translator, node: exp.Expr) -> Term:
    """concat(): NULL is as good as empty text, in both."""
    return Term(
        sql=f"concat({', '.join(as_text(translator.value(one)) for one in node.expressions)})", family="text"
    )


def _replace(translator: Translator, node: exp.Expr) -> Term:
    arguments = _arguments(translator, node, "this", "expression", "replacement")
    if len(arguments) != 3:
        refuse("replace without a replacement")
    return Term(sql=f"replace({', '.join(map(as_text, arguments))})", family="text")


def _hex(letters: str) -> Rewrite:
    def rewrite(translator: Translator, node: exp.Expr) -> Term:
        (value,) = _arguments(translator, node, "this")
        octets = value.sql if value.family == "bytea" else f"convert_to({as_text(value)}, 'UTF8')"
        encoded = f"encode({octets}, 'hex')"
        cased = f"upper({encoded})" if letters == "upper" else encoded
        # hex(NULL) is empty text in SQLite.
        return Term(sql=f"COALESCE({cased}, '')", family="text")

    return rewrite


def _typeof(translator: Translator, node: exp.Expr) -> Term:
    """``typeof(column)``, where the column's type allows one storage class only."""
    (value,) = _arguments(translator, node, "this")
    stored = _STORED_AS.get((value.family, value.affinity)) if value.affinity else None
    if stored is None:
        refuse("typeof of what may be several things")
    return Term(
        sql=f"(CASE WHEN {value.sql} IS NULL THEN 'null' ELSE {text_literal(stored)} END)", family="text"
    )


def _cast(translator: Translator, node: exp.Expr) -> Term:
    if any(value for name, value in node.args.items() if name not in ("this", "to")):
        refuse("an unusual cast")
    value = translator.value(node.this)
    wanted = node.args["to"].sql(dialect="sqlite").upper()
    if wanted in ("INTEGER", "INT", "BIGINT") and value.family in ("integer", "boolean"):
        return as_number(value)
    if wanted in ("INTEGER", "INT", "BIGINT") and value.family in ("float", "numeric"):
        # SQLite stops at the ends of 64 bits, where PostgreSQL raises an error.
        ends = (
            f"WHEN {value.sql} >= {_LARGEST} THEN {_LARGEST} "
            f"WHEN {value.sql} <= -{_LARGEST} - 1 THEN -{_LARGEST} - 1"
        )
        return Term(sql=f"(CASE {ends} ELSE trunc({value.sql})::bigint END)", family="integer")
    if wanted in ("REAL", "DOUBLE", "FLOAT") and value.family in NUMBERS:
        return Term(sql=f"({value.sql})::double precision", family="float")
    if wanted in ("TEXT", "VARCHAR"):
        return Term(sql=as_text(value), family="text")
    refuse(f"a cast to {wanted}")


def _json_valid(translator: Translator, node: exp.Expr) -> Term:
    if len(node.expressions) != 1:
        refuse("json_valid with flags")
    value = translator.value(node.expressions[0])
    if value.family not in ("text", "json", "jsonb"):
        refuse(f"json_valid of {value.family}")
    return Term(sql=f"({value.sql} IS JSON)", family="boolean")


def _blob(_: Translator, node: exp.Expr) -> Term:
    digits = str(node.this)
    if len(digits) % 2 or not all(letter in "0123456789abcdefABCDEF" for letter in digits):
        refuse("an unusual blob")
    return Term(sql=f"'\\x{digits.lower()}'::bytea", family="bytea")


_BY_NODE: dict[type[exp.Expr], Rewrite] = {
    exp.Abs: _abs,
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
    exp.Length: _length,
    exp.Lower: _folded("lower"),
    exp.Upper: _folded("upper"),
    exp.Trim: _trim,
    exp.Round: _round,
    exp.Substring: _substring,
    exp.StrPosition: _position,
    exp.Replace: _replace,
    exp.Concat: _concat,
    exp.Hex: _hex("upper"),
    exp.LowerHex: _hex("lower"),
    exp.Typeof: _typeof,
    exp.Cast: _cast,
    exp.HexString: _blob,
}
_BY_NAME: dict[str, Rewrite] = {"json_valid": _json_valid}
