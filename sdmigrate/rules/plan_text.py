"""The plan as TOML: every decision with the evidence beside it.

Invariant: names and values of the source stand in strings, and in comments without line breaks or control
characters, so that no text of the source can become a decision.
"""

import json
import re
from collections.abc import Iterator
from typing import TypeAlias

from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile, TableProfile

Scalar: TypeAlias = str | bool | int | tuple[str, ...] | dict[str, int] | None

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_COMMENT = 300

_HEADER = """\
# The plan: what becomes of each table and column. Use it with --plan; edit what you decide otherwise.
# Only what differs from the proposal need be here. What can be said for
#   a table:  target, include, where (SQLite expression; rows outside are excluded), order (columns),
#             duplicates = first | last | most_complete | keep | quarantine,
#             duplicate_key (more columns to look for them; ["*"] is the whole row),
#             orphans = keep | null | quarantine
#   both:     agreed (codes of findings whose default decision is agreed to; a review asks no more)
#   a column: target, type, form, zone, day_first, placeholders, default,
#             empty = null | keep | quarantine | fail, misfit = quarantine | null | text | fail,
#             nul_bytes = strip | quarantine, invalid_utf8 = quarantine | cp1252 | latin1,
#             trailing_blanks = keep | strip, newline_runs = keep | single
"""


def write(plan: Plan, profile: Profile, *, proposal: Plan | None = None) -> str:
    """The plan's TOML. With a ``proposal``, only what differs from it."""
    return "\n".join(_lines(plan, profile, proposal)) + "\n"


def key(name: str) -> str:
    """A name as one part of a TOML key."""
    return name if _BARE_KEY.fullmatch(name) else _string(name)


def _lines(plan: Plan, profile: Profile, proposal: Plan | None) -> Iterator[str]:
    yield from _HEADER.splitlines()
    yield "version = 1"
    yield _pair("naming", plan.naming) + "  # preserve | lower | snake_case"
    if plan.day_first is None:
        yield "# day_first = true  # is 03/04/2025 the 3rd of April, where a column leaves it open"
    else:
        yield _pair("day_first", plan.day_first)
    yield _pair("accept_quarantine", plan.accept_quarantine)
    if proposal is None:
        yield "complete = true  # names every table and column; one more or fewer in the source is drift"
    proposed = {table.source: table for table in proposal.tables} if proposal else {}
    evidence = {table.name: table for table in profile.tables}
    for table in plan.tables:
        yield from _table_lines(plan, table, evidence[table.source], proposed.get(table.source))


def _table_lines(
    plan: Plan, table: TablePlan, evidence: TableProfile, proposed: TablePlan | None
) -> Iterator[str]:
    pairs: dict[str, Scalar] = {
        name: getattr(table, name) for name in ("target", "include", "where", "duplicates", "order")
    }
    neutral = TablePlan(source="", target="", columns=())
    chosen = {name: getattr(table, name) for name in ("duplicate_key", "orphans", "agreed")}
    pairs |= {name: value for name, value in chosen.items() if proposed or value != getattr(neutral, name)}
    if proposed:
        pairs = {name: value for name, value in pairs.items() if value != getattr(proposed, name)}
    if pairs:
        yield ""
        yield f"[tables.{key(table.source)}]"
        yield _comment(f"{evidence.rows:,} row{'' if evidence.rows == 1 else 's'}")
        yield from (_pair(name, value) for name, value in pairs.items())
    columns = {column.name: column for column in evidence.columns}
    before = {column.source: column for column in proposed.columns} if proposed else {}
    for column in table.columns:
        decisions = _column_decisions(plan, column, before.get(column.source), columns[column.source])
        if decisions:
            yield ""
            yield f"[tables.{key(table.source)}.columns.{key(column.source)}]"
            yield _comment(_evidence(columns[column.source]))
            yield from (_pair(name, value) for name, value in decisions.items())


def _column_decisions(
    plan: Plan, column: ColumnPlan, proposed: ColumnPlan | None, evidence: ColumnProfile
) -> dict[str, Scalar]:
    """The keys to write: the usual ones always, the others where they say something."""
    usual: tuple[str, ...] = ("target", "type", "empty", "misfit")
    neutral = ColumnPlan(source="", target="", type="", day_first=plan.day_first)
    rest = (
        *("form", "zone", "day_first", "placeholders", "default"),
        *("nul_bytes", "invalid_utf8", "trailing_blanks", "newline_runs", "agreed"),
    )
    if proposed is None:
        # Where the evidence would decide, what is neutral elsewhere must be said.
        usual += tuple(name for name in ("form", "day_first") if _says_more(evidence, name))
        pairs = {name: value for name in usual if (value := getattr(column, name)) is not None}
        return pairs | {
            name: value for name in rest if (value := getattr(column, name)) != getattr(neutral, name)
        }
    pairs = {
        name: value for name in (*usual, *rest) if (value := getattr(column, name)) != getattr(proposed, name)
    }
    # What follows from a type or a default by itself must be said where it was decided against.
    if pairs.keys() & {"type", "default"}:
        pairs |= {"empty": column.empty, "form": column.form}
    return pairs


def _says_more(evidence: ColumnProfile, name: str) -> bool:
    if name == "day_first":
        return evidence.day_first is not None
    return (evidence.form, evidence.separators) != ("auto", "auto")


def _evidence(profile: ColumnProfile) -> str:
    declared = profile.declared_type or "without a type"
    return (
        f"declared {declared}; {profile.classes.values:,} values, {profile.nulls:,} NULL, "
        f"{profile.empties:,} empty; {profile.proposed}, {profile.confidence:.1%} sure: {profile.reason}"
    )


def _comment(text: str) -> str:
    shown = _CONTROL.sub(" ", text).encode(errors="backslashreplace").decode()
    return "# " + (shown if len(shown) <= _LONGEST_COMMENT else shown[: _LONGEST_COMMENT - 1] + "…")


def _pair(name: str, value: Scalar) -> str:
    return f"{name} = {_value(value)}"


def _value(value: Scalar) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return _string(value)
        case tuple():
            return "[" + ", ".join(_string(item) for item in value) + "]"
        case dict():
            inside = ", ".join(f"{key(name)} = {number}" for name, number in value.items())
            return "{ " + inside + " }" if inside else "{}"
        case None:
            raise ValueError("TOML has no null; what is unset is not written")


def _string(text: str) -> str:
    """A TOML basic string: JSON's escapes, and DEL's, which JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
