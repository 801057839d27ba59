"""The profile of the dirty-data cases, of a fallback, and of keys and references."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sdmigrate.model.errors import Aborted, SourceUnusable
from sdmigrate.model.events import Advanced
from sdmigrate.model.finding import Finding
from sdmigrate.model.finding_codes import FINDING_CODES
from sdmigrate.model.profile import Profile
from sdmigrate.model.source import Digests, Fingerprint, Snapshot
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.catalog import read_catalog
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext, RecordingSink

ProfileOf = Callable[..., Profile]


def snapshot_of(path: Path) -> Snapshot:
    with closing(open_read_only(path)) as connection:
        catalog = read_catalog(connection)
    digests = Digests(md5="", sha256="")
    return Snapshot(
        path=str(path),
        source_fingerprint=Fingerprint(size=1, modified_ns=1, change_counter=1),
        source_digests=digests,
        snapshot_digests=digests,
        catalog=catalog,
    )


@pytest.fixture
def profile_of(tmp_path: Path, make_context: MakeContext) -> ProfileOf:
    def made(sql: str, **request_fields: Any) -> Profile:
        path = tmp_path / "snapshot.sqlite"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(sql)
        return profile(make_context(tmp_path, "inspect", **request_fields), snapshot_of(path))

    return made


def case(name: str) -> str:
    """The database of a directory of tests/cases."""
    return (Path(__file__).parents[1] / "cases" / name / "build.sql").read_text(encoding="utf-8")


def types(found: Profile) -> dict[str, str]:
    return {column.name: column.proposed for table in found.tables for column in table.columns}


def told(found: Profile, code: str) -> list[Finding]:
    assert {finding.code for finding in found.findings} <= FINDING_CODES.keys()
    return [finding for finding in found.findings if finding.code == code]


def test_counts_and_samples_of_a_column(profile_of: ProfileOf) -> None:
    found = profile_of(case("p02"))
    column = found.table("p02").column("n")
    assert (column.rows, column.nulls, column.empties, column.distinct) == (8, 1, 1, 7)
    assert (column.classes.integer, column.classes.real, column.classes.text, column.classes.blob) == (
        2,
        1,
        3,
        1,
    )
    bigint = next(one for one in column.candidates if one.type == "bigint")
    assert (bigint.fits, bigint.misfits) == (2, 4)
    assert [sample.rowid for sample in bigint.examples] == [2, 4, 5, 7]
    assert column.non_integral == 1
    assert column.minimum is not None
    assert (column.minimum.text, column.minimum.storage) == ("1", "integer")


def test_units_of_epochs_are_told_as_forms(profile_of: ProfileOf) -> None:
    table = profile_of(case("p12")).table("p12")
    assert {name: table.column(name).form for name in ("s", "ms", "us", "mixed")} == {
        "s": "epoch_s",
        "ms": "epoch_ms",
        "us": "epoch_us",
        "mixed": "auto",
    }
    assert table.column("mixed").forms == {"epoch_ms": 1, "epoch_s": 1, "iso_datetime": 1}
    assert table.column("s").confidence == 1.0


def days(dates: list[str], other: str = "'2024-01-01'") -> str:
    rows = ", ".join(f"('{day}', {other})" for day in dates)
    return f"CREATE TABLE t(d DATE, e DATE); INSERT INTO t VALUES {rows};"


@pytest.mark.parametrize(
    ("dates", "other", "asked", "expected_type", "day_first"),
    [
        (["03/04/2024"] * 3 + ["13/04/2024"], "NULL", None, "date", True),
        (["03/04/2024"] * 3 + ["04/13/2024"], "NULL", True, "date", False),
        (["03/04/2024"] * 3, "NULL", None, "text", None),
        (["03/04/2024"] * 3, "NULL", False, "date", False),
        (["03/04/2024"] * 3, "'31/12/2024'", None, "date", True),
        (["03/04/2024"] * 3, "'12/31/2024'", True, "date", False),
        (["03/03/2024"] * 3, "NULL", None, "date", None),
        (["03/04/2024", "13/04/2024", "04/13/2024"], "NULL", None, "text", None),
    ],
)
def test_ambiguous_dates_are_settled_by_evidence(
    profile_of: ProfileOf,
    dates: list[str],
    other: str,
    asked: bool | None,
    expected_type: str,
    day_first: bool | None,
) -> None:
    column = profile_of(days(dates, other), day_first=asked).table("t").column("d")
    assert (column.proposed, column.day_first) == (expected_type, day_first)


@pytest.mark.parametrize(
    ("spoilt", "expected"), [(0, "timestamp"), (1, "timestamp"), (5, "timestamp"), (6, "text")]
)
def test_a_label_is_overridden_at_the_confidence_asked_for(
    profile_of: ProfileOf, spoilt: int, expected: str
) -> None:
    values = ["2024-02-30 10:00:00"] * spoilt + ["2024-02-28 10:00:00"] * (100 - spoilt)
    rows = ", ".join(f"('{value}')" for value in values)
    column = profile_of(f"CREATE TABLE t(d TEXT); INSERT INTO t VALUES {rows};").table("t").column("d")
    assert column.proposed == expected


def test_text_that_means_something_stays_text(profile_of: ProfileOf) -> None:
    found = profile_of(
        """CREATE TABLE t(code TEXT, answer TEXT, version TEXT, day TEXT, pending TEXT);
        INSERT INTO t VALUES ('007','Yes','1.2.34','2024-01-02','2024-01-02'),
        ('20240102','no','1.14.20','','pending');"""
    )
    assert types(found) == {
        "code": "text",
        "answer": "text",
        "version": "text",
        "day": "date",
        "pending": "text",
    }


def test_references_and_keys(profile_of: ProfileOf) -> None:
    found = profile_of(
        """CREATE TABLE p30a(id TEXT PRIMARY KEY);
        CREATE TABLE p30b(id INTEGER PRIMARY KEY, a TEXT REFERENCES p30a(id));
        CREATE TABLE p30c(id INTEGER PRIMARY KEY, b INTEGER REFERENCES p30b(id));
        INSERT INTO p30a VALUES ('x');
        INSERT INTO p30b VALUES (1,'x'),(2,'gone'),(3,''),(4,NULL);
        INSERT INTO p30c VALUES (1,2),(2,1);"""
    )
    (orphans,) = told(found, "orphans")
    assert (orphans.table, orphans.column, orphans.count) == ("p30b", "a", 2)
    assert [sample.rowid for sample in orphans.samples] == [2, 3]
    assert "1 row of p30c" in orphans.message
    (reference,) = found.table("p30c").references
    assert (reference.orphans, reference.problem, reference.declared) == (0, None, True)


def test_composite_references_ignore_partial_nulls(profile_of: ProfileOf) -> None:
    found = profile_of(
        """CREATE TABLE p(a INT, b INT, PRIMARY KEY(a,b));
        CREATE TABLE c(x INT, y INT, FOREIGN KEY(x,y) REFERENCES p(a,b));
        INSERT INTO p VALUES (1,2); INSERT INTO c VALUES (1,2),(1,NULL),(1,3);"""
    )
    assert [finding.count for finding in told(found, "orphans")] == [1]


def test_likely_keys_and_undeclared_references(profile_of: ProfileOf) -> None:
    found = profile_of(
        """CREATE TABLE tickets("TKT-Ticket ID" INTEGER, title TEXT);
        CREATE TABLE comments("CT-COMMENT-ID" INTEGER, "CT-TKT-ID" INTEGER);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300)
        INSERT INTO tickets SELECT i, 'x' FROM n;
        INSERT INTO tickets VALUES (7, 'again'), (7, 'and again');
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<600)
        INSERT INTO comments SELECT i, i % 300 + 1 FROM n;
        INSERT INTO comments VALUES (1000, 9999);"""
    )
    (repeated,) = told(found, "duplicate-likely-key")
    assert (repeated.table, repeated.column, repeated.count) == ("tickets", "TKT-Ticket ID", 2)
    assert [(sample.rowid, sample.value.text) for sample in repeated.samples] == [(302, "7")]
    (suggested,) = told(found, "undeclared-foreign-key")
    assert (suggested.table, suggested.column, suggested.severity) == ("comments", "CT-TKT-ID", "info")
    (orphan,) = told(found, "orphans")
    assert [(sample.rowid, sample.value.text) for sample in orphan.samples] == [(601, "9999")]


def test_repeated_ids_are_shown_alike_however_they_were_counted(profile_of: ProfileOf) -> None:
    """Of so many rows DuckDB tells, of texts among the ids SQLite."""
    for stray in ("NULL", "'x'"):
        found = profile_of(
            f"""CREATE TABLE t(id INTEGER, v TEXT);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<9000)
            INSERT INTO t SELECT i, 'x' FROM n;
            INSERT INTO t VALUES {", ".join(f"({each}, 'again')" for each in (70, 6, 500, 4, 30, 2, 6, 1))},
            ({stray}, ''), ({stray}, '');"""
        )
        (told_of,) = told(found, "duplicate-likely-key")
        samples = [(sample.rowid, sample.value.text) for sample in told_of.samples]
        assert told_of.count == 8 + (stray != "NULL")
        assert samples == [(9001, "70"), (9003, "500"), (9004, "4"), (9005, "30"), (9006, "2")]


def no_such_function(_sql: str) -> str:
    return "no_such_function()"


def test_what_duckdb_cannot_read_is_counted_through_sqlite(
    tmp_path: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "snapshot.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(case("p20") + case("p13"))
    usual = profile(make_context(tmp_path, "inspect"), snapshot_of(path))
    monkeypatch.setattr("sdmigrate.duck.dictionary.snapshot_query", no_such_function)
    fallen_back = profile(make_context(tmp_path, "inspect"), snapshot_of(path))
    assert fallen_back == usual


def test_a_table_is_counted_alike_alone_and_among_hundreds(profile_of: ProfileOf) -> None:
    several = (
        "CREATE TABLE mixed(id INTEGER PRIMARY KEY, t TEXT, d DATETIME, r REAL, g AS (id * 2) STORED);"
        "INSERT INTO mixed(t, d, r) VALUES ('caf\u00e9', '2024-02-30 10:00:00', 0.1), (x'00ff', 0, 9e999),"
        " (CAST(x'ff41' AS TEXT), '03/04/2024', 5e-324), (char(0), '', NULL), (7, 20180406034959, 1);"
        "CREATE TABLE keyed(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
        "INSERT INTO keyed VALUES ('b', 1), ('a', 1.0), ('c', x'01'), ('d', CAST(x'ff' AS TEXT));"
        "CREATE TABLE cased(a TEXT COLLATE NOCASE); INSERT INTO cased VALUES ('x'), ('X'), ('x'), (NULL);"
    )
    alone = profile_of(several)
    hundreds = ";".join(f"CREATE TABLE zz{number}(id INTEGER PRIMARY KEY)" for number in range(120))
    among = profile_of(several + hundreds)
    assert among.tables[: len(alone.tables)] == alone.tables
    assert [found for found in among.findings if not str(found.table).startswith("zz")] == list(
        alone.findings
    )
    assert len(among.tables) == len(alone.tables) + 120


def test_progress_is_told_and_cancel_is_heard(tmp_path: Path, make_context: MakeContext) -> None:
    path = tmp_path / "snapshot.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(case("p20"))
    context = make_context(tmp_path, "inspect")
    profile(context, snapshot_of(path))
    assert isinstance(context.events, RecordingSink)
    advanced = [event for event in context.events.events if isinstance(event, Advanced)]
    assert {event.stage for event in advanced} == {"profile"}
    assert (advanced[-1].done, advanced[-1].total) == (1, 1)
    cancel = CancelToken()
    cancel.set()
    stopped = Context(
        request=context.request,
        directory=context.directory,
        cancel=cancel,
        events=context.events,
        started=context.started,
    )
    with pytest.raises(Aborted):
        profile(stopped, snapshot_of(path))


def test_an_empty_database_and_hostile_names(profile_of: ProfileOf) -> None:
    assert profile_of("").tables == ()
    found = profile_of(
        """CREATE TABLE "a'b""c;--"("select" TEXT, "col""q" INT, "[bold]x" TEXT, "naïve" TEXT);
        INSERT INTO "a'b""c;--" VALUES ('s', 1, 'x', 'y');"""
    )
    assert [column.distinct for column in found.tables[0].columns] == [1, 1, 1, 1]


def test_a_column_of_every_rowid_name(profile_of: ProfileOf) -> None:
    found = profile_of(
        """CREATE TABLE p28s("rowid" TEXT, "_rowid_" TEXT, "oid" TEXT, v TEXT);
        INSERT INTO p28s VALUES ('a','b','c','d'),(NULL,NULL,NULL,'e'||char(0));"""
    )
    (nul,) = told(found, "nul-bytes")
    assert [sample.rowid for sample in nul.samples] == [2]


def test_a_generated_column_that_cannot_be_computed_is_null(
    tmp_path: Path, make_context: MakeContext
) -> None:
    path = tmp_path / "snapshot.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE t(a INT); INSERT INTO t VALUES (1), (-9223372036854775808);"
            "ALTER TABLE t ADD COLUMN b INT AS (abs(a)) VIRTUAL;"
        )
    table = profile(make_context(tmp_path, "inspect"), snapshot_of(path)).table("t")
    column = table.column("b")
    assert (column.rows, column.nulls, column.distinct, column.proposed) == (2, 2, 0, "bigint")
    assert table.column("a").distinct == 2


def test_a_broken_file_is_told(tmp_path: Path, make_context: MakeContext) -> None:
    path = tmp_path / "snapshot.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE t(a TEXT);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000)"
            " INSERT INTO t SELECT hex(randomblob(40)) FROM n;"
        )
    snapshot = snapshot_of(path)
    data = bytearray(path.read_bytes())
    data[4096 * 5 : 4096 * 9] = b"\xff" * (4096 * 4)
    path.write_bytes(data)
    with pytest.raises(SourceUnusable, match="cannot be read through"):
        profile(make_context(tmp_path, "inspect"), snapshot)
