"""The wizard: one journey of one source, driven by keys.

Invariant: the pipeline runs in another process; this one draws what it says ten times a second and sends what
the operator wants. No password is printed, drawn or kept in a record that has a representation.
"""

import asyncio
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from textual import on
from textual.binding import Binding

from sdmigrate.model.events import RunFinished, StageStarted
from sdmigrate.model.outcome import ExitCode
from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.pipeline.child import prepare
from sdmigrate.pipeline.messages import (
    Begin,
    Command,
    Confirm,
    Decide,
    Finish,
    Proceed,
    Repeat,
    Stop,
    Tried,
    Try,
)
from sdmigrate.pipeline.order import READING
from sdmigrate.pipeline.summary import unstarted
from sdmigrate.rules.plan_review import Review
from sdmigrate.runtime.directory import RunDirectory
from sdmigrate.tui.bridge import MOST_LINES, Bridge
from sdmigrate.tui.closing import Closing, closing, last_words
from sdmigrate.tui.commands import OfferProvider
from sdmigrate.tui.journey import Journey, active_step, fold, goes_on_by_itself
from sdmigrate.tui.modals.confirm_switch import ConfirmSwitch
from sdmigrate.tui.modals.log import LogDialog
from sdmigrate.tui.modals.question import Question
from sdmigrate.tui.planning import decides_otherwise, made_under_the_plan, review_of
from sdmigrate.tui.questions import (
    again_question,
    cutover_question,
    leave_question,
    plan_question,
    rollback_question,
    stop_question,
)
from sdmigrate.tui.screens.end import EndScreen
from sdmigrate.tui.screens.plan import PlanScreen
from sdmigrate.tui.screens.start import StartScreen
from sdmigrate.tui.screens.wizard import WizardScreen
from sdmigrate.tui.session import Services, WizardOptions
from sdmigrate.tui.steady import SteadyApp
from sdmigrate.tui.steps import Step
from sdmigrate.tui.themes import DARK, THEMES
from sdmigrate.tui.trials import ShowsTrials, Trials
from sdmigrate.tui.widgets.stepper import WIDE

__all__ = ["WizardApp", "WizardOptions", "run_wizard"]


def run_wizard(
    options: WizardOptions, services: Services | None = None
) -> tuple[RunFinished | None, tuple[str, ...]]:
    """Show the wizard until it is left; how its run ended, and what to print once the screen is gone.

    A run that was killed or lost has an ending too: stopped, exit code 6. None where no run was begun.
    """
    # The real services load every driver; a wizard over other ones needs none.
    from sdmigrate.tui.services import real_services

    prepare()
    app = WizardApp(options, services or real_services())
    try:
        app.run()
    finally:
        app.close_bridge()
    if app.return_code:
        return unstarted(options.request, "failed", ExitCode.INTERNAL), ()
    return app.ending, app.last_words


class WizardApp(SteadyApp):
    """Start screen, wizard, end screen; and the conversation with the child process."""

    CSS_PATH = ["css/base.tcss", "css/dialogs.tcss"]
    TITLE = "sdmigrate"
    COMMANDS = {OfferProvider}
    BINDINGS = [Binding("ctrl+q", "quit", "Quit", show=False)]
    SAMPLING_SECONDS = 0.1
    """How often the screen takes in what the child said."""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]

    def __init__(self, options: WizardOptions, services: Services) -> None:
        super().__init__()
        self._options = options
        self._services = services
        self._bridge: Bridge | None = None
        self._journey: Journey | None = None
        self._log_lines: deque[str] = deque(maxlen=MOST_LINES)
        self._trials = Trials(self._try)
        self._leaving = False
        self._killed = False
        for theme in THEMES:
            self.register_theme(theme)
        # Before the first screen: a theme that comes later has every style read twice.
        known = options.theme in self.available_themes
        self.theme = options.theme if options.theme and known else DARK.name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that do not have them."""
        return DARK.variables

    @property
    def ending(self) -> RunFinished | None:
        """How the run ended; None where none was begun."""
        journey = self._journey
        if journey is None:
            return None
        return journey.finished or unstarted(journey.request, "stopped", ExitCode.STOPPED)

    @property
    def last_words(self) -> tuple[str, ...]:
        """What the end screen says, for the shell that comes back; empty where no run was begun."""
        return () if self._journey is None else last_words(self._farewell(self._journey))

    def on_mount(self) -> None:
        """Signals, first screen."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self.exit)
        self.push_screen(StartScreen(self._options, self._services))
        self.set_interval(self.SAMPLING_SECONDS, self._tick)

    def close_bridge(self) -> None:
        """See the child out; it rolls back what is under way. Call it when nothing is drawn any more."""
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None

    @on(StartScreen.Begun)
    def _begun(self, event: StartScreen.Begun) -> None:
        self._start(event.request, event.endpoint, resume=None)

    @on(StartScreen.Resumed)
    def _resumed(self, event: StartScreen.Resumed) -> None:
        self._start(event.run.request, None, resume=event.run.directory)

    def _start(self, request: Request, endpoint: Endpoint | None, *, resume: Path | None) -> None:
        if self._journey is not None:
            return
        conninfo = None if endpoint is None or endpoint.embedded else endpoint.conninfo
        begin = Begin(
            request=request,
            work_directory=str(self._options.work_directory),
            conninfo=conninfo,
            resume=None if resume is None else str(resume),
        )
        self._bridge = Bridge(partial(self._services.start, begin), self._services)
        self._bridge.start()
        self._journey = Journey(request=request, resumed=resume is not None)
        self.show_alone(WizardScreen(self._journey, self._trials))

    def _tick(self) -> None:
        """Take in what the child said since the last tick, and draw it."""
        if self._bridge is None or self._journey is None or self._journey.ended or self._journey.lost:
            return
        now = self._services.clock()
        batch = self._bridge.drain()
        self._log_lines.extend(batch.lines)
        if batch.lines and isinstance(self.screen, LogDialog):
            self.screen.append(batch.lines)
        journey = self._journey
        for item in batch.items:
            if isinstance(item, Tried):
                self._trials.heard(item)
            elif isinstance(item, StageStarted) and item.stage in READING:
                self._trials.forget()
            journey = fold(journey, item, now)
        moved = replace(journey, progress=self._journey.progress) != self._journey
        asked = journey.waiting is not None and journey.waiting is not self._journey.waiting
        tried = any(isinstance(item, Tried) for item in batch.items)
        self._journey = journey
        for screen in self.screen_stack:
            if isinstance(screen, WizardScreen):
                screen.show(journey, now) if moved else screen.tick(journey, now)
            elif tried and isinstance(screen, ShowsTrials) and screen.is_mounted:
                # One that is not mounted yet begins with what is known by then.
                screen.show_trials()
        if journey.ended is not None or journey.lost:
            self._end()
        elif asked:
            self._heard_waiting()

    def _heard_waiting(self) -> None:
        """Control is back: leave, go on within the step, or ask."""
        journey = self._journey
        if journey is None or journey.waiting is None:
            return
        if isinstance(self.screen, Question):
            # It asked about what has just ended.
            self.pop_screen()
        if self._leaving:
            self._send(Finish())
        elif goes_on_by_itself(journey):
            self._send(Proceed())
        elif journey.waiting.asks == "confirm_cutover" and self._may_ask_by_itself(journey):
            self._ask_cutover()

    def _send(self, command: Command) -> None:
        """Send it, and show at once that it was sent."""
        if self._bridge is None or self._journey is None:
            return
        self._bridge.send(command)
        self._trials.ended()
        stopping = isinstance(command, Stop)
        waiting = self._journey.waiting if stopping else None
        self._journey = replace(self._journey, waiting=waiting, stop_asked=stopping)
        self._show()

    def _show(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, WizardScreen) and self._journey is not None:
                screen.show(self._journey, self._services.clock())

    @on(WizardScreen.Wanted)
    def _wanted(self, event: WizardScreen.Wanted) -> None:
        match event.act:
            case "go_on":
                self._go_on()
            case "run_again":
                self._run_again(event.viewed)
            case "stop":
                self._ask_stop()
            case "review":
                self._review_plan()
            case "roll_back":
                self._ask_rollback()
            case "log":
                self.action_log()
            case _:
                self.run_worker(self.action_quit())

    def _may_ask_by_itself(self, journey: Journey) -> bool:
        """Only straight after the load and the verification, and not over another dialog."""
        stopped = journey.waiting is not None and journey.waiting.stopped_by is not None
        return not stopped and journey.latest == "verify" and isinstance(self.screen, WizardScreen)

    def _go_on(self) -> None:
        waiting = self._journey.waiting if self._journey else None
        if waiting is None:
            return
        if waiting.asks == "confirm_cutover":
            self._ask_cutover()
        elif waiting.asks in ("offer_rollback", "nothing") or waiting.following is None:
            self._send(Finish())
        else:
            self._send(Proceed())

    def _run_again(self, step: Step) -> None:
        journey = self._journey
        if journey is None or journey.waiting is None:
            return
        first = step.stages[0]
        if first not in journey.waiting.finished:
            self._send(Proceed())
        elif step is active_step(journey):
            self._send(Repeat(stage=first))
        else:
            self.push_screen(
                again_question(step), partial(self._if_yes, partial(self._send, Repeat(stage=first)))
            )

    def _try(self, command: Try) -> None:
        if self._bridge is not None:
            self._bridge.send(command)

    def _review_plan(self) -> None:
        journey = self._journey
        if journey is None:
            return
        review = review_of(journey)
        if review is not None:
            self.push_screen(
                PlanScreen(review, journey.request, self._trials, self._services), self._reviewed
            )

    def _reviewed(self, review: Review | None) -> None:
        """The plan shall be in force; where it makes steps run again, ask first."""
        journey = self._journey
        if review is None or journey is None or journey.waiting is None:
            return
        use = partial(self._send, Decide(plan=review.decisions))
        done = made_under_the_plan(journey)
        if done and decides_otherwise(journey, review):
            self.push_screen(plan_question(done), partial(self._if_yes, use))
            return
        if done:
            self.notify("It decides nothing otherwise: what was done stands.", markup=False)
        use()

    def _if_yes(self, act: Callable[[], None], answer: bool | None) -> None:
        if answer:
            act()

    def _ask_stop(self) -> None:
        if self._journey is None or not self._journey.busy:
            return
        asked_before = self._journey.stop_asked
        act = self._kill if asked_before else self._stop
        self.push_screen(stop_question(asked_before=asked_before), partial(self._if_yes, act))

    def _stop(self) -> None:
        if self._journey is not None and self._journey.busy:
            self._send(Stop())

    def _kill(self) -> None:
        if self._bridge is not None and self._journey is not None and self._journey.busy:
            self._killed = True
            self._bridge.kill()

    def _ask_cutover(self) -> None:
        if self._journey is not None:
            self.push_screen(ConfirmSwitch(cutover_question(self._journey)), self._confirmed)

    def _ask_rollback(self) -> None:
        if self._journey is not None:
            self.push_screen(ConfirmSwitch(rollback_question(self._journey)), self._confirmed)

    def _confirmed(self, answer: Confirm | None) -> None:
        if answer is not None and self._journey is not None and self._journey.waiting is not None:
            self._send(answer)

    def action_log(self) -> None:
        """The run's events."""
        directory = self._journey.run_directory if self._journey else None
        path = str(RunDirectory(Path(directory)).log) if directory else ""
        self.push_screen(LogDialog(self._log_lines, path))

    def action_leave(self) -> None:
        """Leave the wizard; the run has ended."""
        self.exit()

    async def action_quit(self) -> None:
        """Leave; a run that has not ended is asked about first."""
        journey = self._journey
        if journey is None or journey.ended or journey.lost:
            self.exit()
        elif self._leaving:
            self.notify(
                "Leaving as soon as the pipeline has stopped; x again offers to kill it.", markup=False
            )
        elif journey.waiting is not None and journey.waiting.following is None:
            self._send(Finish())
        elif not isinstance(self.screen, Question):
            self.push_screen(leave_question(busy=journey.busy), partial(self._if_yes, self._leave_run))

    def _leave_run(self) -> None:
        if self._journey is None:
            return
        self._leaving = True
        if self._journey.waiting is not None:
            self._send(Finish())
        elif self._journey.busy and not self._journey.stop_asked:
            self._send(Stop())

    def _end(self) -> None:
        if self._journey is None:
            return
        self.show_alone(EndScreen(self._farewell(self._journey)))

    def _farewell(self, journey: Journey) -> Closing:
        return closing(journey, killed=self._killed)
