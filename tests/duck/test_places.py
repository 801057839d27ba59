"""Where rows are among rowids: ranges of them hold about equally many rows, however far apart they lie."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.duck.connection import open_snapshot
from sdmigrate.duck.places import Places, find_places
from sdmigrate.duck.sample import sample
from sdmigrate.duck.scan import Scanned, scan
from sdmigrate.model.catalog import Column, Table
from sdmigrate.rules.evidence import Evidence
from sdmigrate.runtime.cancel import CancelToken

ROWS = 60_000
TABLE = Table(
    name="t",
    columns=(
        Column(name="id", declared_type="INTEGER", affinity="INTEGER", not_null=False),
        Column(name="v", declared_type="TEXT", affinity="TEXT", not_null=False),
        *(Column(name=name, declared_type="TEXT", affinity="TEXT", not_null=False) for name in "abcd"),
    ),
    rowid_name="id",
    rowid_alias="id",
)
FAR_APART = {
    "by a generator of unique numbers": [10**17 + 3_000_001 * place * place for place in range(ROWS)],
    "one at the far end": [*range(1, ROWS), 2**62],
    "from the first to the last": [-(2**63), *range(-5, ROWS - 7), 2**63 - 1],
    "in two clusters": [*range(ROWS // 2), *range(2**40, 2**40 + ROWS // 2)],
}


def write(path: Path, rowids: Iterable[int]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT, a TEXT, b TEXT, c TEXT, d TEXT)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?, 'a', 'b', 'c', 'd')",
            ((rowid, f"value {number:030}") for number, rowid in enumerate(rowids)),
        )


def places_of(path: Path, scratch: Path) -> Places | None:
    with open_snapshot(path, scratch) as connection:
        return find_places(connection, TABLE)


@pytest.mark.parametrize("rowids", [range(5, 80_000), range(0, 400_000, 5), [7]])
def test_close_rows_are_told_by_their_rowids(tmp_path: Path, rowids: range | list[int]) -> None:
    write(tmp_path / "s.sqlite", rowids)
    places = places_of(tmp_path / "s.sqlite", tmp_path)
    assert places == Places(rowids[0], rowids[-1])
    assert places.rows == rowids[-1] - rowids[0] + 1
    parts = places.parts(30_000)
    assert parts[0].start == rowids[0]
    assert sum(map(len, parts)) == places.rows
    assert all(len(part) <= 30_000 for part in parts)


@pytest.mark.parametrize("name", FAR_APART)
def test_rows_far_apart_are_counted_and_cut_by_number(tmp_path: Path, name: str) -> None:
    rowids = FAR_APART[name]
    write(tmp_path / "s.sqlite", rowids)
    places = places_of(tmp_path / "s.sqlite", tmp_path)
    assert places is not None
    assert (places.first, places.last, places.close) == (rowids[0], rowids[-1], False)
    assert ROWS <= places.rows < ROWS + 4_096
    parts = places.parts(10_000)
    held = [sum(part.start <= rowid < part.stop for rowid in rowids) for part in parts]
    assert sum(held) == ROWS
    assert max(held) <= 10_000
    assert len(parts) == 8
    spread = [rowids.index(rowid) for rowid in places.spread(10)]
    assert spread == list(range(0, ROWS, 2 * 4_096))


@pytest.mark.parametrize("name", FAR_APART)
def test_they_are_profiled_as_others_are(tmp_path: Path, name: str) -> None:
    rowids = FAR_APART[name]
    write(tmp_path / "s.sqlite", rowids)
    with open_snapshot(tmp_path / "s.sqlite", tmp_path) as connection:
        sampled = sample(connection, TABLE, {})
    # By itself the scanner would go through every rowid between them.
    assert set(sampled.many_valued) == {"id", "v"}
    assert not sampled.native
    parts: list[Scanned] = []
    scan(
        tmp_path / "s.sqlite",
        tmp_path,
        (TABLE,),
        lambda _, column: Evidence(may_be_key=column == "id"),
        CancelToken(),
        lambda *_: None,
        parts.append,
        {},
    )
    found = {column: evidence for part in parts for column, evidence in part.columns.items()}
    assert all(part.readable for part in parts)
    assert {column: (evidence.rows, evidence.distinct) for column, evidence in found.items()} == {
        "id": (ROWS, ROWS),
        "v": (ROWS, ROWS),
        **dict.fromkeys("abcd", (ROWS, 1)),
    }
    assert found["id"].bounds() == (rowids[0], rowids[-1])


def test_without_rows_or_rowids_there_are_none(tmp_path: Path) -> None:
    write(tmp_path / "s.sqlite", [])
    assert places_of(tmp_path / "s.sqlite", tmp_path) is None
