"""Both ways of counting in DuckDB against adding every value one by one."""

import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmigrate.duck import dictionary, long_texts, wide
from sdmigrate.duck.connection import open_snapshot
from sdmigrate.duck.encoding import Carriage, Classes, decoded, encoded
from sdmigrate.duck.native import native_classes
from sdmigrate.duck.places import Places
from sdmigrate.duck.sample import sample
from sdmigrate.duck.scan import Scanned, scan
from sdmigrate.model.catalog import Affinity, Column, Table
from sdmigrate.model.errors import Aborted
from sdmigrate.model.values import Value
from sdmigrate.rules.evidence import Evidence
from sdmigrate.runtime.cancel import CancelToken
from tests.duck.naively import DECLARED, TABLE, WATCHES, facts, make, naive, name, require_kept, write
from tests.rules.values import values

ROWLESS = Table(
    name="rowless",
    columns=(
        Column(name="k", declared_type="INTEGER", affinity="INTEGER", not_null=False),
        Column(name="rowid", declared_type="", affinity="BLOB", not_null=False),
    ),
    primary_key=("k",),
    without_rowid=True,
    rowid_name=None,
)


def quiet(table: str, done: int) -> None:
    pass


CountValues = Callable[[Any, Table, dict[str, Evidence], dict[str, Carriage], CancelToken], None]
ANY = Carriage()


def carriages_of(path: Path, table: Table) -> dict[str, Carriage]:
    """How each column may travel by the storage classes that it has."""
    with closing(sqlite3.connect(path)) as connection:
        kinds = {
            column.name: frozenset(
                kind
                for (kind,) in connection.execute(
                    f"SELECT DISTINCT typeof({name(column.name)}) FROM {name(table.name)}"
                )
            )
            for column in table.columns
        }
    bare: tuple[Classes, ...] = ("text", "integer")
    return {
        column: Carriage(next((classes for classes in bare if found - {"null"} <= {classes}), "any"))
        for column, found in kinds.items()
    }


def in_parts(
    cursor: Any,
    table: Table,
    evidence: dict[str, Evidence],
    carriages: dict[str, Carriage],
    cancel: CancelToken,
) -> None:
    """Wide columns, a few rows at a time."""
    parts = [range(1, 3), range(3, 8), range(8, 40)]
    samples = dict.fromkeys(evidence, ("1,213", "1.213,50", "13/04/2024", "7", 2**60, str(2**60)))
    wide.count_values(cursor, table, evidence, carriages, cancel, parts, samples)


def natively(
    cursor: Any,
    table: Table,
    evidence: dict[str, Evidence],
    carriages: dict[str, Carriage],
    cancel: CancelToken,
) -> None:
    """What the scanner can read by itself, and the other columns by a query."""
    (rows,) = cursor.execute(f"SELECT count(*) FROM snapshot.{name(table.name)}").fetchone()
    told = native_classes(cursor, table) if rows else {}
    native = {
        column: carriage for column, carriage in carriages.items() if told.get(column) == carriage.classes
    }
    others = {column: carriage for column, carriage in carriages.items() if column not in native}
    for chosen, places in ((native, Places(1, rows)), (others, None)):
        if chosen:
            columns = {column: evidence[column] for column in chosen}
            dictionary.count_values(cursor, table, columns, chosen, cancel, places)


def as_long_texts(
    cursor: Any,
    table: Table,
    evidence: dict[str, Evidence],
    carriages: dict[str, Carriage],
    cancel: CancelToken,
) -> None:
    """Each column that may be counted so, as long texts of which nothing is known; the others grouped."""
    sample = ("longer", "some")
    for column, found in evidence.items():
        if long_texts.suits(table, found, 1, sample):
            long_texts.count_values(cursor, table, column, found, ANY, cancel, sample)
        else:
            dictionary.count_values(cursor, table, {column: found}, {column: carriages[column]}, cancel)


@pytest.mark.parametrize("count_values", [dictionary.count_values, wide.count_values])
def test_reals_of_any_size_keep_every_digit(tmp_path: Path, count_values: CountValues) -> None:
    path = tmp_path / "s.sqlite"
    extremes = (-1.1053227439539299e-296, 6.539546221895309e-296, 5e-324, 1.7336382417828981e221, 1e20, 0.0)
    reals = [*extremes, 1.7976931348623157e308, 1.0000000000000001e-20, float("inf"), 0.1]
    column = TABLE.columns[0]
    for real in reals:
        evidence = {column.name: make(TABLE, column.name)}
        write(path, TABLE, [(real, *[None] * (len(DECLARED) - 1))])
        with open_snapshot(path, tmp_path) as connection:
            count_values(connection, TABLE, evidence, {column.name: ANY}, CancelToken())
        assert [repr(value) for value in evidence[column.name].bounds()] == [repr(real)] * 2


@pytest.mark.parametrize(
    "count_values", [dictionary.count_values, wide.count_values, in_parts, natively, as_long_texts]
)
@pytest.mark.parametrize("bare", [False, True])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.lists(st.tuples(*[st.one_of(st.none(), values)] * len(DECLARED)), max_size=12),
    repeat=st.integers(min_value=1, max_value=3),
)
def test_counts_equal_naive_ones(
    tmp_path: Path, count_values: CountValues, bare: bool, data: list[tuple[Value, ...]], repeat: int
) -> None:
    path = tmp_path / "s.sqlite"
    write(path, TABLE, data * repeat)
    evidence = {column.name: make(TABLE, column.name) for column in TABLE.columns}
    carriages = carriages_of(path, TABLE) if bare else dict.fromkeys(evidence, ANY)
    with open_snapshot(path, tmp_path, native=count_values == natively) as connection:
        count_values(connection, TABLE, evidence, carriages, CancelToken())
    expected = naive(path, TABLE)
    for column in TABLE.columns:
        assert facts(evidence[column.name]) == facts(expected[column.name]), column.declared_type
        if column.declared_type in WATCHES:
            require_kept(evidence[column.name], expected[column.name])


@pytest.mark.parametrize("count_values", [dictionary.count_values, wide.count_values])
@pytest.mark.parametrize(
    ("classes", "value"),
    [("text", b""), ("text", b"a"), ("text", 0), ("text", 1.5), ("integer", "7"), ("integer", 1.0),
     ("integer", b"7"), ("integer", "")],
)  # fmt: skip
def test_a_broken_promise_fails_the_scan(
    tmp_path: Path, count_values: CountValues, classes: Classes, value: Value
) -> None:
    path = tmp_path / "s.sqlite"
    write(path, ROWLESS, [(1, "7" if classes == "text" else 7), (2, None), (3, value)])
    evidence = {"rowid": make(ROWLESS, "rowid")}
    with (
        open_snapshot(path, tmp_path) as connection,
        pytest.raises(duckdb.Error, match="integer overflow"),
    ):
        count_values(connection, ROWLESS, evidence, {"rowid": Carriage(classes)}, CancelToken())


@pytest.mark.parametrize(
    ("declared", "value"),
    [("TEXT", b""), ("TEXT", b"\xff"), ("INTEGER", "7 apples"), ("INTEGER", 1.5), ("INTEGER", b"7")],
)
@pytest.mark.parametrize("row", [1, 2, 3])
def test_another_class_than_the_type_fails_what_the_scanner_reads_by_itself(
    tmp_path: Path, declared: str, value: Value, row: int
) -> None:
    path = tmp_path / "s.sqlite"
    affinity: Affinity = "TEXT" if declared == "TEXT" else "INTEGER"
    table = Table(
        name="t", columns=(Column(name="c", declared_type=declared, affinity=affinity, not_null=False),)
    )
    usual: Value = "7" if declared == "TEXT" else 7
    write(path, table, [(value if row == number else usual,) for number in (1, 2, 3)])
    with open_snapshot(path, tmp_path) as connection:
        classes = native_classes(connection, table)
        assert classes == {"c": "text" if declared == "TEXT" else "integer"}
        with pytest.raises((duckdb.Error, UnicodeDecodeError)):
            dictionary.count_values(
                connection,
                table,
                {"c": make(table, "c")},
                {"c": Carriage(classes["c"])},
                CancelToken(),
                Places(1, 3),
            )


def test_what_the_scanner_may_not_read_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    write(path, ROWLESS, [(1, "a")])
    shadowed = Table(
        name="shadowed",
        columns=(Column(name="rowid", declared_type="TEXT", affinity="TEXT", not_null=False),),
        rowid_name="_rowid_",
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE shadowed (rowid TEXT)")
        connection.execute("CREATE TABLE dates (d DATE, n NUMERIC, r REAL, b BLOB, t CLOB, i BIGINT)")
    dates = Table(
        name="dates",
        columns=tuple(
            Column(name=column, declared_type="", affinity="BLOB", not_null=False) for column in "dnrbti"
        ),
    )
    with open_snapshot(path, tmp_path) as cursor:
        assert native_classes(cursor, ROWLESS) == {}
        assert native_classes(cursor, shadowed) == {}
        assert native_classes(cursor, dates) == {"t": "text", "i": "integer"}


@pytest.mark.parametrize(
    "rowids",
    [range(1, 122_881), range(122_880 * 2 + 1), [*range(3, 50_003), *range(900_000, 950_000), 1_228_802]],
)
def test_the_last_row_is_counted_however_the_scanner_cuts_the_table(
    tmp_path: Path, rowids: Sequence[int]
) -> None:
    path = tmp_path / "s.sqlite"
    table = Table(
        name="t", columns=(Column(name="c", declared_type="TEXT", affinity="TEXT", not_null=False),)
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (c TEXT)")
        connection.executemany("INSERT INTO t(rowid, c) VALUES (?, 'x')", ((rowid,) for rowid in rowids))
        connection.execute("UPDATE t SET c = 'last' WHERE rowid = ?", (rowids[-1],))
    with open_snapshot(path, tmp_path) as cursor:
        assert sample(cursor, table, {}).native == {"c": "text"}
    (scanned,) = scanned_parts(path, tmp_path, table)
    found = scanned.columns["c"]
    assert found.rows == len(rowids)
    assert [(top.value.text, top.count) for top in found.top()] == [("x", len(rowids) - 1), ("last", 1)]
    assert ("last", rowids[-1]) in found.groups["text", "other"].samples


@pytest.mark.parametrize("count_values", [dictionary.count_values, wide.count_values])
def test_a_table_without_rowid_is_numbered(tmp_path: Path, count_values: CountValues) -> None:
    path = tmp_path / "s.sqlite"
    write(path, ROWLESS, [(3, "c"), (1, b"a"), (2, None), (4, 1.5)])
    evidence = {column.name: make(ROWLESS, column.name) for column in ROWLESS.columns}
    with open_snapshot(path, tmp_path) as connection:
        count_values(connection, ROWLESS, evidence, dict.fromkeys(evidence, ANY), CancelToken())
    assert evidence["rowid"].groups["blob", "blob"].samples == [(b"a", 1)]
    assert evidence["rowid"].groups["text", "other"].samples == [("c", 3)]
    assert evidence["rowid"].groups["real", "real"].samples == [(1.5, 4)]


def scanned_parts(path: Path, scratch: Path, *tables: Table) -> list[Scanned]:
    parts: list[Scanned] = []
    scan(path, scratch, tables, make, CancelToken(), quiet, parts.append, {})
    return parts


def test_a_large_table_is_counted_by_both_ways(tmp_path: Path) -> None:
    random_ = random.Random(1)
    path = tmp_path / "s.sqlite"
    kinds: tuple[Callable[[int], Value], ...] = (
        lambda row: None if row % 7 else random_.randbytes(3),
        lambda row: (
            f"2024-{row % 12 + 1:02}-{row % 28 + 1:02} {row % 24:02}:{row % 60:02}:{row // 60 % 60:02}"
        ),
        lambda row: ("a", "b", "", "cc")[row * row % 4],
        lambda row: row if row != 4000 else "not a number",
        lambda row: row / 8 if row % 100 else 0.1 + row,
        lambda row: row % 1000 / 4,
        lambda row: 1_600_000_000 + row,
        lambda row: f'{{"a": {row}}}',
    )
    rows = [tuple(kind(row) for kind in kinds) for row in range(1, 9001)]
    write(path, TABLE, rows)
    scanned = scanned_parts(path, tmp_path, TABLE)
    expected = naive(path, TABLE)
    assert {part.readable for part in scanned} == {True}
    found = {column: evidence for part in scanned for column, evidence in part.columns.items()}
    assert len(scanned) > 1
    for column in TABLE.columns:
        assert facts(found[column.name]) == facts(expected[column.name]), column.declared_type


def test_long_texts_that_cannot_be_held_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the sample's first and last text are of another form, or some value is of another class."""
    monkeypatch.setattr("sdmigrate.duck.scan._HELD_BYTES", 200_000)
    path = tmp_path / "s.sqlite"
    odd: dict[int, tuple[Value, Value]] = {
        1: ("\0 before all others", "{}"),
        2: (None, None),
        77: ("", "[" * 200),
        4000: (b"t" * 150, '{"a": 1, "a": 2}' + " " * 150),
        5000: ("31/12/2024 10:00", 7),
        6000: ("\udcff" * 120, f'"{"€" * 120}"'),
        7000: ("~" * 3000, "x" * 3000),
        7001: ("\U0010ffff" * 150, "{}"),
    }
    rows: list[tuple[Value, ...]] = []
    for row in range(1, 9001):
        usual = (f"Note {row % 8000} " + "€ and more " * 12, f'{{"row": {row}, "text": "{"x" * 150}"}}')
        text, json = odd.get(row, usual)
        rows.append((None, text, None, None, None, None, None, json))
    write(path, TABLE, rows)
    with open_snapshot(path, tmp_path) as connection:
        sampled = sample(connection, TABLE, {})
    for column in (TABLE.columns[1], TABLE.columns[7]):
        assert long_texts.suits(TABLE, make(TABLE, column.name), 9000, sampled.values[column.name])
    found = {
        column: evidence
        for part in scanned_parts(path, tmp_path, TABLE)
        for column, evidence in part.columns.items()
    }
    expected = naive(path, TABLE)
    for column in TABLE.columns:
        assert facts(found[column.name]) == facts(expected[column.name]), column.declared_type
        assert found[column.name].longest == expected[column.name].longest


def test_promises_that_the_sample_made_in_vain_cost_no_exactness(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    same: tuple[Value, ...] = ("7", "7", "7", 7, 7.5, 1, "x", "x")
    odd: tuple[Value, ...] = (b"", b"7", "7", 1.5, "x", "x", 7, "")
    rows = [odd if row == 4321 else same for row in range(9000)]
    write(path, TABLE, rows)
    with open_snapshot(path, tmp_path) as connection:
        sampled = sample(connection, TABLE, {})
    assert set(sampled.bare.values()) == {"text", "integer"}
    scanned = scanned_parts(path, tmp_path, TABLE)
    expected = naive(path, TABLE)
    assert {part.readable for part in scanned} == {True}
    found = {column: evidence for part in scanned for column, evidence in part.columns.items()}
    for column in TABLE.columns:
        assert facts(found[column.name]) == facts(expected[column.name]), column.declared_type


@pytest.mark.parametrize("rows", [9, 9000])
def test_what_is_left_behind_counts_as_null(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "s.sqlite"
    texts: list[Value] = [f"text {row}" for row in range(rows)]
    numbers: list[Value] = [row % 3 for row in range(rows)]
    nothing: list[Value] = [None] * rows
    columns = (texts, numbers, *[nothing] * (len(DECLARED) - 2))
    left = {TABLE.columns[0].name: [2, rows], TABLE.columns[1].name: [7]}
    # What breaks a promise, and what is no number to DuckDB, is not looked at where it is left behind.
    texts[1], texts[-1], numbers[6] = b"blob", 1.5, "text"
    write(path, TABLE, list(zip(*columns, strict=True)))
    parts: list[Scanned] = []
    scan(path, tmp_path, (TABLE,), make, CancelToken(), quiet, parts.append, {TABLE.name: left})
    texts[1] = texts[-1] = numbers[6] = None
    write(path, TABLE, list(zip(*columns, strict=True)))
    expected = naive(path, TABLE)
    found = {column: evidence for part in parts for column, evidence in part.columns.items()}
    for column in TABLE.columns:
        assert facts(found[column.name]) == facts(expected[column.name]), column.declared_type


@pytest.mark.parametrize("thousandths", [False, True])
@given(
    value=st.one_of(values, st.floats(allow_nan=False), st.integers(-(2**63), 2**63).map(lambda n: n / 1000))
)
def test_encoding_is_exact(value: Value, thousandths: bool) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t(c)")
        if isinstance(value, str):
            data = value.encode("utf-8", "surrogateescape")
            connection.execute("INSERT INTO t VALUES (CAST(? AS TEXT))", (data,))
        else:
            connection.execute("INSERT INTO t VALUES (?)", (value,))
        connection.text_factory = bytes
        sql = encoded("c", ANY, "rowid", thousandths=thousandths)
        (data,) = connection.execute(f"SELECT {sql} FROM t").fetchone()
    back = decoded(data)
    assert (type(back), back) == (type(value), value)


@pytest.mark.parametrize("value", [0.25, -187.001, 12.0, 0.0])
def test_whole_thousandths_travel_as_such(value: float) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        sql = encoded("c", ANY, "rowid", thousandths=True)
        (text,) = connection.execute(f"SELECT {sql} FROM (SELECT ? AS c)", (value,)).fetchone()
    assert text == f"m{round(value * 1000)}"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    write(path, ROWLESS, [(1, "a")])
    missing = Table(name="missing", columns=ROWLESS.columns)
    scanned = scanned_parts(path, tmp_path, ROWLESS, missing)
    assert {part.table.name: part.readable for part in scanned} == {"rowless": True, "missing": False}
    unread = next(part for part in scanned if not part.readable)
    assert {evidence.rows for evidence in unread.columns.values()} == {0}


def test_cancel_stops_the_scan(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    write(path, ROWLESS, [(1, "a")])
    cancel = CancelToken()

    def pulse(table: str, done: int) -> None:
        cancel.set()

    parts: list[Scanned] = []
    with pytest.raises(Aborted):
        scan(path, tmp_path, (ROWLESS,), make, cancel, pulse, parts.append, {})
