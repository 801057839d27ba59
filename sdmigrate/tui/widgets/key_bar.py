"""The line at the bottom: every key that matters here, dimmed where it does nothing now."""

from collections.abc import Iterable

from textual.content import Content
from textual.widgets import Static


class KeyBar(Static):
    """Keys with their labels on one line."""

    def __init__(self, keys: Iterable[tuple[str, str, bool]] = ()) -> None:
        super().__init__(key_line(keys))

    def show(self, keys: Iterable[tuple[str, str, bool]]) -> None:
        """Draw these keys: key, label, whether it can be pressed."""
        self.update(key_line(keys))


def key_line(keys: Iterable[tuple[str, str, bool]]) -> Content:
    """The keys as one line of text."""
    parts: list[Content] = []
    for key, label, enabled in keys:
        key_style, label_style = ("$primary bold", "") if enabled else ("$tone-muted dim", "$tone-muted dim")
        parts.append(Content.styled(key, key_style) + Content(" ") + Content.styled(label, label_style))
    return Content("  ").join(parts)
