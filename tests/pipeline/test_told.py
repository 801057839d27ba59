"""How stages ended, read back from a run's journal: what was forgotten is not told, what stands is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sdmigrate.model.events import (
    Event,
    GateJudged,
    StageFinished,
    StageName,
    StageStarted,
    StageStatus,
)
from sdmigrate.pipeline.told import journal_events, stages_told
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.recorder import event_line
from tests.tui import records


class Written:
    """A journal into which stages are written as a run would."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._seq = 0

    def ran(self, stage: StageName, status: StageStatus = "done", *gates: GateJudged) -> None:
        """The stage ran and ended so."""
        ended = StageFinished(stage=stage, status=status, seconds=1.0)
        if status in ("done", "refused"):
            self.journal.keep_result(stage, records.results()[stage], accepted=status == "done")
        events: tuple[Event, ...] = (StageStarted(stage=stage), *gates, ended)
        for event in events:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        self._seq += 1
        line = event_line(event, seq=self._seq, at=datetime.now(UTC), run="r")
        self.journal.append(self._seq, line)

    def told(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Each stage with how it ended and its verdicts."""
        told = stages_told(self.journal, journal_events(self.journal))
        return [
            (one.ended.name, one.ended.status, tuple(f"{gate.name} {gate.verdict}" for gate in one.gates))
            for one in told
        ]


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    with Journal.create(tmp_path / "journal.sqlite") as journal:
        yield Written(journal)


def _gate(name: str, verdict: str) -> GateJudged:
    return GateJudged(name=name, verdict=verdict, value=0.0, limit=0.0, advice="")  # type: ignore[arg-type]


def test_each_stage_is_told_as_it_ended_last_with_its_own_verdicts(written: Written) -> None:
    written.ran("profile")
    written.ran("plan", "refused", _gate("breaker", "stop"))
    written.ran("plan", "done", _gate("breaker", "pass"), _gate("confidence", "warn"))
    written.ran("clean", "aborted")
    assert written.told() == [
        ("profile", "done", ()),
        ("plan", "done", ("breaker pass", "confidence warn")),
        ("clean", "aborted", ()),
    ]


def test_what_an_earlier_stage_made_forgotten_is_not_told(written: Written) -> None:
    stages: tuple[StageName, ...] = ("plan", "clean", "canary")
    for stage in stages:
        written.ran(stage)
    for stage in stages:
        written.journal.forget_result(stage)
    assert written.told() == []
    written.ran("plan")
    written.ran("clean", "refused", _gate("quarantine", "stop"))
    assert written.told() == [("plan", "done", ()), ("clean", "refused", ("quarantine stop",))]


def test_what_stands_though_an_earlier_stage_ran_again_is_told(written: Written) -> None:
    written.ran("plan")
    written.ran("clean", "done", _gate("quality", "pass"))
    written.journal.forget_result("plan")
    written.ran("plan")
    assert written.told() == [("plan", "done", ()), ("clean", "done", ("quality pass",))]
