"""Translated expressions, run by both engines over the same rows: the same answers, or the test fails."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from sdmigrate.model.catalog import IndexTerm
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.values import Row
from sdmigrate.postgres.connect import Connection, connect
from sdmigrate.rules.expressions import (
    Relation,
    ScopeColumn,
    translate_check,
    translate_default,
    translate_index_term,
    translate_view,
)
from sdmigrate.rules.naming import NameSpace

COLUMNS = (
    ScopeColumn(source="id", name="id", family="integer", affinity="INTEGER"),
    ScopeColumn(source="a", name="a", family="text", affinity="TEXT"),
    ScopeColumn(source="n", name="n", family="integer", affinity="INTEGER"),
    ScopeColumn(source="b", name="b", family="boolean", affinity="NUMERIC"),
    ScopeColumn(source="r", name="r", family="float", affinity="REAL"),
    ScopeColumn(source="d", name="d", family="timestamp", affinity="NUMERIC"),
    ScopeColumn(source="day", name="day", family="date", affinity="NUMERIC"),
    ScopeColumn(source="nc", name="nc", family="text", collation="NOCASE", affinity="TEXT"),
    ScopeColumn(source="x", name="x", family="bytea", affinity="BLOB"),
)
RELATIONS = {
    "t": Relation(name="t", columns=COLUMNS),
    "u": Relation(
        name="u",
        columns=(
            ScopeColumn(source="id", name="id", family="integer", affinity="INTEGER"),
            ScopeColumn(source="t_id", name="t_id", family="integer", affinity="INTEGER"),
            ScopeColumn(source="v", name="v", family="text", affinity="TEXT"),
        ),
    ),
}
ROWS: tuple[Row, ...] = (
    (1, "Abc", 5, 1, 1.5, "2024-01-02 03:04:05", "2024-01-02", "Bob", b"\x00\xff"),
    (2, "abc", -5, 0, -2.25, "2019-12-31 23:59:59", "2019-12-31", "bob", b""),
    (3, "", 0, 1, 0.0, "2020-01-01 00:00:00", "2020-01-01", "É", b"abc"),
    (4, None, None, None, None, None, None, None, None),
    (5, "a%b_c", 7, 0, 1e300, "2020-01-01 00:00:01", "2020-01-02", "é", b"\x01"),
    (6, "Äpfel [x]*", 9007199254740993, 1, 0.1, "2024-02-29 12:00:00", "2024-02-29", "ZED", b"\xde\xad"),
    (7, "  z  ", -9223372036854775807, 0, 2.5, "0001-01-01 00:00:00", "0001-01-01", "", b"\x7f"),
    (8, "10", 2, 1, 3.0, "9999-12-31 23:59:59", "9999-12-31", "10", b"1"),
    (9, "a\nb\\c", 3, 1, 4.0, "2024-01-02 03:04:05", "2024-01-02", "a", b"2"),
)
MORE: tuple[Row, ...] = ((1, 1, "p"), (2, 1, "q"), (3, 2, "p"), (4, None, "z"), (5, 99, None))
TYPES = "id bigint, a text, n bigint, b boolean, r double precision, d timestamp, day date, nc text, x bytea"


@pytest.fixture(scope="module")
def both(postgres: Endpoint) -> Iterator[tuple[sqlite3.Connection, Connection]]:
    """The same two tables in SQLite and in PostgreSQL."""
    with closing(sqlite3.connect(":memory:")) as source, connect(postgres, purpose="test") as target:
        source.execute(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, n INT, b BOOLEAN, r REAL, d DATETIME, day DATE,"
            " nc TEXT COLLATE NOCASE, x BLOB)"
        )
        source.execute("CREATE TABLE u(id INTEGER PRIMARY KEY, t_id INT, v TEXT)")
        source.executemany("INSERT INTO t VALUES (?,?,?,?,?,?,?,?,?)", ROWS)
        source.executemany("INSERT INTO u VALUES (?,?,?)", MORE)
        target.execute("CREATE SCHEMA agree")
        target.execute("SET search_path = agree")
        target.execute(f"CREATE TABLE t({TYPES})")
        target.execute("CREATE TABLE u(id bigint, t_id bigint, v text)")
        with target.cursor() as cursor:
            cursor.executemany("INSERT INTO t VALUES (%s,%s,%s,(%s::int)::boolean,%s,%s,%s,%s,%s)", ROWS)
            cursor.executemany("INSERT INTO u VALUES (%s,%s,%s)", MORE)
        yield source, target
        target.execute("DROP SCHEMA agree CASCADE")


CHECKS = (
    "n > 0",
    "n / 2 = 2",
    "n % 3 <> 0",
    "n / id < 1",
    "n / (id - 3) = 0",
    "-n < 3",
    "n & 1",
    "n + id * 2 - 1 >= 5",
    "r * 2 > 1",
    "r / 2 <= 1.25",
    "abs(r) < 3",
    "a > 'abc'",
    "a <> ''",
    "a BETWEEN 'A' AND 'b'",
    "a IN ('abc', '10')",
    "a = 10",
    "n = '5'",
    "a LIKE 'ABC'",
    "a LIKE 'ä%'",
    "a LIKE '%\\%%' ESCAPE '\\'",
    "a LIKE '%b_c'",
    "a NOT LIKE 'a%'",
    "a GLOB 'A*'",
    "a GLOB '*[^a-z]*'",
    "a GLOB '[0-9]*'",
    "a GLOB 'a?b*'",
    "length(a) <= 3",
    "length(x) = 2",
    "length(n) > 1",
    "lower(a) = 'abc'",
    "upper(a) = a",
    "trim(a) = 'z'",
    "ltrim(a) = 'z  '",
    "trim(a, 'ac') = 'b'",
    "substr(a, 2, 1) = 'b'",
    "substr(a, 2) = 'bc'",
    "instr(a, 'b') > 1",
    "replace(a, 'b', '') = 'ac'",
    "hex(x) = '00FF'",
    "hex(a) = '616263'",
    "a || '-' || n = 'Abc-5'",
    "a || b = '101'",
    "ifnull(n, 0) >= 0",
    "coalesce(a, 'none') = 'none'",
    "nullif(n, 5) IS NULL",
    "iif(b, n, -n) > 0",
    "CASE WHEN n > 0 THEN 'pos' WHEN n < 0 THEN 'neg' END = 'neg'",
    "CASE n WHEN 5 THEN 1 ELSE 0 END",
    "b",
    "NOT b",
    "b = 1 AND n IS NOT NULL",
    "b IN (0, 1)",
    "b <> 0",
    "ifnull(b, 0) = 0",
    "a IS NULL OR b",
    "n IS 5",
    "n IS NOT 5",
    "a IS NOT DISTINCT FROM 'abc'",
    "b IS TRUE",
    "typeof(n) == 'integer'",
    "typeof(a) IN ('text', 'null')",
    "typeof(r) = 'real'",
    "typeof(x) = 'blob'",
    "d >= '2020-01-01'",
    "d < '2020-01-01'",
    "d = '2024-01-02 03:04:05'",
    "day > '2020-01-01'",
    "nc = 'BOB'",
    "nc IN ('bob', 'É')",
    "nc > 'a'",
    "nc = a",
    "a = nc",
    "a COLLATE NOCASE = 'ABC'",
    "x = x'00ff'",
    "x > x'01'",
    "round(r) = 2",
    "round(r, 1) = 0.1",
    "CAST(r AS INTEGER) = 1",
    "CAST(n AS REAL) / 2 = 2.5",
    "CAST(n AS TEXT) = '5'",
    "n IN ()",
    "NOT (n > 0 OR a = '')",
    "1 AND n",
    'a = "abc"',
)


def test_checks_agree(both: tuple[sqlite3.Connection, Connection]) -> None:
    source, target = both
    wrong = []
    for check in CHECKS:
        translated = translate_check(check, RELATIONS["t"])
        if translated is None:
            wrong.append((check, "is not translated", ""))
            continue
        expected = dict(
            source.execute(f"SELECT id, CASE WHEN ({check}) THEN 1 WHEN NOT ({check}) THEN 0 END FROM t")
        )
        actual: dict[int, int | None] = dict(
            target.execute(f"SELECT id, ({translated})::int FROM t").fetchall()
        )
        if expected != actual:
            differing = {
                key: (expected[key], actual[key]) for key in expected if expected[key] != actual[key]
            }
            wrong.append((check, translated, str(differing)))
    assert wrong == []


VIEWS = (
    "SELECT * FROM t WHERE n > 0",
    "SELECT t.*, u.v AS other FROM t JOIN u ON u.t_id = t.id",
    "SELECT count(*) AS n, b FROM t GROUP BY b ORDER BY n DESC, b",
    "SELECT b, sum(n) AS s, avg(r) AS m, min(a) AS lo, max(a) AS hi FROM t WHERE id < 4 GROUP BY 1"
    " HAVING count(*) > 0",
    "SELECT total(n) AS x FROM t WHERE 0",
    "SELECT DISTINCT v FROM u ORDER BY v",
    "SELECT a FROM t ORDER BY a DESC LIMIT 3 OFFSET 1",
    "SELECT a FROM t ORDER BY a",
    "SELECT id FROM t WHERE id IN (SELECT t_id FROM u) ORDER BY id",
    "SELECT id, (SELECT count(*) FROM u WHERE u.t_id = t.id) AS c FROM t ORDER BY id",
    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE t_id = t.id)",
    "WITH q(x, y) AS (SELECT id, ifnull(a, '-') FROM t) SELECT y, x FROM q WHERE x < 5",
    "SELECT v FROM u UNION SELECT a FROM t",
    "SELECT id FROM t EXCEPT SELECT t_id FROM u",
    "SELECT s.c FROM (SELECT count(DISTINCT v) AS c FROM u) s",
    "SELECT id, n > 1 AS big, n % 2 = 0 AS even FROM t",
    "SELECT id, a || '!' , length(a) FROM t",
    "SELECT t.id, u.id FROM t LEFT JOIN u ON u.t_id = t.id AND u.v = 'p'",
    "SELECT sum(n) / count(*) AS whole FROM t WHERE id < 4",
    "SELECT group_concat(v) AS all_of_it FROM u WHERE t_id = 2",
    "SELECT t.id AS id FROM t, u WHERE t.id = u.t_id AND u.v = 'q'",
    "SELECT 1 AS one, NULL AS none, 'x' AS text",
)


def test_views_agree(both: tuple[sqlite3.Connection, Connection]) -> None:
    source, target = both
    wrong = []
    for number, select in enumerate(VIEWS):
        query = translate_view(f"CREATE VIEW v AS {select}", RELATIONS)
        if query is None:
            wrong.append((select, "is not translated", "", ""))
            continue
        target.execute(f"CREATE VIEW v{number} AS {query.sql}")
        expected = [tuple(map(_plain, row)) for row in source.execute(select)]
        actual = [tuple(map(_plain, row)) for row in target.execute(f"SELECT * FROM v{number}").fetchall()]
        if "ORDER BY" not in select:
            expected, actual = sorted(expected, key=repr), sorted(actual, key=repr)
        if expected != actual:
            wrong.append((select, query.sql, str(expected), str(actual)))
    assert wrong == []


def _plain(value: object) -> object:
    """PostgreSQL's values as SQLite has them."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int | float | str | bytes | None) else str(value)


DEFAULTS = (
    ("CURRENT_TIMESTAMP", "timestamp"),
    ("CURRENT_TIMESTAMP", "timestamptz"),
    ("CURRENT_TIMESTAMP", "text"),
    ("CURRENT_DATE", "date"),
    ("CURRENT_TIME", "time"),
    ("(datetime('now','localtime'))", "text"),
    ("(strftime('%s','now'))", "bigint"),
    ("(strftime('%Y-%m-%dT%H:%M:%fZ','now'))", "text"),
    ('""', "text"),
    ('"it\'s"', "text"),
    ("false", "numeric"),
    ('"0"', "bigint"),
    ("x'00'", "bytea"),
    ("(lower(hex(randomblob(16))))", "text"),
    ("(lower(hex(randomblob(16))))", "uuid"),
    ("(julianday('now'))", "double precision"),
    ("1", "boolean"),
    ("'{\"a\": 1}'", "jsonb"),
    ("-1.5", "numeric(10,2)"),
    ("'2020-01-02'", "timestamp"),
    ("'a\\b''c'", "varchar(10)"),
)


def test_defaults_are_taken_and_mean_the_same(both: tuple[sqlite3.Connection, Connection]) -> None:
    source, target = both
    space = NameSpace()
    for default, type_name in DEFAULTS:
        name = space.take("defaulted")
        translated = translate_default(
            default, ColumnPlan(source="c", target="c", type=type_name, empty="keep")
        )
        assert translated is not None, default
        target.execute(f"CREATE TABLE {name}(c {type_name} DEFAULT ({translated}))")
        target.execute(f"INSERT INTO {name} DEFAULT VALUES")
        found = target.execute(f"SELECT c::text FROM {name}").fetchone()
        assert found is not None
        if type_name == "text" and "random" not in default:
            (expected,) = source.execute(f"SELECT {default}").fetchone()
            assert len(str(found[0])) == len(str(expected)), default
        assert found[0] is not None


def test_index_terms_are_taken(both: tuple[sqlite3.Connection, Connection]) -> None:
    _, target = both
    terms = (
        IndexTerm(column="a", descending=True),
        IndexTerm(column="nc", collation="NOCASE"),
        IndexTerm(column=None, expression="lower(a)", descending=True),
        IndexTerm(column=None, expression="a || n"),
        IndexTerm(column=None, expression="coalesce(r, 0)"),
        IndexTerm(column=None, expression="substr(a, 1, 3)"),
    )
    for unique in (True, False):
        for term in terms:
            translated = translate_index_term(term, RELATIONS["t"], unique=unique)
            assert translated is not None, term
            target.execute(f"CREATE INDEX ON t ({translated})")
