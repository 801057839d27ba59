"""Which columns and values are in their final form already, told without converting them.

Invariant: conservative: what is called settled or guarded here, ``convert`` keeps (tested by property).
"""

from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.model.values import StoredValue
from sdmigrate.rules.convert_numbers import EXACT_INTEGERS, INTEGER_RANGES
from sdmigrate.rules.form_record import SPACES

_CANONICAL_FORMS: dict[str, frozenset[str]] = {
    "date": frozenset({"iso_date"}),
    "timestamp": frozenset({"iso_datetime"}),
    "time": frozenset({"time"}),
    "interval": frozenset({"time"}),
    "uuid": frozenset({"uuid"}),
    "jsonb": frozenset({"json"}),
    "json": frozenset({"json", "json_text_only"}),
}
_HEX = "[0-9a-f]"
_UUID_GLOB = "-".join(_HEX * width for width in (8, 4, 4, 4, 12))


def settled(column: ColumnPlan, profile: ColumnProfile) -> bool:
    """Whether the profile proves that every value is in its final form under the plan."""
    if profile.nulls and (column.default or column.not_null):
        return False
    classes = profile.classes
    if classes.values == 0:
        return True
    base, _, arguments = column.type.partition("(")
    if base in ("text", "varchar"):
        return _settled_text(column, profile, arguments)
    if profile.empties or profile.blanks:
        return False
    if base == "bytea":
        return classes.blob == classes.values
    if base in _CANONICAL_FORMS:
        return (
            classes.text == classes.values
            and not column.placeholders
            and profile.forms.keys() <= _CANONICAL_FORMS[base]
        )
    return _settled_number(base, arguments, profile)


def _settled_text(column: ColumnPlan, profile: ColumnProfile, arguments: str) -> bool:
    return (
        profile.classes.text == profile.classes.values
        and not column.placeholders
        and (column.trailing_blanks, column.newline_runs) == ("keep", "keep")
        and not profile.nul_texts
        and not profile.invalid_utf8
        and (not profile.empties or column.empty == "keep")
        and (not arguments or profile.longest_characters <= int(arguments.rstrip(")")))
    )


def _settled_number(base: str, arguments: str, profile: ColumnProfile) -> bool:
    classes = profile.classes
    low, high = _number(profile.minimum), _number(profile.maximum)
    if classes.text or classes.blob or low is None or high is None:
        return False
    integers = classes.integer == classes.values
    if base in INTEGER_RANGES:
        return integers and INTEGER_RANGES[base][0] <= low and high <= INTEGER_RANGES[base][1]
    if base == "boolean":
        return integers and low >= 0 and high <= 1
    if base == "double precision":
        return classes.integer == 0 or max(-low, high) <= EXACT_INTEGERS
    if base != "numeric" or profile.infinite:
        return False
    if not arguments:
        return True
    precision, _, scale = arguments.rstrip(")").partition(",")
    whole_digits = int(precision) - int(scale or 0)
    return profile.fraction_digits <= int(scale or 0) and max(-low, high) < 10**whole_digits


def _number(value: StoredValue | None) -> float | None:
    """The exact number of a stored INTEGER or REAL; None for anything else."""
    if value is None or value.storage not in ("integer", "real"):
        return None
    return int(value.text) if value.storage == "integer" else float(value.text)


def sqlite_guard(column: ColumnPlan, column_sql: str, *, sound_text: bool = False) -> str:
    """SQLite expression that is 1 only for values certainly in their final form, else 0; never NULL.

    Args:
        column: the plan.
        column_sql: the column as it stands in SQL, quoted.
        sound_text: texts are known to be UTF-8 without NUL, or are looked at by the caller.
    """
    condition = _guard(column, column_sql, sound_text)
    if column.placeholders:
        if any("\0" in text for text in column.placeholders):
            return "0"
        listed = ", ".join("'" + text.replace("'", "''") + "'" for text in column.placeholders)
        condition = f"({condition}) AND ({column_sql} IN ({listed})) IS NOT 1"
    return f"coalesce({condition}, 0)"


def _guard(column: ColumnPlan, c: str, sound_text: bool) -> str:
    base, _, arguments = column.type.partition("(")
    is_text = f"typeof({c})='text' AND "
    if base in ("text", "varchar"):
        empty = "" if column.empty == "keep" else f" AND length({c})>0"
        limit = f" AND length({c})<={int(arguments.rstrip(')'))}" if arguments else ""
        if column.trailing_blanks == "strip":
            spaces = ", ".join(str(ord(space)) for space in SPACES)
            limit += f" AND rtrim({c}, char({spaces}))={c} COLLATE BINARY"
        if column.newline_runs == "single":
            limit += f" AND instr({c}, char(13))=0 AND instr({c}, char(10, 10))=0"
        if sound_text:
            return f"typeof({c})='text'{empty}{limit}"
        # Characters 1 to 127 only; GLOB and length() stop at a NUL, so that is looked for in the bytes.
        plain = f"{c} NOT GLOB '*[^' || char(1) || '-' || char(127) || ']*'"
        return f"{is_text}instr(CAST({c} AS BLOB), x'00')=0 AND {plain}{empty}{limit}"
    if base in INTEGER_RANGES:
        low, high = INTEGER_RANGES[base]
        within = "" if base == "bigint" else f" AND {c} BETWEEN {low} AND {high}"
        return f"typeof({c})='integer'{within}"
    if base == "numeric":
        return _numeric_guard(c, arguments)
    match base:
        case "boolean":
            return f"typeof({c})='integer' AND {c} IN (0, 1)"
        case "double precision":
            exact = f"typeof({c})='integer' AND {c} BETWEEN -{EXACT_INTEGERS} AND {EXACT_INTEGERS}"
            return f"typeof({c})='real' OR ({exact})"
        case "bytea":
            return f"typeof({c})='blob'"
        case "date":
            return (
                f"{is_text}length({c})=10 AND date({c}, '+0 days')={c} COLLATE BINARY AND {c}>='0001-01-01'"
            )
        case "timestamp":
            return (
                f"{is_text}length({c})=19 AND datetime({c}, '+0 days')={c} COLLATE BINARY"
                f" AND {c}>='0001-01-01'"
            )
        case "timestamptz":
            moment = f"substr({c}, 1, 19)"
            return (
                f"{is_text}length(CAST({c} AS BLOB))=22 AND substr({c}, 20)='+00' COLLATE BINARY"
                f" AND datetime({moment}, '+0 days')={moment} COLLATE BINARY AND {c}>='0001-01-01'"
            )
        case "time" | "interval":
            return f"{is_text}length({c})=8 AND time({c}, '+0 days')={c} COLLATE BINARY"
        case "uuid":
            return f"{is_text}length(CAST({c} AS BLOB))=36 AND {c} GLOB '{_UUID_GLOB}'"
        case _:
            return "0"


def _numeric_guard(c: str, arguments: str) -> str:
    if not arguments:
        # No abs(): of the smallest integer it is an error, and SQLite may ask both sides of OR and AND.
        return f"typeof({c})='integer' OR (typeof({c})='real' AND {c}>-1e300 AND {c}<1e300)"
    precision, _, scale = arguments.rstrip(")").partition(",")
    largest = min(10 ** (int(precision) - int(scale or 0)) - 1, 2**63 - 1)
    return f"typeof({c})='integer' AND {c} BETWEEN -{largest} AND {largest}"
