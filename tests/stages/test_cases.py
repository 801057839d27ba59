"""Every directory of tests/cases, from the file to the cleaned file, by the stages themselves.

A case is a directory with ``build.sql`` (and ``build.py`` with ``build(connection)`` where SQL is not
enough), perhaps a ``plan.toml``, and ``expected.toml``. What ``expected.toml`` leaves out is not compared:

    existing = "CREATE TABLE …"                in a schema of the target's that an application made
    environment = {PGTZ = "Europe/Berlin"}     as if the operator had set it
    refused = "Plan, line 5: …"                the plan is, in these words; nothing else is stated then
    day_first = true                           as if --day-first were given; false: --month-first
    findings = ["code table.column: 3"]        all of them, in any order; "code table: 3" and "code: 3" of a
                                               table or the file; but those about the machine
    types = {"table.column" = "bigint"}        of the plan; every column named here
    audit = ["table 3 column: '' -> NULL by empty-to-null"]            all of it, in any order
    quarantine = ["table 2 column: not-an-integer"]                    all of it, in any order
    untyped = ["table"]                        undone, these are created without types; none by default
    postgresql = {"SELECT 1" = [[1]]}          of the loaded schema: rows, or the SQLSTATE of a refusal
    [profile]
    "table.column" = {proposed = "text", confidence = 1.0, rows = 3, nulls = 0, forms = {other = 3}}
                                               fields of its ColumnProfile; in classes and forms all that are;
                                               encodings = ["cp1252 reads all 3 (1 doubtfully)"]
    [candidates."table.column"]
    bigint = {fits = 1, misfits = 1, examples = ["2: abc"]}
    "timestamp as epoch_s" = {fits = 1, misfits = 0, between = ["2022-03-22 12:00:09", "2022-03-22 12:00:09"]}
    inet = "not considered"
    [ledger.table]                             read, loaded and what is not zero of the rest
    [values]
    table = ["3: 3, NULL"]                     each row of cleaned: its locator, its columns' values

    varies = ["table"]                         its values are of the clock or of chance, and are not stated

Every case states what it is about: its plan (``plan.toml``, or the types that the proposal has), and of every
table its ledger and its values, with all of the audit and of the quarantine.

Values are written as SQLite literals, so that ``1``, ``1.0`` and ``'1'`` are told apart; of a long one, how
it begins, its length and its digest. Whatever a case expects, its ledger balances, it comes back from
cleaned, and cleaning twice gives the same.
"""

import hashlib
import importlib.util
import re
import sqlite3
import tomllib
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.finding import Finding
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Candidate, ClassCounts, ColumnProfile, Profile
from sdmigrate.model.result import Cleaned, TableLedger
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Snapshot, TargetFacts
from sdmigrate.model.values import StoredValue, Value
from sdmigrate.postgres.connect import Connection, connect
from sdmigrate.postgres.facts import examine
from sdmigrate.rules.blueprint import draw
from sdmigrate.rules.encodings import in_words
from sdmigrate.rules.outcome import RULES
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.audit import open_audit, read_changes
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.quarantine import open_quarantine, read_reasons
from sdmigrate.sqlite.row_order import copied_columns, locator
from sdmigrate.stages.backup import backup
from sdmigrate.stages.clean import clean
from sdmigrate.stages.load import load
from sdmigrate.stages.meeting import met
from sdmigrate.stages.plan import plan as decide
from sdmigrate.stages.preflight import preflight
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext
from tests.sqlite.way_back import require_way_back

CASES = Path(__file__).parent.parent / "cases"
NAMES = sorted(path.parent.name for path in CASES.glob("*/expected.toml"))
LONGEST_LITERAL = 1_000
ABOUT_THE_MACHINE = frozenset({"disk-space-low", "memory-low"})


def expectation(name: str) -> dict[str, Any]:
    return tomllib.loads((CASES / name / "expected.toml").read_text(encoding="utf-8"))


def context_of(case: Path, tmp_path: Path, make_context: MakeContext, **request_fields: Any) -> Context:
    plan_path = case / "plan.toml"
    return make_context(
        tmp_path,
        plan_path=str(plan_path) if plan_path.exists() else None,
        day_first=expectation(case.name).get("day_first"),
        **request_fields,
    )


class Journey:
    """One case brought through the stages up to clean."""

    def __init__(self, case: Path, context: Context, target: TargetFacts | None = None) -> None:
        build(case, Path(context.request.source))
        source = preflight(context)
        self.snapshot: Snapshot = backup(context, source, None)
        source = source if target is None else met(context, source, target)
        self.profile: Profile = profile(context, self.snapshot, target)
        self.plan: Plan = decide(context, self.snapshot, self.profile)
        self.cleaned: Cleaned = clean(context, self.snapshot, self.profile, self.plan)
        self.findings: tuple[Finding, ...] = (
            *source.findings,
            *self.profile.findings,
            *self.plan.findings,
            *draw(self.snapshot.catalog, self.profile, self.plan).findings,
            *self.cleaned.findings,
        )


def build(case: Path, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript((case / "build.sql").read_text(encoding="utf-8"))
        if (case / "build.py").exists():
            spec = importlib.util.spec_from_file_location(f"case_{case.name}", case / "build.py")
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            module.build(connection)


def literal(value: Value) -> str:
    """The value as a SQLite literal; text that is no plain line as its bytes, what is long by its digest."""
    if value is None:
        return "NULL"
    if isinstance(value, str | bytes) and len(value) > LONGEST_LITERAL:
        octets = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
        return f"{literal(value[:10])}… {len(value)}, MD5 {hashlib.md5(octets).hexdigest()}"
    if isinstance(value, str):
        if value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        return f"CAST(x'{value.encode('utf-8', 'surrogateescape').hex()}' AS TEXT)"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return repr(value)


def seen(journey: Journey, expected: dict[str, Any]) -> dict[str, Any]:
    """What happened, in the words of ``expected.toml`` and of what it names only."""
    cleaned = journey.cleaned
    found: dict[str, Any] = {}
    if "findings" in expected:
        found["findings"] = sorted(
            f"{place(finding)}: {finding.count}"
            for finding in journey.findings
            if finding.code not in ABOUT_THE_MACHINE
        )
    found |= evidence_seen(journey.profile, expected)
    if "types" in expected:
        found["types"] = {name: planned(journey.plan, name) for name in expected["types"]}
    if "audit" in expected:
        with closing(open_audit(cleaned.audit_path)) as audit:
            found["audit"] = sorted(
                f"{each.table} {each.rowid} {each.column}: {literal(each.before)} -> {literal(each.after)}"
                f" by {each.rule}"
                for each in read_changes(audit)
            )
    if "quarantine" in expected:
        with closing(open_quarantine(cleaned.quarantine_path)) as quarantine:
            found["quarantine"] = sorted(
                f"{each.table} {each.rowid} {each.column}: {each.finding}"
                for each in read_reasons(quarantine)
            )
    if "ledger" in expected:
        found["ledger"] = {name: cleaned.ledger(name) for name in expected["ledger"]}
    if "values" in expected:
        with closing(open_read_only(cleaned.path)) as connection:
            found["values"] = {
                name: [
                    f"{row[0]}: {', '.join(map(literal, row[1:]))}"
                    for row in connection.execute(select(journey.snapshot, name))
                ]
                for name in expected["values"]
            }
    return found


def evidence_seen(profile: Profile, expected: dict[str, Any]) -> dict[str, Any]:
    """What the profile says, of the columns, fields and candidate types that ``expected.toml`` names."""
    found: dict[str, Any] = {}
    if "profile" in expected:
        found["profile"] = {
            name: {field: plain(profiled(profile, name), field) for field in fields}
            for name, fields in expected["profile"].items()
        }
    if "candidates" in expected:
        found["candidates"] = {
            name: considered(profiled(profile, name), types) for name, types in expected["candidates"].items()
        }
    return found


def profiled(profile: Profile, name: str) -> ColumnProfile:
    table, _, column = name.partition(".")
    return profile.table(table).column(column)


def plain(column: ColumnProfile, field: str) -> object:
    """A field of a ColumnProfile as TOML writes it."""
    fact: object = getattr(column, field)
    if field == "encodings":
        return [in_words(each, column.invalid_utf8) for each in column.encodings]
    if isinstance(fact, ClassCounts):
        kinds = ("integer", "real", "text", "blob")
        return {kind: getattr(fact, kind) for kind in kinds if getattr(fact, kind)}
    if isinstance(fact, StoredValue):
        return fact.text
    return "unsettled" if fact is None else fact


def considered(column: ColumnProfile, types: Collection[str]) -> dict[str, Any]:
    """The candidates of those types, by name; every reading of a number as a moment, where one is named."""
    found = {considered_as(one): weighed(one) for one in column.candidates if one.type in bare(types)}
    return dict.fromkeys(bare(types) - bare(found), "not considered") | found


def considered_as(candidate: Candidate) -> str:
    return candidate.type if candidate.form == "auto" else f"{candidate.type} as {candidate.form}"


def bare(names: Collection[str]) -> set[str]:
    return {name.partition(" as ")[0] for name in names}


def weighed(candidate: Candidate) -> dict[str, Any]:
    found: dict[str, Any] = {"fits": candidate.fits, "misfits": candidate.misfits}
    if candidate.examples:
        found["examples"] = [f"{sample.rowid}: {sample.value.text}" for sample in candidate.examples]
    if candidate.first is not None and candidate.last is not None:
        found["between"] = [candidate.first.text, candidate.last.text]
    return found


def place(finding: Finding) -> str:
    where = ".".join(name for name in (finding.table, finding.column) if name is not None)
    return f"{finding.code} {where}".rstrip()


def planned(plan: Plan, name: str) -> str:
    table, _, column = name.partition(".")
    return plan.table(table).column(column).type


def select(snapshot: Snapshot, name: str) -> str:
    table = snapshot.catalog.table(name)
    return f"SELECT {copied_columns(table)} FROM {quote_identifier(name)} ORDER BY {locator(table)}"


def wanted(expected: dict[str, Any]) -> dict[str, Any]:
    """``expected.toml`` in the form of ``seen``."""
    result = dict(expected)
    for name in ("audit", "findings", "quarantine"):
        if name in result:
            result[name] = sorted(result[name])
    if "ledger" in result:
        result["ledger"] = {
            name: TableLedger(table=name, **numbers) for name, numbers in result["ledger"].items()
        }
    return result


@pytest.mark.parametrize("name", NAMES)
def test_case(
    tmp_path: Path,
    make_context: MakeContext,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    schema_name: str,
    name: str,
) -> None:
    case = CASES / name
    context = context_of(case, tmp_path, make_context, schema=schema_name)
    expected = expectation(name)
    for variable, value in expected.pop("environment", {}).items():
        monkeypatch.setenv(variable, value)
    tables_there = expected.pop("existing", None)
    target = (
        None
        if tables_there is None
        else made_before(request.getfixturevalue("postgres"), schema_name, tables_there)
    )
    if "refused" in expected:
        with pytest.raises(UsageProblem) as refused:
            Journey(case, context, target)
        assert {"refused": refused.value.message} == expected
        return
    journey = Journey(case, context, target)
    require_all_parts(case, journey, expected)
    untyped = tuple(expected.pop("untyped", ()))
    expected.pop("day_first", None)
    expected.pop("varies", None)
    questions = expected.pop("postgresql", None)
    assert seen(journey, expected) == wanted(expected)

    cleaned = journey.cleaned
    assert all(ledger.balances for ledger in cleaned.ledgers)
    require_way_back(journey.snapshot, cleaned, tmp_path / "undone.sqlite", untyped)
    assert clean(context, journey.snapshot, journey.profile, journey.plan) == cleaned
    if questions is not None:
        assert answers(journey, context, request.getfixturevalue("postgres"), questions) == questions


def require_all_parts(case: Path, journey: Journey, expected: dict[str, Any]) -> None:
    """The case states its plan, audit and quarantine, and of every table the ledger and the values."""
    assert {"audit", "quarantine", "ledger"} <= expected.keys()
    assert (case / "plan.toml").exists() or "types" in expected
    assert expected["ledger"].keys() == {table.source for table in journey.plan.tables}
    loaded = {table.source for table in journey.plan.tables if table.include}
    assert expected.get("values", {}).keys() | set(expected.get("varies", ())) == loaded


def made_before(endpoint: Endpoint, schema: str, tables: str) -> TargetFacts:
    """What preflight asks of a target in which an application has made its tables."""
    with connect(endpoint, purpose="test") as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {0}; SET search_path = {0}").format(sql.Identifier(schema)))
        connection.execute(tables.encode())
        connection.commit()
    return examine(endpoint, schema)


def answers(
    journey: Journey, context: Context, endpoint: Endpoint, questions: dict[str, Any]
) -> dict[str, list[list[Any]] | str | None]:
    """What the loaded release answers."""
    blueprint = draw(journey.snapshot.catalog, journey.profile, journey.plan)
    release = load(context, endpoint, blueprint, journey.cleaned)
    with connect(endpoint, purpose="test") as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(release.name)))
        return {text: answer(connection, text) for text in questions}


def answer(connection: Connection, text: str) -> list[list[Any]] | str | None:
    try:
        with connection.transaction(force_rollback=True):
            return [list(row) for row in connection.execute(text.encode()).fetchall()]
    except psycopg.Error as error:
        return error.sqlstate


def test_the_list_of_cases_is_complete_and_names_what_there_is() -> None:
    listed = {
        number: re.findall(r"`([^`]+)`", held)
        for number, held in re.findall(
            r"^\| (P\d\d) \|.*\| ([^|]+) \|$", (CASES / "README.md").read_text(encoding="utf-8"), re.M
        )
    }
    assert list(listed) == [f"P{number:02}" for number in range(1, 49)]
    assert all(listed.values())
    of_the_list = {name for name in NAMES if re.match(r"p\d\d", name)}
    named = {one for held in listed.values() for one in held}
    tests = {one for one in named if one.startswith("tests/")}
    assert named - tests == of_the_list
    assert {one for one in tests if not is_a_test(one)} == set()


def is_a_test(name: str) -> bool:
    """Whether ``tests/….py::test_…`` is there."""
    path, _, function = name.partition("::")
    file = CASES.parent.parent / path
    return file.is_file() and f"\ndef {function}(" in file.read_text(encoding="utf-8")


def test_every_rule_has_a_case() -> None:
    audits = (
        tomllib.loads(path.read_text(encoding="utf-8")).get("audit", ())
        for path in CASES.glob("*/expected.toml")
    )
    shown = {line.rpartition(" by ")[2] for audit in audits for line in audit}
    assert set(RULES) - shown == set()
