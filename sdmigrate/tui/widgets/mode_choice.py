"""The three modes side by side; left and right choose."""

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from sdmigrate.model.settings import Mode
from sdmigrate.tui.widgets.top_bar import MODES


class ModeChoice(Widget, can_focus=True):
    """Draws the chosen mode as its badge."""

    BINDINGS = [
        Binding("left,up", "choose(-1)", "Before", show=False),
        Binding("right,down,space", "choose(1)", "After", show=False),
        Binding("enter", "screen.focus_next", "Next field", show=False),
    ]
    mode: reactive[Mode] = reactive[Mode]("rehearse")

    class Changed(Message):
        """Another mode was chosen."""

    def __init__(self, mode: Mode, *, id: str | None = None) -> None:  # noqa: A002 - textual's name for it
        super().__init__(id=id)
        self.set_reactive(ModeChoice.mode, mode)

    def render(self) -> Content:
        """Glyph and word for each; the chosen one on its badge's colour."""
        parts = []
        for mode in MODES:
            chosen = mode == self.mode
            style = f"bold $badge-text on $badge-{mode}" if chosen else "$tone-muted"
            parts.append(Content.styled(f" {'●' if chosen else '○'} {mode.upper()} ", style))
        return Content("  ").join(parts)

    def action_choose(self, step: int) -> None:
        """Choose the mode so many places further, within the three."""
        place = MODES.index(self.mode) + step
        if 0 <= place < len(MODES):
            self.mode = MODES[place]
            self.post_message(self.Changed())
