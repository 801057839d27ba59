"""A checkbox that says by its mark alone whether it is checked, since colour may not be seen."""

from textual.content import Content
from textual.widgets import Checkbox


class PlainCheckbox(Checkbox):
    """Empty until it is checked."""

    def render(self) -> Content:
        """The mark as the value has it, then the label."""
        self.BUTTON_INNER = "X" if self.value else " "
        return super().render()
