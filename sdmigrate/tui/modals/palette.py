"""The command palette, which stands what keys that come fast do to Textual's own.

Invariant: it is open once, and closes nothing but itself.
"""

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette

from sdmigrate.tui.modals.dialog import ClosesOnce


class Palette(ClosesOnce[None], CommandPalette):
    """Textual's, without an identity: two of one cannot follow each other before the first is gone."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close, and look for no more commands to show, whoever closes it."""
        self._cancel_gather_commands()
        return super().dismiss(result)

    def _action_command_list(self, action: str) -> None:
        # It counts pages in lines, of which there are none before the list has room.
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)
