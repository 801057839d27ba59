"""The child process in which the wizard's pipeline runs, and the parent's handle on it.

Invariant: the child obeys messages only: a Stop is answered by Waiting or Ended after everything under way
was rolled back, and a parent that dies is a Stop.
"""

import multiprocessing
import queue
import signal
import threading
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Literal, Self

import msgspec

from sdmigrate.model.approval import approve
from sdmigrate.model.environment import of_environment
from sdmigrate.model.errors import Aborted, SdmigrateError, UnsafeToContinue
from sdmigrate.model.events import Event, Progress, RunFinished
from sdmigrate.model.outcome import outcome_of
from sdmigrate.model.so_far import TableSoFar
from sdmigrate.pipeline.messages import (
    Begin,
    Command,
    Confirm,
    Decide,
    Ended,
    EventLine,
    Finish,
    Message,
    Proceed,
    Repeat,
    Seen,
    Stop,
    Tried,
    Try,
    Waiting,
)
from sdmigrate.pipeline.run import Run, opened_run
from sdmigrate.pipeline.summary import unstarted
from sdmigrate.runtime.cancel import CancelToken, aborted

_SHOWING_SECONDS = 0.1
"""How long what is known of a table waits for more to be sent with it."""


class Child:
    """The parent's handle: send commands, receive messages."""

    def __init__(self, process: multiprocessing.process.BaseProcess, connection: Connection) -> None:
        self._process = process
        self._connection = connection

    @classmethod
    def start(cls, begin: Begin) -> Self:
        """Start a process and hand it the journey."""
        spawning = multiprocessing.get_context("spawn")
        ours, theirs = spawning.Pipe()
        process = spawning.Process(target=serve, args=(theirs,), name="sdmigrate pipeline")
        process.start()
        theirs.close()
        child = cls(process, ours)
        child.send(begin)
        return child

    def send(self, command: Command) -> None:
        """Send a command; one to a child that has gone is dropped, ``receive`` tells of its going."""
        try:
            self._connection.send_bytes(msgspec.json.encode(command))
        except (BrokenPipeError, ConnectionResetError, OSError):
            return

    def receive(self, timeout: float) -> Message | None:
        """The next message; None when none came within ``timeout`` seconds.

        Raises:
            EOFError: the child has gone.
        """
        try:
            if not self._connection.poll(timeout):
                return None
            message: Message = msgspec.json.decode(self._connection.recv_bytes(), type=Message)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise EOFError from error
        return message

    def kill(self) -> None:
        """End the process at once; its run can be resumed."""
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """Wait for the process's end, and free its pipe."""
        self._process.join(timeout=30)
        if self._process.is_alive():
            self.kill()
        self._connection.close()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()


def prepare() -> None:
    """Make ready to start children; call it before Textual has the terminal.

    multiprocessing's helper process inherits standard error, which Textual replaces by one without a file
    descriptor.
    """
    resource_tracker.ensure_running()


def serve(connection: Connection) -> None:
    """The child's main: run the journey that the first message names, as the messages say."""
    # The terminal's Ctrl-C and hang-up reach the whole process group; the parent decides what they mean.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    cancel = CancelToken()
    signal.signal(signal.SIGTERM, lambda *_: cancel.set())
    begin = msgspec.json.decode(connection.recv_bytes(), type=Command)
    if not isinstance(begin, Begin):
        return
    _Server(connection, cancel).serve(begin)


class _Server:
    """The child's side of the conversation."""

    def __init__(self, connection: Connection, cancel: CancelToken) -> None:
        self._connection = connection
        self._cancel = cancel
        self._trial = CancelToken()
        """Ends a trial alone; every command sets it."""
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._unsent: dict[str, TableSoFar] = {}

    def serve(self, begin: Begin) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            with opened_run(begin, self._cancel, (self._tell,), self._show) as run:
                self._converse(run)
        except Exception as error:
            known = of_environment(error) or error
            if not isinstance(known, SdmigrateError):
                raise
            outcome, code = outcome_of(known)
            self._send(
                Ended(finished=unstarted(begin.request, outcome, code), why=(known.message, known.hint))
            )

    def _listen(self) -> None:
        """Take commands as they come; Stop must be heard while a stage runs."""
        while True:
            try:
                command = msgspec.json.decode(self._connection.recv_bytes(), type=Command)
            except (EOFError, OSError):
                self._cancel.set()
                self._commands.put(Finish())
                self._trial.set()
                return
            if isinstance(command, Stop):
                self._cancel.set()
            else:
                self._commands.put(command)
            self._trial.set()

    def _converse(self, run: Run) -> None:
        trouble: BaseException | None = None
        while True:
            self._send(_waiting(run, trouble))
            command = self._commands.get()
            while isinstance(command, Try):
                self._try(run, command)
                command = self._commands.get()
            if isinstance(command, Finish):
                self._send(_ended(run, trouble))
                return
            self._cancel.reset()
            trouble = self._obey(run, command)

    def _try(self, run: Run, wanted: Try) -> None:
        """Answer a trial; one that a further command ended has no answer."""
        self._trial.reset()
        if not self._commands.empty():
            return
        try:
            trials = run.journey.try_tables(wanted.plans, self._trial)
            tried = Tried(number=wanted.number, trials=trials)
        except Aborted:
            return
        except SdmigrateError as error:
            tried = Tried(number=wanted.number, stopped_by=error.message)
        except Exception as error:
            run.log.failure(error)
            problem = f"{type(error).__name__}: {error}"
            tried = Tried(number=wanted.number, stopped_by=problem)
        self._send(tried)

    def _obey(self, run: Run, command: Command) -> BaseException | None:
        """Do what the command says; what stopped it is returned, and logged where it is our defect."""
        try:
            if isinstance(command, Proceed):
                _proceed(run)
            elif isinstance(command, Repeat):
                run.journey.repeat(command.stage)
                run.journey.advance()
            elif isinstance(command, Decide):
                run.journey.decide(command.plan)
                run.journey.advance()
            elif isinstance(command, Confirm):
                _confirm(run, command)
        except Exception as error:
            if not isinstance(error, SdmigrateError):
                run.log.failure(error)
            return error
        return None

    def _tell(self, line: str, event: Event) -> None:
        if isinstance(event, Progress):
            # It comes with every table, and would send each of them by itself.
            self._write(EventLine(line=line))
        elif not isinstance(event, RunFinished):
            self._send(EventLine(line=line))

    def _show(self, table: TableSoFar) -> None:
        """Send the tables by the handful, since a file may have thousands; none waits for the next event."""
        with self._lock:
            is_first = not self._unsent
            self._unsent[table.profile.name] = table
        if is_first:
            sending = threading.Timer(_SHOWING_SECONDS, self._send_tables)
            sending.daemon = True
            sending.start()

    def _send_tables(self) -> None:
        # Under one lock, so that what was known before does not arrive behind what is known now.
        with self._lock:
            seen = Seen(tables=tuple(self._unsent.values()))
            self._unsent.clear()
            if seen.tables:
                self._put(seen)

    def _send(self, message: Message) -> None:
        self._send_tables()
        self._write(message)

    def _write(self, message: Message) -> None:
        with self._lock:
            self._put(message)

    def _put(self, message: Message) -> None:
        """With the lock held."""
        try:
            self._connection.send_bytes(msgspec.json.encode(message))
        except OSError:
            # The parent has gone; its end of the pipe is heard in _listen, which stops the run.
            self._cancel.set()


def _proceed(run: Run) -> None:
    journey = run.journey
    if run.request.mode == "rehearse" and journey.following in ("cutover", "rollback"):
        rehearse_switches(run)
        return
    if journey.following == "cutover":
        raise UnsafeToContinue("The schema's name has not been typed.", "Answer the question first.")
    journey.advance()


def rehearse_switches(run: Run) -> None:
    """Cutover and rollback of the scratch pair, whose name nobody types."""
    scratch = run.journey.context.request.schema or ""
    approval = approve(scratch, scratch)
    if run.journey.following == "cutover":
        run.journey.cut_over(approval)
    if run.journey.following == "rollback":
        run.journey.roll_back(approval)


def _confirm(run: Run, command: Confirm) -> None:
    approval = approve(run.request.schema or "", command.typed)
    if run.journey.following == "cutover":
        run.journey.cut_over(approval, discard_live_writes=command.discard_live_writes)
    else:
        run.journey.roll_back(approval, discard_live_writes=command.discard_live_writes)


def _waiting(run: Run, trouble: BaseException | None) -> Waiting:
    journey = run.journey
    following = journey.following
    asks: Literal["proceed", "confirm_cutover", "offer_rollback", "nothing"] = "proceed"
    if run.request.mode == "migrate" and following == "cutover":
        asks = "confirm_cutover"
    elif following is None:
        asks = "offer_rollback" if journey.can_roll_back else "nothing"
    message = hint = None
    if isinstance(trouble, SdmigrateError):
        message, hint = trouble.message, trouble.hint
    elif trouble is not None:
        message, hint = f"{type(trouble).__name__}: {trouble}", f"The details are in {run.directory.log}."
    return Waiting(
        run_directory=str(run.directory.path),
        finished=journey.finished,
        following=following,
        asks=asks,
        stopped_by=message,
        hint=hint,
    )


def _ended(run: Run, trouble: BaseException | None) -> Ended:
    """Conclude: leaving before the end is an abort, unless something else had stopped the run already."""
    complete = run.journey.following is None
    error = trouble if trouble is not None else None if complete else aborted()
    finished, _ = run.conclude(error)
    if isinstance(trouble, SdmigrateError) and not isinstance(trouble, Aborted):
        return Ended(finished=finished, why=(trouble.message, trouble.hint))
    return Ended(finished=finished)
