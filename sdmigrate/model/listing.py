"""What a command that works without a run lists under ``--json``: an event for each thing.

Invariant: field names and values are docs/json.md's; they stand on standard output and in no journal. The
envelope's ``run`` names the run that the thing is of.
"""

from typing import Any, Literal, TypeAlias

from sdmigrate.model.events import StageSummary
from sdmigrate.model.record import Record
from sdmigrate.model.result import ReleaseState


class RunListed(Record, tag_field="event", tag="run.listed"):
    """One run as it stands."""

    run_dir: str
    source: str
    """The source's path; what is wrong with the journal where that cannot be read."""
    mode: str
    """"?" where the journal cannot be read."""
    state: str
    """running, unfinished, unreadable, abandoned, or the outcome of an ended run."""
    resumable: bool
    started: str
    """UTC, ISO 8601; empty where the journal cannot be read."""
    stages: tuple[StageSummary, ...]


class ReleaseListed(Record, tag_field="event", tag="release.listed"):
    """One release of a schema."""

    schema: str
    release: str
    state: ReleaseState
    rows: int
    created: str
    """UTC, ISO 8601."""
    published: str | None
    """When it became live for the first time; None where it never was."""
    previous: str | None
    """What was live before it."""


BackupState: TypeAlias = Literal["kept", "verified", "restored", "removed"]


class BackupListed(Record, tag_field="event", tag="backup.listed"):
    """One snapshot."""

    state: BackupState
    path: str
    """The snapshot, or the file that it was written out to."""
    bytes: int
    sha256: str | None
    """Where the file was read and found to be as it was written; None where it was not read."""
    dump: str | None
    """pg_dump of the live schema as it was before the run; None where there is none."""


class PlanDiffers(Record, tag_field="event", tag="plan.differs"):
    """One decision in which two plans differ."""

    kind: Literal["added", "removed", "changed"]
    table: str | None = None
    """None: a decision for the whole plan."""
    column: str | None = None
    """None: a decision for the table."""
    key: str | None = None
    """As in the plan's file; None where the table (then told by its target) or column (by its type) came or
    went as a whole."""
    before: Any = None
    """None where it is unset, or was not there."""
    after: Any = None


class ServerListed(Record, tag_field="event", tag="server.listed"):
    """The embedded server of the work directory."""

    state: Literal["missing", "stopped", "running"]
    process: int | None
    data: str | None
    """Its data directory."""
    dsn: str | None
    """The connection string while it runs."""


class FileWritten(Record, tag_field="event", tag="file.written"):
    """One file that the command wrote."""

    path: str
    count: int | None = None
    """The rows or changed values in it; None where they were not counted."""


Listed: TypeAlias = RunListed | ReleaseListed | BackupListed | PlanDiffers | ServerListed | FileWritten
