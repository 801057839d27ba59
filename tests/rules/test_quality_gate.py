"""The quality gate: a score that is too low, or that cleaning made worse."""

import pytest

from sdmigrate.model.profile import Profile, Quality
from sdmigrate.model.result import Cleaned, TableLedger
from sdmigrate.model.settings import Limits
from sdmigrate.model.source import Fingerprint
from sdmigrate.rules.gates import judge_quality

_SOURCE = Fingerprint(size=1, modified_ns=2, change_counter=3)


def verdict(before: float, after: float, *, read: int, loaded: int, quarantined: int = 0) -> tuple[str, str]:
    """Of one table that had and has that score."""
    profile = Profile(
        source_fingerprint=_SOURCE,
        tables=(),
        findings=(),
        quality=Quality(score=before, parts=(), tables={"t": before}),
    )
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
        quality=Quality(score=after, parts=(), tables={"t": after}),
    )
    told = judge_quality(profile, cleaned, Limits())
    return told.verdict, told.reason


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
    found, reason = verdict(before, after, read=read, loaded=loaded)
    assert found == wanted
    if wanted == "stop":
        assert reason == (
            f"quality after cleaning is {after:.1f}, below 80"
            if after < 80
            else f"quality fell from {before:.1f} to {after:.1f} by cleaning"
        )


def test_rows_in_quarantine_may_not() -> None:
    assert verdict(95.0, 94.9, read=100, loaded=99, quarantined=1)[0] == "stop"
