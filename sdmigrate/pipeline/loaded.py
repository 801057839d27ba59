"""Whether what a run has loaded is still of the cleaned file in hand.

Invariant: noted before cleaned changes and forgotten once what was loaded from it is dropped, so that no
release is ever filled from two cleaned files.
"""

from sdmigrate.model.record import Record
from sdmigrate.runtime.journal import Journal

_NOTE = "outdated"


class Outdated(Record):
    """What an earlier load of the run left in the target is of another cleaned file."""

    outdated: bool


def outdate_loaded(journal: Journal) -> None:
    """Cleaned is about to change: where a load was begun, the next one begins anew."""
    if journal.began("load"):
        journal.note(_NOTE, Outdated(outdated=True))


def is_outdated(journal: Journal) -> bool:
    """Whether the next load begins anew."""
    noted = journal.noted(_NOTE, Outdated)
    return noted is not None and noted.outdated


def begin_anew(journal: Journal) -> None:
    """Nothing of another cleaned file is in the target any more."""
    if is_outdated(journal):
        journal.note(_NOTE, Outdated(outdated=False))
