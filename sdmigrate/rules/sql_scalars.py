"""One SQLite expression, node by node, as typed PostgreSQL.

Invariant: only the nodes and functions named here pass, with only the arguments named here; everything else
is refused, so that nothing of the source's SQL runs that was not rewritten on purpose.
"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from sdmigrate.rules import sql_functions
from sdmigrate.rules.sql_comparisons import (
    as_condition,
    as_number,
    as_text,
    common,
    comparison,
    pair,
)
from sdmigrate.rules.sql_patterns import glob, like
from sdmigrate.rules.sql_terms import NUMBERS, Scope, Term, TermFamily, refuse, text_literal

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_COMPUTATIONS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.BitwiseAnd: "&",
    exp.BitwiseOr: "|",
}
_INTEGERS_ONLY = ("%", "&", "|")
_LARGEST_INTEGER = 2**63 - 1


def only(node: exp.Expr, *names: str) -> None:
    """Refuse a node that carries an argument beyond those named."""
    for name, value in node.args.items():
        if value and name not in names:
            refuse(f"{type(node).__name__} with {name}")


class Scalars:
    """Rewrites expressions over one scope.

    ``volatile`` allows what depends on the clock or on chance (defaults, views). ``any_case`` lets lower and
    upper fold all letters, for indexes that serve searches only. ``more`` is asked first: it knows what only
    its own surroundings have (aggregates, subqueries) and returns None for the rest.
    """

    def __init__(
        self,
        scope: Scope,
        *,
        volatile: bool = False,
        any_case: bool = False,
        more: Callable[[exp.Expr], Term | None] | None = None,
    ) -> None:
        self.scope = scope
        self.volatile = volatile
        self.any_case = any_case
        self._more = more

    def condition(self, node: exp.Expr) -> str:
        """The expression as a condition."""
        return as_condition(self.value(node))

    def value(self, node: exp.Expr) -> Term:
        """The expression as a value.

        Raises:
            Untranslatable: it holds something whose meaning in PostgreSQL is not certain to be the same.
        """
        if self._more is not None:
            known = self._more(node)
            if known is not None:
                return known
        kind = type(node)
        if kind in _COMPARISONS:
            only(node, "this", "expression")
            self._refuse_chain(node)
            return _truth(comparison(_COMPARISONS[kind], *self._operands(node)))
        if kind in _COMPUTATIONS:
            only(node, "this", "expression", "typed", "safe")
            return _computed(_COMPUTATIONS[kind], *self._operands(node))
        match node:
            case exp.Paren():
                return self.value(node.this)
            case exp.Column():
                return self._column(node)
            case exp.Literal() | exp.Neg() | exp.Null() | exp.Boolean():
                return constant(node) or self._negated(node)
            case exp.And() | exp.Or():
                word = "AND" if isinstance(node, exp.And) else "OR"
                return _truth(f"({self.condition(node.this)} {word} {self.condition(node.expression)})")
            case exp.Not():
                return _truth(f"(NOT {self.condition(node.this)})")
            case exp.Is() | exp.NullSafeEQ() | exp.NullSafeNEQ():
                return self._is(node)
            case exp.Between():
                return self._between(node)
            case exp.In():
                return self._in(node)
            case exp.Like() | exp.Glob() | exp.Escape():
                return self._pattern(node)
            case exp.DPipe():
                only(node, "this", "expression", "safe")
                left, right = self._operands(node)
                return Term(sql=f"({as_text(left)} || {as_text(right)})", family="text")
            case exp.Collate():
                return self._collated(node)
            case exp.Case():
                return self._case(node)
            case exp.If():
                only(node, "this", "true", "false")
                return self._branches([(node.this, node.args["true"])], node.args.get("false"), None)
        return sql_functions.call(self, node)

    def values(self, nodes: Sequence[exp.Expr]) -> list[Term]:
        """Each expression as a value."""
        return [self.value(node) for node in nodes]

    def _operands(self, node: exp.Expr) -> tuple[Term, Term]:
        return self.value(node.this), self.value(node.expression)

    def _column(self, node: exp.Column) -> Term:
        only(node, "this", "table")
        if not isinstance(node.this, exp.Identifier):
            refuse("a column of another kind")
        found = self.scope.find(node.table, node.name)
        if found is not None:
            return found
        if node.this.args.get("quoted") and not node.table:
            # SQLite takes "text" for 'text' where no column has that name.
            return _text(node.name)
        refuse(f"no column {node.name}")

    def _negated(self, node: exp.Expr) -> Term:
        if not isinstance(node, exp.Neg):
            refuse("an unusual constant")
        inner = as_number(self.value(node.this))
        return Term(sql=f"(- {inner.sql})", family=inner.family)

    def _refuse_chain(self, node: exp.Expr) -> None:
        if type(node.this) in _COMPARISONS or type(node.expression) in _COMPARISONS:
            refuse("a comparison of a comparison")

    def _is(self, node: exp.Expr) -> Term:
        only(node, "this", "expression")
        words = "IS DISTINCT FROM" if isinstance(node, exp.NullSafeNEQ) else "IS NOT DISTINCT FROM"
        if isinstance(node.expression, exp.Null):
            return _truth(f"({self.value(node.this).sql} IS {'NOT ' if 'NOT' not in words else ''}NULL)")
        if isinstance(node.expression, exp.Boolean) and isinstance(node, exp.Is):
            return _truth(f"({self.condition(node.this)} IS {'TRUE' if node.expression.this else 'FALSE'})")
        left, right = pair("=", *self._operands(node))
        return _truth(f"({left} {words} {right})")

    def _between(self, node: exp.Expr) -> Term:
        only(node, "this", "low", "high")
        value = self.value(node.this)
        low = comparison(">=", value, self.value(node.args["low"]))
        high = comparison("<=", value, self.value(node.args["high"]))
        return _truth(f"({low} AND {high})")

    def _in(self, node: exp.Expr) -> Term:
        only(node, "this", "expressions")
        value = self.value(node.this)
        if not node.expressions:
            return Term(sql="false", family="boolean")
        pairs = [pair("=", value, one) for one in self.values(node.expressions)]
        if len({left for left, _ in pairs}) == 1:
            return _truth(f"({pairs[0][0]} IN ({', '.join(right for _, right in pairs)}))")
        return _truth("(" + " OR ".join(f"{left} = {right}" for left, right in pairs) + ")")

    def _pattern(self, node: exp.Expr) -> Term:
        escape = None
        if isinstance(node, exp.Escape):
            only(node, "this", "expression")
            escape = self.value(node.expression).literal
            node = node.this
        only(node, "this", "expression", "negate")
        value, pattern = self._operands(node)
        if isinstance(node, exp.Like):
            found = like(value, pattern, None if escape is None else str(escape))
        elif isinstance(node, exp.Glob) and escape is None:
            found = glob(value, pattern)
        else:
            refuse("an unusual pattern")
        return _truth(f"(NOT {found})" if node.args.get("negate") else found)

    def _collated(self, node: exp.Expr) -> Term:
        only(node, "this", "expression")
        term = self.value(node.this)
        return Term(
            sql=term.sql,
            family=term.family,
            collation=node.expression.name.upper(),
            collated=True,
            affinity=term.affinity,
            literal=term.literal,
        )

    def _case(self, node: exp.Expr) -> Term:
        only(node, "this", "ifs", "default")
        branches = [(one.this, one.args["true"]) for one in node.args["ifs"]]
        return self._branches(branches, node.args.get("default"), node.args.get("this"))

    def _branches(
        self,
        branches: Sequence[tuple[exp.Expr, exp.Expr]],
        default: exp.Expr | None,
        compared: exp.Expr | None,
    ) -> Term:
        if compared is None:
            conditions = [self.condition(when) for when, _ in branches]
        else:
            value = self.value(compared)
            conditions = [comparison("=", value, self.value(when)) for when, _ in branches]
        results = self.values([then for _, then in branches])
        family, texts = common([*results, self.value(default) if default else null()])
        whens = " ".join(
            f"WHEN {condition} THEN {text}" for condition, text in zip(conditions, texts, strict=False)
        )
        return Term(sql=f"(CASE {whens} ELSE {texts[-1]} END)", family=family)


def constant(node: exp.Expr) -> Term | None:
    """The literal, with its sign; None for anything else."""
    if isinstance(node, exp.Null):
        return null()
    if isinstance(node, exp.Boolean):
        return _number("1" if node.this else "0")
    if isinstance(node, exp.Literal):
        return _text(str(node.this)) if node.args.get("is_string") else _number(str(node.this))
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return _number("-" + str(node.this.this))
    return None


def null() -> Term:
    """NULL."""
    return Term(sql="NULL", family="null")


def _truth(sql: str) -> Term:
    return Term(sql=sql, family="boolean")


def _text(text: str) -> Term:
    return Term(sql=text_literal(text), family="text", literal=text)


def _number(digits: str) -> Term:
    if digits.lstrip("-").isdigit():
        number = int(digits)
        if abs(number) > _LARGEST_INTEGER:
            refuse("an integer beyond 64 bits")
        return Term(sql=f"({number})" if number < 0 else str(number), family="integer", literal=number)
    try:
        real = float(digits)
    except ValueError:
        refuse(f"the number {digits}")
    if real in (float("inf"), float("-inf")):
        refuse("an infinite constant")
    return Term(sql=f"({real!r})" if real < 0 else repr(real), family="float", literal=real)


def _computed(operator: str, left: Term, right: Term) -> Term:
    if "null" in (left.family, right.family):
        refuse("a computation with NULL")
    left, right = as_number(left), as_number(right)
    families: set[TermFamily] = {left.family, right.family}
    if operator in _INTEGERS_ONLY and families != {"integer"}:
        refuse(f"{operator} of fractions")
    family: TermFamily = next(one for one in ("float", "numeric", "integer") if one in families)
    if not families <= NUMBERS or (operator == "/" and family == "numeric"):
        # SQLite divides a NUMERIC column's integers as integers and its reals as reals, row by row.
        refuse("a division of decimals")
    divided = f"({left.sql})::double precision" if operator == "/" and family == "float" else left.sql
    # SQLite gives NULL where PostgreSQL stops at a division by zero.
    by = f"NULLIF({right.sql}, 0)" if operator in "/%" and not right.literal else right.sql
    return Term(sql=f"({divided} {operator} {by})", family=family)
