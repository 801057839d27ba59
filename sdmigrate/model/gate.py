"""A gate's verdict."""

from typing import Literal, TypeAlias

from sdmigrate.model.record import Record

GateName: TypeAlias = Literal[
    "preflight", "integrity", "breaker", "confidence", "quality", "quarantine", "canary", "verification"
]
GATE_NAMES: tuple[GateName, ...] = (
    "preflight",
    "integrity",
    "breaker",
    "confidence",
    "quality",
    "quarantine",
    "canary",
    "verification",
)


class GateVerdict(Record):
    """What one gate said, about which number, and what to do."""

    name: GateName
    verdict: Literal["pass", "warn", "stop"]
    value: float | str
    """What was measured."""
    limit: float | str
    """Where it would stop."""
    reason: str
    advice: str
    """Empty where it passes."""
