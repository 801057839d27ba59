"""The proof finds whatever one file says otherwise than the snapshot: a value, a class, a place, a row."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import astuple
from pathlib import Path

import pytest

from sdmigrate.model.source import Snapshot
from sdmigrate.sqlite.undo_proof import lost_tables
from sdmigrate.sqlite.workbench import CleaningFiles
from sdmigrate.stages.clean import clean
from tests.conftest import MakeContext
from tests.sqlite.plain_snapshot import make_plan, make_profile, make_snapshot, with_table

SCRIPT = """
CREATE TABLE t(id INTEGER PRIMARY KEY, a, b TEXT COLLATE NOCASE, r, x, v AS (b || 'x'));
CREATE TABLE w(k TEXT PRIMARY KEY, n NUMERIC) WITHOUT ROWID;
CREATE TABLE out(x);
INSERT INTO t(id, a, b, r, x) VALUES
    (1, 5, 'same', 0.0, NULL), (2, ' 7', 'Text', 1.0, x'31'), (3, ' 7', 'text', 2.5, x''),
    (4, 'bad', 'not a number', 1.5, NULL), (6, 1, 'double', 3.0, NULL), (7, 1, 'double', 4.0, NULL),
    (8, 2, 'left out', 5.0, NULL), (9, NULL, '', NULL, NULL), (10, '8 ', 'more', 0.0, NULL);
INSERT INTO w VALUES ('b', ' 1'), ('a', '2,5'), ('c', NULL);
INSERT INTO out VALUES (1), (NULL);
"""

DAMAGES = {
    "a value": "UPDATE t SET r = 2 WHERE id = 2",
    "the case of a text under a collation that ignores it": "UPDATE t SET b = 'TEXT' WHERE id = 3",
    "a value to NULL": "UPDATE t SET x = NULL WHERE id = 3",
    "NULL to a value": "UPDATE t SET x = '' WHERE id = 1",
    "a number's class": "UPDATE t SET r = 1 WHERE id = 2",
    "a number to its text": "UPDATE t SET r = '1.0' WHERE id = 2",
    "a blob to text": "UPDATE t SET x = '1' WHERE id = 2",
    "a text to a blob": "UPDATE t SET b = CAST(b AS BLOB) WHERE id = 1",
    "the sign of zero": "UPDATE t SET r = negative_zero() WHERE id = 1",
    "a computed value": "UPDATE t SET v = 'samey' WHERE id = 1",
    "what a repair made": "UPDATE t SET a = 9 WHERE id = 2",
    "the class of what a repair made": "UPDATE t SET a = 7.0 WHERE id = 2",
    "a repair taken back": "UPDATE t SET a = ' 7' WHERE id = 2",
    "a locator": "UPDATE t SET rowid = 99 WHERE id = 1",
    "a row lost": "DELETE FROM t WHERE id = 1",
    "a row added": "INSERT INTO t(rowid, id) VALUES (77, 77)",
    "the only value of a table without rowid": "UPDATE w SET n = 3 WHERE k = 'b'",
    "two rows of a table without rowid": "UPDATE w SET rowid = 4 - rowid WHERE rowid IN (1, 3)",
    "a row of a table that is left out": "UPDATE audit.[excluded:out] SET x = 2 WHERE x = 1",
    "a row kept as a duplicate": "UPDATE audit.[deduplicated:t] SET b = 'Double'",
    "a row kept twice": "INSERT INTO audit.[deduplicated:t] SELECT * FROM audit.[excluded:t]",
    "a row both in cleaned and taken out": "INSERT INTO audit.[excluded:t] SELECT * FROM t WHERE id = 1",
    "one row excluded in place of another": "UPDATE audit.[excluded:t] SET rowid = 7",
    "a row in quarantine": "UPDATE quarantine.t SET a = 'worse'",
    "a row out of quarantine": "DELETE FROM quarantine.t",
    "a value before": "UPDATE audit.mappings SET before = '7' WHERE before = ' 7'",
    "the class of a value before": "UPDATE audit.mappings SET before = x'2037' WHERE before = ' 7'",
    "a value after": "UPDATE audit.mappings SET after = '7' WHERE before = ' 7'",
    "a change forgotten": "DELETE FROM audit.changes WHERE rowid = 10",
    "a change of another row": "UPDATE audit.changes SET rowid = 1 WHERE rowid = 10",
    "a change too many": "INSERT INTO audit.changes SELECT mapping_id, 1 FROM audit.changes WHERE rowid = 10",
    "two changes of one cell": "INSERT INTO audit.mappings SELECT 99, rule_id, before || '!', after"
    " FROM audit.mappings WHERE before = '8 '; INSERT INTO audit.changes VALUES (99, 10)",
    "a change of another column": "UPDATE audit.rules SET \"column\" = 'b'",
}


@pytest.fixture
def proven(tmp_path: Path, make_context: MakeContext) -> tuple[Snapshot, CleaningFiles]:
    """A snapshot and what cleaning made of it: rows changed, excluded, doubled and in quarantine."""
    snapshot = make_snapshot(tmp_path / "s.sqlite", SCRIPT)
    types = {"id": "bigint", "a": "bigint", "r": "double precision", "x": "bytea"}
    plan = make_plan(snapshot, {f"t.{name}": kind for name, kind in types.items()} | {"w.n": "numeric"})
    plan = with_table(plan, "t", where="id <> 8", unique_keys=(("b",),))
    plan = with_table(plan, "out", include=False)
    made = clean(make_context(tmp_path), snapshot, make_profile(snapshot), plan)
    return snapshot, CleaningFiles(Path(made.path), Path(made.audit_path), Path(made.quarantine_path))


def test_what_cleaning_made_comes_back(proven: tuple[Snapshot, CleaningFiles]) -> None:
    snapshot, files = proven
    assert lost_tables(files, snapshot) == ()


def test_whatever_does_not_come_back_is_noticed(
    proven: tuple[Snapshot, CleaningFiles], tmp_path: Path
) -> None:
    snapshot, files = proven
    noticed, wanted = {}, {}
    for what, damage in DAMAGES.items():
        damaged = CleaningFiles(*(tmp_path / name for name in ("cleaned", "audit", "quarantine")))
        for original, copy in zip(astuple(files), astuple(damaged), strict=True):
            shutil.copy(original, copy)
        harm(damaged, damage)
        noticed[what] = lost_tables(damaged, snapshot)[:1]
        wanted[what] = ("out" if "out]" in damage else "w" if damage.startswith("UPDATE w") else "t",)
    assert noticed == wanted


def harm(files: CleaningFiles, damage: str) -> None:
    with closing(sqlite3.connect(files.cleaned, isolation_level=None)) as connection:
        connection.create_function("negative_zero", 0, lambda: -0.0)
        connection.execute("ATTACH ? AS audit", (str(files.audit),))
        connection.execute("ATTACH ? AS quarantine", (str(files.quarantine),))
        for statement in damage.split("; "):
            assert connection.execute(statement).rowcount > 0


def test_a_snapshot_that_was_changed_is_noticed(proven: tuple[Snapshot, CleaningFiles]) -> None:
    snapshot, files = proven
    with closing(sqlite3.connect(snapshot.path)) as connection, connection:
        connection.execute("UPDATE w SET n = 2 WHERE k = 'b'")
        assert connection.execute("INSERT INTO out VALUES (NULL)").rowcount == 1
    assert lost_tables(files, snapshot) == ("w", "out")


def test_what_a_beat_raises_ends_the_proof(proven: tuple[Snapshot, CleaningFiles]) -> None:
    snapshot, files = proven
    heard = []

    def beat(table: str, done: int) -> None:
        heard.append((table, done))
        if table == "w":
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        lost_tables(files, snapshot, beat)
    assert heard == [("t", 0), ("w", 1)]


def test_a_column_whose_values_all_change_is_proven_in_one_pass(
    tmp_path: Path, make_context: MakeContext
) -> None:
    script = f"""
    CREATE TABLE t(id INTEGER PRIMARY KEY, {", ".join(f"c{number}" for number in range(60))});
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO t(id, c0, c59) SELECT i, ' ' || i, ' ' || i FROM n;
    UPDATE t SET {", ".join(f"c{number} = ' 7'" for number in range(1, 59))} WHERE id <= 3;
    """
    snapshot = make_snapshot(tmp_path / "s.sqlite", script)
    plan = make_plan(snapshot, {"t.id": "bigint"} | {f"t.c{number}": "bigint" for number in range(60)})
    made = clean(make_context(tmp_path), snapshot, make_profile(snapshot), plan)
    files = CleaningFiles(Path(made.path), Path(made.audit_path), Path(made.quarantine_path))
    beats: list[str] = []
    assert lost_tables(files, snapshot, lambda table, _: beats.append(table)) == ()
    # A beat is a million steps of SQLite; looking through all changes for each row would take hundreds.
    assert len(beats) < 20
    harm(files, "UPDATE t SET c58 = 8 WHERE id = 3")
    assert lost_tables(files, snapshot) == ("t",)
