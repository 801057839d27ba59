"""Findings, gates and columns of a stage, as events.

Invariant: told in one order, whatever order a stage found them in.
"""

from sdmigrate.model.errors import Refused
from sdmigrate.model.events import GateJudged, seen
from sdmigrate.model.finding import findings_of, in_order
from sdmigrate.model.gate import GateVerdict
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.protocols import EventSink
from sdmigrate.model.record import Record
from sdmigrate.pipeline.columns import columns_seen


def tell_findings(events: EventSink, record: Record) -> None:
    """What the result found, the gravest first; nothing where it is of a kind that finds nothing."""
    for finding in in_order(findings_of(record)):
        events.emit(seen(finding))


def tell_gate(events: EventSink, verdict: GateVerdict) -> None:
    """One verdict, with its reason where there is nothing to advise."""
    events.emit(
        GateJudged(
            name=verdict.name,
            verdict=verdict.verdict,
            value=verdict.value,
            limit=verdict.limit,
            advice=verdict.advice or verdict.reason,
        )
    )


def tell_columns(events: EventSink, found: Profile, decided: Plan) -> None:
    """Each column with its evidence and what is decided for it."""
    for event in columns_seen(found, decided):
        events.emit(event)


def refusal(verdict: GateVerdict) -> Refused:
    """The error by which a gate that stops ends its stage."""
    return Refused(
        f"The {verdict.name} gate says no: {verdict.reason}.", verdict.advice or "Look at the findings."
    )
