"""The rows that break a rule of a pack, counted by SQLite.

Invariant: reads only. What SQL tells is told by SQL; what only a parser understands is read, each value once.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sdmigrate.model.catalog import Table
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.finding import Sample
from sdmigrate.model.profile import ColumnProfile
from sdmigrate.model.rule import Rule
from sdmigrate.model.values import Value, stored
from sdmigrate.rules.rule_values import (
    bounds_in_range,
    converts,
    in_range,
    literal_of,
    ranges_over_dates,
    without,
)
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.references import SAMPLES, Located, located_rows
from sdmigrate.sqlite.row_order import balanced

_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"


@dataclass(frozen=True)
class _Test:
    """How a rule is told from a value."""

    broken: str = "0"
    """SQL that is true where the value breaks the rule."""
    values: dict[str, Value] = field(default_factory=dict)
    """What ``broken`` names."""
    unsettled: str = "0"
    """SQL that is true where only ``passes`` can tell."""
    passes: Callable[[Value], bool] = bool


def breaking(connection: sqlite3.Connection, table: Table, column: ColumnProfile, rule: Rule) -> Located:
    """The column's values, neither NULL nor empty, that break the rule.

    Raises:
        UsageProblem: SQLite cannot evaluate the rule's expression.
        sqlite3.Error: the file cannot be read.
    """
    name = quote_identifier(column.name)
    test = _test(rule, column, name)
    if test == _Test():
        return Located(rows=0)
    blank = f"typeof({name}) = 'text' AND trim({name}, ' ' || char(9, 10, 11, 12, 13)) = ''"
    meant = f"{name} IS NOT NULL AND NOT ({blank})"
    try:
        told = located_rows(connection, table, column.name, f"({test.broken}) AND {meant}", test.values)
    except sqlite3.OperationalError as error:
        if rule.check != "holds" or (error.sqlite_errorcode & 0xFF) != sqlite3.SQLITE_ERROR:
            raise
        raise UsageProblem(
            f"The rule {rule.name!r} cannot be evaluated on table {table.name!r}: {error}.",
            "Correct its expression in the rule pack.",
        ) from error
    if test.unsettled == "0":
        return told
    read = _read(connection, table, name, f"({test.unsettled}) AND {meant}", test.passes)
    return Located(rows=told.rows + read.rows, samples=(*told.samples, *read.samples)[:SAMPLES])


def suspects(
    connection: sqlite3.Connection, table: Table, columns: Sequence[ColumnProfile], rule: Rule
) -> tuple[ColumnProfile, ...]:
    """The columns in which something may break the rule, found in one scan however many they are.

    Raises:
        sqlite3.Error: the file cannot be read.
    """
    if len(columns) < 2:
        return tuple(columns)
    tests = [_test(rule, column, quote_identifier(column.name)) for column in columns]
    values = {name: value for test in tests for name, value in test.values.items()}
    source = f"FROM {quote_identifier(table.name)}"
    # Mostly there is none, and to learn that takes half of what it takes to tell the columns apart.
    any_broken = balanced([f"({test.broken})" for test in tests], "OR")
    (some,) = connection.execute(f"SELECT EXISTS (SELECT 1 {source} WHERE {any_broken})", values).fetchone()
    seen: Sequence[object] = [0] * len(tests)
    if some:
        asked = ", ".join(f"max({test.broken})" for test in tests)
        seen = connection.execute(f"SELECT {asked} {source}", values).fetchone()
    return tuple(
        column
        for column, test, found in zip(columns, tests, seen, strict=True)
        if found or test.unsettled != "0"
    )


def _read(
    connection: sqlite3.Connection, table: Table, name: str, where: str, passes: Callable[[Value], bool]
) -> Located:
    place = quote_identifier(table.rowid_name) if table.rowid_name else "NULL"
    rows = 0
    samples: list[Sample] = []
    for value, count, rowid in connection.execute(
        f"SELECT {name}, count(*), min({place}) FROM {quote_identifier(table.name)} WHERE {where}"
        f" GROUP BY typeof({name}), {name} COLLATE BINARY"
    ):
        if not passes(value):
            rows += count
            if len(samples) < SAMPLES:
                samples.append(Sample(rowid=rowid, value=stored(value)))
    return Located(rows=rows, samples=tuple(samples))


def _test(rule: Rule, column: ColumnProfile, name: str) -> _Test:
    match rule.check:
        case "holds":
            # Line breaks, so that a comment at its end hides nothing of ours.
            return _Test(broken=f"NOT coalesce((\n{rule.expression}\n), 1)")
        case "allowed":
            values: dict[str, Value] = {f"v{place}": value for place, value in enumerate(rule.values)}
            listed = ", ".join(f":{each}" for each in values)
            return _Test(broken=f"{name} COLLATE BINARY NOT IN ({listed})", values=values)
        case "max_length":
            most = rule.maximum if isinstance(rule.maximum, int | float) else column.longest_characters
            if column.longest_characters <= most:
                return _Test()
            return _Test(broken=f"length({name}) > :most", values={"most": most})
        case "range":
            return _range(rule, column, name)
        case "type":
            return _Test(unsettled="1", passes=converts(rule, column))
    return _pattern(rule, column, name)


def _pattern(rule: Rule, column: ColumnProfile, name: str) -> _Test:
    literal = literal_of(rule.pattern)
    if not column.classes.text or (literal is not None and len(literal) > column.longest_characters):
        return _Test()
    is_text = "1" if column.classes.text == column.classes.values else f"typeof({name}) = 'text'"
    if literal is not None:
        return _Test(broken=f"{is_text} AND instr({name}, :literal)", values={"literal": literal})
    return _Test(unsettled=is_text, passes=without(rule))


def _range(rule: Rule, column: ColumnProfile, name: str) -> _Test:
    if bounds_in_range(rule, column):
        return _Test()
    bounds: dict[str, Value] = {"low": rule.minimum, "high": rule.maximum}
    dates = ranges_over_dates(rule)
    if dates:
        plain = f"typeof({name}) = 'text' AND ({name} GLOB '{_DAY}' OR {name} GLOB '{_DAY} [0-9][0-9]:*')"
        measured = f"substr({name}, 1, 10)"
        more = f" OR date({measured}, '+0 days') IS NOT {measured}"
    else:
        plain, measured, more = f"typeof({name}) IN ('integer', 'real')", name, ""
    outside = f"coalesce({measured} < :low, 0) OR coalesce({measured} > :high, 0){more}"
    return _Test(
        broken=f"{plain} AND ({outside})",
        values=bounds,
        unsettled=f"NOT ({plain})",
        passes=in_range(rule, column),
    )
