from typing import Any

import pytest

from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan
from sdmigrate.model.profile import (
    Candidate,
    ClassCounts,
    ColumnProfile,
    Profile,
    Quality,
    TableProfile,
)
from sdmigrate.model.settings import Limits
from sdmigrate.model.source import Fingerprint
from sdmigrate.rules.breaker import halting, judge

FINGERPRINT = Fingerprint(size=1, modified_ns=1, change_counter=1)


def column(name: str, *, misfits: int = 0, corrupt: int = 0, type_: str = "bigint") -> ColumnProfile:
    return ColumnProfile(
        name=name,
        declared_type="TIMESTAMP" if corrupt else "INTEGER",
        rows=100,
        nulls=0,
        empties=0,
        blanks=0,
        classes=ClassCounts(text=100),
        distinct=100,
        distinct_exact=True,
        proposed=type_,
        confidence=1.0,
        reason="",
        forms={"zero_date": corrupt} if corrupt else {},
        candidates=(Candidate(type=type_, fits=100 - misfits, misfits=misfits),),
    )


def verdict(columns: list[ColumnProfile], *, include: bool = True, **decided: Any) -> tuple[str, object]:
    """Verdict and value, where ``decided`` are the plan's fields of the first column."""
    plans = [
        ColumnPlan(
            source=one.name,
            target=one.name,
            type=one.proposed,
            **(decided if number == 0 else {}),
        )
        for number, one in enumerate(columns)
    ]
    plan = Plan(
        source_fingerprint=FINGERPRINT,
        tables=(TablePlan(source="t", target="t", columns=tuple(plans), include=include),),
    )
    profile = Profile(
        source_fingerprint=FINGERPRINT,
        tables=(TableProfile(name="t", rows=100, columns=tuple(columns)),),
        findings=(),
        quality=Quality(score=100, parts=()),
    )
    judged = judge(profile, plan, Limits())
    return judged.verdict, judged.value


def columns(total: int, broken: int) -> list[ColumnProfile]:
    return [column(f"c{number}", misfits=int(number < broken)) for number in range(total)]


@pytest.mark.parametrize(
    ("total", "broken", "expected"), [(10, 1, "pass"), (10, 2, "stop"), (9, 1, "stop"), (1, 0, "pass")]
)
def test_a_tenth_of_the_columns_passes(total: int, broken: int, expected: str) -> None:
    assert verdict(columns(total, broken)) == (expected, round(broken / total, 4))


@pytest.mark.parametrize(("corrupt", "expected"), [(20, "pass"), (21, "stop")])
@pytest.mark.parametrize("type_", ["timestamp", "text"])
def test_a_fifth_of_the_dates_passes(corrupt: int, expected: str, type_: str) -> None:
    dates = column("d", corrupt=corrupt, type_=type_)
    assert verdict([dates, *columns(20, 0)])[0] == expected


@pytest.mark.parametrize(
    "decided",
    [
        {"decision": "operator"},
        {"misfit": "null"},
        {"form": "dmy"},
        {"placeholders": ("N/A",)},
    ],
)
def test_a_column_with_a_rule_does_not_count(decided: dict[str, Any]) -> None:
    assert verdict(columns(9, 1), **decided) == ("pass", 0.0)
    assert verdict([column("d", corrupt=90, type_="timestamp")], **decided)[0] == "pass"


def test_a_table_left_out_does_not_count() -> None:
    assert verdict(columns(2, 2), include=False) == ("pass", 0.0)


def test_no_columns_pass() -> None:
    assert verdict([]) == ("pass", 0.0)


def test_it_names_the_columns_for_which_it_halts_whatever_the_reason() -> None:
    columns = [column("born", corrupt=30, type_="date"), column("a", misfits=1), *map(column, "bcdefgh")]
    plan = Plan(
        source_fingerprint=FINGERPRINT,
        tables=(
            TablePlan(
                source="t",
                target="t",
                columns=tuple(
                    ColumnPlan(source=one.name, target=one.name, type=one.proposed) for one in columns
                ),
            ),
        ),
    )
    profile = Profile(
        source_fingerprint=FINGERPRINT,
        tables=(TableProfile(name="t", rows=100, columns=tuple(columns)),),
        findings=(),
        quality=Quality(score=100, parts=()),
    )
    assert halting(profile, plan, Limits()) == (("t", "born"), ("t", "a"))
    assert halting(profile, plan, Limits(breaker_columns=0.2)) == (("t", "born"),)
    assert halting(profile, plan, Limits(breaker_corrupt_dates=0.3)) == (("t", "a"),)
    assert halting(profile, plan, Limits(breaker_columns=0.2, breaker_corrupt_dates=0.3)) == ()
