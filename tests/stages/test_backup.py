"""Backup makes a whole, private, proven snapshot, or none; and dumps a live schema."""

import hashlib
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from sdmigrate.model.errors import Aborted, UnsafeToContinue, UsageProblem
from sdmigrate.model.events import Advanced, Event
from sdmigrate.model.finding_codes import FINDING_CODES
from sdmigrate.model.record import from_json, to_json
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Snapshot, TargetFacts
from sdmigrate.postgres.connect import connect
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE
from sdmigrate.sqlite.opening import fingerprint
from sdmigrate.stages.backup import backup
from sdmigrate.stages.meeting import met
from sdmigrate.stages.preflight import preflight
from tests.conftest import MakeContext, RecordingSink
from tests.sqlite.sources import make, state, writer


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "source"
    directory.mkdir()
    return directory


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("wal", [False, True])
def test_snapshot(home: Path, tmp_path: Path, make_context: MakeContext, wal: bool) -> None:
    make(home / "db", wal=wal, rows=500)
    before = state(home)
    context = make_context(tmp_path, source=str(home / "db"))
    source = preflight(context)
    snapshot = backup(context, source, None)
    assert state(home) == before
    path = Path(snapshot.path)
    assert path == context.directory.snapshot
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(found.name for found in context.directory.path.iterdir()) == ["scratch", "snapshot.sqlite"]
    assert snapshot.source_fingerprint == source.fingerprint
    assert snapshot.source_digests.md5 == md5(home / "db")
    assert snapshot.snapshot_digests.md5 == md5(path)
    assert snapshot.snapshot_digests.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert snapshot.catalog == source.catalog
    assert (snapshot.integrity, snapshot.findings, snapshot.dump_path) == ((), (), None)
    assert from_json(to_json(snapshot), Snapshot) == snapshot
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), sum(a) FROM t").fetchone() == (500, 124_750)


@pytest.mark.parametrize("octets", [100_000, 300_000])
def test_long_values_are_told_by_the_snapshot_as_it_stands(
    home: Path, tmp_path: Path, make_context: MakeContext, octets: int
) -> None:
    """Also where they stand in the source's -wal."""
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        assert other.say(f"INSERT INTO t(a) VALUES (randomblob({octets}))") == "done"
        context = make_context(tmp_path, source=str(home / "db"))
        assert backup(context, preflight(context), None).may_hold_long == (octets > LONGEST_WHOLE)


def test_progress_is_told_in_pages(home: Path, tmp_path: Path, make_context: MakeContext) -> None:
    make(home / "db", rows=500)
    context = make_context(tmp_path, source=str(home / "db"))
    backup(context, preflight(context), None)
    assert isinstance(context.events, RecordingSink)
    told = [event for event in context.events.events if isinstance(event, Advanced)]
    assert told[0].stage == "backup"
    assert told[0].unit == "pages"
    assert told[0].done == told[0].total == (home / "db").stat().st_size // 4096


def test_change_since_preflight_refuses_a_migration(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    make(home / "db")
    context = make_context(tmp_path, "migrate", source=str(home / "db"))
    source = preflight(context)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
    with pytest.raises(UnsafeToContinue, match="changed since preflight"):
        backup(context, source, None)
    assert not context.directory.snapshot.exists()


def test_change_since_preflight_is_told_where_nothing_is_published(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    make(home / "db")
    context = make_context(tmp_path, "inspect", source=str(home / "db"))
    source = preflight(context)
    with writer(home / "db") as other:
        other.say("CREATE TABLE more(a)")
    snapshot = backup(context, source, None)
    assert snapshot.source_fingerprint == fingerprint(home / "db")
    assert [table.name for table in snapshot.catalog.tables] == ["t", "more"]
    (finding,) = snapshot.findings
    assert finding.code == "source-changed-during-backup"
    assert finding.message.endswith("Its schema changed as well.")


class Stopper(RecordingSink):
    """Presses stop as soon as something moves."""

    def __init__(self, cancel: CancelToken) -> None:
        super().__init__()
        self.cancel = cancel

    def emit(self, event: Event) -> None:
        super().emit(event)
        self.cancel.set()


def test_cancel_leaves_nothing(home: Path, tmp_path: Path, make_context: MakeContext) -> None:
    make(home / "db", rows=200_000)
    context = make_context(tmp_path, source=str(home / "db"))
    source = preflight(context)
    assert isinstance(context.cancel, CancelToken)
    object.__setattr__(context, "events", Stopper(context.cancel))
    with pytest.raises(Aborted):
        backup(context, source, None)
    assert [found.name for found in context.directory.path.iterdir()] == ["scratch"]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (
            "CREATE INDEX i ON t(ours(a))",
            ("integrity-not-checked", "warning", "table t could not be checked: unknown function: ours()"),
        ),
        (
            "CREATE TABLE dropped(a); PRAGMA writable_schema=ON;"
            "DELETE FROM sqlite_master WHERE name = 'dropped'",
            ("pages-unused", "info", "never used"),
        ),
    ],
)
def test_what_no_table_is_short_of_a_row_by_is_no_error(
    home: Path, tmp_path: Path, make_context: MakeContext, schema: str, told: tuple[str, str, str]
) -> None:
    with closing(sqlite3.connect(home / "db")) as connection:
        connection.create_function("ours", 1, abs, deterministic=True)
        connection.executescript(f"CREATE TABLE t(a); INSERT INTO t VALUES (-1); {schema}")
    context = make_context(tmp_path, source=str(home / "db"))
    (found,) = backup(context, preflight(context), None).findings
    assert (found.code, found.severity, found.count) == (*told[:2], 1)
    assert told[2] in found.message


def test_damage_is_an_error_and_a_stale_index_a_warning(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    with closing(sqlite3.connect(home / "db")) as connection:
        connection.executescript(
            "CREATE TABLE t(a, b); CREATE INDEX i ON t(b); INSERT INTO t VALUES (NULL, 1), (NULL, 2);"
            "CREATE TABLE d(a); INSERT INTO d VALUES (zeroblob(9000));"
            "PRAGMA writable_schema=ON;"
            "UPDATE sqlite_master SET sql = 'CREATE TABLE t(a NOT NULL, b)' WHERE name = 't';"
            "UPDATE sqlite_master SET sql = 'CREATE INDEX i ON t(a)' WHERE name = 'i'"
        )
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'd'").fetchone()
    with (home / "db").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    before = state(home)
    context = make_context(tmp_path, source=str(home / "db"))
    snapshot = backup(context, preflight(context), None)
    assert state(home) == before
    assert "table d is damaged: database disk image is malformed" in snapshot.integrity
    damage = snapshot.findings[0]
    assert (damage.code, damage.severity, damage.table, damage.count) == ("source-damaged", "error", "d", 0)
    found = {finding.code: finding.count for finding in snapshot.findings}
    assert found["constraint-broken-in-source"] == 2
    assert found["index-damaged"] >= 2
    assert found.keys() <= FINDING_CODES.keys()


def test_live_schema_is_dumped(
    home: Path, tmp_path: Path, make_context: MakeContext, postgres: Endpoint, schema_name: str
) -> None:
    make(home / "db")
    with connect(postgres, purpose="test") as connection:
        connection.execute(f'CREATE SCHEMA "{schema_name}"'.encode())
        connection.execute(f'CREATE TABLE "{schema_name}".kept(a int)'.encode())
        connection.commit()
    facts = TargetFacts(described="test", version=180000, live_exists=True, live_is_ours=True)
    context = make_context(tmp_path, source=str(home / "db"), target="embedded", schema=schema_name)
    snapshot = backup(context, met(context, preflight(context), facts), postgres)
    assert snapshot.dump_path == str(context.directory.dump)
    dumped = context.directory.dump.read_bytes()
    assert dumped.startswith(b"PGDMP")
    assert b"kept" in dumped


def test_live_schema_without_a_target_is_a_mistake(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    make(home / "db")
    facts = TargetFacts(described="test", version=180000, live_exists=True, live_is_ours=True)
    context = make_context(tmp_path, source=str(home / "db"))
    source = replace(preflight(context), target=facts)
    with pytest.raises(UsageProblem):
        backup(context, source, None)
