"""The quality gate: a score that is too low, or that cleaning made worse."""

import pytest

from sdmigrate.model.gate import GateVerdict
from sdmigrate.model.profile import Profile, Quality, QualityPart
from sdmigrate.model.result import Cleaned, TableLedger
from sdmigrate.model.settings import Limits
from sdmigrate.model.source import Fingerprint
from sdmigrate.rules.gates import judge_quality

_SOURCE = Fingerprint(size=1, modified_ns=2, change_counter=3)


def verdict(
    before: float,
    after: float,
    *,
    read: int = 100,
    loaded: int = 100,
    quarantined: int = 0,
    costs: tuple[str, ...] = (),
) -> GateVerdict:
    """Of one table that had and has that score."""
    profile = Profile(
        source_fingerprint=_SOURCE,
        tables=(),
        findings=(),
        quality=Quality(score=before, parts=(), tables={"t": before}),
    )
    part = QualityPart(name="validity", score=after, weight=100.0, costs=costs)
    cleaned = Cleaned(
        path="",
        audit_path="",
        quarantine_path="",
        source_fingerprint=_SOURCE,
        plan_id="plan",
        ledgers=(
            TableLedger(
                table="t",
                read=read,
                loaded=loaded,
                quarantined=quarantined,
                excluded=read - loaded - quarantined,
            ),
        ),
        quality=Quality(score=after, parts=(part,), tables={"t": after}),
    )
    return judge_quality(profile, cleaned, Limits())


@pytest.mark.parametrize(
    ("before", "after", "read", "loaded", "wanted"),
    [
        (95.0, 95.0, 100, 100, "pass"),
        (95.0, 94.96, 100, 100, "pass"),
        (95.0, 94.9, 100, 100, "stop"),
        (95.0, 94.9, 100, 99, "pass"),
        (95.0, 94.0, 100, 99, "pass"),
        (95.0, 93.8, 100, 99, "stop"),
        (95.0, 85.0, 20, 15, "pass"),
        (79.0, 79.9, 100, 100, "stop"),
        (79.0, 80.0, 100, 100, "pass"),
        (90.0, 79.9, 20, 15, "stop"),
    ],
)
def test_rows_that_are_left_out_may_lower_the_score_by_what_they_weigh(
    before: float, after: float, read: int, loaded: int, wanted: str
) -> None:
    told = verdict(before, after, read=read, loaded=loaded)
    assert told.verdict == wanted
    if wanted == "stop":
        assert told.reason == (
            f"quality after cleaning is {after:.1f}, below 80"
            if after < 80
            else f"quality fell from {before:.1f} to {after:.1f} by cleaning"
        )


def test_rows_in_quarantine_may_not() -> None:
    assert verdict(95.0, 94.9, read=100, loaded=99, quarantined=1).verdict == "stop"


def test_what_is_told_of_the_score_reads_as_sentences() -> None:
    assert verdict(100.0, 99.96).reason == "quality is 100.0, as before"
    assert verdict(91.4, 96.2).reason == "quality went from 91.4 to 96.2"
    stopped = verdict(70.0, 70.0, costs=("1 row breaks 'a rule.'", "Notes has comments.", "2 dates"))
    assert stopped.advice == "What costs most: 1 row breaks 'a rule.'; Notes has comments; 2 dates."
