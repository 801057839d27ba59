"""From the child's messages to the screen: one reading thread, sampled by the screen ten times a second.

Invariant: however fast events come, a tick sees at most one progress, the latest of each table and a bounded
number of log lines; what changes the journey (stages, gates, findings, questions) is never dropped and stays
in order.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sdmigrate.model.errors import SdmigrateError
from sdmigrate.model.events import (
    ColumnSeen,
    Event,
    FindingSeen,
    Progress,
    StageFinished,
    StageName,
    StageStarted,
)
from sdmigrate.model.record import Record
from sdmigrate.pipeline.messages import (
    Command,
    Ended,
    EventLine,
    Finish,
    Message,
    Seen,
    Stop,
    Tried,
    Waiting,
)
from sdmigrate.pipeline.told import StageTold
from sdmigrate.tui.format import plain
from sdmigrate.tui.journey import MOST_FINDINGS, Gone, Item, Results
from sdmigrate.tui.narration import event_line
from sdmigrate.tui.session import Pilot, Services
from sdmigrate.tui.steps import STAGE_ORDER

MOST_LINES = 2000
"""Log lines kept for the screen; log.jsonl has them all."""
LONGEST_LINE = 500
"""Characters of a log line on the screen."""
_LISTEN_SECONDS = 0.25
_ENVELOPE = ("v", "seq", "run")


@dataclass(frozen=True)
class Batch:
    """What was heard since the last tick."""

    items: tuple[Item, ...]
    lines: tuple[str, ...]


def decode_event(line: str) -> tuple[str, Event]:
    """The time (UTC, hh:mm:ss) and the event of one JSON line.

    Raises:
        msgspec.MsgspecError: it is no event of this version.
    """
    fields = msgspec.json.decode(line, type=dict[str, object])
    at = str(fields.pop("at", ""))
    for name in _ENVELOPE:
        fields.pop(name, None)
    event: Event = msgspec.convert(fields, type=Event)
    return at[11:19], event


class Bridge:
    """Listens to one child until it ends; made and drained by the thread that draws."""

    def __init__(self, start: Callable[[], Pilot], services: Services) -> None:
        """Prepare to listen.

        Args:
            start: starts the child; called in the listening thread, since it takes its time.
            services: what reads a run directory.
        """
        self._start_pilot = start
        self._pilot: Pilot | None = None
        self._services = services
        self._lock = threading.Lock()
        self._items: list[Item] = []
        self._progress: Progress | None = None
        self._seen: Seen | None = None
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._findings = 0
        self._fresh: set[StageName] = set()
        """Stages that ran since their results were last read."""
        self._read: set[StageName] = set()
        """Stages whose results the journey has."""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="wizard-bridge", daemon=True)

    def start(self) -> None:
        """Start the child and listen to it."""
        self._thread.start()

    def send(self, command: Command) -> None:
        """Hand a command to the child; that one has gone is told by the next batch, not here."""
        if self._pilot is not None:
            self._pilot.send(command)

    def kill(self) -> None:
        """End the child now."""
        if self._pilot is not None:
            self._pilot.kill()

    def close(self) -> None:
        """Stop listening and see the child out: one still at work rolls back first. May take seconds."""
        self._closed.set()
        self._thread.join()
        if self._pilot is not None:
            self._pilot.send(Stop())
            self._pilot.send(Finish())
            self._pilot.close()

    def drain(self) -> Batch:
        """What was heard since the last call, in order; the latest progress stands at its end."""
        with self._lock:
            items, self._items = [*self._items, *self._taken_seen()], []
            if self._progress is not None:
                items.append(self._progress)
                self._progress = None
            lines = tuple(self._lines)
            self._lines.clear()
        return Batch(tuple(items), lines)

    def _listen(self) -> None:
        try:
            pilot = self._pilot = self._start_pilot()
        except OSError as error:
            self._note(f"the pipeline's process cannot be started: {error}")
            self._keep(Gone())
            return
        while not self._closed.is_set():
            try:
                message = pilot.receive(_LISTEN_SECONDS)
            except EOFError:
                self._keep(Gone())
                return
            if message is not None:
                self._hear(message)
            if isinstance(message, Ended):
                return

    def _hear(self, message: Message) -> None:
        match message:
            case EventLine(line=line):
                self._hear_event(line)
            case Seen():
                self._see(message)
            case Waiting():
                self._keep(self._results(message), message)
            case Tried() | Ended():
                self._keep(message)

    def _hear_event(self, line: str) -> None:
        try:
            at, event = decode_event(line)
        except msgspec.MsgspecError as error:
            self._note(f"an event was not understood: {error}")
            return
        told = event_line(event)
        if told is not None:
            self._note(f"{at}  {told}")
        match event:
            case Progress():
                with self._lock:
                    self._progress = event
            case ColumnSeen():
                # The profile and the plan hold every column, and are read when the stage has ended.
                return
            case FindingSeen():
                self._findings += 1
                if self._findings <= MOST_FINDINGS:
                    self._keep(event)
            case StageStarted() | StageFinished():
                self._findings = 0
                self._fresh.add(event.stage)
                # The journey forgets them; those that stand all the same are read again.
                self._read.difference_update(STAGE_ORDER[STAGE_ORDER.index(event.stage) :])
                self._forget_progress()
                self._keep(event)
            case _:
                self._keep(event)

    def _results(self, waiting: Waiting) -> Results:
        """What the journey does not have: of stages that ran just now, and of those that ran elsewhere."""
        directory = Path(waiting.run_directory)
        unheard = set(waiting.finished) - self._read - self._fresh
        told = self._told(directory) if unheard or not self._read else ()
        wanted = self._fresh | unheard | {stage.ended.name for stage in told}
        if "profile" in wanted:
            # An inspection has no stage that makes it.
            wanted.add("plan")
        records: dict[StageName, Record] = {}
        for stage in wanted:
            try:
                record = self._services.read_result(directory, stage)
            except SdmigrateError as error:
                self._note(f"the result of {stage} cannot be read: {error.message}")
                continue
            if record is not None:
                records[stage] = record
        self._fresh.clear()
        self._read |= set(records)
        return Results(records, told)

    def _told(self, directory: Path) -> tuple[StageTold, ...]:
        """How the stages ended that were not heard of here."""
        try:
            stages = self._services.read_stages(directory)
        except SdmigrateError as error:
            self._note(f"how the stages ended cannot be read: {error.message}")
            return ()
        return tuple(stage for stage in stages if stage.ended.name not in self._read | self._fresh)

    def _see(self, seen: Seen) -> None:
        """Keep the latest of each table until the next tick, or until anything else is heard."""
        with self._lock:
            before = self._seen.tables if self._seen else ()
            tables = {table.profile.name: table for table in (*before, *seen.tables)}
            self._seen = Seen(tables=tuple(tables.values()))

    def _forget_progress(self) -> None:
        with self._lock:
            self._progress = None

    def _keep(self, *items: Item) -> None:
        with self._lock:
            self._items += (*self._taken_seen(), *items)

    def _taken_seen(self) -> tuple[Seen, ...]:
        seen, self._seen = self._seen, None
        return () if seen is None else (seen,)

    def _note(self, line: str) -> None:
        with self._lock:
            self._lines.append(plain(line, LONGEST_LINE))
