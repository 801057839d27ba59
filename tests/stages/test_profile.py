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


def types(found: Profile) -> dict[str, str]:
    return {column.name: column.proposed for table in found.tables for column in table.columns}


def told(found: Profile, code: str) -> list[Finding]:
    assert {finding.code for finding in found.findings} <= FINDING_CODES.keys()
    return [finding for finding in found.findings if finding.code == code]


CASES: dict[str, tuple[str, dict[str, str], dict[str, int]]] = {
    "P01": (
        """CREATE TABLE p01(id INTEGER PRIMARY KEY, name VARCHAR(10));
        INSERT INTO p01 VALUES (1,'short'),(2,printf('%.*c',500,'x')),(3,'äöüäöüäöüä'),(4,'🙂🙂');""",
        {"id": "bigint", "name": "text"},
        {"text-too-long": 1},
    ),
    "P02": (
        """CREATE TABLE p02(id INTEGER PRIMARY KEY, n INTEGER);
        INSERT INTO p02 VALUES (1,1),(2,'abc'),(3,''),(4,12.5),(5,'false'),(6,NULL),(7,x'01'),(8,' 7 ');""",
        {"id": "bigint", "n": "text"},
        {"text-in-number": 2, "real-in-integer": 1},
    ),
    "P03": (
        """CREATE TABLE p03(id INTEGER PRIMARY KEY, ok BOOLEAN DEFAULT 0, mixed BOOLEAN, notbool BOOLEAN);
        INSERT INTO p03 VALUES (1,0,'t',0),(2,1,'false',1),(3,NULL,1,2),(4,1,'TRUE',NULL);""",
        {"id": "bigint", "ok": "boolean", "mixed": "boolean", "notbool": "bigint"},
        {"boolean-other-values": 1},
    ),
    "P05": (
        """CREATE TABLE p05(id INT PRIMARY KEY, cap INT, neg INT);
        INSERT INTO p05 VALUES (1,3000592982016,-9223372036854775808),(2,9223372036854775807,0);""",
        {"id": "bigint", "cap": "bigint", "neg": "bigint"},
        {},
    ),
    "P06": (
        """CREATE TABLE p06(id INTEGER PRIMARY KEY, u BIGINT UNSIGNED, t TEXT);
        INSERT INTO p06 VALUES (1,18446744073709551615,'18446744073709551615'),
        (2,-1,'9223372036854775808');""",
        {"id": "bigint", "u": "double precision", "t": "text"},
        {"real-in-integer": 1, "unsigned-negative": 0},
    ),
    "P07": (
        """CREATE TABLE p07(id INTEGER PRIMARY KEY, price DECIMAL(10,2), big NUMERIC);
        INSERT INTO p07 VALUES (1,19.99,9007199254740993),(2,0.1+0.2,1),(3,'1,213',2),
        (4,1234567890123.45,3);""",
        {"id": "bigint", "price": "text", "big": "numeric"},
        {"ambiguous-separators": 1, "decimal-exceeded": 2, "text-in-number": 1},
    ),
    "P08": (
        """CREATE TABLE p08(id INTEGER PRIMARY KEY, ts REAL, lat REAL);
        INSERT INTO p08 VALUES (1,1647950409.737123,48.858370123456),(2,5e-324,1.7976931348623157e308),
        (3,-0.0,0.1);""",
        {"id": "bigint", "ts": "double precision", "lat": "double precision"},
        {},
    ),
    "P09": (
        """CREATE TABLE p09(id INTEGER PRIMARY KEY, r REAL);
        INSERT INTO p09 VALUES (1,9e999),(2,-9e999),(3,NULL);""",
        {"id": "bigint", "r": "double precision"},
        {"infinity": 2},
    ),
    "P10": (
        """CREATE TABLE p10(a LONGVARCHAR, b DOUBLE PRECISION, c UNSIGNED BIG INT, d, e STRING,
        f FLOATING POINT, g UUID, h NUMBER, i "text(100)", j BYTE[]);
        INSERT INTO p10 VALUES ('x',1.5,7,'any','007',1.0,'97033619637148748591279e7866347',3,
        't',x'0102');""",
        {
            "a": "text",
            "b": "double precision",
            "c": "bigint",
            "d": "text",
            "e": "bigint",
            "f": "bigint",
            "g": "double precision",
            "h": "numeric",
            "i": "text",
            "j": "bytea",
        },
        {"numeric-affinity": 2, "infinity": 1},
    ),
    "P11": (
        """CREATE TABLE p11(k TEXT PRIMARY KEY, v);
        INSERT INTO p11 VALUES ('i',42),('r',1.5),('t','x'),('b',x'00ff'),('n',NULL);""",
        {"k": "text", "v": "text"},
        {"mixed-storage-classes": 4},
    ),
    "P12": (
        """CREATE TABLE p12(id INTEGER PRIMARY KEY, s DATETIME, ms DATETIME, us DATETIME, mixed DATETIME);
        INSERT INTO p12 VALUES (1,1647950409,1647950409737,1647950409737123,1647950409),
        (2,0,1,1,'2022-03-22 12:00:09'),(3,-1,NULL,NULL,1647950409737);""",
        {"id": "bigint", "s": "timestamp", "ms": "timestamp", "us": "timestamp", "mixed": "text"},
        {"mixed-epoch-units": 2},
    ),
    "P13": (
        """CREATE TABLE p13(id INTEGER PRIMARY KEY, d DATETIME NOT NULL);
        INSERT INTO p13 VALUES (1,'0000-00-00 00:00:00'),(2,0),(3,''),(4,'2024-02-30 10:00:00'),
        (5,'20180406034959'),(6,'2024-01-02T03:04:05.678Z'),(7,'03/04/2024');""",
        {"id": "bigint", "d": "text"},
        {"zero-dates": 1, "impossible-dates": 1, "ambiguous-day-month": 1},
    ),
    "P14": (
        """CREATE TABLE p14(id INTEGER PRIMARY KEY, jd REAL, d DATE);
        INSERT INTO p14 VALUES (1,julianday('2024-01-01 12:00:00'),2460311.0),(2,2440587.5,'2024-01-01');""",
        {"id": "bigint", "jd": "timestamp", "d": "timestamp"},
        {"mixed-date-forms": 1},
    ),
    "P15": (
        """CREATE TABLE p15(id INTEGER PRIMARY KEY, naive DATETIME, off DATETIME, ns DATETIME);
        INSERT INTO p15 VALUES (1,'2024-03-31 02:30:00','2024-03-31T02:30:00+02:00',
        '2024-06-25 14:34:38.574204593+10:00'),
        (2,'2024-10-27 02:30:00','2024-10-27 00:30:00Z','2024-06-25 04:34:38Z');""",
        {"id": "bigint", "naive": "timestamp", "off": "timestamptz", "ns": "timestamptz"},
        {"nanoseconds-lost": 1},
    ),
    "P16": (
        """CREATE TABLE p16(id INTEGER PRIMARY KEY, t TIME DEFAULT CURRENT_TIME, d DATE DEFAULT CURRENT_DATE);
        INSERT INTO p16 VALUES (1,'23:59:59','2024-02-29'),(2,'36:00:00','2024-01-01 00:00:00'),
        (3,'-00:05:00',NULL);""",
        {"id": "bigint", "t": "interval", "d": "date"},
        {},
    ),
    "P17": (
        """CREATE TABLE p17(id INTEGER PRIMARY KEY, t TEXT);
        INSERT INTO p17 VALUES (1,'a'||char(0)||'b'),(2,char(0)),(3,'ok'),(4,'{"x":"\\u0000"}');""",
        {"id": "bigint", "t": "text"},
        {"nul-bytes": 2},
    ),
    "P18": (
        """CREATE TABLE p18(id INTEGER PRIMARY KEY, j JSON, k JSON, l JSON);
        INSERT INTO p18 VALUES (1,'{"a":1}','{"a":1}','{}'),(2,'{"x":"\\u0000"}','{"x":"\\u0000"}','[]'),
        (3,'{"s":"\\ud800"}','{"s":"\\ud800"}','1'),(4,'not json',NULL,NULL),(5,'',NULL,''),
        (6,'{"b":1.0,"a":2,"a":3}','[]',NULL),(7,NULL,NULL,NULL);""",
        {"id": "bigint", "j": "text", "k": "json", "l": "jsonb"},
        {"json-not-castable": 5},
    ),
    "P19": (
        """CREATE TABLE p19(id INTEGER PRIMARY KEY, t TEXT);
        INSERT INTO p19 VALUES (1,CAST(x'ff41' AS TEXT)),(2,CAST(x'6361e9' AS TEXT)),(3,'café'),
        (4,CAST(x'eda080' AS TEXT));""",
        {"id": "bigint", "t": "text"},
        {"texts-not-utf8": 3},
    ),
    "P20": (
        """CREATE TABLE p20(id INTEGER PRIMARY KEY, b BLOB, t TEXT);
        INSERT INTO p20 VALUES (1,'LS0tLS1CRUdJTg==',x'68656c6c6f'),(2,x'00ff00','plain'),(3,x'',''),
        (4,NULL,x'ff');""",
        {"id": "bigint", "b": "bytea", "t": "text"},
        {"text-in-blob": 1, "blobs-in-text": 2},
    ),
    "P21": (
        """CREATE TABLE p21(id BLOB PRIMARY KEY, u TEXT);
        CREATE TABLE p21c(pid BLOB REFERENCES p21(id));
        INSERT INTO p21 VALUES (x'0f0e0d0c0b0a09080706050403020100','{DE13F867-70EC-49E4-A398-041B83F1A535}'),
        (x'00112233445566778899aabbccddeeff','not-a-uuid');
        INSERT INTO p21c VALUES (x'0f0e0d0c0b0a09080706050403020100');""",
        {"id": "bytea", "u": "text", "pid": "bytea"},
        {},
    ),
    "P23": (
        """CREATE TABLE p23(id INTEGER PRIMARY KEY, url TEXT UNIQUE COLLATE NOCASE);
        INSERT INTO p23 VALUES (1,hex(randomblob(4000))),(2,'short');""",
        {"id": "bigint", "url": "text"},
        {"index-row-too-long": 0, "nocase": 0},
    ),
    "P27": (
        """CREATE TABLE p27(code TEXT PRIMARY KEY, v TEXT);
        INSERT INTO p27 VALUES ('a','1'),(NULL,'2'),(NULL,'3');""",
        {"code": "text", "v": "text"},
        {"null-in-primary-key": 2},
    ),
    "P29": (
        """CREATE TABLE p29(b INTEGER, a TEXT, v ANY, PRIMARY KEY(a,b)) STRICT, WITHOUT ROWID;
        INSERT INTO p29 VALUES (1,'x',x'01'),(2,'x','t');""",
        {"b": "bigint", "a": "text", "v": "text"},
        {"mixed-storage-classes": 2},
    ),
    "P32": (
        """CREATE TABLE p32p(id INTEGER PRIMARY KEY, code TEXT);
        CREATE TABLE p32c(id INTEGER PRIMARY KEY, pid NUMERIC REFERENCES P32P,
        code TEXT REFERENCES p32p(code), z INT REFERENCES nowhere(id),
        "references" INTEGER REFERENCES p32p(id));
        INSERT INTO p32p VALUES (1,'a'); INSERT INTO p32c VALUES (1,1,'a',NULL,1);""",
        {"id": "bigint", "code": "text", "pid": "numeric", "z": "bigint", "references": "bigint"},
        {"parent-missing": 0, "parent-not-unique": 0},
    ),
    "P37": (
        """CREATE TABLE p37(id INTEGER PRIMARY KEY, a INT, v INT GENERATED ALWAYS AS (a*2) VIRTUAL,
        s TEXT AS (upper(a)||'-'||id) STORED, j TEXT AS (strftime('%Y',a,'unixepoch')));
        INSERT INTO p37(id,a) VALUES (1,10);""",
        {"id": "bigint", "a": "bigint", "v": "bigint", "s": "text", "j": "text"},
        {},
    ),
    "P43": (
        "CREATE TABLE p43(id INTEGER PRIMARY KEY, v TEXT NOT NULL DEFAULT 'x', d DATE, n NUMERIC, u);",
        {"id": "bigint", "v": "text", "d": "date", "n": "numeric", "u": "text"},
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_case(profile_of: ProfileOf, case: str) -> None:
    sql, expected_types, expected_findings = CASES[case]
    found = profile_of(sql)
    assert types(found) == expected_types
    for code, count in expected_findings.items():
        assert told(found, code), code
        assert sum(finding.count for finding in told(found, code)) == count, code
    noise = {finding.code for finding in found.findings} - expected_findings.keys()
    assert noise <= {"text-in-timestamp", "empty-strings-for-null", "zones-missing", "mixed-date-forms"}


def test_counts_and_samples_of_a_column(profile_of: ProfileOf) -> None:
    found = profile_of(CASES["P02"][0])
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
    table = profile_of(CASES["P12"][0]).table("p12")
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


def no_such_function(_sql: str) -> str:
    return "no_such_function()"


def test_what_duckdb_cannot_read_is_counted_through_sqlite(
    tmp_path: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "snapshot.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(CASES["P20"][0] + CASES["P13"][0])
    usual = profile(make_context(tmp_path, "inspect"), snapshot_of(path))
    monkeypatch.setattr("sdmigrate.duck.dictionary.snapshot_query", no_such_function)
    fallen_back = profile(make_context(tmp_path, "inspect"), snapshot_of(path))
    assert fallen_back == usual


def test_progress_is_told_and_cancel_is_heard(tmp_path: Path, make_context: MakeContext) -> None:
    path = tmp_path / "snapshot.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(CASES["P20"][0])
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
