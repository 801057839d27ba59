"""What a CREATE TABLE or CREATE INDEX text says beyond what the pragmas tell.

Checks, generated expressions, collations, deferrability; of an index its expressions and its condition.

Invariant: text is either understood to its end or refused with the reason; nothing is skipped in silence.
Grammar: https://www.sqlite.org/lang_createtable.html and https://www.sqlite.org/lang_createindex.html.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sdmigrate.model.catalog import Affinity, Check
from sdmigrate.model.record import Record
from sdmigrate.sqlite.connection import quote_identifier

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

_TOKEN = re.compile(
    r"""
      (?P<space>   [ \t\n\f\r]+ )
    | (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<string>  [xX]?'[^']*(?:''[^']*)*' )
    | (?P<quoted>  "[^"]*(?:""[^"]*)*" | `[^`]*(?:``[^`]*)*` | \[[^\]]*\] )
    | (?P<word>    [A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]* )
    | (?P<number>  0[xX][0-9a-fA-F]+ | (?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)? )
    | (?P<sign>    [^'"`\[] )
    """,
    re.VERBOSE | re.DOTALL,
)
_TABLE_CONSTRAINTS = frozenset(("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"))


class DeclarationUnreadable(ValueError):
    """The text is not what SQLite's grammar has; its message is the reason, in words."""


class ColumnDeclaration(Record):
    """What a column's definition says beyond PRAGMA table_xinfo."""

    name: str
    collation: str = "BINARY"
    generated: str | None = None
    """SQL text of the expression; None for a plain column."""


class ForeignKeyDeclaration(Record):
    """What a REFERENCES clause says beyond PRAGMA foreign_key_list."""

    columns: tuple[str, ...]
    parent: str
    deferrable: bool = False
    initially_deferred: bool = False


class TableDeclaration(Record):
    """One CREATE TABLE text; everything in order of declaration."""

    columns: tuple[ColumnDeclaration, ...]
    checks: tuple[Check, ...]
    foreign_keys: tuple[ForeignKeyDeclaration, ...]
    autoincrement: bool


class IndexTermDeclaration(Record):
    """One term of a CREATE INDEX text."""

    expression: str
    """SQL text without ASC or DESC, and without the COLLATE clause at its end."""
    collation: str | None
    """The COLLATE clause at its end; None without one."""


class IndexDeclaration(Record):
    """One CREATE INDEX text."""

    terms: tuple[IndexTermDeclaration, ...]
    where: str | None
    """SQL text of the condition; None for a whole index."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    gap: str
    """What stood before it, comments as one blank."""

    @property
    def word(self) -> str:
        """The keyword in capitals; empty for anything that is no bare word."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The name it spells, unquoted."""
        if self.kind == "word":
            return self.text
        if self.text.startswith("["):
            return self.text[1:-1]
        if self.kind in ("quoted", "string"):
            mark = self.text[0]
            return self.text[1:-1].replace(mark * 2, mark)
        raise DeclarationUnreadable(f"a name was expected at {self.text!r}")


def folded(name: str) -> str:
    """The name as SQLite compares names: ASCII letters in lower case, all others as they are."""
    return name.translate(_ASCII_LOWER)


def affinity(declared_type: str, *, strict: bool = False) -> Affinity:
    """The column affinity of a declared type (https://www.sqlite.org/datatype3.html section 3.1)."""
    upper = declared_type.upper()
    if strict and upper == "ANY":
        return "BLOB"
    if "INT" in upper:
        return "INTEGER"
    if any(part in upper for part in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not upper or "BLOB" in upper:
        return "BLOB"
    if any(part in upper for part in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "NUMERIC"


def parse_table(sql: str) -> TableDeclaration:
    """The declaration in a CREATE TABLE text as sqlite_master keeps it.

    Raises:
        DeclarationUnreadable: it is not understood to its end.
    """
    tokens = _tokens(sql)
    start = _after_header(tokens, "TABLE")
    body, rest = _group(tokens, start)
    for token in tokens[rest:]:
        if token.word not in ("WITHOUT", "ROWID", "STRICT") and token.text not in (",", ";"):
            raise DeclarationUnreadable(f"unexpected {token.text!r} after the columns")
    table = _TableReader()
    for item in _split(body):
        table.read(item)
    return TableDeclaration(
        columns=tuple(table.columns),
        checks=tuple(table.checks),
        foreign_keys=tuple(table.foreign_keys),
        autoincrement=table.autoincrement,
    )


def renamed_table(sql: str, name: str) -> str:
    """The CREATE TABLE text with that name, comments left out.

    Raises:
        DeclarationUnreadable: it is no CREATE TABLE text, or not of columns.
    """
    parse_table(sql)
    tokens = _tokens(sql)
    return f"CREATE TABLE {quote_identifier(name)} {_text(tokens[_after_header(tokens, 'TABLE') :])}"


def parse_index(sql: str) -> IndexDeclaration:
    """The declaration in a CREATE INDEX text as sqlite_master keeps it.

    Raises:
        DeclarationUnreadable: it is not understood to its end.
    """
    tokens = _tokens(sql)
    start = _after_header(tokens, "INDEX")
    if _word(tokens, start) != "ON":
        raise DeclarationUnreadable("ON was expected after the index's name")
    body, rest = _group(tokens, start + 2)
    condition = [token for token in tokens[rest:] if token.text != ";"]
    if condition and (condition[0].word != "WHERE" or len(condition) == 1):
        raise DeclarationUnreadable(f"unexpected {condition[0].text!r} after the index's terms")
    return IndexDeclaration(
        terms=tuple(_index_term(item) for item in _split(body)),
        where=_text(condition[1:]) if condition else None,
    )


@dataclass
class _TableReader:
    """Reads one item after the other between a CREATE TABLE's brackets."""

    columns: list[ColumnDeclaration] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    foreign_keys: list[ForeignKeyDeclaration] = field(default_factory=list)
    autoincrement: bool = False

    def read(self, item: Sequence[_Token]) -> None:
        """One column definition, or table constraints (between which commas are optional)."""
        if item[0].word in _TABLE_CONSTRAINTS:
            self._constraints(item, None)
            return
        name = item[0].name
        collation, generated = self._constraints(item[1:], name)
        self.columns.append(ColumnDeclaration(name=name, collation=collation, generated=generated))

    def _constraints(self, item: Sequence[_Token], column: str | None) -> tuple[str, str | None]:
        """Take the constraints; the column's collation and generated expression come back."""
        collation, generated, constraint_name = "BINARY", None, None
        keys: tuple[str, ...] = (column,) if column is not None else ()
        position = 0
        while position < len(item):
            word, at = _word(item, position), position + 1
            before = _word(item, position - 1) if position else ""
            if word == "CONSTRAINT":
                constraint_name, position = _name(item, at), at + 1
                continue
            if word == "CHECK":
                body, at = _group(item, at)
                self.checks.append(Check(name=constraint_name, expression=_text(body)))
            elif word == "COLLATE":
                collation, at = _name(item, at), at + 1
            elif word == "AS":
                body, at = _group(item, at)
                generated = _text(body)
            elif word == "DEFAULT" and before != "SET":
                at = _after_default(item, at)
            elif word == "FOREIGN":
                body, at = _group(item, at + 1)
                keys = tuple(part[0].name for part in _split(body))
            elif word == "REFERENCES":
                self.foreign_keys.append(ForeignKeyDeclaration(columns=keys, parent=_name(item, at)))
                at += 1
            elif word == "DEFERRABLE" and before != "NOT":
                self._defer(
                    initially_deferred=[_word(item, at), _word(item, at + 1)] == ["INITIALLY", "DEFERRED"]
                )
            elif word == "AUTOINCREMENT":
                self.autoincrement = True
            elif item[position].text == "(":
                _, at = _group(item, position)
            if word not in ("", "NOT", "ON"):
                constraint_name = None
            position = at
        return collation, generated

    def _defer(self, *, initially_deferred: bool) -> None:
        """Mark the latest foreign key, which is the one that the clause follows."""
        if not self.foreign_keys:
            raise DeclarationUnreadable("DEFERRABLE without a foreign key before it")
        latest = self.foreign_keys[-1]
        self.foreign_keys[-1] = ForeignKeyDeclaration(
            columns=latest.columns,
            parent=latest.parent,
            deferrable=True,
            initially_deferred=initially_deferred,
        )


def _tokens(sql: str) -> list[_Token]:
    """Everything but blanks and comments, each token with the gap before it."""
    found: list[_Token] = []
    gap, position = "", 0
    while position < len(sql):
        match = _TOKEN.match(sql, position)
        if match is None:
            raise DeclarationUnreadable(f"a quotation that does not end: {sql[position : position + 20]!r}")
        kind, text = match.lastgroup or "", match.group()
        position = match.end()
        if kind == "space":
            gap += text
        elif kind == "comment":
            gap += " "
        else:
            found.append(_Token(kind=kind, text=text, gap=gap))
            gap = ""
    return found


def _text(tokens: Sequence[_Token]) -> str:
    """The tokens as written, comments left out."""
    if not tokens:
        raise DeclarationUnreadable("an expression is empty")
    return tokens[0].text + "".join(token.gap + token.text for token in tokens[1:])


def _word(tokens: Sequence[_Token], position: int) -> str:
    """The keyword there; empty where there is none, or no token."""
    return tokens[position].word if position < len(tokens) else ""


def _name(tokens: Sequence[_Token], position: int) -> str:
    """The name there."""
    if position >= len(tokens):
        raise DeclarationUnreadable("it ends where a name was expected")
    return tokens[position].name


def _after_header(tokens: Sequence[_Token], kind: str) -> int:
    """The position after CREATE … kind [IF NOT EXISTS] [schema.]name."""
    position = 0
    while _word(tokens, position) in ("CREATE", "TEMP", "TEMPORARY", "UNIQUE"):
        position += 1
    if position == 0 or _word(tokens, position) != kind:
        raise DeclarationUnreadable(f"it does not begin with CREATE {kind}")
    position += 1
    if [_word(tokens, position + offset) for offset in range(3)] == ["IF", "NOT", "EXISTS"]:
        position += 3
    _name(tokens, position)
    position += 1
    if position < len(tokens) and tokens[position].text == ".":
        position += 2
    return position


def _group(tokens: Sequence[_Token], start: int) -> tuple[Sequence[_Token], int]:
    """What stands between the bracket at ``start`` and its partner, and the position after that."""
    if start >= len(tokens) or tokens[start].text != "(":
        raise DeclarationUnreadable("an opening bracket was expected")
    depth = 0
    for position in range(start, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[position].text, 0)
        if depth == 0:
            return tokens[start + 1 : position], position + 1
    raise DeclarationUnreadable("a bracket is not closed")


def _split(tokens: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    """The parts between commas outside brackets."""
    depth, start = 0, 0
    for position, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and depth == 0:
            yield _not_empty(tokens[start:position])
            start = position + 1
    yield _not_empty(tokens[start:])


def _not_empty(tokens: Sequence[_Token]) -> Sequence[_Token]:
    if not tokens:
        raise DeclarationUnreadable("nothing stands between two commas")
    return tokens


def _after_default(item: Sequence[_Token], position: int) -> int:
    """The position after a DEFAULT's value: brackets, or one token with an optional sign."""
    if position >= len(item):
        raise DeclarationUnreadable("it ends after DEFAULT")
    if item[position].text == "(":
        return _group(item, position)[1]
    return position + (2 if item[position].text in ("+", "-") else 1)


def _index_term(item: Sequence[_Token]) -> IndexTermDeclaration:
    """The expression with its direction and outermost COLLATE taken off."""
    if len(item) > 1 and item[-1].word in ("ASC", "DESC"):
        item = item[:-1]
    collation = None
    if len(item) > 2 and item[-2].word == "COLLATE":
        collation, item = item[-1].name, item[:-2]
    return IndexTermDeclaration(expression=_text(item), collation=collation)
