"""How plans differ, and how a plan differs from a source."""

from typing import Any

from sdmigrate.model.catalog import Table
from sdmigrate.model.plan import Plan
from sdmigrate.rules import plan_file
from sdmigrate.rules.plan_difference import (
    Drift,
    changed_columns,
    difference,
    difference_line,
    drift,
    with_values,
)
from sdmigrate.rules.planning import propose
from tests.rules.profiles import Rows, column, facts, table


def plan_of(*columns: str, tables: tuple[str, ...] = ("t",), text: str = "") -> Plan:
    sources: list[tuple[Table, Rows]] = [
        (table(name, *(column(one, "TEXT") for one in columns)), []) for name in tables
    ]
    catalog, profile = facts(sources)
    return plan_file.read(text, catalog, profile) if text else propose(catalog, profile)


def test_equal_plans_do_not_differ() -> None:
    assert difference(plan_of("a"), plan_of("a")) == ()


def test_every_difference_is_a_line() -> None:
    before = plan_of("a", "gone", tables=("t", "old"))
    after = plan_of(
        "a",
        "new",
        tables=("t", "young"),
        text='day_first = true\n[tables.t]\nduplicates = "keep"\n[tables.t.columns.a]\ntype = "bigint"\n',
    )
    assert tuple(map(difference_line, difference(before, after))) == (
        "~ day_first: unset -> true",
        "- table 'old'",
        "~ table 't' duplicates: 'first' -> 'keep'",
        "- column 'gone' of table 't'",
        "~ column 'a' of table 't' type: 'text' -> 'bigint'",
        "~ column 'a' of table 't' day_first: unset -> true",
        "~ column 'a' of table 't' empty: 'keep' -> 'null'",
        "+ column 'new' of table 't' -> 'text'",
        "+ table 'young' -> 'young'",
    )


def test_drift_names_what_is_gone_and_new() -> None:
    catalog, _ = facts([(table("t", column("a"), column("b")), []), (table("u", column("c")), [])])
    tables: dict[str, Any] = {"t": {"columns": {"a": {}, "z": {}}}, "v": {}}
    found = drift(tables, catalog, complete=True)
    assert found.gone == (("tables", "t", "columns", "z"), ("tables", "v"))
    assert found.new == (("tables", "t", "columns", "b"), ("tables", "u"))
    assert found.lines == (
        "gone: column 'z' of table 't'",
        "gone: table 'v'",
        "new: column 'b' of table 't'",
        "new: table 'u'",
    )
    assert not drift({"t": {"columns": {"a": {}}}}, catalog, complete=False)


def test_a_column_is_changed_where_most_values_are_not_of_its_type() -> None:
    rows: list[list[Any]] = [["x", "1,213"], ["y", "1,214"], ["3", "7"], ["z", "1,215"]]
    _, profile = facts([(table("t", column("n", "INTEGER"), column("m", "TEXT")), rows)])
    path = ("tables", "t", "columns")

    def changed(**columns: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
        return changed_columns({"t": {"columns": columns}}, profile)

    assert changed(n={"type": "bigint"}, m={"type": "text"}) == ((*path, "n"),)
    assert changed(n={"type": "text"}, m={"type": "numeric"}) == ((*path, "m"),)
    assert changed(n={"type": "uuid"}) == ((*path, "n"),)
    # Decided on: misfits become NULL, separators are named, or no type is.
    assert changed(n={"type": "bigint", "misfit": "null"}, m={"type": "numeric", "form": "thousands"}) == ()
    assert changed(n={}, m={"form": "auto"}) == ()


def test_a_column_is_reread_where_its_own_values_say_another_order_than_the_plan() -> None:
    rows: list[list[Any]] = [
        ["05/13/2024", "03/04/2024", "1,234.50", "2024-01-02", "05/13/2024"],
        ["03/04/2024", "03/04/2024", "1,234", "2024-01-02", "05/14/2024"],
        ["03/04/2024", "03/04/2024", "1,234", "2024-01-02", "13/05/2024"],
    ]
    names = ("own", "open", "money", "iso", "mixed")
    _, profile = facts([(table("t", *(column(name, "TEXT") for name in names)), rows)])
    path = ("tables", "t", "columns")

    def reread(**columns: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
        return with_values(Drift(), {"t": {"columns": columns}}, profile).reread

    dmy = {"type": "date", "day_first": True}
    assert reread(own=dmy, open=dmy, iso=dmy) == ((*path, "own"),)
    assert reread(own={"type": "date", "form": "dmy"}) == ((*path, "own"),)
    assert reread(own={"type": "date", "day_first": False}, open={"type": "date", "day_first": False}) == ()
    assert reread(own={"type": "text", "day_first": True}) == ()
    # Of values that contradict each other the most count: what they leave open was read by the plan's order.
    assert reread(mixed=dmy) == ((*path, "mixed"),)
    assert reread(mixed={"type": "date", "day_first": False}) == ()
    assert reread(mixed=dmy | {"agreed": ["ambiguous-day-month"]}) == ()
    assert reread(money={"type": "numeric", "form": "decimal_comma"}) == ((*path, "money"),)
    assert reread(money={"type": "numeric", "form": "thousands"}) == ()
