"""Preflight reads everything, changes nothing, and makes every check."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sdmigrate.model.catalog import Catalog, Column, OtherObject, Table
from sdmigrate.model.errors import SourceUnusable
from sdmigrate.model.finding_codes import FINDING_CODES
from sdmigrate.model.record import from_json, to_json
from sdmigrate.model.settings import Limits
from sdmigrate.model.source import Source, TargetFacts
from sdmigrate.runtime.health import Memory
from sdmigrate.stages.backup import backup
from sdmigrate.stages.inventory import inventory
from sdmigrate.stages.meeting import met
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.room import in_units
from tests.conftest import MakeContext
from tests.sqlite.sources import make, state, writer

FACTS = TargetFacts(described="host=db", version=180001, live_exists=False, live_is_ours=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "source"
    directory.mkdir()
    return directory


def verdicts(source: Source) -> dict[str, str]:
    return {check.name: check.verdict for check in source.checks}


def codes(source: Source) -> list[str]:
    found = [finding.code for finding in source.findings]
    assert set(found) <= FINDING_CODES.keys()
    return found


def test_quiet_source(home: Path, tmp_path: Path, make_context: MakeContext) -> None:
    make(home / "db")
    (home / "link").symlink_to("db")
    before = state(home)
    source = preflight(make_context(tmp_path, "inspect", source=str(home / "link")))
    assert state(home) == before
    assert source.path == str(home / "link")
    assert source.reading == "rollback_journal"
    assert [table.name for table in source.catalog.tables] == ["t"]
    assert verdicts(source) == {
        "source file": "pass",
        "side files": "pass",
        "SQLite library": "pass",
        "disk space": "pass",
        "memory": "pass",
    }
    assert source.checks[0].message == (
        f"{home / 'db'}: 8.0 KiB, 1 tables, UTF-8, pages of 4096 bytes, rollback journal."
    )
    assert source.findings == ()
    assert from_json(to_json(source), Source) == source


def test_link_to_a_name_that_is_not_utf8(home: Path, tmp_path: Path, make_context: MakeContext) -> None:
    make(home / "plain", wal=True)
    (home / "plain").rename(home / os.fsdecode(b"caf\xe9"))
    (tmp_path / "link").symlink_to(home / os.fsdecode(b"caf\xe9"))
    before = state(home)
    context = make_context(tmp_path, source=str(tmp_path / "link"))
    source = preflight(context)
    assert from_json(to_json(source), Source) == source
    assert len(to_json(backup(context, source, None))) > 0
    assert state(home) == before


def test_live_source_is_a_warning(home: Path, tmp_path: Path, make_context: MakeContext) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("INSERT INTO t VALUES (2)")
        before = state(home)
        source = preflight(make_context(tmp_path, source=str(home / "db")))
        assert state(home) == before
    assert source.reading == "live_wal"
    assert verdicts(source)["side files"] == "warn"
    assert codes(source) == ["source-in-use"]
    assert source.fingerprint.wal_size > 0


def test_left_wal_is_copied_into_scratch_and_removed(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    make(home / "db", wal=True)
    with writer(home / "db") as other:
        other.say("CREATE TABLE only_in_wal(a)")
        other.die()
    (home / "db-shm").unlink()
    before = state(home)
    context = make_context(tmp_path, source=str(home / "db"))
    source = preflight(context)
    assert state(home) == before
    assert source.reading == "copied"
    assert [table.name for table in source.catalog.tables] == ["t", "only_in_wal"]
    assert list(context.directory.scratch.iterdir()) == []


def test_what_is_no_database_ends_it(tmp_path: Path, make_context: MakeContext) -> None:
    (tmp_path / "dump.sql").write_text("CREATE TABLE t(a);")
    with pytest.raises(SourceUnusable, match="SQL statements"):
        preflight(make_context(tmp_path, source=str(tmp_path / "dump.sql")))


def test_damaged_schema_page_ends_it(home: Path, tmp_path: Path, make_context: MakeContext) -> None:
    make(home / "db")
    with (home / "db").open("r+b") as file:
        file.seek(100)
        file.write(b"\xee" * 500)
    with pytest.raises(SourceUnusable, match="damaged or encrypted"):
        preflight(make_context(tmp_path, source=str(home / "db")))


def test_old_library_ends_it(
    home: Path, tmp_path: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(home / "db")
    monkeypatch.setattr("sdmigrate.stages.preflight.OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(SourceUnusable, match=r"at least 99\.0\.0 is needed"):
        preflight(make_context(tmp_path, source=str(home / "db")))


@pytest.mark.parametrize(
    ("free", "target", "limits", "verdict", "needed"),
    [
        (2**40, None, Limits(), "pass", "20.0 KiB"),
        (2**30, None, Limits(), "warn", "20.0 KiB"),
        (20_000, None, Limits(), "fail", "20.0 KiB"),
        (20_000, None, Limits(disk_factor=0.1, health_disk_bytes=0), "pass", "16.0 KiB"),
        (16_000, None, Limits(disk_factor=0.1, health_disk_bytes=0), "fail", "16.0 KiB"),
        (40_000, "embedded", Limits(health_disk_bytes=0), "fail", "44.0 KiB"),
        (46_000, "embedded", Limits(health_disk_bytes=0), "pass", "44.0 KiB"),
    ],
)
def test_disk(
    home: Path,
    tmp_path: Path,
    make_context: MakeContext,
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    target: str | None,
    limits: Limits,
    verdict: str,
    needed: str,
) -> None:
    monkeypatch.setattr("sdmigrate.stages.room.free_bytes", lambda _: free)
    make(home / "db")
    source = preflight(make_context(tmp_path, source=str(home / "db"), target=target, limits=limits))
    check = next(check for check in source.checks if check.name == "disk space")
    assert check.verdict == verdict
    assert f"{needed} needed" in check.message
    assert ("disk-space-low" in codes(source)) == (verdict != "pass")
    assert bool(check.hint) == (verdict != "pass")


def test_disk_of_several_file_systems(
    home: Path, tmp_path: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(home / "db")
    context = make_context(tmp_path, source=str(home / "db"), target="embedded")
    monkeypatch.setattr("sdmigrate.stages.room.recorded_place", lambda _: Path("/dev/shm/server"))
    monkeypatch.setattr("sdmigrate.stages.room._device", lambda path: len(str(path)))
    check = next(check for check in preflight(context).checks if check.name == "disk space")
    assert "20.0 KiB needed in " + str(context.directory.path) in check.message
    assert "24.0 KiB needed in /dev/shm/server" in check.message


def test_little_memory_is_a_warning(
    home: Path, tmp_path: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(home / "db")
    monkeypatch.setattr("sdmigrate.stages.preflight.memory", lambda: Memory(available=2**29, total=2**30))
    source = preflight(make_context(tmp_path, source=str(home / "db")))
    check = next(check for check in source.checks if check.name == "memory")
    assert (check.verdict, check.message) == (
        "warn",
        "1.0 GiB, 512.0 MiB available; 4.0 GiB recommended.",
    )
    assert codes(source) == ["memory-low"]


@pytest.mark.parametrize(
    ("changes", "target", "live", "findings"),
    [
        ({}, "pass", "pass", []),
        ({"live_exists": True, "live_is_ours": True}, "pass", "pass", []),
        ({"live_exists": True}, "pass", "warn", ["target-schema-not-ours"]),
        ({"problems": ("No room.", "No right.")}, "fail", "pass", ["target-unfit", "target-unfit"]),
        (
            {"live_exists": True, "live_is_ours": True, "dependents": ("view x",), "staying_behind": ("y",)},
            "pass",
            "warn",
            ["follows-old-release", "stays-with-old-release"],
        ),
    ],
)
def test_target(
    home: Path,
    tmp_path: Path,
    make_context: MakeContext,
    changes: dict[str, Any],
    target: str,
    live: str,
    findings: list[str],
) -> None:
    make(home / "db")
    facts = replace(FACTS, **changes)
    context = make_context(tmp_path, source=str(home / "db"), schema="app")
    source = met(context, preflight(context), facts)
    assert source.target == facts
    assert (verdicts(source)["target"], verdicts(source)["live schema"]) == (target, live)
    assert codes(source) == findings


def test_every_object_that_is_no_table_is_told_with_its_text(
    home: Path, tmp_path: Path, make_context: MakeContext
) -> None:
    with closing(sqlite3.connect(home / "db")) as connection:
        connection.executescript(
            "CREATE TABLE log(a INTEGER PRIMARY KEY AUTOINCREMENT); CREATE VIRTUAL TABLE f USING fts5(b);"
            "CREATE VIEW fine AS SELECT 1; CREATE VIEW broken AS SELECT nope FROM log;"
            "CREATE TRIGGER fires AFTER INSERT ON log BEGIN DELETE FROM log; END"
        )
    source = preflight(make_context(tmp_path, source=str(home / "db")))
    told = {finding.table or "": finding for finding in source.findings}
    assert told["f"].code == "virtual-table-not-migrated"
    assert "CREATE VIRTUAL TABLE f USING fts5(b)" in told["f"].message
    assert told["f_data"].code == "shadow-table-not-migrated"
    assert told["sqlite_sequence"].code == "internal-table-not-migrated"
    assert (told["fine"].code, told["fine"].severity) == ("view", "info")
    assert told["broken"].code == "view-refused-by-sqlite"
    assert "no such column: nope" in told["broken"].message
    assert told["log"].code == "trigger-not-migrated"
    assert "CREATE TRIGGER fires AFTER INSERT" in told["log"].message
    severities = [finding.severity for finding in source.findings]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    codes(source)


def test_problems_of_a_catalog_are_told() -> None:
    unreadable = Column(
        name="v",
        declared_type="",
        affinity="BLOB",
        not_null=False,
        generated="virtual",
        generated_expression="mine(a)",
        problem="unknown function: mine()",
    )
    localized = Column(name="n", declared_type="TEXT", affinity="TEXT", not_null=False, collation="LOCALIZED")
    table = Table(
        name="t", columns=(localized,), unreadable=(unreadable,), problem="something odd", sql="x" * 9000
    )
    unnamed = OtherObject(name="u", kind="table", table=None, sql="", problem="no name")
    lost = OtherObject(name="vec", kind="virtual", table=None, sql="", problem="no such module: vec0")
    found = inventory(Catalog(tables=(table,), others=(unnamed, lost), trusted_schema=True))
    assert [(finding.code, finding.severity, finding.table, finding.column) for finding in found] == [
        ("declaration-not-understood", "warning", "t", None),
        ("generated-column-unreadable", "error", "t", "v"),
        ("collation-of-the-application", "warning", "t", "n"),
        ("table-unreadable", "error", "u", None),
        ("virtual-table-not-migrated", "warning", "vec", None),
        ("schema-trusted", "warning", None, None),
    ]
    assert len(found[0].message) < 2200
    assert "begin with vec_" in found[4].advice
    assert {finding.code for finding in found} <= FINDING_CODES.keys()


def test_entries_that_a_copy_is_read_without_are_told() -> None:
    others = (
        OtherObject(name="r", kind="repeated", table=None, sql="CREATE TABLE r(a)"),
        OtherObject(name="n", kind="renamed", table="n_2", sql="CREATE TABLE n(b)"),
        OtherObject(name="e", kind="entry", table=None, sql="CREATE E", problem="no kind"),
    )
    found = inventory(Catalog(tables=(Table(name="t", columns=()),), others=others))
    assert [(finding.code, finding.severity, finding.table) for finding in found] == [
        ("schema-entry-repeated", "warning", None),
        ("table-of-the-same-name", "warning", "n_2"),
        ("schema-entry-unreadable", "warning", "e"),
    ]
    assert all(other.sql in finding.message for other, finding in zip(others, found, strict=True))


def test_file_without_tables_is_told() -> None:
    assert [finding.code for finding in inventory(Catalog(tables=()))] == ["no-tables"]


def test_bytes_are_shown_as_people_read_them() -> None:
    assert [in_units(octets) for octets in (0, 1023, 1024, 1536, 5 * 1024**3, 3 * 1024**4)] == [
        "0 bytes",
        "1023 bytes",
        "1.0 KiB",
        "1.5 KiB",
        "5.0 GiB",
        "3.0 TiB",
    ]


def test_read_only_directory(home: Path, tmp_path: Path, make_context: MakeContext) -> None:
    make(home / "db", wal=True)
    shutil.copy(home / "db", home / "other")
    home.chmod(0o555)
    try:
        before = state(home)
        assert preflight(make_context(tmp_path, source=str(home / "db"))).reading == "immutable_wal"
        assert state(home) == before
    finally:
        home.chmod(0o755)


def test_sql_is_told_on_one_line_with_its_texts_as_they_are() -> None:
    view = OtherObject(
        name="v", kind="view", table=None, sql="CREATE VIEW v AS\n  SELECT 'a\n  b',\n\t[c  d]\nFROM t"
    )
    commented = OtherObject(name="w", kind="view", table=None, sql="CREATE VIEW w AS -- all\nSELECT 1")
    told = [finding.message for finding in inventory(Catalog(tables=(), others=(view, commented)))]
    assert told[0] == "A view. CREATE VIEW v AS SELECT 'a\n  b', [c  d] FROM t"
    assert told[1] == "A view. CREATE VIEW w AS -- all\nSELECT 1"
