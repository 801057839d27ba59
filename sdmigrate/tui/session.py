"""What the wizard needs from the rest of the house, as one small record of functions and one protocol.

Invariant: the wizard reaches files, servers and the pipeline through ``Services`` alone, and calls none of
its slow functions in the thread that draws.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sdmigrate.model.events import StageName
from sdmigrate.model.record import Record
from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.model.source import TargetFacts
from sdmigrate.pipeline.messages import Begin, Command, Message
from sdmigrate.pipeline.told import StageTold

EMBEDDED = "embedded"
"""What stands for the embedded server in place of a connection string."""


class Pilot(Protocol):
    """The child process that runs the pipeline, seen from its parent."""

    def receive(self, timeout: float) -> Message | None:
        """The next message; None where none came within ``timeout`` seconds.

        Raises:
            EOFError: the child has gone.
        """
        ...

    def send(self, command: Command) -> None:
        """Hand over a command; returns at once. One to a child that has gone is dropped."""
        ...

    def kill(self) -> None:
        """End the child now, whatever it does."""
        ...

    def close(self) -> None:
        """Wait for the child's end and free what holds it; one that does not end is killed."""
        ...


@dataclass(frozen=True)
class TargetReport:
    """What a test of the target found."""

    endpoint: Endpoint
    facts: TargetFacts | None
    """None for the embedded server, which is started when a run needs it."""


@dataclass(frozen=True)
class UnfinishedRun:
    """A run that can be taken up again."""

    directory: Path
    run_id: str
    request: Request
    state: str
    """How it ended, in a word: unfinished, stopped, aborted, refused, failed."""
    last_done: StageName | None
    """The last stage whose result is on disk; None where there is none."""


@dataclass(frozen=True)
class Services:
    """Everything the wizard asks of the floors below it. All but ``check_schema`` may block."""

    start: Callable[[Begin], Pilot]
    read_result: Callable[[Path, StageName], Record | None]
    read_stages: Callable[[Path], tuple[StageTold, ...]]
    """How the stages of a run ended, those that another process ran as well."""
    describe_source: Callable[[str], str]
    """One line about a usable source; raises SourceUnusable with the sentence to show otherwise."""
    examine_target: Callable[[str, str | None], TargetReport]
    """Raises an SdmigrateError where the target cannot be used."""
    check_schema: Callable[[str], None]
    """Raises UsageProblem where the name cannot be a schema of ours. Quick."""
    unfinished_runs: Callable[[Path], tuple[UnfinishedRun, ...]]
    """Newest first; empty where there are none."""
    write_plan: Callable[[Path, str], None]
    """Writes a plan's text to a new file; raises UsageProblem where that cannot be."""
    clock: Callable[[], float]
    """Seconds of a monotonic clock."""


@dataclass(frozen=True)
class WizardOptions:
    """What the command line hands to the wizard; everything may be changed on the start screen."""

    request: Request
    """Filled in as far as it is known; a source that is a directory stands for none."""
    work_directory: Path
    conninfo: str | None = field(default=None, repr=False)
    """libpq string with its password; None for the embedded server, or where none was named."""
    theme: str | None = None
    """A theme's name; None for the dark one."""
