"""Each stage of a run as its journal tells it: how it ended last, after how long, and what its gates said.

Invariant: a stage whose result was forgotten is not told; one that was stopped, refused or failed is.
"""

from collections.abc import Iterable

import msgspec

from sdmigrate.model.events import (
    Event,
    GateJudged,
    StageFinished,
    StageName,
    StageStarted,
    StageSummary,
)
from sdmigrate.model.record import Record
from sdmigrate.pipeline.order import RECORDS
from sdmigrate.runtime.journal import Journal

_ORDER = tuple(RECORDS)


class StageTold(Record):
    """One stage."""

    ended: StageSummary
    gates: tuple[GateJudged, ...] = ()
    """In the order in which they judged."""


def journal_events(journal: Journal) -> list[Event]:
    """The journal's events in order.

    Raises:
        UnsafeToContinue: another version of sdmigrate wrote them.
    """
    try:
        return [event_of(line) for line in journal.lines()]
    except msgspec.MsgspecError as error:
        raise journal.written_otherwise(error) from error


def event_of(line: str) -> Event:
    """The event in that line, without its envelope.

    Raises:
        msgspec.MsgspecError: it is none of this version's.
    """
    fields = msgspec.json.decode(line)
    for name in ("v", "seq", "at", "run"):
        fields.pop(name, None)
    event: Event = msgspec.convert(fields, Event)
    return event


def stages_told(journal: Journal, events: Iterable[Event]) -> tuple[StageTold, ...]:
    """The stages as they stand, in the order of a journey.

    A stage before others may run again under them, where what it says is what they were made under.
    """
    told: dict[StageName, StageTold] = {}
    gates: list[GateJudged] = []
    for event in events:
        match event:
            case StageStarted():
                gates = []
            case GateJudged():
                gates.append(event)
            case StageFinished(stage=stage, status=status, seconds=seconds):
                told = {
                    name: one for name, one in told.items() if _before(name, stage) or journal.is_done(name)
                }
                ended = StageSummary(name=stage, status=status, seconds=seconds)
                told[stage] = StageTold(ended=ended, gates=tuple(gates))
    standing = [one for name, one in told.items() if one.ended.status != "done" or journal.is_done(name)]
    return tuple(sorted(standing, key=lambda one: _ORDER.index(one.ended.name)))


def _before(stage: StageName, other: StageName) -> bool:
    return _ORDER.index(stage) < _ORDER.index(other)
