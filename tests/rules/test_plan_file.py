"""The plan as TOML: what is written is read back; what cannot be meant is refused with its line."""

import tomllib
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmigrate.model.catalog import Catalog, ForeignKey
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.values import Value
from sdmigrate.rules import plan_file, row_filter
from sdmigrate.rules.planning import propose
from tests.rules.profiles import column, facts, table

TICKETS = table(
    "tickets",
    column("TKT-Ticket ID", "INTEGER"),
    column("Created", "TIMESTAMP"),
    column("Hours", "REAL", not_null=True),
    column("Notes", "TEXT"),
)
ROWS: Sequence[Sequence[Value]] = [
    (1, "2024-01-02 03:04:05", 1.5, "a"),
    (2, "2024-01-02 03:04:05", 2.5, None),
    (3, "03/04/2024 05:06", 3.0, ""),
]
HOSTILE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def ticket_facts() -> tuple[Catalog, Profile]:
    return facts([(TICKETS, ROWS)])


def read(text: str, **options: bool) -> Plan:
    return plan_file.read(text, *ticket_facts(), **options)  # type: ignore[arg-type]


def refused(text: str, **options: bool) -> str:
    with pytest.raises(UsageProblem) as raised:
        read(text, **options)
    return raised.value.message + " | " + raised.value.hint


def test_an_empty_file_is_the_proposal() -> None:
    assert read("") == propose(*ticket_facts())


def test_contract_example_is_read() -> None:
    plan = read(
        """
version = 1
naming = "preserve"            # preserve | lower | snake_case
day_first = true
accept_quarantine = { tickets = 12 }

[tables.tickets]
target = "tickets"
include = true
where = ""
duplicates = "first"
order = ["TKT-Ticket ID"]

[tables.tickets.columns."Created"]
target = "created_time"
type = "timestamp"
form = "auto"
zone = ""
empty = "null"
placeholders = ["N/A", "-"]
misfit = "quarantine"
default = ""
"""
    )
    decided = plan.table("tickets")
    assert decided.order == ("TKT-Ticket ID",)
    assert plan.accept_quarantine == {"tickets": 12}
    created = decided.column("Created")
    assert (created.target, created.type, created.placeholders) == (
        "created_time",
        "timestamp",
        ("N/A", "-"),
    )
    assert created.day_first is True
    assert created.decision == "proposed"


def test_the_operators_type_settles_what_depends_on_it() -> None:
    plan = read('[tables.tickets.columns.Notes]\ntype = "bigint"\n')
    notes = plan.table("tickets").column("Notes")
    assert (notes.type, notes.empty, notes.decision, notes.confidence) == ("bigint", "null", "operator", 1.0)
    hours = read('[tables.tickets.columns.Hours]\ntype = "NUMERIC(10, 2)"\n').table("tickets").column("Hours")
    assert (hours.type, hours.empty) == ("numeric(10,2)", "quarantine")


def test_misfit_text_widens_where_there_are_misfits() -> None:
    text = '[tables.tickets.columns."Notes"]\ntype = "bigint"\nmisfit = "text"\n'
    assert read(text).table("tickets").column("Notes").type == "text"
    text = '[tables.tickets.columns."Hours"]\nmisfit = "text"\n'
    assert read(text).table("tickets").column("Hours").type == "double precision"


def test_a_default_makes_empty_text_missing() -> None:
    hours = read('[tables.tickets.columns.Hours]\ndefault = "0"\n').table("tickets").column("Hours")
    assert (hours.default, hours.empty) == ("0", "null")


def test_the_command_line_wins_over_the_file() -> None:
    assert read("day_first = true\n", day_first=False).day_first is False


def test_naming_folds_every_name_and_overrides_stay() -> None:
    plan = read('naming = "snake_case"\n[tables.tickets.columns.Hours]\ntarget = "H"\n')
    targets = [one.target for one in plan.table("tickets").columns]
    assert targets == ["tkt_ticket_id", "created", "H", "notes"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\nversion = 2\n", 2, "must be 1"),
        ("version = 1\nnameing = 'lower'\n", 2, "'naming'"),
        ("[tables.tickets]\n\ninclude = 'yes'\n", 3, "true or false"),
        ("[tables.ticket]\ninclude = true\n", 1, "Did you mean 'tickets'?"),
        ("[tables.tickets.columns.hours]\ntype = 'text'\n", 1, "Did you mean 'Hours'?"),
        ("[tables.tickets.columns.Hours]\ntype = 'strng'\n", 2, "double precision"),
        ("[tables.tickets.columns.Hours]\nform = 'yyyy'\n", 2, "dmy"),
        ("[tables.tickets.columns.Hours]\nzone = 'Mars/Base'\n", 2, "time zone"),
        ("[tables.tickets.columns.Hours]\nempty = 'null'\n", 2, "must not be NULL"),
        ("[tables.tickets.columns.Hours]\ndefault = 'x'\n", 2, "no double precision"),
        ("[tables.tickets.columns.Hours]\ntarget = ''\n", 2, "cannot be empty"),
        ("[tables.tickets.columns.Hours]\nplaceholders = [\n 'a',\n 3,\n]\n", 2, "list of strings"),
        ("[tables.tickets]\norder = ['Hour']\n", 2, "Did you mean 'Hours'?"),
        ("[tables.tickets]\nduplicate_key = ['Hour']\n", 2, "Did you mean 'Hours'?"),
        ("[tables.tickets]\nduplicate_key = ['*', 'Hours']\n", 2, "no column '*'"),
        ("[tables.tickets]\norders = 'null'\n", 2, "'orders'"),
        ("[tables.tickets]\norphans = 'drop'\n", 2, "keep, null, quarantine"),
        ("[tables.tickets]\norphans = 'quarantine'\n", 2, "declares no foreign key"),
        ("[tables.tickets]\nagreed = ['misfit']\n", 2, "names no finding of docs/findings.md: misfit"),
        ("[tables.tickets.columns.Hours]\nagreed = 'misfits'\n", 2, "list of strings"),
        ("[tables.tickets]\nwhere = 'nope = 1'\n", 2, "no column"),
        ("[tables.tickets]\nwhere = '1; DROP TABLE x'\n", 2, "one SQLite expression"),
        ("# one\ntables.tickets.columns.Hours.typ = 'text'\n", 2, "'type'"),
        ("accept_quarantine = { ticket = 1 }\n", 1, "Did you mean 'tickets'?"),
        ("\n\naccept_quarantine = { tickets = -1 }\n", 3, "number of rows"),
        ("tables = 3\n", 1, "must be a table"),
        ("[tables]\ntickets = 3\n", 2, "must be a table"),
        ('description = """\nlong\n"""\n', 1, "unknown"),
        ("[tables.tickets]\nwhere = \"Notes <> '\u2028'\"\ntyp = 1\n", 3, "'typ'"),
        ('[tables.tickets.columns.Notes]\nplaceholders = [\n["x"],\n]\n', 2, "strings"),
        ('[tables.tickets]\norder = [\n  "Hours",\n]\n["tables".tickets.columns]\nX = 1\n', 6, "table"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    message = refused(text)
    assert f"line {line}:" in message
    assert words in message


def test_broken_toml_names_its_line() -> None:
    assert "line 2" in refused("version = 1\nnaming = \n")


def test_colliding_targets_are_refused() -> None:
    message = refused('[tables.tickets.columns.Hours]\ntarget = "Notes"\n')
    assert "'Hours'" in message
    assert "'Notes'" in message


def test_what_is_gone_is_drift() -> None:
    text = "[tables.tickets.columns.Gone]\ntype = 'text'\n\n[tables.old]\ninclude = true\n"
    message = refused(text)
    assert "line 1: the source has no column 'Gone' of table 'tickets'" in message
    assert "line 4: the source has no table 'old'" in message
    plan = read(text, accept_drift=True)
    assert [finding.code for finding in plan.findings[:2]] == ["plan-drift-gone", "plan-drift-gone"]
    assert plan.tables == read("").tables


def test_values_in_another_order_are_drift_from_a_complete_plan() -> None:
    dates = table("t", column("d", "TEXT"))
    first = facts([(dates, [["13/05/2024"], ["03/04/2024"]])])
    saved = plan_file.write(propose(*first), first[1])
    assert plan_file.read(saved, *first).tables == propose(*first).tables
    after = facts([(dates, [["05/13/2024"], ["03/04/2024"]])])
    with pytest.raises(
        UsageProblem, match=r"line \d+: the values of column 'd' of table 't' say another order"
    ):
        plan_file.read(saved, *after)
    accepted = plan_file.read(saved, *after, accept_drift=True)
    assert accepted.table("t").column("d").day_first is False
    assert accepted.findings[0].code == "plan-drift-changed"


def test_an_order_decided_against_most_dates_is_no_drift_of_them() -> None:
    rows = [["05/13/2024"], ["05/14/2024"], ["13/05/2024"], ["03/04/2024"]]
    mixed = facts([(table("t", column("d", "TEXT")), rows)])
    for decided in (
        propose(*mixed, day_first=True),
        plan_file.read("[tables.t.columns.d]\nday_first = true\ntype = 'date'\n", *mixed),
    ):
        assert decided.table("t").column("d").agreed == ("ambiguous-day-month",)
        assert plan_file.read(plan_file.write(decided, mixed[1]), *mixed) == decided
    most = propose(*mixed, day_first=False)
    assert most.table("t").column("d").agreed == ()
    assert plan_file.read(plan_file.write(most, mixed[1]), *mixed) == most


@pytest.mark.parametrize(
    ("said", "type_", "form"),
    [
        ("day_first = true", "date", "auto"),
        ("form = 'mdy'", "date", "mdy"),
        ("type = 'text'\nday_first = true", "text", "auto"),
        ("form = 'iso_date'", "text", "iso_date"),
    ],
)
def test_the_type_follows_a_day_order_that_the_plan_settles(said: str, type_: str, form: str) -> None:
    settled = facts([(table("t", column("d", "DATE")), [["03/04/2024"], ["05/06/2024"]])])
    assert plan_file.read("", *settled).table("t").column("d").type == "text"
    found = plan_file.read(f"[tables.t.columns.d]\n{said}\n", *settled).table("t").column("d")
    assert (found.type, found.form) == (type_, form)


@pytest.mark.parametrize(
    ("said", "type_"),
    [("form = 'thousands'", "numeric"), ("form = 'decimal_comma'", "numeric"), ("form = 'auto'", "text")],
)
def test_the_type_follows_separators_that_the_plan_settles(said: str, type_: str) -> None:
    settled = facts([(table("t", column("n", "TEXT")), [["1,234"], ["56"]])])
    found = plan_file.read(f"[tables.t.columns.n]\n{said}\n", *settled).table("t").column("n")
    assert found.type == type_


def test_another_type_of_number_keeps_the_separators_that_the_values_say() -> None:
    settled = facts([(table("t", column("n", "TEXT")), [["1.234,50"], ["56"]])])
    assert plan_file.read("", *settled).table("t").column("n").form == "decimal_comma"
    found = plan_file.read("[tables.t.columns.n]\ntype = 'double precision'\n", *settled)
    assert found.table("t").column("n").form == "decimal_comma"
    assert (
        plan_file.read("[tables.t.columns.n]\ntype = 'text'\n", *settled).table("t").column("n").form
        == "auto"
    )


def test_orphans_cannot_become_null_where_null_is_no_value() -> None:
    key = ForeignKey(columns=("parent",), parent_table="t", parent_columns=("id",))
    for not_null in (True, False):
        columns = (
            column("id", "INTEGER"),
            column("parent", "INTEGER", not_null=not_null),
            column("x", "TEXT"),
        )
        one = facts([(table("t", *columns, foreign_keys=(key,)), [[1, 1, "a"]])])
        text = "\n[tables.t]\norphans = 'null'\n"
        if not_null:
            with pytest.raises(
                UsageProblem, match="line 3: orphans is null, and 'parent' must not be NULL"
            ) as e:
                plan_file.read(text, *one)
            assert "quarantine" in e.value.hint
        else:
            assert plan_file.read(text, *one).table("t").orphans == "null"


def test_what_is_new_is_drift_from_a_complete_plan() -> None:
    text = "complete = true\n[tables.tickets.columns.Hours]\n"
    assert "not in the plan: column 'Notes' of table 'tickets'" in refused(text)
    assert len(read(text, accept_drift=True).findings) >= 3


def test_only_differences_are_written_against_a_proposal() -> None:
    facts_ = ticket_facts()
    proposal = propose(*facts_)
    text = '[tables.tickets.columns.Notes]\ntype = "bigint"\n'
    plan = plan_file.read(text, *facts_)
    written = plan_file.write(plan, facts_[1], proposal=proposal)
    assert tomllib.loads(written)["tables"] == {
        "tickets": {"columns": {"Notes": {"type": "bigint", "empty": "null", "form": "auto"}}}
    }
    assert plan_file.read(written, *facts_) == plan


def test_the_evidence_stands_beside_the_decision() -> None:
    written = plan_file.write(propose(*ticket_facts()), ticket_facts()[1])
    assert "# declared REAL; 3 values, 0 NULL, 0 empty; double precision, 100.0% sure" in written


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(HOSTILE, min_size=1, max_size=4, unique_by=str.lower),
    table_name=HOSTILE,
    default=HOSTILE.filter(bool),
    placeholders=st.lists(HOSTILE, max_size=3),
)
def test_any_name_and_text_comes_back(
    names: list[str], table_name: str, default: str, placeholders: list[str]
) -> None:
    one = table(table_name, *(column(name, "TEXT") for name in names))
    catalog, profile = facts([(one, [["text"] * len(names)])])
    plan = propose(catalog, profile)
    first = plan.tables[0].columns[0]
    if default not in placeholders:
        first = msgspec.structs.replace(first, default=default, placeholders=tuple(placeholders))
    first = msgspec.structs.replace(first, trailing_blanks="strip", newline_runs="single")
    columns = (first, *plan.tables[0].columns[1:])
    only = msgspec.structs.replace(plan.tables[0], columns=columns, order=tuple(names))
    changed = msgspec.structs.replace(
        plan,
        tables=(msgspec.structs.replace(only, duplicate_key=("*",)),),
        accept_quarantine={table_name: 3},
    )
    for proposal in (None, plan):
        again = plan_file.read(plan_file.write(changed, profile, proposal=proposal), catalog, profile)
        assert (again.tables, again.accept_quarantine) == (changed.tables, changed.accept_quarantine)


@pytest.mark.parametrize(
    "where",
    [
        "",
        "Hours > 1 AND Notes LIKE 'a%'",
        '"TKT-Ticket ID" IN (1, 2)',
        "strftime('%Y', Created) = '2024'",
        "typeof(Hours) = 'real'",
        "rowid < 100",
    ],
)
def test_row_filters_that_pass(where: str) -> None:
    assert row_filter.problem(where, [one.name for one in TICKETS.columns]) is None


@pytest.mark.parametrize(
    "where",
    [
        "1 -- ",
        "1 /* */",
        "1) OR (1",
        "EXISTS (SELECT 1)",
        "Hours IN (SELECT 1)",
        "load_extension('x')",
        "randomblob(9) = x'00'",
        "other.Hours = 1",
        "Hours = ?",
        "nothing = 1",
        "((((",
    ],
)
def test_row_filters_that_are_refused(where: str) -> None:
    assert row_filter.problem(where, [one.name for one in TICKETS.columns]) is not None


def test_two_types_for_the_ends_of_a_foreign_key_are_refused_unless_drift_is_accepted() -> None:
    key = ForeignKey(columns=("owner",), parent_table="person", parent_columns=("id",))
    person = table("person", column("id", "INT"), primary_key=("id",))
    pet = table("pet", column("owner", "INT"), foreign_keys=(key,))
    of_source = facts([(person, [(1,), (2,)]), (pet, [(1,), (1,)])])
    text = '[tables.person.columns.id]\ntype = "bigint"\n[tables.pet.columns.owner]\ntype = "text"\n'
    with pytest.raises(UsageProblem, match=r"line 4: pet\.owner is text, and person\.id, to which"):
        plan_file.read(text, *of_source)
    apart = plan_file.read(text, *of_source, accept_drift=True)
    assert [one.columns[0].type for one in apart.tables] == ["bigint", "text"]
    left_out = plan_file.read("[tables.person]\ninclude = false\n" + text, *of_source)
    assert left_out.table("pet").column("owner").type == "text"
