"""Every check of a rule pack over real rows, by hand-counted numbers, and the demo's forty."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from sdmigrate.demo.companions import rules_path
from sdmigrate.demo.database import write_demo
from sdmigrate.model.catalog import Table
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.rule import Check, RuleResult
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.rule_pack import RulePack, read_rule_pack
from sdmigrate.rules.rule_results import rule_findings
from sdmigrate.rules.watching import watches
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.readers import readers
from sdmigrate.sqlite.references import numeric_columns, orphans
from sdmigrate.stages.profile import profile
from sdmigrate.stages.profile_columns import empty_evidence
from sdmigrate.stages.profile_rules import results_without_references, rule_results
from tests.conftest import MakeContext
from tests.stages.test_profile import snapshot_of

ROWS = """
CREATE TABLE p(id INTEGER PRIMARY KEY);
INSERT INTO p VALUES (1), (2);
CREATE TABLE t(id INTEGER PRIMARY KEY, day TEXT, hours, yes TEXT, body TEXT, ref INTEGER, code TEXT);
INSERT INTO t VALUES
 (1, '2024-01-02 03:04:05', 7.5,    'Yes', 'plain',                         1,    'a'),
 (2, '25/12/2023 10:00',    '8',    'No',  'x' || char(10,10,10,10) || 'y', 2,    'b'),
 (3, '2019-12-31',          25,     'yes', CAST(x'ff' AS TEXT),             3,    'b'),
 (4, '2024-02-30',          'many', '',    'a' || char(0) || 'b',           NULL, 'c'),
 (5, NULL,                  -1,     NULL,  printf('%.*c', 50, 'z'),         9,    ''),
 (6, '31/12/2024 23:59',    24,     '  ',  '',                              9,    'd');
"""


def results(tmp_path: Path, make_context: MakeContext, *rules: str) -> tuple[RuleResult, ...]:
    path = tmp_path / "snapshot.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(ROWS)
    pack = read_rule_pack(
        'name = "test"\n'
        + "".join(f'[[rules]]\nfamily = "f"\nname = "rule {n}"\n{rule}\n' for n, rule in enumerate(rules))
    )
    context, snapshot = make_context(tmp_path, "inspect"), snapshot_of(path)
    tables = profile(context, snapshot).tables
    connect = partial(open_read_only, path)
    with closing(connect()) as connection:
        evidence = {table.name: counted(connection, table, pack) for table in snapshot.catalog.tables}
    with readers(connect, context.cancel) as asking:
        asked = rule_results(asking, snapshot.catalog, tables, pack)
        kept = rule_results(asking, snapshot.catalog, tables, pack, evidence)
        before = tuple(replace(table, keys=(), references=()) for table in tables)
        pointing = {
            (table.name, column) for table in tables for each in table.references for column in each.columns
        }
        known = tuple(results_without_references(asking, snapshot.catalog, before, pack, evidence, pointing))
        early = rule_results(asking, snapshot.catalog, tables, pack, evidence, known)
    assert [told(result) for result in kept] == [told(result) for result in asked]
    assert early == kept
    return asked


def counted(connection: sqlite3.Connection, table: Table, pack: RulePack) -> dict[str, Evidence]:
    """Every column's evidence, which keeps what the pack's rules must see."""
    watching = watches(pack, table.name)
    found = {}
    for column in table.columns:
        name = quote_identifier(column.name)
        found[column.name] = empty_evidence(table, column.name, watching.get(column.name, watching.get(None)))
        for value, rowid in connection.execute(
            f"SELECT {name}, rowid FROM {table.name} WHERE {name} IS NOT NULL"
        ):
            found[column.name].add(value, 1, rowid)
    return found


def told(result: RuleResult) -> tuple[str, int, int, list[int]]:
    return (
        result.rule.name,
        result.judged,
        result.broken,
        sorted(sample.rowid or 0 for sample in result.samples),
    )


DAYS = 'table = "t"\ncolumn = "day"\ncheck = "range"'
HOURS = 'table = "t"\ncolumn = "hours"\ncheck = "range"'
BODY = 'table = "t"\ncolumn = "body"'


@pytest.mark.parametrize(
    ("rule", "judged", "broken", "rowids"),
    [
        ('check = "tables"\ntables = ["t", "p", "q"]', 3, 1, []),
        ('table = "t"\ncheck = "required_columns"\ncolumns = ["id", "nope"]', 2, 1, []),
        ('table = "t"\ncheck = "column_count"\nminimum = 7\nmaximum = 7', 1, 0, []),
        ('table = "t"\ncheck = "column_count"\nminimum = 8', 1, 1, []),
        ('table = "t"\ncheck = "row_count"\nminimum = 7', 1, 1, []),
        ('table = "t"\ncolumn = "yes"\ncheck = "filled"', 6, 3, []),
        ('table = "t"\ncolumn = "hours"\ncheck = "type"\ntype = "double precision"', 6, 1, []),
        ('table = "t"\ncolumn = "code"\ncheck = "type"\ntype = "inet"', 5, 5, [1, 2, 4, 6]),
        (f'{DAYS}\nminimum = "2020-01-01"\nmaximum = "2024-12-31"', 5, 2, [3, 4]),
        (f'{DAYS}\nminimum = "2023-12-26"', 5, 3, [3, 4, 2]),
        (f'{DAYS}\nmaximum = "2024-12-30"', 5, 2, [4, 6]),
        (f"{HOURS}\nminimum = 0\nmaximum = 24", 6, 3, [3, 5, 4]),
        (f"{HOURS}\nmaximum = 7.5", 6, 4, [3, 6, 2, 4]),
        ('table = "t"\ncolumn = "yes"\ncheck = "allowed"\nvalues = ["Yes", "No"]', 3, 1, [3]),
        ('table = "t"\ncolumn = "id"\ncheck = "allowed"\nvalues = [1, 2, 3, 4, 5]', 6, 1, [6]),
        (f'{BODY}\ncheck = "max_length"\nmaximum = 49', 5, 1, [5]),
        (f'{BODY}\ncheck = "max_length"\nmaximum = 50', 5, 0, []),
        (f"{BODY}\ncheck = \"matches_not\"\npattern = '\\n{{4,}}'", 5, 1, [2]),
        (f"{BODY}\ncheck = \"matches_not\"\npattern = '^z+$|^pl'", 5, 2, [1, 5]),
        ("check = \"matches_not\"\npattern = 'many'", 24, 1, [4]),
        (f'{BODY}\ncheck = "utf8"', 6, 1, []),
        (f'{BODY}\ncheck = "no_nul_bytes"', 6, 1, []),
        ('table = "t"\ncolumn = "code"\ncheck = "unique"', 6, 1, []),
        (
            'table = "t"\ncolumn = "ref"\ncheck = "references"\nparent_table = "p"\nparent_column = "id"',
            6,
            3,
            [3, 5, 6],
        ),
        ('table = "t"\ncolumn = "hours"\ncheck = "holds"\nexpression = "id < 5 -- and so on"', 6, 2, [5, 6]),
    ],
)
def test_each_check(
    tmp_path: Path, make_context: MakeContext, rule: str, judged: int, broken: int, rowids: list[int]
) -> None:
    (result,) = results(tmp_path, make_context, rule)
    assert (result.judged, result.broken) == (judged, broken)
    assert [sample.rowid for sample in result.samples] == rowids
    assert result.share == pytest.approx(1 - broken / judged)


def test_a_threshold_decides_and_what_is_not_there_is_told(tmp_path: Path, make_context: MakeContext) -> None:
    rule = 'table = "t"\ncolumn = "yes"\ncheck = "filled"\nseverity = "error"\nthreshold = '
    missed, kept = results(tmp_path, make_context, f"{rule}0.51", f"{rule}0.5")
    assert (missed.missed, kept.missed) == (True, False)
    pack = read_rule_pack(
        f'name = "x"\n[[rules]]\nfamily = "f"\nname = "r"\n{rule}0.5\n'.replace("yes", "no")
    )
    catalog = snapshot_of(tmp_path / "snapshot.sqlite").catalog
    assert [
        (found.code, found.severity, found.table, found.column, found.count)
        for found in rule_findings(pack, catalog, (missed, kept))
    ] == [("rule-missed", "error", "t", "yes", 3), ("rule-without-place", "warning", "t", "no", 0)]


def test_a_text_names_a_number_in_cleaned_as_it_did_in_the_snapshot(tmp_path: Path) -> None:
    rows = (
        "INSERT INTO p VALUES (1), (2), (0), ('x'); INSERT INTO c VALUES ('1'), ('2.0'), (2), ('y'), ('7');"
    )
    typed = "CREATE TABLE p(id INTEGER); CREATE TABLE c(ref TEXT);"
    path = tmp_path / "snapshot.sqlite"
    for create in (typed, "CREATE TABLE p(id); CREATE TABLE c(ref);"):
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(create + rows)
            if create == typed:
                tables = snapshot_of(path).catalog
            lost = orphans(
                connection,
                tables.table("c"),
                ("ref",),
                "p",
                ("id",),
                numbers=numeric_columns(tables.table("p")),
            )
        assert sorted(sample.value.text for sample in lost.samples) == ["7", "y"]


def test_a_pattern_is_looked_for_in_texts_alone_whatever_else_is_beside(
    tmp_path: Path, make_context: MakeContext
) -> None:
    pattern = "check = \"matches_not\"\npattern = '7'"
    whole, hours, reference = results(
        tmp_path,
        make_context,
        pattern,
        f'{pattern}\ntable = "t"\ncolumn = "hours"',
        f'{pattern}\ntable = "t"\ncolumn = "ref"',
    )
    assert (whole.broken, hours.broken, reference.broken) == (0, 0, 0)
    assert (hours.judged, reference.judged) == (6, 5)
    (many,) = results(tmp_path, make_context, "check = \"matches_not\"\npattern = '2'")
    assert (many.broken, [sample.rowid for sample in many.samples]) == (5, [1, 2, 3, 4, 6])


def test_an_expression_that_sqlite_refuses_names_the_rule(tmp_path: Path, make_context: MakeContext) -> None:
    with pytest.raises(UsageProblem, match="'rule 0' cannot be evaluated on table 't': no such column"):
        results(
            tmp_path, make_context, 'table = "t"\ncolumn = "id"\ncheck = "holds"\nexpression = "nowhere > 1"'
        )


def test_each_of_the_demos_forty_rules_is_judged_on_the_demo(
    tmp_path: Path, make_context: MakeContext
) -> None:
    path = tmp_path / "snapshot.sqlite"
    write_demo(path, rows=2_500, seed=7)
    pack = read_rule_pack(rules_path().read_text(encoding="utf-8"))
    assert {rule.check for rule in pack.rules} == set(get_args(Check))
    context, snapshot = make_context(tmp_path, "inspect"), snapshot_of(path)
    tables = profile(context, snapshot).tables
    with readers(partial(open_read_only, path), context.cancel) as asking:
        found = rule_results(asking, snapshot.catalog, tables, pack)
    assert len(pack.rules) == 40
    assert {result.rule.name for result in found} == {rule.name for rule in pack.rules}
    assert all(result.judged for result in found)
    assert [result.rule.name for result in found if result.missed] == []
    answers = next(result for result in found if result.rule.name == "SLA answers are yes or no")
    with closing(sqlite3.connect(path)) as connection:
        assert (
            answers.broken
            == connection.execute(
                """SELECT count(*) FROM tickets WHERE "TKT-SLA Met" NOT IN ('Yes', 'No', '')"""
            ).fetchone()[0]
        )
