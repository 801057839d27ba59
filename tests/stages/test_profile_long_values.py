"""Values too long to be held: counted and cleaned as others are, in a memory that does not grow with them."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.values import Value
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.catalog import read_catalog
from sdmigrate.sqlite.connection import open_read_only
from sdmigrate.sqlite.copied_table import LONGEST_WHOLE
from sdmigrate.stages.clean import clean
from sdmigrate.stages.profile import profile
from sdmigrate.stages.profile_columns import TableColumns, columns_of, empty_evidence
from tests.conftest import MakeContext
from tests.sqlite.plain_snapshot import make_plan, make_snapshot
from tests.sqlite.way_back import require_way_back
from tests.stages.test_profile import snapshot_of

LONG = LONGEST_WHOLE + 1
ROWS: list[tuple[bytes | None, Value, bytes | None, Value]] = [
    (b"a" * LONG, b"\1" * LONG, b'{"a":"' + b"x" * LONG + b'"}', None),
    (b"a" * LONG, b"\1" * LONG, b'{"a":"' + b"x" * LONG + b'\\u0000"}', 7),
    (b"a" * (LONG - 1) + b"b", b"short", b'{"a":' + b"x" * LONG + b"}", 7),
    (b" " * LONG, b"\0" * LONG, b"[]", b"q" * LONG),
    ("é".encode() * LONG + b"\xff", "text in a blob", None, "q" * LONG),
    (b"nul\0" + "€".encode() * LONG, None, b" " * LONG, 1.5),
    (b"-1." + b"0" * LONG, None, b"5", "0" * LONG),
    (b"short", None, b"5", 2),
]


IN_UTF16: tuple[Value, ...] = ("é😀" * LONG, "é😀" * LONG, "\ufeff" + "q" * LONG, "q\0" * LONG)
"""Sound there; those above are octets of UTF-8, which mean something else there or nothing."""
UNSOUND_IN_UTF16 = "\ud800q".encode("utf-16-le", "surrogatepass") * LONG


def write(path: Path, repeat: int, encoding: str = "UTF-8") -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA encoding = '{encoding}'")
        connection.execute("CREATE TABLE t(v VARCHAR(5000), b BLOB, j JSON, x)")
        for row in ROWS:
            connection.execute("INSERT INTO t VALUES (CAST(? AS TEXT), ?, CAST(? AS TEXT), ?)", row)
        if encoding != "UTF-8":
            connection.executemany("INSERT INTO t(v) VALUES (?)", [(text,) for text in IN_UTF16])
            connection.execute(
                "INSERT INTO t(v) SELECT CAST(? AS TEXT) FROM (VALUES (1), (2))", (UNSOUND_IN_UTF16,)
            )
        # So many that the table is sampled, and its columns are scanned by the method that suits them.
        connection.execute(
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO t SELECT 'text ' || i, randomblob(9), i, i % 5 FROM n",
            (repeat,),
        )


def naive(context: Context, path: Path) -> TableColumns:
    """The columns as they are from every value added whole."""
    evidence = {}
    with closing(open_read_only(path)) as connection:
        table = read_catalog(connection).table("t")
        for column in table.columns:
            evidence[column.name] = empty_evidence(table, column.name)
            counts: dict[tuple[type, Value], list[int]] = {}
            for rowid, value in connection.execute(f"SELECT rowid, {column.name} FROM t"):
                counts.setdefault((type(value), value), []).append(rowid)
            for (_, value), rowids in counts.items():
                if value is None:
                    evidence[column.name].add_nulls(len(rowids))
                else:
                    evidence[column.name].add(value, len(rowids), rowids[0])
    return columns_of(context, table, evidence)


@pytest.mark.parametrize(
    ("more", "encoding"), [(0, "UTF-8"), (5000, "UTF-8"), (5000, "UTF-16le"), (0, "UTF-16be")]
)
def test_long_values_count_as_others_do(
    tmp_path: Path, make_context: MakeContext, more: int, encoding: str
) -> None:
    path = tmp_path / "s.sqlite"
    write(path, more, encoding)
    context = make_context(tmp_path, "inspect")
    found = profile(context, snapshot_of(path))
    expected = naive(context, path)
    assert found.tables[0].columns == expected.profiles
    told = {(finding.code, finding.column): finding for finding in found.findings}
    assert [told[each.code, each.column] for each in expected.findings] == list(expected.findings)
    assert {("nul-bytes", "v"), ("text-too-long", "v")} <= told.keys()
    # What UTF-16 leaves open SQLite settles, and gives UTF-8.
    assert (("texts-not-utf8", "v") in told) == (encoding == "UTF-8")


@pytest.mark.parametrize("more", [0, 5000])
def test_long_values_beside_generated_columns_count_as_others_do(
    tmp_path: Path, make_context: MakeContext, more: int
) -> None:
    path = tmp_path / "s.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE t(v TEXT, b BLOB, day TEXT AS (substr(v, 1, 10)), long TEXT AS (v || 'x') VIRTUAL,"
            " kept BLOB AS (b) STORED, octets AS (length(b)))"
        )
        for text, octets in (
            ("2025-05-20", b"1"),
            ("2025-05-20" * LONG, b"2" * LONG),
            (None, b"\0" * 20 * LONG),
        ):
            connection.execute("INSERT INTO t(v, b) VALUES (?, ?)", (text, octets))
            connection.execute("INSERT INTO t(v, b) VALUES (?, ?)", (text, octets))
        connection.executemany("INSERT INTO t(v) VALUES (?)", ((f"text {n % 7}",) for n in range(more)))
    found = profile(make_context(tmp_path, "inspect"), snapshot_of(path))
    assert found.tables[0].columns == naive(make_context(tmp_path, "inspect"), path).profiles


def test_unsound_texts_among_long_ones_are_cleaned(tmp_path: Path, make_context: MakeContext) -> None:
    def build(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE t(v TEXT)")
        texts = (b"sound", b"a\0b", b"a\xff", b"long" * 1_100_000, b"long\0" * 900_000)
        connection.executemany("INSERT INTO t VALUES (CAST(? AS TEXT))", [(text,) for text in texts])

    snapshot = make_snapshot(tmp_path / "s.sqlite", build)
    context = make_context(tmp_path)
    cleaned = clean(context, snapshot, profile(context, snapshot), make_plan(snapshot, {"t.v": "text"}))
    with closing(open_read_only(cleaned.path)) as connection:
        rows = connection.execute("SELECT rowid, substr(v, 1, 8), length(v) FROM t").fetchall()
    assert rows == [
        (1, "sound", 5),
        (2, "ab", 2),
        (4, "longlong", 4_400_000),
        (5, "longlong", 3_600_000),
    ]
    require_way_back(snapshot, cleaned, tmp_path / "undone.sqlite")


MEASURED = """
import sys
from pathlib import Path
from tests.memory import peak_bytes
from tests.stages.test_load_resumed import killed_context
from tests.stages.test_profile import snapshot_of
from sdmigrate.stages.profile import profile

directory = Path(sys.argv[1])
context, _, _ = killed_context("x", directory)
profile(context, snapshot_of(directory / "small.sqlite"))
before = peak_bytes()
columns = profile(context, snapshot_of(directory / "large.sqlite")).tables[0].columns
assert [column.longest_bytes for column in columns] == [24_000_000, 24_000_000]
print(peak_bytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak on Linux alone")
def test_memory_does_not_grow_with_a_long_value(tmp_path: Path) -> None:
    for name, length in (("small", 1_000), ("large", 24_000_000)):
        with closing(sqlite3.connect(tmp_path / f"{name}.sqlite")) as connection, connection:
            connection.execute("CREATE TABLE t(v TEXT, b BLOB)")
            connection.execute("INSERT INTO t VALUES ('short', NULL), (NULL, x'00')")
            connection.execute(
                "INSERT INTO t VALUES (hex(randomblob(?)), randomblob(?))", (length // 2, length)
            )
    child = subprocess.run([sys.executable, "-c", MEASURED, str(tmp_path)], capture_output=True, check=False)
    assert child.stderr == b""
    assert int(child.stdout) < 24_000_000
