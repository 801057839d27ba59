"""The command palette: what the keys offer at this moment, by name, and what no key does."""

from collections.abc import Callable
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from sdmigrate.tui.screens.wizard import WizardScreen


class OfferProvider(Provider):
    """Commands of the screen; those that would do nothing are not offered."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for name, words, act in self._commands():
            yield DiscoveryHit(name, act, help=words)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for name, words, act in self._commands():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), act, help=words)

    def _commands(self) -> list[tuple[str, str, Callable[[], object]]]:
        screen = self.screen
        shared: list[tuple[str, str, Callable[[], object]]] = [
            ("Theme", "Changes the colours", self.app.action_change_theme),
            ("Screenshot", "Writes the screen as an SVG file", self.app.deliver_screenshot),
        ]
        if not isinstance(screen, WizardScreen):
            return shared
        offered = [(name, words, partial(screen.action_act, act)) for act, name, words in screen.commands()]
        return [*offered, *shared]
