"""The clock and chance: CURRENT_TIMESTAMP, datetime('now'), strftime, julianday, randomblob.

Invariant: SQLite's clock is UTC to the second, written as text; the same moment is given in PostgreSQL's own
type, with that text beside it for where text is wanted.
"""

from sqlglot import exp

from sdmigrate.rules.sql_terms import Term, TermFamily, refuse, text_literal

UTC = "(now() AT TIME ZONE 'UTC')"
EPOCH = "floor(extract(epoch FROM now()))::bigint"
JULIAN = "(extract(epoch FROM now()) / 86400.0 + 2440587.5)::double precision"
_RANDOM = "replace(gen_random_uuid()::text, '-', '')"
_STRFTIME = {
    "%Y": "YYYY",
    "%m": "MM",
    "%d": "DD",
    "%H": "HH24",
    "%M": "MI",
    "%S": "SS",
    "%f": "SS.MS",
    "%j": "DDD",
    "%F": "YYYY-MM-DD",
    "%T": "HH24:MI:SS",
    "%%": '"%"',
}
_NAMES = frozenset({"datetime", "date", "time", "julianday", "unixepoch", "randomblob", "random"})
_NODES = (
    exp.CurrentTimestamp,
    exp.CurrentDate,
    exp.CurrentTime,
    exp.Date,
    exp.TimeToStr,
    exp.LowerHex,
    exp.Hex,
)
_LONGEST_RANDOM = 16


def knows(node: exp.Expr) -> bool:
    """Whether the node depends on the clock or on chance, in a shape that may be translated here."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in _NAMES
    if isinstance(node, exp.LowerHex | exp.Hex):
        return isinstance(node.this, exp.Anonymous) and str(node.this.this).lower() == "randomblob"
    return isinstance(node, _NODES)


def call(node: exp.Expr) -> Term:
    """The moment or the random value."""
    match node:
        case exp.CurrentTimestamp():
            return _moment("timestamp", UTC)
        case exp.CurrentDate():
            return _moment("date", UTC)
        case exp.CurrentTime():
            return _moment("time", UTC)
        case exp.Hex() | exp.LowerHex():
            return _random_hex(node.this, upper=type(node) is exp.Hex)
        case exp.TimeToStr():
            return _formatted(node)
        case exp.Date():
            return _at("date", [node.this, *node.expressions])
    name = str(node.this).lower()
    if name in ("datetime", "date", "time"):
        return _at(name, node.expressions)
    if name in ("unixepoch", "julianday"):
        if [one.name for one in node.expressions] not in ([], ["now"]):
            refuse(f"{name} of another moment")
        if name == "unixepoch":
            return Term(sql=EPOCH, family="integer")
        return Term(sql="(extract(epoch FROM now()) / 86400.0 + 2440587.5)::double precision", family="float")
    refuse(name)


def _at(name: str, arguments: list[exp.Expr]) -> Term:
    words = [one.name.lower() for one in arguments if isinstance(one, exp.Literal) and one.is_string]
    if len(words) != len(arguments) or words[:1] not in ([], ["now"]) or words[1:] not in ([], ["localtime"]):
        refuse(f"{name} of another moment")
    family: TermFamily = {"datetime": "timestamp", "date": "date"}.get(name, "time")  # type: ignore[assignment]
    return _moment(family, "LOCALTIMESTAMP" if words[1:] else UTC)


def _moment(family: TermFamily, at: str) -> Term:
    formats = {"timestamp": "YYYY-MM-DD HH24:MI:SS", "date": "YYYY-MM-DD", "time": "HH24:MI:SS"}
    sql = at if family == "timestamp" else f"({at})::{family}"
    return Term(sql=sql, family=family, as_text=f"to_char({at}, {text_literal(formats[family])})")


def _formatted(node: exp.Expr) -> Term:
    """strftime(format, 'now')."""
    moment = node.this
    if not isinstance(moment, exp.TsOrDsToTimestamp) or moment.this.name.lower() != "now":
        refuse("strftime of another moment")
    if any(value for name, value in node.args.items() if name not in ("this", "format")):
        refuse("strftime with modifiers")
    wanted = node.args["format"]
    if not (isinstance(wanted, exp.Literal) and wanted.is_string):
        refuse("strftime with a computed format")
    if wanted.name == "%s":
        return Term(sql=EPOCH, family="integer")
    pattern = to_char_pattern(wanted.name)
    text = f"to_char({UTC}, {text_literal(pattern)})"
    whole = pattern.replace('"T"', " ").replace('"Z"', "").replace(".MS", "") == "YYYY-MM-DD HH24:MI:SS"
    if whole:
        return Term(sql=UTC, family="timestamp", as_text=text)
    return Term(sql=text, family="text")


def to_char_pattern(pattern: str) -> str:
    """A strftime format as to_char's."""
    parts = []
    place = 0
    while place < len(pattern):
        if pattern[place] == "%":
            known = _STRFTIME.get(pattern[place : place + 2])
            if known is None:
                refuse(f"strftime's {pattern[place : place + 2]}")
            parts.append(known)
            place += 2
            continue
        letter = pattern[place]
        if letter in '"\\':
            refuse("strftime with quotes")
        parts.append(f'"{letter}"' if letter.isalnum() else letter)
        place += 1
    return "".join(parts)


def _random_hex(blob: exp.Expr, *, upper: bool) -> Term:
    """hex(randomblob(n)): that many random octets, from a random UUID."""
    sizes = [one.name for one in blob.args.get("expressions", ())]
    if len(sizes) != 1 or not sizes[0].isdigit() or not 1 <= int(sizes[0]) <= _LONGEST_RANDOM:
        refuse("randomblob of another size")
    digits = f"substr({_RANDOM}, 1, {2 * int(sizes[0])})"
    return Term(sql=f"upper({digits})" if upper else digits, family="text")


def is_random_text(sql: str) -> bool:
    """Whether the SQL is what ``lower(hex(randomblob(16)))`` became."""
    return sql in (f"substr({_RANDOM}, 1, 32)", f"upper(substr({_RANDOM}, 1, 32))")
