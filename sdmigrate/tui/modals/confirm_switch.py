"""The question before a switch: the schema's name must be typed.

Invariant: the button that acts cannot be pressed before the text equals the name; the focus begins on
cancel; no single key answers yes.
"""

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.widgets import Button, Input, Static

from sdmigrate.pipeline.messages import Confirm
from sdmigrate.tui.format import plain
from sdmigrate.tui.modals.dialog import Dialog
from sdmigrate.tui.paint import toned
from sdmigrate.tui.widgets.plain_checkbox import PlainCheckbox


@dataclass(frozen=True)
class SwitchQuestion:
    """What is asked, and what the operator must know to answer."""

    title: str
    schema: str
    """To be typed."""
    facts: tuple[tuple[str, str], ...]
    """Label and text: from, to, rows, verdicts."""
    warnings: tuple[str, ...]
    """What cannot be undone."""
    act: str
    """The button that acts."""
    may_discard: bool = False
    """Live holds rows written since its publication; giving them up needs its own permission."""


class ConfirmSwitch(Dialog[Confirm | None]):
    """None where the operator cancels."""

    BINDINGS = [Binding("escape", "cancel", "Cancel", show=False)]

    def __init__(self, question: SwitchQuestion) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Facts, warnings, the name, the buttons."""
        question = self._question
        with VerticalScroll(classes="dialog -wide-dialog", can_focus=False) as dialog:
            dialog.border_title = Content(plain(question.title, 60))
            for label, text in question.facts:
                with Horizontal(classes="fact"):
                    yield Static(toned(label, "muted"), classes="fact-label")
                    yield Static(toned(text), classes="fact-text")
            with Vertical(classes="warnings"):
                for warning in question.warnings:
                    with Horizontal(classes="warning"):
                        yield Static(toned("!", "warn"), classes="warning-mark")
                        yield Static(toned(warning), classes="fact-text")
            if question.may_discard:
                yield PlainCheckbox(
                    Content("give up the rows written to live since its publication"),
                    id="discard",
                    compact=True,
                )
            yield Static(self._ask(), id="ask")
            yield Input(id="typed", select_on_focus=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button(Content(" Cancel "), id="cancel", compact=True)
                yield Button(Content(f" {plain(question.act, 30)} "), id="act", compact=True, disabled=True)

    def _ask(self, refused: str = "") -> Content:
        ask = toned("Type ") + Content.styled(plain(self._question.schema), "bold") + toned(" to go on.")
        return ask + toned(f" {plain(refused, 20)!r} is another name.", "warn") if refused else ask

    def on_mount(self) -> None:
        """Cancel is what Enter means at first."""
        self.query_one("#cancel", Button).focus()

    def on_key(self, event: Key) -> None:
        """The name can be typed straight away, wherever the focus is; a space is left to the checkbox.

        The field keeps the keys it takes to itself, so whatever arrives here was pressed elsewhere.
        """
        if event.character is None or not event.is_printable or event.character == " ":
            return
        event.stop()
        typed = self.query_one("#typed", Input)
        self.set_focus(typed)
        typed.insert_text_at_cursor(event.character)

    @on(Input.Changed, "#typed")
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#act", Button).disabled = event.value != self._question.schema
        self.query_one("#ask", Static).update(self._ask())

    @on(Input.Submitted, "#typed")
    def _submitted(self, event: Input.Submitted) -> None:
        act = self.query_one("#act", Button)
        if act.disabled:
            self.query_one("#ask", Static).update(self._ask(event.value))
        # At once, so that a second Enter already means the button.
        self.set_focus(self.query_one("#cancel", Button) if act.disabled else act)

    @on(Button.Pressed, "#act")
    def _act(self, event: Button.Pressed) -> None:
        event.stop()
        boxes = self.query(PlainCheckbox)
        self.dismiss(
            Confirm(
                typed=self.query_one("#typed", Input).value,
                discard_live_writes=any(box.value for box in boxes),
            )
        )

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Nothing is switched."""
        self.dismiss(None)
