"""What a screen over another has in common with every other such screen.

Invariant: it closes once, and takes nothing with it that lies beneath.
"""

from typing import TYPE_CHECKING, Generic

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen, ScreenResultType

if TYPE_CHECKING:
    _Base = Screen
else:

    class _Base(Generic[ScreenResultType]):
        """None of Textual's: it looks for styles and bindings along the first of its own."""


class ClosesOnce(_Base[ScreenResultType]):
    """Before a Screen among the bases: that screen is dismissed only while it is on top.

    Textual takes whatever is on top then: a second Escape, or a click that had to wait, would close the
    screen that was covered.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close with that result; nothing happens where it is closed or covered."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Dialog(ClosesOnce[ScreenResultType], ModalScreen[ScreenResultType]):
    """A dialog with that result."""
