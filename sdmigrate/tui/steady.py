"""A Textual app that stands keys and clicks that come faster than its screens.

Invariant: what an operator presses ends the app only where it says so; where the app does fail, it prints no
value of its own.
"""

from rich.segment import Segments
from rich.traceback import Traceback
from textual._context import active_message_pump
from textual.app import App
from textual.css.query import NoMatches
from textual.driver import Driver
from textual.errors import NoWidget
from textual.events import Event, MouseDown
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import WorkerFailed

from sdmigrate.tui.driver import SteadyDriver
from sdmigrate.tui.modals.palette import Palette


class SteadyApp(App[None]):
    """One screen at a time, with dialogs over it."""

    def show_alone(self, screen: Screen[None]) -> None:
        """Show the screen in the place of the one before it, and of all that covers that."""
        # The first of the stack is Textual's own.
        while len(self.screen_stack) > 2:
            self.screen.dismiss(None)
        self.switch_screen(screen)

    def action_command_palette(self) -> None:
        """Show the commands, once."""
        if not any(isinstance(screen, Palette) for screen in self.screen_stack):
            self.push_screen(Palette())

    async def on_event(self, event: Event) -> None:
        """Take the event in, but for a press on a widget on its way out, of which Textual asks more."""
        if not (isinstance(event, MouseDown) and self._is_leaving(event)):
            await super().on_event(event)

    def _is_leaving(self, event: MouseDown) -> bool:
        try:
            widget, _ = self.get_widget_at(event.x, event.y)
        except NoWidget:
            return False
        return widget is not self.screen and widget.parent is None

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice, or ours for a terminal."""
        chosen = super().get_driver_class()
        return SteadyDriver if chosen is SteadyDriver.__base__ else chosen

    def _handle_exception(self, error: Exception) -> None:
        """Fail; but not for a widget that is looked for on a screen that was taken down meanwhile."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if not (isinstance(cause, NoMatches) and self._looks_where_nothing_is()):
            super()._handle_exception(error)

    def _looks_where_nothing_is(self) -> bool:
        looking = active_message_pump.get(self)
        return self._exit or (isinstance(looking, Widget) and looking.screen not in self.screen_stack)

    def _fatal_error(self) -> None:
        """Print where it happened, without the local variables, which may hold a password."""
        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()
