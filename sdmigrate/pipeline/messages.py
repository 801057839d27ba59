"""What the wizard and the child process that runs its pipeline say to each other.

Invariant: events cross as the same JSON lines that ``--json`` prints; no password crosses except inside
``Begin``, which goes over an anonymous pipe and is never written.
"""

from typing import Literal, TypeAlias

from sdmigrate.model.events import RunFinished, StageName
from sdmigrate.model.plan import TablePlan
from sdmigrate.model.record import Record
from sdmigrate.model.settings import Request
from sdmigrate.model.so_far import TableSoFar
from sdmigrate.model.trial import Trial


class Begin(Record, tag=True):
    """Parent to child, first: the journey to start, or to take up again."""

    request: Request
    work_directory: str
    conninfo: str | None
    """libpq string with its password; None for the embedded server."""
    resume: str | None = None
    """A run directory's path; None for a new run."""

    def __repr__(self) -> str:
        """Without the connection string, which may hold a password."""
        return f"Begin(request={self.request!r}, resume={self.resume!r})"


class Proceed(Record, tag=True):
    """Parent to child: run the next stage."""


class Repeat(Record, tag=True):
    """Parent to child: run this finished stage again; those after it are forgotten."""

    stage: StageName


class Try(Record, tag=True):
    """Parent to child: tell what these plans would do to their tables. Any further command ends the trial."""

    number: int
    """Given back with the answer."""
    plans: tuple[TablePlan, ...]
    """Foreign keys between these tables are settled as well."""


class Decide(Record, tag=True):
    """Parent to child: this is the run's plan; judge it.

    Where it decides otherwise than the plan in force, the stages after the plan are forgotten.
    """

    plan: str
    """TOML, as ``--plan`` takes it."""


class Confirm(Record, tag=True):
    """Parent to child: the text typed at the question the child waits with."""

    typed: str
    discard_live_writes: bool = False


class Stop(Record, tag=True):
    """Parent to child: stop what is under way, roll it back, then wait."""


class Finish(Record, tag=True):
    """Parent to child: the journey ends here; write the report and leave."""


Command: TypeAlias = Begin | Proceed | Repeat | Try | Decide | Confirm | Stop | Finish


class EventLine(Record, tag=True):
    """Child to parent: one event with its envelope, as ``--json`` prints it."""

    line: str


class Seen(Record, tag=True):
    """Child to parent: what is known by now of these tables, while they are looked at and counted."""

    tables: tuple[TableSoFar, ...]


class Waiting(Record, tag=True):
    """Child to parent: control is back; nothing runs."""

    run_directory: str
    finished: tuple[StageName, ...]
    """Stages whose results are on disk (``pipeline.results.read_result`` reads them)."""
    following: StageName | None
    """What Proceed would run; None where nothing is left."""
    asks: Literal["proceed", "confirm_cutover", "offer_rollback", "nothing"]
    """confirm_cutover and offer_rollback wait for Confirm; nothing waits for Finish."""
    stopped_by: str | None = None
    """Where the last stage did not finish: its error's message; None otherwise."""
    hint: str | None = None


class Tried(Record, tag=True):
    """Child to parent: what was asked with Try. No answer comes to one that a further command ended."""

    number: int
    trials: tuple[Trial, ...] = ()
    """In the order of the plans; empty where a plan would stop the run."""
    stopped_by: str | None = None
    """What would stop it, in a sentence."""


class Ended(Record, tag=True):
    """Child to parent, last: the journey is over."""

    finished: RunFinished
    why: tuple[str, ...] = ()
    """What ended it before its end, in sentences; empty where nothing or the operator did."""


Message: TypeAlias = EventLine | Seen | Waiting | Tried | Ended
