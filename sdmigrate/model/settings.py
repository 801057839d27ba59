"""Settings of a run, and what an operator asks for."""

from typing import Literal, TypeAlias

from sdmigrate.model.gate import GateName
from sdmigrate.model.record import Record

Mode: TypeAlias = Literal["inspect", "rehearse", "migrate"]


class Limits(Record):
    """The gates' numbers (DESIGN.md, "Gates")."""

    disk_factor: float = 2.5
    """Free disk needed, times the source's size."""
    embedded_disk_factor: float = 3.0
    """Added to it where the target is the embedded server."""
    memory_recommended_bytes: int = 4 * 1024**3
    breaker_columns: float = 0.10
    """Share of columns with values that nothing converts, above which the breaker halts."""
    breaker_corrupt_dates: float = 0.20
    """Share of a date column's values that are corrupt, above which the breaker halts."""
    confidence: float = 0.95
    quality: float = 80.0
    quarantine: float = 0.01
    """Share of a table's rows."""
    health_disk_bytes: int = 1024**3
    health_memory_share: float = 0.90
    canary_share: float = 0.10
    lock_timeout_ms: int = 2000
    lock_attempts: int = 5


class Endpoint(Record):
    """A PostgreSQL server and how to reach it. Never written anywhere; show ``described`` only."""

    conninfo: str
    """libpq string as given, its password included; in memory alone."""
    described: str
    """The same without its password, or "embedded"."""
    embedded: bool = False

    def __repr__(self) -> str:
        """Without the connection string, which may hold a password."""
        return f"Endpoint(described={self.described!r}, embedded={self.embedded!r})"


class Request(Record):
    """What the operator asked for: one journey."""

    mode: Mode
    source: str
    """Absolute path."""
    target: str | None
    """"embedded", or a libpq string with its password taken out; None in inspect without a target."""
    schema: str | None
    """Stable schema name; None in inspect."""
    plan_path: str | None = None
    queries_path: str | None = None
    rules_path: str | None = None
    accept_drift: bool = False
    day_first: bool | None = None
    no_cutover: bool = False
    gates: dict[GateName, Literal["stop", "warn"]] = {}
    limits: Limits = Limits()
