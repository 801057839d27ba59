"""The way back, written out: rows, rowids, values and storage classes as in the snapshot."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.errors import Aborted, InternalFault, UnsafeToContinue
from sdmigrate.model.result import Cleaned
from sdmigrate.model.source import Snapshot
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.undo import write_undone
from sdmigrate.stages.clean import clean
from tests.conftest import MakeContext
from tests.sqlite.plain_snapshot import make_plan, make_profile, make_snapshot, with_column, with_table
from tests.sqlite.way_back import require_same_rows, require_way_back

SCRIPT = """
CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, d TIMESTAMP, n DECIMAL(10,2), v AS (n * 2) VIRTUAL,
               s TEXT AS (upper(d)) STORED, CHECK (id > 0));
CREATE TABLE w(b INTEGER, a TEXT, v ANY, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;
CREATE TABLE plain(rowid, _rowid_, oid);
CREATE TABLE out(x);
INSERT INTO t(id, d, n) VALUES (5, '20/05/2025 8:42', '1,5'), (9, '', 2.5), (11, 20250520, NULL);
INSERT INTO t(id, d, n) VALUES (12, x'00', 1);
INSERT INTO w VALUES (2, 'a', x'01'), (1, 'a', 1.5), (1, '', NULL);
INSERT INTO plain VALUES ('z', 1, 2), (NULL, NULL, x''), ('', '', '');
INSERT INTO out VALUES (1), ('a'), (NULL);
DELETE FROM t WHERE id = 11;
"""


def cleaned_of(tmp_path: Path, make_context: MakeContext) -> tuple[Snapshot, Cleaned]:
    snapshot = make_snapshot(tmp_path / "s.sqlite", SCRIPT)
    plan = make_plan(
        snapshot,
        {
            "t.id": "bigint",
            "t.d": "timestamp",
            "t.n": "numeric",
            "t.v": "numeric",
            "w.b": "bigint",
            "plain.rowid": "bigint",
        },
    )
    plan = with_column(plan, "t", "d", day_first=True, misfit="null")
    plan = with_table(plan, "plain", unique_keys=(("oid",),), where="oid IS NOT 2")
    plan = with_table(plan, "out", include=False)
    return snapshot, clean(make_context(tmp_path), snapshot, make_profile(snapshot), plan)


def test_the_snapshot_is_written_back(tmp_path: Path, make_context: MakeContext) -> None:
    snapshot, cleaned = cleaned_of(tmp_path, make_context)
    target = tmp_path / "undone.sqlite"
    require_way_back(snapshot, cleaned, target)
    with closing(open_read_only(target)) as undone, closing(open_read_only(snapshot.path)) as original:
        for table in ("t", "w", "plain", "out"):
            columns = [column.name for column in snapshot.catalog.table(table).columns]
            read = ", ".join(f'"{name}", typeof("{name}")' for name in columns)
            assert (
                undone.execute(f"SELECT {read} FROM {table}").fetchall()
                == original.execute(f"SELECT {read} FROM {table}").fetchall()
            )
        schema = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        assert undone.execute(schema).fetchall() == original.execute(schema).fetchall()


def test_rows_that_their_declaration_cannot_hold_are_written_without_types(
    tmp_path: Path, make_context: MakeContext
) -> None:
    def build(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE t(a, b)")
        connection.execute("INSERT INTO t VALUES ('7', NULL), ('x', 1)")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a INTEGER, b NOT NULL)'")
        connection.execute("PRAGMA writable_schema=RESET")

    snapshot = make_snapshot(tmp_path / "s.sqlite", build)
    cleaned = clean(
        make_context(tmp_path), snapshot, make_profile(snapshot), make_plan(snapshot, {"t.a": "bigint"})
    )
    target = tmp_path / "undone.sqlite"
    assert write_undone(cleaned, snapshot, target, CancelToken()) == ("t",)
    with closing(open_read_only(target)) as undone:
        assert undone.execute("SELECT a, b FROM t").fetchall() == [("7", None), ("x", 1)]


def test_files_that_were_changed_are_not_written_back(tmp_path: Path, make_context: MakeContext) -> None:
    snapshot, cleaned = cleaned_of(tmp_path, make_context)
    with closing(sqlite3.connect(cleaned.path)) as connection, connection:
        assert connection.execute("UPDATE t SET n = 3 WHERE id = 9").rowcount == 1
    with pytest.raises(UnsafeToContinue, match="no longer give the snapshot"):
        write_undone(cleaned, snapshot, tmp_path / "undone.sqlite", CancelToken())
    assert not (tmp_path / "undone.sqlite").exists()


def test_without_the_snapshot_the_files_alone_are_written_back(
    tmp_path: Path, make_context: MakeContext
) -> None:
    snapshot, cleaned = cleaned_of(tmp_path, make_context)
    gone = Path(snapshot.path).rename(tmp_path / "elsewhere.sqlite")
    assert write_undone(cleaned, snapshot, tmp_path / "undone.sqlite", CancelToken()) == ()
    gone.rename(snapshot.path)
    require_same_rows(snapshot, tmp_path / "undone.sqlite")


class StoppedAt(CancelToken):
    """A wish to stop that comes the n-th time that somebody asks for it."""

    def __init__(self, turn: int) -> None:
        super().__init__()
        self.left = turn

    def is_set(self) -> bool:
        self.left -= 1
        if self.left == 0:
            self.set()
        return super().is_set()


@pytest.mark.parametrize("turn", [1, 3, 8, 10])
def test_writing_back_is_stopped_while_it_proves_and_while_it_writes(
    tmp_path: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    snapshot, cleaned = cleaned_of(tmp_path, make_context)
    monkeypatch.setattr("sdmigrate.sqlite.undo._OPCODES_BETWEEN_CHECKS", 10)
    with pytest.raises(Aborted):
        write_undone(cleaned, snapshot, tmp_path / "undone.sqlite", StoppedAt(turn))


def test_a_failing_proof_keeps_nothing(
    tmp_path: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sdmigrate.stages.clean.lost_tables", lambda *_: ("t", "w", "plain", "out"))
    with pytest.raises(InternalFault, match="is not the snapshot: t, w, plain, out"):
        cleaned_of(tmp_path, make_context)
    assert list((tmp_path / "runs").glob("*/*.sqlite*")) == []
