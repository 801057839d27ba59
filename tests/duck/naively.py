"""What adding every value one by one gives: evidence that both ways of counting in DuckDB have to equal."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sdmigrate.model.catalog import Affinity, Column, Table
from sdmigrate.model.values import Value
from sdmigrate.rules.declared_types import declared_digits, declared_length, interest_of
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.value_group import Group
from sdmigrate.rules.watching import Watch

DECLARED: tuple[tuple[str, Affinity], ...] = (
    ("", "BLOB"),
    ("TEXT", "TEXT"),
    ("VARCHAR(5)", "TEXT"),
    ("INTEGER", "INTEGER"),
    ("REAL", "REAL"),
    ("DECIMAL(10,2)", "NUMERIC"),
    ("TIMESTAMP", "NUMERIC"),
    ("JSON", "NUMERIC"),
)
TABLE = Table(
    name='odd "name"; --',
    columns=tuple(
        Column(name=f'c"{number} {declared}', declared_type=declared, affinity=affinity, not_null=False)
        for number, (declared, affinity) in enumerate(DECLARED)
    ),
)
WATCHES = {
    "": Watch(needles=("a", "."), longest=4),
    "TEXT": Watch(needles=("1",)),
    "VARCHAR(5)": Watch(days=("2000-01-01", "2024-06-30")),
    "INTEGER": Watch(numbers=(-1, 1000)),
    "REAL": Watch(numbers=(None, 0.5), needles=("x",)),
    "DECIMAL(10,2)": Watch(everything=True),
}
"""What rules look for in the columns, by declared type."""


def name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def write(path: Path, table: Table, rows: list[tuple[Value, ...]]) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = ", ".join(f"{name(column.name)} {column.declared_type}" for column in table.columns)
        ending = ", PRIMARY KEY(k)) WITHOUT ROWID" if table.without_rowid else ")"
        connection.execute(f"CREATE TABLE {name(table.name)} ({columns}{ending}")
        for row in rows:
            texts = [isinstance(value, str) for value in row]
            marks = ", ".join("CAST(? AS TEXT)" if text else "?" for text in texts)
            stored = [
                value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value for value in row
            ]
            connection.execute(f"INSERT INTO {name(table.name)} VALUES ({marks})", stored)


def make(table: Table, column: str) -> Evidence:
    declared = table.column(column)
    return Evidence(
        interest=interest_of(declared),
        declared_digits=declared_digits(declared),
        declared_length=declared_length(declared),
        watch=WATCHES.get(declared.declared_type),
    )


def naive(path: Path, table: Table) -> dict[str, Evidence]:
    """Every column's evidence from a plain SELECT and a Counter."""
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = decode
        for column in table.columns:
            evidence = found[column.name] = make(table, column.name)
            counts: Counter[tuple[str, Value]] = Counter()
            first: dict[tuple[str, Value], int] = {}
            place = "rowid" if table.rowid_name else "row_number() OVER ()"
            rows = connection.execute(
                f"SELECT {place}, typeof({name(column.name)}), {name(column.name)}"
                f" FROM {name(table.name)} NOT INDEXED"
            )
            for rowid, kind, value in rows:
                counts[kind, value] += 1
                first[kind, value] = min(first.get((kind, value), rowid), rowid)
            for (kind, value), count in counts.items():
                if value is None:
                    evidence.add_nulls(count)
                else:
                    evidence.add(value, count, first[kind, value])
    return found


def let_pass(value: Value, watch: Watch) -> bool:
    """Whether a scan need not keep the value, told without its patterns."""
    if watch.days is not None:
        first, last = watch.days
        return isinstance(value, str) and first <= value[:10] <= last and len(value) in (10, 19)
    if watch.numbers is not None:
        low, high = watch.numbers
        number = isinstance(value, int | float)
        return number and (low is None or low <= value) and (high is None or value <= high)  # type: ignore[operator]
    return watch.lets_pass(value)


def kept(evidence: Evidence) -> Counter[str]:
    """The rows of each value kept, of whatever part of the table."""
    counts: Counter[str] = Counter()
    for value, count, _ in evidence.kept:
        counts[repr(value)] += count
    return counts


def require_kept(found: Evidence, expected: Evidence) -> None:
    """What was kept for the rules was all there, and what was not kept breaks none."""
    assert found.watch is not None
    assert kept(found).items() <= kept(expected).items()
    if found.kept_all:
        passing = {repr(value) for value, _, _ in expected.kept if let_pass(value, found.watch)}
        assert kept(expected).keys() - kept(found).keys() <= passing


def group_facts(group: Group) -> dict[str, Any]:
    """The same of one group, with the types of its bounds."""
    return asdict(group) | {
        "samples": sorted((repr(value), rowid) for value, rowid in group.samples),
        "odd": sorted((repr(value), rowid) for value, rowid in group.odd),
        "bounds": repr((group.low, group.high, group.lowest, group.highest)),
        "by_comma": group.by_comma and group_facts(group.by_comma),
    }


def facts(evidence: Evidence) -> dict[str, Any]:
    """Everything that must be the same whichever way it was counted."""
    groups = {key: group_facts(group) for key, group in evidence.groups.items()}
    scalars = {
        field: getattr(evidence, field)
        for field in (
            "rows", "nulls", "distinct", "nul_count", "invalid_count", "longest_characters", "longest_bytes",
            "non_integral", "fraction_digits", "low_text", "high_text",
        )
    }  # fmt: skip
    return {"groups": groups, "top": evidence.top(), **scalars}
