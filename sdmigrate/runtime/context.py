"""What every stage is handed beside its input: the request, the run directory, cancel and events.

Invariant: a stage reads no setting, clock or path from anywhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sdmigrate.model.protocols import CancelSignal, EventSink
from sdmigrate.model.settings import Limits, Request
from sdmigrate.model.so_far import TableSoFar
from sdmigrate.runtime.directory import RunDirectory


@dataclass(frozen=True)
class Context:
    """One run's surroundings."""

    request: Request
    directory: RunDirectory
    cancel: CancelSignal
    events: EventSink
    started: datetime
    """UTC; the same after a resume, so that names made from it are the same."""
    bookkeeping: str = "sdmigrate"
    """The schema in the target that records releases, parts and locks; a rehearsal has its own."""

    tables: Callable[[TableSoFar], None] | None = None
    """Hears what is known of each table while it is found out; None: nobody looks."""

    def show(self, table: TableSoFar) -> None:
        """Let whoever looks see the table."""
        if self.tables is not None:
            self.tables(table)

    @property
    def run_id(self) -> str:
        """The run directory's name."""
        return self.directory.run_id

    @property
    def limits(self) -> Limits:
        """The gates' numbers."""
        return self.request.limits

    @property
    def stamp(self) -> str:
        """The UTC stamp that release and scratch names carry, for example ``20261123T021500Z``."""
        return self.started.strftime("%Y%m%dT%H%M%SZ")
