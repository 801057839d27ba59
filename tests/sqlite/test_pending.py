"""Which rows may need a repair, found beside what is done with them."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sdmigrate.model.errors import Aborted
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.source import Snapshot
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.pending import Asked, PendingRows, pending_rows
from tests.sqlite.plain_snapshot import make_profile, make_snapshot


def quiet() -> None:
    pass


def asked(snapshot: Snapshot, name: str, **decided: object) -> Asked:
    """The only table's column, nothing of which is proven sound."""
    (table,) = snapshot.catalog.tables
    evidence = make_profile(snapshot).table(table.name).column(name)
    fields = {"source": name, "target": name, "type": "text", **decided}
    return Asked(table, ColumnPlan(**fields), evidence, frozenset())  # type: ignore[arg-type]


@contextmanager
def searched(snapshot: Snapshot, *columns: Asked) -> Iterator[PendingRows]:
    with pending_rows(Path(snapshot.path), snapshot.catalog, columns, CancelToken()) as pending:
        yield pending


def searching() -> bool:
    return any(thread.name == "pending" for thread in threading.enumerate())


def test_each_column_s_rows_come_in_the_order_asked(tmp_path: Path) -> None:
    snapshot = make_snapshot(
        tmp_path / "s.sqlite",
        "CREATE TABLE t(a TEXT COLLATE NOCASE, b NUMERIC, c);"
        "INSERT INTO t VALUES ('n/a', '7', 'x'), ('N/A', 7.5, x'00'), (NULL, 'seven', NULL), ('', 8, 9);",
    )
    columns = (
        asked(snapshot, "c"),
        asked(snapshot, "a", placeholders=("N/A",)),
        asked(snapshot, "b", type="bigint"),
        asked(snapshot, "c", default="none"),
    )
    with searched(snapshot, *columns) as pending:
        found = [list(pending.of_next(quiet)) for _ in columns]
    # By the column's own collation 'n/a' would be the placeholder as well, and by its type '7' is a number.
    assert found == [[2, 4], [2], [2, 3], [2, 3, 4]]
    assert not searching()


@pytest.mark.parametrize("key", ["k INTEGER PRIMARY KEY, v", "k INTEGER PRIMARY KEY, v) WITHOUT ROWID --"])
def test_texts_that_are_not_sound_are_found_among_many(tmp_path: Path, key: str) -> None:
    def build(connection: sqlite3.Connection) -> None:
        connection.execute(f"CREATE TABLE t({key}\n{'' if '--' in key else ')'}")
        for number in range(1, 1001):
            octets = {300: b"caf\xe9", 700: b"a\0b", 701: b"\xff"}.get(number, b"fine")
            connection.execute("INSERT INTO t VALUES (?, CAST(? AS TEXT))", (number, octets))

    snapshot = make_snapshot(tmp_path / "s.sqlite", build)
    with searched(snapshot, asked(snapshot, "v")) as pending:
        assert list(pending.of_next(quiet)) == [300, 700, 701]


def test_what_nobody_takes_ends_with_the_block(tmp_path: Path) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", "CREATE TABLE t(v); INSERT INTO t VALUES (1), (2);")
    many = [asked(snapshot, "v")] * 1000
    with searched(snapshot, *many) as pending:
        assert list(pending.of_next(quiet)) == [1, 2]
        # More waits for room than there is.
        while not pending.found.full():
            time.sleep(0.01)
        assert searching()
    assert not searching()


def test_a_wait_gives_signs_of_life_and_can_be_ended(tmp_path: Path) -> None:
    snapshot = make_snapshot(
        tmp_path / "s.sqlite",
        "CREATE TABLE t(v); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 3000000) SELECT 'text' FROM n;",
    )
    signs: list[bool] = []

    def beat() -> None:
        signs.append(searching())
        raise Aborted("Stopped.", "Go on.")

    with pytest.raises(Aborted), searched(snapshot, asked(snapshot, "v")) as pending:
        list(pending.of_next(beat))
    assert signs == [True]
    assert not searching()


def test_damage_is_told_to_who_asked(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    snapshot = make_snapshot(
        path,
        "CREATE TABLE t(v); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 5000) SELECT i FROM n;",
    )
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 4] = bytes(4096)
    path.write_bytes(data)
    with (
        pytest.raises(sqlite3.DatabaseError, match="malformed"),
        searched(snapshot, asked(snapshot, "v")) as pending,
    ):
        list(pending.of_next(quiet))
