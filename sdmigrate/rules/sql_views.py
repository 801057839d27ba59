"""Views: SELECT statements rewritten over the target's tables.

Invariant: every column is written with its relation's name, every output under the name that SQLite gives it,
and no query passes that holds a clause not named here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from sdmigrate.rules.naming import NameSpace
from sdmigrate.rules.sql_aggregates import aggregate
from sdmigrate.rules.sql_comparisons import as_number, common, pair
from sdmigrate.rules.sql_scalars import Scalars, only
from sdmigrate.rules.sql_terms import (
    Relation,
    Scope,
    ScopeColumn,
    Term,
    identifier,
    refuse,
)

_SET_WORDS: dict[type[exp.Expr], str] = {
    exp.Union: "UNION",
    exp.Intersect: "INTERSECT",
    exp.Except: "EXCEPT",
}
_JOINS = frozenset({"", "INNER", "LEFT", "LEFT OUTER", "CROSS", "RIGHT", "FULL", "RIGHT OUTER", "FULL OUTER"})


@dataclass(frozen=True)
class Query:
    """A SELECT in PostgreSQL's SQL and what it gives."""

    sql: str
    columns: tuple[ScopeColumn, ...]


class Queries:
    """Rewrites queries over named relations (lower-case source name -> relation).

    ``named`` folds the names of outputs; ``outer`` is what a subquery may name of the query around it.
    """

    def __init__(
        self, relations: Mapping[str, Relation], named: Callable[[str], str], outer: Scope | None = None
    ) -> None:
        self.relations = dict(relations)
        self.named = named
        self.outer = outer

    def query(self, node: exp.Expr) -> Query:
        """The SELECT, or the union of several.

        Raises:
            Untranslatable: it holds a clause or expression not known here.
        """
        inner = Queries(self.relations, self.named, self.outer)
        prefix = inner._with(node.args.get("with_"))
        found = inner._select(node) if isinstance(node, exp.Select) else inner._set_operation(node)
        return Query(sql=prefix + found.sql, columns=found.columns)

    def _with(self, clause: exp.Expr | None) -> str:
        if clause is None:
            return ""
        only(clause, "expressions")
        parts = []
        for cte in clause.expressions:
            only(cte, "this", "alias")
            query = self.query(cte.this)
            columns = _renamed(query.columns, cte.args["alias"].args.get("columns"))
            self.relations[cte.alias.lower()] = Relation(name=cte.alias, columns=columns)
            names = ", ".join(identifier(column.name) for column in columns)
            parts.append(f"{identifier(cte.alias)} ({names}) AS ({query.sql})")
        return f"WITH {', '.join(parts)} "

    def _set_operation(self, node: exp.Expr) -> Query:
        word = _SET_WORDS.get(type(node))
        if word is None:
            refuse(f"a query of the kind {type(node).__name__}")
        only(node, "this", "expression", "distinct", "with_", "order", "limit", "offset")
        left, right = self._branch(node.this), self._branch(node.expression)
        if len(left.columns) != len(right.columns):
            refuse("queries of different width")
        columns = []
        for one, other in zip(left.columns, right.columns, strict=True):
            family, _ = common([Term(sql="", family=one.family), Term(sql="", family=other.family)])
            if "boolean" in (one.family, other.family) and one.family != other.family:
                refuse("a union of truth and numbers")
            columns.append(ScopeColumn(source=one.source, name=one.name, family=family))
        if not node.args.get("distinct"):
            word += " ALL"
        outputs = [(Term(sql=identifier(one.name), family=one.family), one) for one in columns]
        tail = self._order(node, outputs, Scalars(Scope([], qualified=True)), free=False)
        return Query(sql=f"{left.sql} {word} {right.sql}{tail}{_limits(node)}", columns=tuple(columns))

    def _branch(self, node: exp.Expr) -> Query:
        if node.args.get("order") or node.args.get("limit") or node.args.get("with_"):
            refuse("a clause inside a union")
        if isinstance(node, exp.Select):
            return self._select(node)
        return self._set_operation(node)

    def _select(self, node: exp.Select) -> Query:
        only(
            node,
            *("expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset"),
            *("distinct", "with_"),
        )
        scope = Scope([], qualified=True, outer=self.outer)
        source = self._from(node, scope)
        scalars = Scalars(scope, volatile=True, more=lambda one: self._more(one, scope))
        outputs = self._outputs(node, scope, scalars)
        parts = ["SELECT "]
        if distinct := node.args.get("distinct"):
            only(distinct)
            parts.append("DISTINCT ")
        parts.append(", ".join(f"{term.sql} AS {identifier(column.name)}" for term, column in outputs))
        parts.append(source)
        if where := node.args.get("where"):
            parts.append(f" WHERE {scalars.condition(where.this)}")
        if group := node.args.get("group"):
            only(group, "expressions")
            parts.append(
                " GROUP BY " + ", ".join(_grouped(one, outputs, scalars) for one in group.expressions)
            )
        if having := node.args.get("having"):
            parts.append(f" HAVING {scalars.condition(having.this)}")
        parts.append(self._order(node, outputs, scalars, free=not distinct))
        parts.append(_limits(node))
        return Query(sql="".join(parts), columns=tuple(column for _, column in outputs))

    def _from(self, node: exp.Select, scope: Scope) -> str:
        first = node.args.get("from_")
        if first is None:
            return ""
        only(first, "this")
        parts = [" FROM " + self._relation(first.this, scope)]
        for join in node.args.get("joins") or ():
            only(join, "this", "side", "kind", "on", "method")
            words = " ".join(part for part in (join.side, join.kind) if part)
            if words not in _JOINS or join.method:
                refuse(f"a join of the kind {join.method} {words}")
            relation = self._relation(join.this, scope)
            condition = join.args.get("on")
            if condition is None:
                if words not in ("", "INNER", "CROSS"):
                    refuse("an outer join without a condition")
                parts.append(f" CROSS JOIN {relation}")
                continue
            scalars = Scalars(scope, volatile=True, more=lambda one: self._more(one, scope))
            kind = "INNER" if words in ("", "CROSS") else words
            parts.append(f" {kind} JOIN {relation} ON {scalars.condition(condition)}")
        return "".join(parts)

    def _relation(self, node: exp.Expr, scope: Scope) -> str:
        """One item of FROM, now in scope."""
        alias = node.args.get("alias")
        if alias is not None:
            only(alias, "this")
        if isinstance(node, exp.Subquery):
            only(node, "this", "alias")
            if alias is None:
                refuse("a subquery without a name")
            query = Queries(self.relations, self.named, self.outer).query(node.this)
            relation, sql = Relation(name=node.alias, columns=query.columns), f"({query.sql})"
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            only(node, "this", "alias")
            known = self.relations.get(node.name.lower())
            if known is None:
                refuse(f"no table {node.name}")
            if known.name.startswith("pg_"):
                # Unqualified, such a name would be taken for one of PostgreSQL's own tables.
                refuse(f"the name {known.name}")
            relation, sql = (
                Relation(name=node.alias or node.name, columns=known.columns),
                identifier(known.name),
            )
        else:
            refuse("an unusual item in FROM")
        if relation.name.lower() in scope.relations:
            refuse(f"two tables called {relation.name}")
        scope.relations[relation.name.lower()] = relation
        return f"{sql} AS {identifier(relation.name)}"

    def _outputs(self, node: exp.Select, scope: Scope, scalars: Scalars) -> list[tuple[Term, ScopeColumn]]:
        found: list[tuple[Term, ScopeColumn]] = []
        space = NameSpace()
        for one in node.expressions:
            if isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star)):
                wanted = one.table.lower() if isinstance(one, exp.Column) else ""
                only(one, "this", "table")
                found += _starred(scope, wanted, space)
                continue
            found.append(_output(one, scalars, space, self.named))
        if not found:
            refuse("a query without columns")
        return found

    def _order(
        self,
        node: exp.Expr,
        outputs: Sequence[tuple[Term, ScopeColumn]],
        scalars: Scalars,
        *,
        free: bool,
    ) -> str:
        """ORDER BY, NULLs where SQLite puts them. ``free``: by expressions, so that text sorts by bytes."""
        clause = node.args.get("order")
        if clause is None:
            return ""
        only(clause, "expressions")
        parts = []
        for one in clause.expressions:
            only(one, "this", "desc", "nulls_first")
            term = _chosen(one.this, outputs)
            if term is None:
                if not free:
                    refuse("an order by what is not selected")
                term = scalars.value(one.this)
            elif not free:
                term = Term(sql=_position(one.this, outputs), family="integer")
            sql = f'({term.sql}) COLLATE "C"' if term.family == "text" else term.sql
            if term.collation != "BINARY":
                refuse(f"an order by the collation {term.collation}")
            direction = " DESC" if one.args.get("desc") else ""
            parts.append(f"{sql}{direction} NULLS {'FIRST' if one.args.get('nulls_first') else 'LAST'}")
        return " ORDER BY " + ", ".join(parts)

    def _more(self, node: exp.Expr, scope: Scope) -> Term | None:
        """What only a query has: aggregates and subqueries."""
        match node:
            case exp.Subquery():
                only(node, "this")
                query = Queries(self.relations, self.named, scope).query(node.this)
                if len(query.columns) != 1:
                    refuse("a subquery of several columns")
                return Term(sql=f"({query.sql})", family=query.columns[0].family)
            case exp.Exists():
                only(node, "this")
                return Term(
                    sql=f"EXISTS ({Queries(self.relations, self.named, scope).query(node.this).sql})",
                    family="boolean",
                )
            case exp.In() if node.args.get("query") is not None:
                return self._in_query(node, scope)
        return aggregate(node, Scalars(scope, volatile=True))

    def _in_query(self, node: exp.Expr, scope: Scope) -> Term:
        only(node, "this", "query")
        only(node.args["query"], "this")
        value = Scalars(scope, volatile=True, more=lambda one: self._more(one, scope)).value(node.this)
        query = Queries(self.relations, self.named, scope).query(node.args["query"].this)
        if len(query.columns) != 1:
            refuse("IN a query of several columns")
        other = Term(sql="x", family=query.columns[0].family, affinity=query.columns[0].affinity)
        if pair("=", value, other) != (value.sql, "x"):
            refuse("IN a query of another kind")
        return Term(sql=f"({value.sql} IN ({query.sql}))", family="boolean")


def _renamed(columns: tuple[ScopeColumn, ...], names: Sequence[exp.Expr] | None) -> tuple[ScopeColumn, ...]:
    if not names:
        return columns
    if len(names) != len(columns):
        refuse("a column list of another length")
    space = NameSpace()
    return tuple(
        ScopeColumn(
            source=name.name,
            name=space.take(name.name),
            family=column.family,
            collation=column.collation,
            affinity=column.affinity,
        )
        for column, name in zip(columns, names, strict=True)
    )


def _starred(scope: Scope, wanted: str, space: NameSpace) -> list[tuple[Term, ScopeColumn]]:
    found = []
    for name, relation in scope.relations.items():
        if wanted in ("", name):
            for column in relation.columns:
                term = Term(
                    sql=f"{identifier(relation.name)}.{identifier(column.name)}",
                    family=column.family,
                    collation=column.collation,
                    affinity=column.affinity,
                )
                found.append((term, _column_of(term, column.source, column.name, space)))
    if not found:
        refuse(f"nothing called {wanted}")
    return found


def _output(
    node: exp.Expr, scalars: Scalars, space: NameSpace, named: Callable[[str], str]
) -> tuple[Term, ScopeColumn]:
    inner = node.this if isinstance(node, exp.Alias) else node
    term = scalars.value(inner)
    if term.family == "boolean" and not isinstance(inner, exp.Column):
        # A comparison gives SQLite's programs 0 or 1.
        term = as_number(term)
    if isinstance(node, exp.Alias):
        name = node.alias
    else:
        name = inner.name if isinstance(inner, exp.Column) else inner.sql(dialect="sqlite")
    return term, _column_of(term, name, named(name), space)


def _column_of(term: Term, source: str, name: str, space: NameSpace) -> ScopeColumn:
    return ScopeColumn(
        source=source,
        name=space.take(name),
        family="text" if term.family == "null" else term.family,
        collation=term.collation,
        affinity=term.affinity,
    )


def _position(node: exp.Expr, outputs: Sequence[tuple[Term, ScopeColumn]]) -> str:
    chosen = _chosen(node, outputs)
    return str(1 + next(place for place, (term, _) in enumerate(outputs) if term is chosen))


def _chosen(node: exp.Expr, outputs: Sequence[tuple[Term, ScopeColumn]]) -> Term | None:
    """The output that ORDER BY or GROUP BY names by number or by name."""
    if isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit():
        place = int(node.this)
        if not 1 <= place <= len(outputs):
            refuse(f"no column {place}")
        return outputs[place - 1][0]
    if isinstance(node, exp.Column) and not node.table:
        named = [term for term, column in outputs if column.source.lower() == node.name.lower()]
        return named[0] if len(named) == 1 else None
    return None


def _grouped(node: exp.Expr, outputs: Sequence[tuple[Term, ScopeColumn]], scalars: Scalars) -> str:
    if isinstance(node, exp.Column) and not node.table and scalars.scope.find("", node.name) is not None:
        term = scalars.value(node)
    else:
        term = _chosen(node, outputs) or scalars.value(node)
    if term.collation != "BINARY":
        refuse(f"groups under the collation {term.collation}")
    return term.sql


def _limits(node: exp.Expr) -> str:
    parts = []
    for name in ("limit", "offset"):
        clause = node.args.get(name)
        if clause is not None:
            only(clause, "expression")
            number = clause.expression
            if not isinstance(number, exp.Literal) or not str(number.this).isdigit():
                refuse(f"a computed {name}")
            parts.append(f" {name.upper()} {number.this}")
    return "".join(parts)
