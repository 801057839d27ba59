"""SQLite's SQL as PostgreSQL's: what is translated, and what is refused rather than guessed."""

import pytest

from sdmigrate.model.catalog import IndexTerm
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.rules.expressions import (
    Relation,
    ScopeColumn,
    translate_check,
    translate_default,
    translate_generated,
    translate_index_term,
    translate_view,
    translate_where,
)

RELATION = Relation(
    name="t",
    columns=(
        ScopeColumn(source="id", name="id", family="integer", affinity="INTEGER"),
        ScopeColumn(source="a", name='A "x"', family="text", affinity="TEXT"),
        ScopeColumn(source="n", name="n", family="integer", affinity="INTEGER"),
        ScopeColumn(source="b", name="b", family="boolean", affinity="NUMERIC"),
        ScopeColumn(source="r", name="r", family="float", affinity="REAL"),
        ScopeColumn(source="d", name="d", family="timestamp", affinity="NUMERIC"),
        ScopeColumn(source="day", name="day", family="date", affinity="NUMERIC"),
        ScopeColumn(source="nc", name="nc", family="text", collation="NOCASE", affinity="TEXT"),
        ScopeColumn(source="x", name="x", family="bytea", affinity="BLOB"),
        ScopeColumn(source="any", name="any", family="text", affinity="BLOB"),
    ),
)
UTC = "(now() AT TIME ZONE 'UTC')"


def planned(type_name: str, form: str = "auto") -> ColumnPlan:
    return ColumnPlan(
        source="c", target="c", type=type_name, form=form, empty="keep" if type_name == "text" else "null"
    )


@pytest.mark.parametrize(
    ("default", "type_name", "expected"),
    [
        ("CURRENT_TIMESTAMP", "timestamp", UTC),
        ("CURRENT_TIMESTAMP", "timestamptz", "now()"),
        ("CURRENT_TIMESTAMP", "text", f"to_char({UTC}, 'YYYY-MM-DD HH24:MI:SS')"),
        ("CURRENT_DATE", "date", f"({UTC})::date"),
        ("lower(hex(randomblob(16)))", "text", "substr(replace(gen_random_uuid()::text, '-', ''), 1, 32)"),
        ("datetime('now','localtime')", "text", "to_char(LOCALTIMESTAMP, 'YYYY-MM-DD HH24:MI:SS')"),
        ("strftime('%s','now')", "bigint", "floor(extract(epoch FROM now()))::bigint"),
        ("(strftime('%s','now') * 1000)", "bigint", "(floor(extract(epoch FROM now()))::bigint * 1000)"),
        ('""', "text", "''"),
        ('"it\'s"', "text", "'it''s'"),
        ("'null'", "bigint", None),
        ("false", "numeric", "0"),
        ("false", "boolean", "false"),
        ("0", "boolean", "false"),
        ("'t'", "boolean", "true"),
        ('"0"', "bigint", "0"),
        ("x'00'", "bytea", "'\\x00'::bytea"),
        ("x'00'", "text", None),
        ("lower(hex(randomblob(16)))", "uuid", "gen_random_uuid()"),
        (
            "julianday('now')",
            "double precision",
            "(extract(epoch FROM now()) / 86400.0 + 2440587.5)::double precision",
        ),
        ("NULL", "text", "NULL"),
        ("5", "text", "'5'"),
        ("-1", "bigint", "-1"),
        ("0x10", "bigint", "16"),
        ("99999", "smallint", None),
        ("1.50", "numeric(10,2)", "1.5"),
        ("'2020-01-02'", "timestamp", "'2020-01-02 00:00:00'"),
        ("'03/04/2020'", "date", None),
        ("''", "bigint", "NULL"),
        ("abc", "text", "'abc'"),
        ("load_extension('x')", "text", None),
        ("(SELECT 1)", "bigint", None),
        ("1); DROP TABLE t; --", "bigint", None),
        ("'a'; DROP TABLE t", "text", None),
        ("random()", "bigint", None),
        ("date('now','+1 day')", "date", None),
        ("(((", "text", None),
        ("", "text", None),
    ],
)
def test_defaults(default: str, type_name: str, expected: str | None) -> None:
    assert translate_default(default, planned(type_name)) == expected


def test_a_default_counted_from_an_epoch_becomes_a_moment_with_its_column() -> None:
    assert translate_default("strftime('%s','now')", planned("timestamp", "epoch_s")) == UTC
    assert translate_default("strftime('%s','now')", planned("timestamp")) is None


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("a GLOB '[A-Z]*'", """("A ""x\""" ~ '^[A-Z]')"""),
        ("json_valid(a)", """("A ""x\""" IS JSON)"""),
        ("b IN (0,1)", '("b" IN (false, true))'),
        ("b = 't'", '("b" = true)'),
        ("ifnull(n,0) >= 0", '(COALESCE("n", 0) >= 0)'),
        ("iif(n > 0, 1, 0)", '((CASE WHEN ("n" > 0) THEN 1 ELSE 0 END) <> 0)'),
        ("n == 1", '("n" = 1)'),
        ("n IS NOT 5", '("n" IS DISTINCT FROM 5)'),
        ("a LIKE '%@%'", """("A ""x\""" LIKE '%@%' ESCAPE '')"""),
        ("n % 2 = 0", '(("n" % 2) = 0)'),
        ("n / id = 1", '(("n" / NULLIF("id", 0)) = 1)'),
        ("a > 'b'", """(("A ""x\""" COLLATE "C") > 'b')"""),
        ("d >= '2020-01-01'", "(\"d\" >= TIMESTAMP '2020-01-01 00:00:00')"),
        ('a = "it\'s"', """("A ""x\""" = 'it''s')"""),
        ("nc = 'X'", """(lower("nc" COLLATE "C") = lower('X' COLLATE "C"))"""),
    ],
)
def test_checks(check: str, expected: str) -> None:
    assert translate_check(check, RELATION) == expected


@pytest.mark.parametrize(
    "check",
    [
        "nope = 1",
        "n <> ''",
        "d = n",
        "d > '2020-01-01'",
        "d = '2020-13-01 00:00:00'",
        "a REGEXP 'x'",
        "a MATCH 'x'",
        "typeof(any) = 'text'",
        "n > 9223372036854775808",
        "n IN (SELECT 1)",
        "random() > 0",
        "date('now') > day",
        "(n, a) = (1, 'x')",
        "n < id < r",
        "a GLOB n",
        "a GLOB '[[:alpha:]]'",
        "a COLLATE RTRIM = 'x'",
        "unlikely(n)",
        "pg_sleep(10) = 1",
        "n = 1; SELECT 1",
        "(" * 2000 + "n" + ")" * 2000,
    ],
)
def test_checks_that_are_refused(check: str) -> None:
    assert translate_check(check, RELATION) is None


def test_index_terms() -> None:
    def term(unique: bool, **fields: object) -> str | None:
        one = IndexTerm(**({"column": None} | fields))  # type: ignore[arg-type]
        return translate_index_term(one, RELATION, unique=unique)

    assert term(False, column="n", descending=True) == '"n" DESC'
    assert term(True, column="nc", collation="NOCASE") == 'lower("nc" COLLATE "C")'
    assert term(False, column="nc", collation="NOCASE") == 'lower("nc")'
    assert term(False, expression="lower(nc)", descending=True) == '(lower("nc")) DESC'
    assert term(True, expression="lower(nc)") == '(lower("nc" COLLATE "C"))'
    assert term(True, column="nc", collation="RTRIM") is None
    assert term(False, expression="strftime('%Y', a)") is None
    assert term(False, expression="date('now')") is None


def test_a_partial_condition_over_a_boolean() -> None:
    assert translate_where("b = 0", RELATION) == '("b" = false)'


def test_generated_columns_only_where_certain() -> None:
    assert translate_generated("n*2 + id", RELATION) == '(("n" * 2) + "id")'
    for doubtful in ("a*2", "b*2", "n/2", "upper(a)||'-'||id", "r*2"):
        assert translate_generated(doubtful, RELATION) is None


TABLES = {
    "t": RELATION,
    "u": Relation(
        name="U",
        columns=(
            ScopeColumn(source="id", name="id", family="integer", affinity="INTEGER"),
            ScopeColumn(source="t_id", name="T", family="integer", affinity="INTEGER"),
        ),
    ),
    "pg_class": Relation(name="pg_class", columns=RELATION.columns),
}


def view(select: str, columns: str = "") -> str | None:
    query = translate_view(f"CREATE VIEW v{columns} AS {select}", TABLES)
    return None if query is None else query.sql


def test_views() -> None:
    assert view("WITH q AS (SELECT id, ifnull(a,'-') AS a FROM t) SELECT * FROM q") == (
        """WITH "q" ("id", "a") AS (SELECT "t"."id" AS "id", COALESCE("t"."A ""x\""", '-') AS "a" """
        """FROM "t" AS "t") SELECT "q"."id" AS "id", "q"."a" AS "a" FROM "q" AS "q\""""
    )
    assert view("SELECT count(*) AS n, z.b FROM t z LEFT JOIN u ON u.t_id = z.id GROUP BY z.b") == (
        'SELECT count(*) AS "n", "z"."b" AS "b" FROM "t" AS "z" LEFT JOIN "U" AS "u" '
        'ON ("u"."T" = "z"."id") GROUP BY "z"."b"'
    )
    assert view("SELECT n > 1 AS big FROM t") == 'SELECT (("t"."n" > 1))::integer AS "big" FROM "t" AS "t"'
    assert view("SELECT id, n FROM t", "(x, y)") == (
        'SELECT * FROM (SELECT "t"."id" AS "id", "t"."n" AS "n" FROM "t" AS "t") AS named ("x", "y")'
    )


@pytest.mark.parametrize(
    "select",
    [
        "SELECT nope FROM t",
        "SELECT * FROM missing",
        "SELECT * FROM pg_class",
        "SELECT id FROM t, u",
        "SELECT * FROM t NATURAL JOIN u",
        "SELECT row_number() OVER (ORDER BY n) FROM t",
        "SELECT * FROM pragma_table_info('t')",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT * FROM c",
        "SELECT n FROM t LIMIT (SELECT 1)",
        "SELECT n FROM t; DROP TABLE t",
        "VALUES (1)",
    ],
)
def test_views_that_are_refused(select: str) -> None:
    assert view(select) is None
