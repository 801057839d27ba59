"""The score of cleaned: the same whether told by what cleaning did or by counting cleaned again."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile, Quality
from sdmigrate.model.result import Cleaned
from sdmigrate.model.source import Snapshot
from sdmigrate.runtime.context import Context
from sdmigrate.sqlite.workbench import CleaningFiles
from sdmigrate.stages import cleaned_counts
from sdmigrate.stages.clean import clean
from sdmigrate.stages.profile import profile
from sdmigrate.stages.rescore import rescore
from tests.conftest import MakeContext
from tests.sqlite.plain_snapshot import make_plan, make_snapshot, with_column, with_table
from tests.stages.test_any_plan import TABLES, built, databases, decided, plans

PACK = """
version = 1
name = "any"
[[rules]]
family = "f"
name = "everywhere short"
check = "max_length"
maximum = 6
[[rules]]
family = "f"
name = "no line feed"
check = "matches_not"
pattern = '\\n'
[[rules]]
family = "f"
name = "valid"
check = "utf8"
[[rules]]
family = "f"
name = "no NUL"
check = "no_nul_bytes"
"""

OF_A_TABLE = """
[[rules]]
family = "f"
name = "filled"
table = "{name}"
column = "a"
check = "filled"
[[rules]]
family = "f"
name = "small"
table = "{name}"
column = "a"
check = "range"
minimum = 0
maximum = 1300
[[rules]]
family = "f"
name = "of the year"
table = "{name}"
column = "b"
check = "range"
minimum = "2024-01-01"
maximum = "2024-12-31"
[[rules]]
family = "f"
name = "once"
table = "{name}"
column = "k"
check = "unique"
[[rules]]
family = "f"
name = "no digits"
table = "{name}"
column = "b"
check = "matches_not"
pattern = '[0-9]{{3}}'
[[rules]]
family = "f"
name = "no blob"
table = "{name}"
column = "b"
check = "holds"
expression = "typeof(b) <> 'blob'"
"""


def scored(
    context: Context, snapshot: Snapshot, before: Profile, plan: Plan, cleaned: Cleaned, few: int
) -> Quality:
    """The score where so many changed values are looked at one by one."""
    files = CleaningFiles(Path(cleaned.path), Path(cleaned.audit_path), Path(cleaned.quarantine_path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cleaned_counts, "FEW_CELLS", few)
        patch.setattr(cleaned_counts, "FEW", 0)
        return rescore(context, snapshot, before, plan, cleaned.ledgers, files)


def pack_of(directory: Path, tables: tuple[str, ...]) -> str:
    path = directory / "pack.toml"
    path.write_text(PACK + "".join(OF_A_TABLE.format(name=name) for name in tables), encoding="utf-8")
    return str(path)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tables=databases(), drawn=plans())
def test_what_cleaning_did_tells_the_score_that_counting_again_gives(
    tmp_path_factory: pytest.TempPathFactory,
    make_context: MakeContext,
    tables: list[tuple[str, list[tuple[object, ...]]]],
    drawn: dict[str, dict[str, Any]],
) -> None:
    tmp_path = tmp_path_factory.mktemp("rescore")
    context = make_context(tmp_path, rules_path=pack_of(tmp_path, TABLES))
    snapshot = built(tmp_path / "s.sqlite", tables)
    plan = decided(snapshot, drawn)
    before = profile(context, snapshot)
    cleaned = clean(context, snapshot, before, plan)
    by_difference = scored(context, snapshot, before, plan, cleaned, 1_000)
    by_counting = scored(context, snapshot, before, plan, cleaned, 0)
    assert rounded(by_difference) == rounded(by_counting)
    assert rounded(cleaned.quality) == rounded(by_counting)


@pytest.mark.parametrize("left_out", [4, 4_000])
def test_rows_that_left_the_table_cost_no_points(
    tmp_path: Path, make_context: MakeContext, left_out: int
) -> None:
    snapshot = make_snapshot(
        tmp_path / "s.sqlite",
        f"""
        CREATE TABLE t(k INTEGER PRIMARY KEY, a TEXT, b TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= {left_out})
        INSERT INTO t SELECT i, iif(i <= {left_out}, '', 'there'), 'x' FROM n;
        """,
    )
    context = make_context(tmp_path, rules_path=pack_of(tmp_path, ("t",)))
    plan = with_table(make_plan(snapshot, {"t.k": "bigint"}), "t", where="a <> ''")
    plan = with_column(plan, "t", "a", empty="keep")
    before = profile(context, snapshot)
    after = clean(context, snapshot, before, plan).quality
    completeness = [
        {part.name: part for part in each.parts}["completeness"] for each in (before.quality, after)
    ]
    assert completeness[0].costs == (f"{left_out:,} rows of t have no a.",)
    assert completeness[0].score == pytest.approx(completeness[0].weight / (left_out + 1))
    assert completeness[1].costs == ()
    assert completeness[1].score == completeness[1].weight


def rounded(quality: Quality) -> Quality:
    """Without what the order of an addition does to the last digit."""
    parts = tuple(replace(part, score=round(part.score, 6)) for part in quality.parts)
    tables = {name: round(score, 6) for name, score in quality.tables.items()}
    return replace(quality, score=round(quality.score, 6), parts=parts, tables=tables)
