"""A question with two answers; the harmless one has the focus."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from sdmigrate.tui.format import plain
from sdmigrate.tui.modals.dialog import Dialog


class Question(Dialog[bool]):
    """True for the answer that acts."""

    BINDINGS = [
        Binding("escape,n", "answer(False)", "No", show=False),
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("left,right", "app.focus_next", "Other answer", show=False),
    ]

    def __init__(self, title: str, lines: tuple[str, ...], *, yes: str, no: str, again: str = "") -> None:
        """Ask.

        Args:
            title: the question.
            lines: what each answer means.
            yes: the answer that acts.
            no: the harmless answer.
            again: keys (comma separated) that mean yes as well, where the question came from pressing them.
        """
        super().__init__()
        self._title = title
        self._lines = lines
        self._yes = yes
        self._no = no
        for key in filter(None, again.split(",")):
            self._bindings.bind(key, "answer(True)", show=False)

    def compose(self) -> ComposeResult:
        """Title, words, answers."""
        with VerticalScroll(classes="dialog", can_focus=False) as dialog:
            dialog.border_title = Content(plain(self._title, 60))
            for line in self._lines:
                yield Static(Content(plain(line)), classes="dialog-line")
            with Horizontal(classes="dialog-buttons"):
                yield Button(Content(f" {self._no}  n "), id="no", compact=True)
                yield Button(Content(f" {self._yes}  y "), id="yes", compact=True)

    def on_mount(self) -> None:
        """Enter alone must not act."""
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Either answer."""
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Either answer by its key."""
        self.dismiss(answer)
